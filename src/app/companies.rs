//! What the server's administrator does with companies from the command line, beside a daemon or without one.

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::CompanyId;
use crate::store::{self, Store, StoreError};
use std::path::Path;
use std::time::Duration;

pub use crate::store::CompanyStanding;
pub(crate) use crate::store::{CompanyEntry, Details, SurveyError};

/// How often a running daemon's deletion is looked at, and how often at most.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 300;

/// What became of an order to delete.
#[derive(Debug)]
pub enum Forgotten {
    /// No such company.
    Unknown,
    /// Nothing of it is left.
    Deleted,
    /// Its secrets are gone; the running service deletes the rest in the background.
    ByTheService,
    /// Its secrets are gone; the rest goes when the service starts next, because now this stands in the way.
    AtTheNextStart(StoreError),
}

/// The companies in the database, also while a daemon works with it.
pub async fn list_companies(settings: &Settings) -> Result<Vec<CompanyEntry>, SurveyError> {
    let _as_owner = store::as_owner(&settings.state_dir)?;
    store::survey(&settings.state_dir).await
}

/// Everything about one company that is no secret; `None` if there is no such company.
pub async fn show_company(settings: &Settings, id: &CompanyId) -> Result<Option<Details>, SurveyError> {
    let _as_owner = store::as_owner(&settings.state_dir)?;
    store::inspect(&settings.state_dir, id).await
}

/// Deletes a company with everything of it. A daemon that runs notices within seconds, stops serving it, and does the
/// work; this waits a minute for it.
pub async fn forget_company(settings: &Settings, id: &CompanyId) -> Result<Forgotten, SurveyError> {
    let dir = &settings.state_dir;
    let _as_owner = store::as_owner(dir)?;
    if !store::order_deletion(dir, id, Clock::system().now()).await? {
        return Ok(Forgotten::Unknown);
    }
    match Store::open(dir).await {
        Ok(store) => match finish(&store, id).await {
            Ok(()) => Ok(Forgotten::Deleted),
            Err(error) => Ok(Forgotten::AtTheNextStart(error)),
        },
        Err(StoreError::InUse) => wait(dir, id).await,
        Err(error) => Ok(Forgotten::AtTheNextStart(error)),
    }
}

async fn finish(store: &Store, id: &CompanyId) -> Result<(), StoreError> {
    let done = store.delete_company_alone(id).await;
    store.close().await;
    done
}

async fn wait(dir: &Path, id: &CompanyId) -> Result<Forgotten, SurveyError> {
    for _ in 0..LOOKS {
        match store::inspect(dir, id).await? {
            Some(found) if found.entry.state == CompanyStanding::BeingDeleted => tokio::time::sleep(LOOK).await,
            // Gone, or gone and registered again.
            _ => return Ok(Forgotten::Deleted),
        }
    }
    Ok(Forgotten::ByTheService)
}
