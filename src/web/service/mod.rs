//! The only thing the pages ask of the rest of the daemon, in the pages' own words.
//!
//! Handlers know forms, cookies and HTML; what stands behind a button is somebody else's business and
//! is reached through [`WebService`]. The trait is object-safe, so that handlers can be tested with an
//! service that lives in memory.

mod calls;
mod checks;
mod company;
mod health;
mod login;
mod portal;
mod staff;
mod test_call;

pub use calls::{CallCursor, CallPage, CallRecord, TraceText};
pub use checks::CheckedPart;
pub use company::{Checked, Overview, SaveError, SwitchInput, SwitchShown, TokenLife};
pub use health::{CompanyHealth, Health};
pub use login::{Admin, Authorize, BeginError, LoginError, LoginRequest, LoginReturn, NewSession};
pub use portal::{CardOpened, OpenError, PortalAnswer, PortalOpened, PortalRequest};
pub use staff::{Employees, Import, NumbersError, TakenNumber};
pub use test_call::TestCallError;

use crate::domain::audit::AuditEntry;
use crate::domain::card::{CallView, CardCommand, CommandRefused};
use crate::domain::checks::Finding;
use crate::domain::company::CallSettings;
use crate::domain::leg::Capabilities;
use crate::domain::{CallKey, CompanyId, CrmCallId, LegId, Phone, Timestamp, UserId};
use crate::lang::Lang;
use crate::metrics::Exposition;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// The service could not do its part. The text is for the log; a page shows only the request's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceFault {
    /// It may work in a moment (a full queue, a locked database).
    #[error("busy: {0}")]
    Busy(String),
    /// It will not work until somebody looks into it.
    #[error("broken: {0}")]
    Broken(String),
}

