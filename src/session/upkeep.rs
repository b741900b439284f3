//! What a company needs from time to time: its users, its place in the portal, a grant that does not die.

use super::handle::CompanyHandle;
use crate::bitrix::ApiError;
use crate::bitrix::bindings::Wanted;
use crate::clock::random_unit;
use crate::domain::link::retry_delay;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bindings are compared this often.
const ROUND: Duration = Duration::from_secs(3600);
/// A refresh token lives for 180 days; an idle company renews it well before.
const RENEW_AFTER: Duration = Duration::from_secs(150 * 24 * 3600);

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
        let (mut failures, mut users_known) = (0, false);
        loop {
            let done = self.round(&company, force, &mut users_known).await;
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
            // A round that has begun is never cut short from here.
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = company.0.upkeep.notified() => {
                    users_known = false;
                    failures = 0;
                    force |= self.rebind.load(Ordering::Relaxed);
                }
            }
        }
    }

    async fn round(&self, company: &CompanyHandle, force: bool, users_known: &mut bool) -> Result<(), ApiError> {
        let portal = company.portal();
        let Some(tokens) = portal.tokens() else {
            return Err(ApiError::NeedsLogin("nobody has logged in yet".into()));
        };
        if company.0.clock.now().since(tokens.refresh_obtained_at) > RENEW_AFTER {
            portal.renew().await?;
        }
        let report = portal
            .ensure_bound(&self.wanted, force)
            .await
            .inspect_err(|e| company.0.shared.portal_fails(e, company.0.clock.now()))?;
        company.0.shared.portal_works();
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
        if !*users_known {
            match company.sync_users().await {
                Ok(_) => *users_known = true,
                Err(super::SyncError::Portal(error)) => return Err(error),
                Err(error) => tracing::error!(company = %company.id(), %error, "the users could not be stored"),
            }
        }
        Ok(())
    }
}
