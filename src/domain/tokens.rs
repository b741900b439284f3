//! The pair of tokens a company's requests to its portal are made with.

use super::{Timestamp, UserId};
use secrecy::SecretString;

/// What the authorization server has granted last.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every request; lives for an hour.
    pub access: SecretString,
    /// Buys the next pair; lives for 180 days and is replaced by every answer.
    pub refresh: SecretString,
    /// When `access` ends by the authorization server's word.
    pub expires_at: Timestamp,
    /// When `refresh` was received: 180 days later the company must log in again.
    pub refresh_obtained_at: Timestamp,
    /// The portal user in whose name requests are made, where the server has said so.
    pub user_id: Option<UserId>,
    /// Base of the authorization server's own REST, e.g. `https://oauth.bitrix.info/rest/`; names the host to
    /// refresh at next time.
    pub server_endpoint: Option<String>,
    /// Granted scopes, comma separated, as they came.
    pub scope: String,
}
