//! What a company needs from time to time: its users, its place in the portal, a grant that does not die.

use super::SyncError;
use super::handle::CompanyHandle;
use super::test_event::TestEventAttempts;
use crate::bitrix::ApiError;
use crate::bitrix::bindings::{Choices, PortalWord, WantedBindings};
use crate::clock::random_unit;
use crate::domain::Timestamp;
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
/// However often the portal says that the application was installed, the bindings are not compared more often than this.
const INSTALLS_APART: Duration = Duration::from_secs(10);
/// The same where nothing at all shows that it was the portal who said so.
const UNPROVED_INSTALLS_APART: Duration = Duration::from_secs(60);

/// Calls upkeep before its time.
#[derive(Debug, Default)]
pub(super) struct UpkeepSignals {
    all: Notify,
    users: Notify,
    choices: Notify,
    installed: Notify,
    installed_unproved: Notify,
    portal_proof: Notify,
}

impl UpkeepSignals {
    /// Something was mended or changed by a person: everything is looked after now.
    pub fn ring(&self) {
        self.all.notify_one();
    }

    /// The company has chosen otherwise what the portal should do.
    pub fn choices_changed(&self) {
        self.choices.notify_one();
    }

    /// The application may have been installed again: everything is looked after soon.
    pub fn perhaps_installed(&self, by_portal: bool) {
        if by_portal { &self.installed } else { &self.installed_unproved }.notify_one();
    }

    /// The portal may have to prove its application token, or has just done so.
    pub fn prove_portal(&self) {
        self.portal_proof.notify_one();
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

/// What a round has brought.
struct UpkeepResult {
    /// Something could not be set up or fetched.
    again: bool,
    /// The card is among it.
    card: bool,
}

/// What upkeep wants to see in the portal.
#[derive(Clone)]
pub(super) struct Upkeep {
    pub wanted: WantedBindings,
    /// The admin asks for the card to be embedded again, once per start or reload.
    pub rebind: Arc<AtomicBool>,
    /// Spreads the first round of many companies; what is signalled meanwhile is looked after all the same.
    pub first_delay: Duration,
}

impl Upkeep {
    /// Runs as long as the company does. What is done in a box is done seldom: each company keeps what its task may need.
    pub async fn run(self, company: CompanyHandle, stop: CancellationToken) {
        let mut force = self.rebind.load(Ordering::Relaxed);
        let (mut failures, mut refusals) = (0, 0);
        let mut fetched = None;
        let mut test_event = TestEventAttempts::begin(self.first_delay);
        let (mut ended, mut end) = (Instant::now(), Instant::now() + self.first_delay);
        loop {
            // What has begun is never cut short from here: the answer of a refresh may be on its way.
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(end) => break,
                    () = company.0.upkeep_signals.all.notified() => {
                        (failures, refusals) = (0, 0);
                        force |= self.rebind.load(Ordering::Relaxed);
                        break;
                    }
                    () = company.0.upkeep_signals.choices.notified() => {
                        (failures, refusals) = (0, 0);
                        break;
                    }
                    () = company.0.upkeep_signals.installed.notified() => {
                        end = end.min(ended + INSTALLS_APART);
                        continue;
                    }
                    () = company.0.upkeep_signals.installed_unproved.notified() => {
                        end = end.min(ended + UNPROVED_INSTALLS_APART);
                        continue;
                    }
                    () = company.0.upkeep_signals.portal_proof.notified() => {
                        Box::pin(test_event.restart(&company, &self.wanted.event_handler)).await;
                        continue;
                    }
                    () = test_event.due() => {
                        Box::pin(test_event.attempt(&company, &self.wanted.event_handler)).await;
                        continue;
                    }
                    () = company.0.upkeep_signals.users_wanted(fetched) => {}
                }
                fetched = Some(Instant::now());
                if let Err(error) = Box::pin(users(&company)).await {
                    tracing::warn!(%error, "the users could not be fetched");
                    // Whether it is the portal or only the users is seen when everything is asked for.
                    break;
                }
            }
            // Whatever else comes of the round: what is refused is tried again by then.
            let soon = binding::pause(refusals + 1, random_unit());
            let done = Box::pin(self.round(&company, force, company.0.clock.now() + soon)).await;
            let pause = match done {
                Ok(UpkeepResult { again, card }) => {
                    (failures, refusals, force) = (0, if again { refusals + 1 } else { 0 }, force && card);
                    ROUND.mul_f64(0.9 + random_unit() / 5.0)
                }
                Err(error) => {
                    (failures, refusals) = (failures + 1, refusals + 1);
                    tracing::warn!(%error, "the portal could not be looked after");
                    if error.may_retry() { retry_delay(failures + 3, random_unit()) } else { ROUND }
                }
            };
            let due = pause.min(soon);
            let pause = if company.0.shared.refused_until(company.0.clock.now() + due) { due } else { pause };
            (ended, end) = (Instant::now(), Instant::now() + pause);
        }
    }

