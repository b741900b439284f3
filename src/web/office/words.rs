//! The words of the [`Office`](super::Office): what goes over its counter and what comes back.

use crate::domain::card::CallView;
use crate::domain::company::{Backend, CallSettings, Trust};
use crate::domain::directory::Employee;
use crate::domain::leg::CommandError;
use crate::domain::link::{LinkFault, LinkState, PortalState};
use crate::domain::{CompanyId, CrmCallId, Phone, Timestamp, UserId};
use bytes::Bytes;
use secrecy::SecretString;
use std::time::Duration;

/// The office could not do its part. The text is for the log; a page shows only the request's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeFault {
    /// It may work in a moment (a full queue, a locked database).
    #[error("busy: {0}")]
    Busy(String),
    /// It will not work until somebody looks into it.
    #[error("broken: {0}")]
    Broken(String),
}

/// What the log-in form says.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// Portal host, with port if it has one, lower case, without scheme.
    pub domain: String,
    /// Keys of the portal's application: both or neither.
    pub keys: Option<(String, SecretString)>,
}

/// Where to send the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorize {
    /// The portal's authorize page with client id and state.
    pub url: String,
}

/// Why a log-in cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// The portal is not registered here and neither form nor settings name its application keys.
    #[error("the portal is not registered and no keys are given")]
    KeysNeeded,
    /// See [`OfficeFault`].
    #[error(transparent)]
    Fault(#[from] OfficeFault),
}

/// What the portal sent back with the browser.
#[derive(Debug, Clone)]
pub struct LoginReturn {
    /// The authorization code (lives 30 s).
    pub code: SecretString,
    /// Our state, as it came.
    pub state: String,
    /// The portal's host, as it says; a claim until the exchange confirms it.
    pub domain: Option<String>,
    /// The portal's `member_id`, as it says; a claim until the exchange confirms it.
    pub member_id: Option<String>,
}

/// A session that has just been opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Value for the cookie.
    pub token: SecretString,
    /// The company it administers.
    pub company: CompanyId,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Why a log-in did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The state is not ours, was used before or is too old.
    #[error("the state is unknown, used or expired")]
    BadState,
    /// The authorization server refused the code.
    #[error("the code was refused: {0}")]
    CodeRefused(String),
    /// The authorization server does not know the application keys.
    #[error("the application keys were refused: {0}")]
    KeysRefused(String),
    /// The grant belongs to another portal than the one the log-in was begun for.
    #[error("the grant belongs to another portal")]
    OtherPortal,
    /// The user is no administrator of the portal.
    #[error("the user is not an administrator")]
    NotAdmin,
    /// The application lacks rights; carries the names of the scopes.
    #[error("the application lacks the rights: {}", .0.join(", "))]
    ScopesMissing(Vec<String>),
    /// Portal or authorization server do not answer.
    #[error("the portal cannot be reached: {0}")]
    Unreachable(String),
    /// See [`OfficeFault`].
    #[error(transparent)]
    Fault(#[from] OfficeFault),
}

/// Who administers which company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The company.
    pub company: CompanyId,
    /// His id in the portal.
    pub user: UserId,
    /// His name in the portal, may be empty.
    pub name: String,
}

/// A company as its settings pages show it: no secrets.
#[derive(Debug, Clone)]
pub struct Overview {
    /// `member_id`.
    pub id: CompanyId,
    /// Given by the admin, may be empty.
    pub name: String,
    /// Portal host.
    pub domain: String,
    /// `client_id` of the portal's application.
    pub client_id: String,
    /// Switch settings; `None` until typed in.
    pub switch: Option<SwitchShown>,
    /// Choices for calls.
    pub calls: CallSettings,
    /// The switch connection.
    pub link: LinkState,
    /// The portal connection.
    pub portal: PortalState,
    /// The OAuth grant; `None` when there is none.
    pub token: Option<TokenLife>,
    /// How many calls were seen since the start whose number belongs to nobody.
    pub unknown_numbers: u64,
    /// How many requests to the portal wait to be sent.
    pub waiting: u64,
}

/// Life of the OAuth grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLife {
    /// When the access token was issued.
    pub obtained_at: Timestamp,
    /// When the access token ends; it is renewed by itself.
    pub expires_at: Timestamp,
    /// In whose name we ask, if known.
    pub owner: Option<String>,
}

/// Switch settings without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchShown {
    /// Protocol.
    pub backend: Backend,
    /// Client id of the integration.
    pub client_id: String,
    /// Base addresses in order of preference.
    pub addresses: Vec<String>,
    /// ECSS-10 domain.
    pub domain: String,
    /// Which certificates are accepted.
    pub trust: Trust,
}

/// Switch settings as the form gives them, checked.
#[derive(Debug, Clone)]
pub struct SwitchInput {
    /// Everything but the key.
    pub shown: SwitchShown,
    /// A new key; `None` keeps the stored one.
    pub api_key: Option<SecretString>,
}

