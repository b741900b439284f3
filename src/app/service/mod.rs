//! What stands behind the pages: the store, the portals and the running companies.

mod audit;
mod board_view;
mod calls;
mod company_checks;
mod login;
mod portal;
mod settings;
mod strangers;
mod test_call;
mod trace_particulars;

use crate::app::checks::SelfChecks;
use crate::bitrix::AppCredentials;
use crate::clock::Clock;
use crate::domain::audit::AuditEntry;
use crate::domain::card::{CardCommand, CommandRefused};
use crate::domain::checks::Finding;
use crate::domain::company::CallSettings;
use crate::domain::evidence::EvidenceKind;
use crate::domain::link::DiskState;
use crate::domain::{CallKey, CompanyId, LegId, Phone, Timestamp, UserId};
use crate::lang::Lang;
use crate::metrics::Exposition;
use crate::session::Companies;
use crate::store::{Store, StoreError};
use crate::telemetry::company_span;
use crate::web::service::{
    Admin, Authorize, BeginError, Board, CallCursor, CallPage, CallRecord, CardOpened, Checked, CheckedPart,
    CompanyHealth, Employees, Health, LoginError, LoginRequest, LoginReturn, NewSession, NumbersError, OpenError,
    Overview, PortalAnswer, PortalRequest, SaveError, ServiceFault, SwitchInput, TestCallError, WebService, Work,
};
use ring::hmac;
use secrecy::SecretString;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// How long an administrator stays logged in.
const SESSION: Duration = Duration::from_secs(12 * 3600);

/// The service of a running daemon.
pub struct DaemonService {
    store: Store,
    companies: Companies,
    clock: Clock,
    /// Keys of a single-company installation.
    keys: Option<AppCredentials>,
    /// Signs the states of log-ins, so that forged ones never reach the database.
    state_key: hmac::Key,
    checks: SelfChecks,
    /// Work that goes on after its answer has been given.
    tasks: TaskTracker,
}

impl DaemonService {
    /// Puts it together.
    pub fn new(
        store: Store,
        companies: Companies,
        clock: Clock,
        keys: Option<AppCredentials>,
        checks: SelfChecks,
    ) -> Self {
        let state_key = hmac::Key::new(hmac::HMAC_SHA256, &store.key().derive("login state"));
        Self { store, companies, clock, keys, state_key, checks, tasks: TaskTracker::new() }
    }

    /// How the database does.
    fn disk(&self) -> DiskState {
        self.store.health()
    }

    /// Waits for work whose answer has been given already.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What a page can do about a store that does not answer.
fn fault(error: &StoreError) -> ServiceFault {
    match error {
        StoreError::Unavailable(_) | StoreError::Full => ServiceFault::Busy(error.to_string()),
        _ => ServiceFault::Broken(error.to_string()),
    }
}

/// What is asked about one company: whatever is said meanwhile names it.
fn about<'a, T>(company: &CompanyId, work: impl Future<Output = T> + Send + 'a) -> Work<'a, T> {
    Box::pin(work.instrument(company_span(company)))
}

