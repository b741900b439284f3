//! What survives a restart: companies, tokens, employees, calls, requests to the portal, admin sessions.
//!
//! One SQLite file in a private directory; SQL stays in this module. What the admin or the portal has entered or sent
//! is on disk when a method returns (it survives a power loss); calls, requests and trace survive the end of the
//! process, at no wait for the disk. Secrets are sealed with a key that lies beside the file or comes from systemd.
//! Every method takes the time as an argument.

mod admin;
mod audit;
mod bulk_write;
mod calls;
mod companies;
mod copy;
mod db;
mod deletion;
mod employees;
mod error;
mod evidence;
mod examine;
mod files;
mod health;
mod inbox;
mod installs;
mod journal;
mod key;
mod outbox;
mod profiles;
mod record;
mod registration;
mod removals;
mod retention;
mod schema;
mod seal;
mod settings;
mod survey;
mod tokens;
mod trace;

#[cfg(test)]
mod tests;

pub(crate) use admin::LoginAttempt;
pub(crate) use calls::{CallRow, CallUpdate};
pub(crate) use copy::{Copied, CopyCompleteness, CopyError, beside, copy_database};
pub(crate) use employees::ImportReport;
pub(crate) use error::{Conflict, SealFault, StoreError};
pub(crate) use inbox::{EventId, PortalEvent};
pub(crate) use key::MasterKey;
pub(crate) use outbox::{IntentId, NewIntent, StoredIntent};
pub(crate) use record::Record;
use record::TimedRecord;
pub use registration::NewCompany;
pub(crate) use survey::{CompanyEntry, Details, SurveyError, as_owner, inspect, survey};
pub use survey::{CompanyStanding, order_deletion};
pub(crate) use trace::TraceLine;

use crate::clock::Clock;
use db::{Db, Durability};
use health::StoreHealth;
use journal::Journal;
use outbox::IntentIds;
use retention::Growth;
use seal::{Seal, SealContext};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the database in the state directory.
const FILE: &str = "store.db";
/// What `seal.probe` holds.
const PROBE: &str = "the key fits";

/// The open store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<StoreInner>);

struct StoreInner {
    dir: PathBuf,
    db: Db,
    seal: Seal,
    key: MasterKey,
    intents: IntentIds,
    journal: Journal,
    health: StoreHealth,
    growth: Growth,
    /// Keeps other processes out; ends with the store.
    _lock: File,
}

impl Store {
    /// Opens the store in `dir`, making whatever is missing: the directory (0700), the key (or
    /// `$CREDENTIALS_DIRECTORY/db.key` where systemd gives one), the database (0600), the newest schema.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        Self::open_with(dir, credentials.as_deref().map(Path::new)).await
    }

    /// Like [`Self::open`], with the directory of credentials as an argument.
    pub async fn open_with(dir: &Path, credentials: Option<&Path>) -> Result<Self, StoreError> {
        files::prepare_dir(dir)?;
        let lock = files::lock(dir)?;
        let file = dir.join(FILE);
        let used = std::fs::metadata(&file).is_ok_and(|m| m.len() > 0);
        let key = MasterKey::load(dir, credentials, used)?;
        files::ensure_file(&file)?;
        if used {
            examine::examine(&file).await?;
        }
        let db = Db::open(&file).await?;
        let seal = Seal::new(&key);
        // With another database's key nothing is touched, its journal least of all.
        check_key(&db, &seal).await?;
        let journal = Journal::open(dir, &journal::progress(&db).await?)?;
        let intents = IntentIds::load(&db, journal.last_intent()).await?;
        let health = StoreHealth::new();
        let store = Self(Arc::new(StoreInner {
            dir: dir.to_owned(),
            db,
            seal,
            key,
            intents,
            journal,
            health,
            growth: Growth::default(),
            _lock: lock,
        }));
        // What fails is noted, and tried again while the store is tended.
        let _ = store.catch_up().await;
        Ok(store)
    }

    /// Finishes what is running and closes the database; later calls fail.
    pub async fn close(&self) {
        if let Err(error) = self.catch_up().await {
            tracing::error!(%error, "the last steps could not be moved into the database; what the journal holds of them is at the next start");
        }
        self.0.journal.close();
        self.0.db.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!("SELECT id FROM seal").fetch_one(self.0.db.reader()).await?;
        Ok(())
    }

    /// The installation's key, for deriving others (signed cookies and tickets).
    pub fn key(&self) -> &MasterKey {
        &self.0.key
    }

    /// Moves steps into the database and its growing log into the file, so that no call has to wait for that, and keeps
    /// [`Self::health`] true, for as long as it is polled: run it in a task of its own. Safe to drop at any time.
    pub async fn tend(&self, clock: &Clock) {
        let move_the_log = async {
            loop {
                self.0.db.log_has_grown().await;
                // A fault is noted; the log is moved at one of the next occasions.
                let _ = self.noted(self.0.db.checkpoint().await, clock.now());
            }
        };
        tokio::join!(self.keep_moving(), move_the_log, self.watch(clock));
    }

    /// Where reads go.
    fn db(&self) -> &sqlx::SqlitePool {
        self.0.db.reader()
    }

    fn seal(&self) -> &Seal {
        &self.0.seal
    }

    /// Begins a transaction that survives a power loss once committed.
    async fn begin_durable(&self) -> Result<db::Tx<'_>, StoreError> {
        self.0.db.begin(Durability::PowerLoss).await
    }

    /// Like [`Self::begin_durable`], for one statement.
    async fn single_durable(&self) -> Result<db::Tx<'_>, StoreError> {
        self.0.db.single(Durability::PowerLoss).await
    }

    /// Begins a transaction that survives the end of the process once committed.
    async fn begin_swift(&self) -> Result<db::Tx<'_>, StoreError> {
        self.0.db.begin(Durability::Kill).await
    }

    /// Like [`Self::begin_swift`], for one statement.
    async fn single_swift(&self) -> Result<db::Tx<'_>, StoreError> {
        self.0.db.single(Durability::Kill).await
    }
}

/// Opens the probe, or seals one at the first start.
async fn check_key(db: &Db, seal: &Seal) -> Result<(), StoreError> {
    let place = SealContext::new("seal", "probe", "1");
    let sealed = sqlx::query_scalar!("SELECT probe FROM seal WHERE id = 1").fetch_optional(db.reader()).await?;
    if let Some(sealed) = sealed {
        return seal.open(place, &sealed).map(drop).map_err(|_| SealFault::Mismatch.into());
    }
    let probe = seal.seal(place, &PROBE.into());
    let mut tx = db.single(Durability::PowerLoss).await?;
    sqlx::query!("INSERT INTO seal (id, probe) VALUES (1, $1)", probe).execute(tx.conn()).await?;
    tx.commit().await
}