/// Why something was not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The form left the key empty, and none is stored.
    #[error("no API key is stored yet")]
    KeyNeeded,
    /// The company is gone.
    #[error("the company is gone")]
    Gone,
    /// See [`OfficeFault`].
    #[error(transparent)]
    Fault(#[from] OfficeFault),
}

/// Outcome of trying the switch connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The switch said it is ready.
    Works,
    /// There is nothing to try yet.
    NotConfigured,
    /// It failed.
    Failed(LinkFault),
}

/// The number table.
#[derive(Debug, Clone)]
pub struct Employees {
    /// Everybody, dismissed ones included.
    pub rows: Vec<Employee>,
    /// How the import before it went.
    pub import: Import,
}

/// How an import of the portal's users went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// None was asked for.
    NotAsked,
    /// Done.
    Done {
        /// New users.
        added: u64,
        /// Profile numbers of new users that somebody has already.
        taken: Vec<TakenNumber>,
    },
    /// The portal did not answer; the table is as it was.
    Failed(String),
}

/// A number that two employees claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenNumber {
    /// The number.
    pub number: Phone,
    /// Who wants it.
    pub user: UserId,
    /// Who has it.
    pub holder: UserId,
}

/// Why numbers were not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumbersError {
    /// Two employees would have one number.
    #[error("number {} of user {} belongs to user {}", .0.number, .0.user, .0.holder)]
    Taken(TakenNumber),
    /// The table has no such employee.
    #[error("there is no employee {0}")]
    NoSuchEmployee(UserId),
    /// The company is gone.
    #[error("the company is gone")]
    Gone,
    /// See [`OfficeFault`].
    #[error(transparent)]
    Fault(#[from] OfficeFault),
}

/// A call and its story.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The call.
    pub view: CallView,
    /// What happened, oldest first.
    pub trace: Vec<TraceLine>,
}

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// When.
    pub at: Timestamp,
    /// What, in people's words.
    pub text: String,
    /// Particulars for an engineer (a request, an answer, a frame), may be empty.
    pub detail: String,
}

/// Why a command from the card was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The leg is somebody else's.
    #[error("the leg belongs to somebody else")]
    NotYours,
    /// The call is over or was never ours.
    #[error("there is no such call")]
    NoSuchCall,
    /// Too much is going on.
    #[error("too many commands at once")]
    Busy,
    /// The switch did not do it.
    #[error(transparent)]
    Switch(#[from] CommandError),
}

/// A form as it was posted, unread.
#[derive(Debug, Clone, Default)]
pub struct PortalRequest {
    /// Query string without `?`.
    pub query: String,
    /// Body, at most a mebibyte.
    pub body: Bytes,
}

/// What became of a post by the portal.
#[derive(Debug, Clone)]
pub enum PortalAnswer {
    /// Stored; the work goes on by itself.
    Accepted,
    /// The application was opened inside the portal by somebody who is who he says.
    Opened(PortalOpened),
}

/// The application opened inside the portal.
#[derive(Debug, Clone)]
pub struct PortalOpened {
    /// Portal host as registered, with port if it has one.
    pub domain: String,
    /// The portal was opened over plain HTTP (`PROTOCOL=0`).
    pub plain_http: bool,
    /// The user's name, may be empty.
    pub name: String,
    /// A session, if the user is an administrator.
    pub session: Option<NewSession>,
}

/// The card opened in the portal.
#[derive(Debug, Clone)]
pub struct CardOpened {
    /// The company.
    pub company: CompanyId,
    /// Who opened it.
    pub user: UserId,
    /// Portal host as registered, with port if it has one.
    pub domain: String,
    /// The portal was opened over plain HTTP (`PROTOCOL=0`).
    pub plain_http: bool,
    /// `CALL_ID` of the card, if the form names one.
    pub call: Option<CrmCallId>,
    /// The other party's number as the portal shows it.
    pub number: Option<String>,
}

/// Why a post by the portal was turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The form lacks what it needs, or cannot be read.
    #[error("the form cannot be read: {0}")]
    Unreadable(String),
    /// No such portal is registered here.
    #[error("the portal is not registered here")]
    UnknownPortal,
    /// The application token or the user's token is wrong.
    #[error("the token is wrong")]
    Forbidden,
    /// The portal could not be asked who the user is.
    #[error("the portal cannot be reached: {0}")]
    Unreachable(String),
    /// See [`OfficeFault`].
    #[error(transparent)]
    Fault(#[from] OfficeFault),
}

/// State of the daemon.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// What keeps the whole daemon from working, one sentence each; empty when it is ready.
    pub problems: Vec<String>,
    /// The companies.
    pub companies: Vec<CompanyHealth>,
}

/// State of one company.
#[derive(Debug, Clone)]
pub struct CompanyHealth {
    /// Portal host.
    pub domain: String,
    /// The switch connection.
    pub link: LinkState,
    /// The portal connection.
    pub portal: PortalState,
    /// Running calls.
    pub calls: u64,
    /// Requests to the portal that wait.
    pub waiting: u64,
    /// Calls whose number belongs to nobody, since the start.
    pub unknown_numbers: u64,
}
