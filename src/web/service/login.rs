//! What a log-in takes and gives.

use super::ServiceFault;
use crate::domain::{CompanyId, UserId};
use secrecy::SecretString;
use std::net::IpAddr;
use std::time::Duration;

/// What the log-in form says.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// Portal host, with port if it has one, lower case, without scheme.
    pub domain: String,
    /// Keys of the portal's application: both or neither.
    pub keys: Option<(String, SecretString)>,
    /// The mark of the browser: only there can the log-in be completed.
    pub browser: String,
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
    /// The portal does not know the application whose keys are stored: its log-in would end on an error page of the
    /// portal.
    #[error("the portal does not know the application whose keys are stored")]
    KeysStale,
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

/// What the portal sent back with the browser.
#[derive(Debug, Clone)]
pub struct LoginReturn {
    /// The authorization code (lives 30 s).
    pub code: SecretString,
    /// Our state, as it came.
    pub state: String,
    /// The mark of the browser that came back, if it has one.
    pub browser: Option<String>,
    /// The portal's `member_id`, as it says; a claim until the exchange confirms it.
    pub member_id: Option<String>,
    /// Where the browser is, as far as that can be known.
    pub source: Option<IpAddr>,
}

/// A session that has just been opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Value for the cookie.
    pub token: SecretString,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Why a log-in did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The state is not ours, was used before, is too old or belongs to another browser.
    #[error("the state is unknown, used, expired or another browser's")]
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
    /// Too many log-ins have not succeeded lately.
    #[error("too many log-ins have not succeeded lately")]
    TooOften,
    /// Portal or authorization server do not answer.
    #[error("the portal cannot be reached: {0}")]
    Unreachable(String),
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

/// Who administers which company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    pub company: CompanyId,
    /// Id of the administrator in the portal.
    pub user: UserId,
    /// Name of the administrator in the portal, may be empty.
    pub name: String,
}