impl WebService for DaemonService {
    fn begin_login(&self, login: LoginRequest) -> Work<'_, Result<Authorize, BeginError>> {
        Box::pin(self.begin(login))
    }

    fn complete_login(&self, back: LoginReturn) -> Work<'_, Result<NewSession, LoginError>> {
        Box::pin(self.complete(back))
    }

    fn session<'a>(&'a self, token: &'a str) -> Work<'a, Result<Option<Admin>, ServiceFault>> {
        Box::pin(async move {
            let token = SecretString::from(token.to_owned());
            let session = self.store.session(&token, self.clock.now()).await.map_err(|e| fault(&e))?;
            Ok(session.map(|s| Admin { company: s.company, user: s.user, name: s.name }))
        })
    }

    fn end_session<'a>(&'a self, token: &'a str) -> Work<'a, Result<(), ServiceFault>> {
        let token = SecretString::from(token.to_owned());
        Box::pin(async move { self.store.end_session(&token).await.map_err(|e| fault(&e)) })
    }

    fn company<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Overview>, ServiceFault>> {
        about(company, self.overview(company))
    }

    fn rename<'a>(&'a self, admin: &'a Admin, name: &'a str) -> Work<'a, Result<(), SaveError>> {
        about(&admin.company, self.put_name(admin, name))
    }

    fn save_switch<'a>(&'a self, admin: &'a Admin, input: SwitchInput) -> Work<'a, Result<(), SaveError>> {
        about(&admin.company, self.put_switch(admin, input))
    }

    fn save_calls<'a>(&'a self, admin: &'a Admin, calls: CallSettings) -> Work<'a, Result<(), SaveError>> {
        about(&admin.company, self.put_calls(admin, calls))
    }

    fn deeds<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Vec<AuditEntry>, ServiceFault>> {
        about(company, self.deeds_of(company))
    }

    fn check_switch<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Checked, ServiceFault>> {
        about(company, self.try_switch(company))
    }

    fn test_call<'a>(
        &'a self,
        admin: &'a Admin,
        from: &'a Phone,
        to: &'a Phone,
    ) -> Work<'a, Result<(), TestCallError>> {
        about(&admin.company, self.make_test_call(admin, from, to))
    }

    fn employees<'a>(&'a self, company: &'a CompanyId, import: bool) -> Work<'a, Result<Employees, ServiceFault>> {
        about(company, self.table(company, import))
    }

    fn save_numbers<'a>(
        &'a self,
        admin: &'a Admin,
        rows: Vec<(UserId, Vec<Phone>)>,
    ) -> Work<'a, Result<(), NumbersError>> {
        about(&admin.company, self.put_numbers(admin, rows))
    }

    fn recent_calls<'a>(
        &'a self,
        company: &'a CompanyId,
        limit: u32,
        before: Option<CallCursor>,
    ) -> Work<'a, Result<CallPage, ServiceFault>> {
        about(company, self.recent(company, limit, before))
    }

    fn call<'a>(
        &'a self,
        company: &'a CompanyId,
        key: &'a CallKey,
        lang: Lang,
    ) -> Work<'a, Result<Option<CallRecord>, ServiceFault>> {
        about(company, self.record_of(company, key, lang))
    }

    fn vouched(&self, company: &CompanyId, at: Timestamp) -> bool {
        self.companies.get(company).is_none_or(|handle| at >= handle.since())
    }

    fn board(&self, company: &CompanyId) -> Option<Box<dyn Board>> {
        Some(Box::new(self.companies.get(company)?.board().view()))
    }

    fn card_followed(&self, company: &CompanyId) {
        if let Some(handle) = self.companies.get(company) {
            handle.saw(EvidenceKind::CardConfirmed);
        }
    }

    fn findings<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Vec<Finding>>, ServiceFault>> {
        about(company, self.findings_of(company))
    }

    fn checks<'a>(
        &'a self,
        company: Option<&'a CompanyId>,
    ) -> Work<'a, Result<Option<Vec<CheckedPart>>, ServiceFault>> {
        Box::pin(self.all_checks(company))
    }

    fn act<'a>(
        &'a self,
        company: &'a CompanyId,
        user: UserId,
        call: &'a CallKey,
        leg: Option<&'a LegId>,
        command: CardCommand,
    ) -> Work<'a, Result<(), CommandRefused>> {
        about(company, async move {
            let handle = self.companies.get(company).ok_or(CommandRefused::NoSuchCall)?;
            handle.act(user, call, leg, command).await
        })
    }

    fn portal_post(&self, post: PortalRequest) -> Work<'_, Result<PortalAnswer, OpenError>> {
        Box::pin(self.posted(post))
    }

    fn card_opened(&self, post: PortalRequest) -> Work<'_, Result<CardOpened, OpenError>> {
        Box::pin(self.opened_card(post))
    }

    fn metrics(&self, out: &mut Exposition) {
        self.strangers(out);
    }

    fn health(&self) -> Work<'_, Health> {
        Box::pin(async move {
            let disk = self.disk();
            let problems = match (disk.problem(), self.store.ping().await) {
                (Some(problem), _) => vec![problem],
                (None, Ok(())) => Vec::new(),
                (None, Err(error)) => vec![error.to_string()],
            };
            let companies = self
                .companies
                .all()
                .iter()
                .map(|handle| {
                    let status = handle.status();
                    let endpoint = handle.portal().client_endpoint();
                    CompanyHealth {
                        domain: crate::bitrix::portal_domain(&endpoint).unwrap_or_default(),
                        portal: status.portal_at(self.clock.now()),
                        link: status.link,
                        calls: status.calls,
                        backlog: status.backlog,
                        dropped: status.dropped,
                        excess: status.excess,
                        unrecorded: status.unrecorded,
                        grant_ends_at: handle.portal().tokens().map(|t| t.refresh_ends_at()),
                        unknown_numbers: status.unknown_numbers,
                        seen: handle.seen(),
                        refused_bindings: status.refusals.bindings.iter().map(|b| b.what).collect(),
                    }
                })
                .collect();
            Health { problems, disk, waiting_installs: self.companies.waiting_installs(), companies }
        })
    }
}