    /// Asks the portal how it is and what it holds of ours, now that all was set up; and for its language until it has told
    /// it once: without it people read Russian.
    async fn ask_for_word(&self, company: &CompanyHandle, users_are_listed: bool) {
        match company.portal().word(&self.wanted).await {
            Ok(PortalWord { mut report, language }) => {
                report.bindings.insert(Binding::Users, users_are_listed);
                company.0.shared.evidence.note_report(report);
                if let Some(code) = language.filter(|_| company.portal().known_language().is_none()) {
                    company.learn_language(&code).await;
                }
            }
            Err(error) => tracing::debug!(%error, "the portal does not say how it is"),
        }
    }

    /// Looks after everything once, and for what fails until `next_try`. An error is of the portal as a whole.
    async fn round(&self, company: &CompanyHandle, force: bool, next_try: Timestamp) -> Result<UpkeepResult, ApiError> {
        let failed = |error: &ApiError| company.0.shared.portal_fails(error, company.0.clock.now());
        let portal = company.portal();
        let tokens = portal.tokens().ok_or_else(|| ApiError::NeedsLogin("nobody has logged in yet".into()));
        let mut tokens = tokens.inspect_err(failed)?;
        if company.0.clock.now().since(tokens.refresh_obtained_at) > RENEW_AFTER {
            portal.renew().await.inspect_err(failed)?;
            tokens = portal.tokens().unwrap_or(tokens);
        }
        let choices = Choices {
            force_rebind: force,
            create_for_clicks: creates_for_clicks(company).await,
            awaits_test_event: company.0.test_event.is_some(),
        };
        let mut report = portal.ensure_bound(&self.wanted, choices).await;
        if report.answered {
            company.0.shared.portal_works(company.0.clock.now());
            company.note_refusals(&Binding::BOUND, &report.failed, Some(next_try));
        }
        if !(report.bound.is_empty() && report.unbound.is_empty()) {
            tracing::info!("the place in the portal was set up: {report}");
        }
        if force && report.failed.is_empty() {
            tracing::warn!(
                "the call card was embedded anew; reload open Bitrix24 pages and set rebindPlacement back to false"
            );
        }
        let bound_nothing = !report.answered;
        let users_are_listed = report.keep_going(Binding::Users, users(company).await).is_some();
        if let Some(error) = report.of_whole_portal() {
            failed(error);
            return Err(error.clone());
        }
        if bound_nothing {
            company.0.shared.portal_works(company.0.clock.now());
            company.note_refusals(&Binding::BOUND, &report.failed, Some(next_try));
        } else if let Some(users @ (Binding::Users, _)) = report.failed.last() {
            company.note_refusals(&[Binding::Users], std::slice::from_ref(users), Some(next_try));
        }
        portal.proved(&tokens).await;
        Box::pin(self.ask_for_word(company, users_are_listed)).await;
        let card = report.failed.iter().any(|(what, _)| *what == Binding::Card);
        Ok(UpkeepResult { again: !report.failed.is_empty(), card })
    }
}

/// Whether the portal is to make CRM items for clicks; a store that does not answer says no, as the page does by default.
async fn creates_for_clicks(company: &CompanyHandle) -> bool {
    match company.0.store.company(company.id()).await {
        Ok(found) => found.is_some_and(|c| matches!(c.calls.crm_create, CrmCreate::Outgoing | CrmCreate::All)),
        Err(error) => {
            tracing::error!(%error, "the company's choices cannot be read");
            false
        }
    }
}

/// Fetches the users; a store that fails is no reason to ask the portal sooner.
async fn users(company: &CompanyHandle) -> Result<(), ApiError> {
    match company.sync_users().await {
        Ok(_) => Ok(()),
        Err(SyncError::Portal(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "the users could not be stored");
            Ok(())
        }
    }
}