/// Work that borrows the service for as long as it runs.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the pages need done.
///
/// The pages run every state-changing call in a task of its own, so an implementation need not fear
/// that a browser hangs up half way.
pub trait WebService: Send + Sync + 'static {
    /// Starts a log-in: remembers the attempt under a one-use state and returns where to send the browser.
    fn begin_login(&self, login: LoginRequest) -> Work<'_, Result<Authorize, BeginError>>;

    /// Ends a log-in with what the portal sent back: takes the state (one use), exchanges the code, checks
    /// that the user is an administrator of the portal, registers or refreshes the company and opens a session.
    fn complete_login(&self, back: LoginReturn) -> Work<'_, Result<NewSession, LoginError>>;

    /// Whose session this cookie is; `None` for a forged, ended or expired one.
    fn session<'a>(&'a self, token: &'a str) -> Work<'a, Result<Option<Admin>, ServiceFault>>;

    /// Ends a session; an unknown one is no fault.
    fn end_session<'a>(&'a self, token: &'a str) -> Work<'a, Result<(), ServiceFault>>;

    /// A company as its settings pages show it; `None` once it is gone.
    fn company<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Overview>, ServiceFault>>;

    /// Gives the company a name; an empty one takes it away.
    fn rename<'a>(&'a self, admin: &'a Admin, name: &'a str) -> Work<'a, Result<(), SaveError>>;

    /// Saves the switch settings and reconnects with them.
    fn save_switch<'a>(&'a self, admin: &'a Admin, input: SwitchInput) -> Work<'a, Result<(), SaveError>>;

    /// Saves the choices for calls.
    fn save_calls<'a>(&'a self, admin: &'a Admin, calls: CallSettings) -> Work<'a, Result<(), SaveError>>;

    /// Tries the saved switch settings now, within seconds.
    fn check_switch<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Checked, ServiceFault>>;

    /// Has an employee's phone dial a number, so that the administrator sees whether a card opens.
    fn test_call<'a>(&'a self, admin: &'a Admin, from: &'a Phone, to: &'a Phone)
    -> Work<'a, Result<(), TestCallError>>;

    /// The number table; with `import` the portal's users are fetched and merged first (a portal that does
    /// not answer is reported in [`Employees::import`] and is no fault: the table is there all the same).
    fn employees<'a>(&'a self, company: &'a CompanyId, import: bool) -> Work<'a, Result<Employees, ServiceFault>>;

    /// Replaces the numbers of the employees named, all or none.
    fn save_numbers<'a>(
        &'a self,
        admin: &'a Admin,
        rows: Vec<(UserId, Vec<Phone>)>,
    ) -> Work<'a, Result<(), NumbersError>>;

    /// A page of calls that are over or running, newest first: the first one, or that from `before` on.
    fn recent_calls<'a>(
        &'a self,
        company: &'a CompanyId,
        limit: u32,
        before: Option<CallCursor>,
    ) -> Work<'a, Result<CallPage, ServiceFault>>;

    /// One call with its story in `lang`.
    fn call<'a>(
        &'a self,
        company: &'a CompanyId,
        key: &'a CallKey,
        lang: Lang,
    ) -> Work<'a, Result<Option<CallRecord>, ServiceFault>>;

    /// Whether what the portal vouched for at that moment still counts: not for a company that has been uninstalled
    /// since.
    fn vouched(&self, _company: &CompanyId, _at: Timestamp) -> bool {
        true
    }

    /// The company's calls and their changes; `None` when the company is not being served.
    fn board(&self, company: &CompanyId) -> Option<Box<dyn Board>>;

    /// A browser has shown a card of this company and follows its calls.
    fn card_followed(&self, _company: &CompanyId) {}

    /// What is known of whether a company's calls reach its people; `None` once it is gone.
    fn findings<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Vec<Finding>>, ServiceFault>>;

    /// Who did what in a company, the newest first.
    fn deeds<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Vec<AuditEntry>, ServiceFault>>;

    /// What is known of this server and of one company, or of all; `None` where there is no such company. Takes seconds.
    fn checks<'a>(&'a self, company: Option<&'a CompanyId>)
    -> Work<'a, Result<Option<Vec<CheckedPart>>, ServiceFault>>;

    /// Carries out an employee's command on their own leg.
    fn act<'a>(
        &'a self,
        company: &'a CompanyId,
        user: UserId,
        call: &'a CallKey,
        leg: Option<&'a LegId>,
        command: CardCommand,
    ) -> Work<'a, Result<(), CommandRefused>>;

    /// Whatever the portal or a browser on its behalf posts to `/` or `/events`: installation, removal,
    /// events, the application opened inside the portal. Must answer within milliseconds for events:
    /// store first, work later.
    fn portal_post(&self, post: PortalRequest) -> Work<'_, Result<PortalAnswer, OpenError>>;

    /// The call card opened in the portal: who opened it (asked of the *registered* portal with the token
    /// in the form) and for which call.
    fn card_opened(&self, post: PortalRequest) -> Work<'_, Result<CardOpened, OpenError>>;

    /// State of the daemon and of all companies, for `/readyz` and `/metrics`.
    fn health(&self) -> Work<'_, Health>;

    /// Writes further metrics; none by default.
    fn metrics(&self, _out: &mut Exposition) {}
}

/// A company's calls as pages and cards see them.
pub trait Board: Send {
    /// The calls that have not ended.
    fn running(&self) -> Vec<Arc<CallView>>;

    /// The running calls in which this employee has or had a leg, and the one of this CRM call, also if it has just
    /// ended. Costs no more for what others do.
    fn calls_of(&self, user: UserId, own: Option<&CrmCallId>) -> Vec<Arc<CallView>>;

    /// The call with this name, ours or the CRM's; also one that has just ended.
    fn call(&self, name: &str) -> Option<Arc<CallView>>;

    /// Commands the switch honours.
    fn can(&self) -> Capabilities;

    /// Whether commands can be sent now.
    fn online(&self) -> bool;

    /// Tells when what this employee sees has changed: calls, abilities or connection; closed once the company is no
    /// longer served.
    fn changes(&self, user: UserId) -> watch::Receiver<()>;
}
