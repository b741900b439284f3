//! What a company needs from time to time: its users, its place in the portal, a grant that does not die.

use super::SyncError;
use super::handle::CompanyHandle;
use crate::bitrix::ApiError;
use crate::bitrix::bindings::Wanted;
use crate::clock::random_unit;
use crate::domain::link::retry_delay;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Bindings and users are compared this often.
const ROUND: Duration = Duration::from_secs(3600);
/// A refresh token lives for 180 days; an idle company renews it well before.
const RENEW_AFTER: Duration = Duration::from_secs(150 * 24 * 3600);
/// However often somebody says that the users have changed, they are not fetched more often than this.
const USERS_APART: Duration = Duration::from_secs(30);

/// Calls upkeep before its time.
#[derive(Debug, Default)]
pub(super) struct Bell {
    all: Notify,
    users: Notify,
}

impl Bell {
    /// Something was mended or changed by a person: everything is looked after now.
    pub fn ring(&self) {
        self.all.notify_one();
    }

    /// The portal's users have changed.
    pub fn users_changed(&self) {
        self.users.notify_one();
    }

    /// Ready when the users should be fetched who were `fetched` last at that moment.
    async fn users_wanted(&self, fetched: Option<Instant>) {
        self.users.notified().await;
        if let Some(at) = fetched {
            tokio::time::sleep_until(at + USERS_APART).await;
        }
    }
}

/// What upkeep wants to see in the portal.
#[derive(Clone)]
pub(super) struct Upkeep {
    pub wanted: Wanted,
    /// The admin asks for the card to be embedded anew, once per start or reload.
    pub rebind: Arc<AtomicBool>,
    /// Spreads the first round of many companies.
    pub first_delay: Duration,
}

impl Upkeep {
    /// Runs as long as the company does.
    pub async fn run(self, company: CompanyHandle, stop: CancellationToken) {
        if stop.run_until_cancelled(tokio::time::sleep(self.first_delay)).await.is_none() {
            return;
        }
        let mut force = self.rebind.load(Ordering::Relaxed);
        let mut failures = 0;
        loop {
            let done = self.round(&company, force).await;
            let pause = match done {
                Ok(()) => {
                    (failures, force) = (0, false);
                    ROUND.mul_f64(0.9 + random_unit() / 5.0)
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(company = %company.id(), %error, "the portal could not be looked after");
                    if error.may_retry() { retry_delay(failures + 3, random_unit()) } else { ROUND }
                }
            };
            let end = Instant::now() + pause;
            let mut fetched = None;
            // What has begun is never cut short from here: the answer of a refresh may be on its way.
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(end) => break,
                    () = company.0.bell.all.notified() => {
                        failures = 0;
                        force |= self.rebind.load(Ordering::Relaxed);
                        break;
                    }
                    () = company.0.bell.users_wanted(fetched) => {}
                }
                if let Err(error) = users(&company).await {
                    tracing::warn!(company = %company.id(), %error, "the users could not be fetched");
                }
                fetched = Some(Instant::now());
            }
        }
    }

    async fn round(&self, company: &CompanyHandle, force: bool) -> Result<(), ApiError> {
        let failed = |error: &ApiError| company.0.shared.portal_fails(error, company.0.clock.now());
        let portal = company.portal();
        let tokens = portal.tokens().ok_or_else(|| ApiError::NeedsLogin("nobody has logged in yet".into()));
        let mut tokens = tokens.inspect_err(failed)?;
        if company.0.clock.now().since(tokens.refresh_obtained_at) > RENEW_AFTER {
            portal.renew().await.inspect_err(failed)?;
            tokens = portal.tokens().unwrap_or(tokens);
        }
        let report = portal.ensure_bound(&self.wanted, force).await.inspect_err(failed)?;
        company.0.shared.portal_works();
        portal.proved(&tokens).await;
        if !report.is_unchanged() {
            tracing::info!(company = %company.id(), ?report, "the place in the portal was set up");
        }
        for (what, error) in &report.refused {
            tracing::warn!(company = %company.id(), what, %error, "the portal refused to bind");
        }
        if force {
            tracing::warn!(company = %company.id(),
                "the call card was embedded anew; reload open Bitrix24 pages and set rebindPlacement back to false");
        }
        users(company).await
    }
}

/// Fetches the users; a store that fails is no reason to ask the portal sooner.
async fn users(company: &CompanyHandle) -> Result<(), ApiError> {
    match company.sync_users().await {
        Ok(_) => Ok(()),
        Err(SyncError::Portal(error)) => Err(error),
        Err(error) => {
            tracing::error!(company = %company.id(), %error, "the users could not be stored");
            Ok(())
        }
    }
}
