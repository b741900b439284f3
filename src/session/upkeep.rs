//! What a company needs from time to time: its users, its place in the portal, a grant that does not die.

use super::SyncError;
use super::handle::CompanyHandle;
use crate::bitrix::bindings::{BindReport, Choices, Wanted};
use crate::bitrix::{ApiError, portal_domain};
use crate::clock::random_unit;
use crate::domain::binding::{self, Binding};
use crate::domain::company::CrmCreate;
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
    choices: Notify,
}

impl Bell {
    /// Something was mended or changed by a person: everything is looked after now.
    pub fn ring(&self) {
        self.all.notify_one();
    }

    /// The company has chosen otherwise what the portal should do.
    pub fn choices_changed(&self) {
        self.choices.notify_one();
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

/// The portal has refused something.
struct Again {
    /// When to try again.
    pause: Duration,
    /// The card is among it.
    card: bool,
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
        let (mut failures, mut refusals) = (0, 0);
        loop {
            let done = self.round(&company, force, refusals).await;
            let pause = match done {
                Ok(None) => {
                    (failures, refusals, force) = (0, 0, false);
                    ROUND.mul_f64(0.9 + random_unit() / 5.0)
                }
                Ok(Some(Again { pause, card })) => {
                    (failures, refusals, force) = (0, refusals + 1, force && card);
                    pause
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
                        (failures, refusals) = (0, 0);
                        force |= self.rebind.load(Ordering::Relaxed);
                        break;
                    }
                    () = company.0.bell.choices.notified() => {
                        (failures, refusals) = (0, 0);
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

    /// Looks after everything once; tells when to look again where the portal has refused something, `refusals` times
    /// in a row before.
    async fn round(&self, company: &CompanyHandle, force: bool, refusals: u32) -> Result<Option<Again>, ApiError> {
        let failed = |error: &ApiError| company.0.shared.portal_fails(error, company.0.clock.now());
        let portal = company.portal();
        let tokens = portal.tokens().ok_or_else(|| ApiError::NeedsLogin("nobody has logged in yet".into()));
        let mut tokens = tokens.inspect_err(failed)?;
        if company.0.clock.now().since(tokens.refresh_obtained_at) > RENEW_AFTER {
            portal.renew().await.inspect_err(failed)?;
            tokens = portal.tokens().unwrap_or(tokens);
        }
        let choices = Choices { force_rebind: force, create_for_clicks: creates_for_clicks(company).await };
        let report = portal.ensure_bound(&self.wanted, choices).await.inspect_err(failed)?;
        company.0.shared.portal_works();
        portal.proved(&tokens).await;
        if !(report.bound.is_empty() && report.unbound.is_empty()) {
            tracing::info!(company = %company.id(), "the place in the portal was set up: {report}");
        }
        let again = (!report.refused.is_empty()).then(|| binding::pause(refusals + 1, random_unit()));
        note_refusals(company, &report, again.unwrap_or_default());
        if force && report.refused.is_empty() {
            tracing::warn!(company = %company.id(),
                "the call card was embedded anew; reload open Bitrix24 pages and set rebindPlacement back to false");
        }
        learn_language(company).await;
        users(company).await?;
        let card = report.refused.iter().any(|(what, _)| *what == Binding::Card);
        Ok(again.map(|pause| Again { pause, card }))
    }
}

/// Asks for the portal's language until somebody has told it once; without it people read Russian.
async fn learn_language(company: &CompanyHandle) {
    if company.portal().known_language().is_some() {
        return;
    }
    match company.portal().ask_language().await {
        Ok(Some(code)) => company.learn_language(&code).await,
        Ok(None) => {}
        Err(error) => tracing::debug!(company = %company.id(), %error, "the portal does not tell its language"),
    }
}

/// Whether the portal is to make CRM items for clicks; a store that does not answer says no, as the page does by default.
async fn creates_for_clicks(company: &CompanyHandle) -> bool {
    match company.0.store.company(company.id()).await {
        Ok(found) => found.is_some_and(|c| matches!(c.calls.crm_create, CrmCreate::Outgoing | CrmCreate::All)),
        Err(error) => {
            tracing::error!(company = %company.id(), %error, "the company's choices cannot be read");
            false
        }
    }
}

/// Remembers what the portal has refused, and says so when that is news.
fn note_refusals(company: &CompanyHandle, report: &BindReport, pause: Duration) {
    let now = company.0.clock.now();
    let refused = report.refused.iter().map(|(what, error)| (*what, error.to_string())).collect();
    let (before, after) = company.0.shared.bindings_refused(refused, now, now + pause);
    if after.says_the_same(&before) {
        return;
    }
    for refused in after.bindings.iter().filter(|refused| !before.tells_of(refused)) {
        let domain = portal_domain(&company.portal().client_endpoint()).unwrap_or_default();
        let user = company.portal().tokens().and_then(|t| t.user_id).map_or_else(String::new, |u| u.to_string());
        tracing::warn!(company = %company.id(), domain, user, what = refused.what.code(), why = refused.why,
            next_in_s = pause.as_secs(), "the portal refuses to set this up; the company's page says what to do");
    }
    if after.bindings.is_empty() {
        tracing::warn!(company = %company.id(), "the portal has taken everything that it had refused before");
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
