//! The pair of tokens a company's requests to its portal are made with.

use super::{Timestamp, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How long a refresh token can be exchanged, by the vendor's documentation.
pub const REFRESH_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

/// What the authorization server has granted last.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every request; lives for an hour.
    pub access: SecretString,
    /// Buys the next pair; lives for 180 days and is replaced by every answer.
    pub refresh: SecretString,
    /// The refresh token before this one, kept until the portal has accepted `access`: should the new pair turn out
    /// to be worth nothing, this one is tried before an admin is asked to log in.
    pub previous: Option<SecretString>,
    /// When `access` ends by the authorization server's word.
    pub expires_at: Timestamp,
    /// When `refresh` was received: [`REFRESH_LIFE`] later the company must log in again.
    pub refresh_obtained_at: Timestamp,
    /// The portal user in whose name requests are made, where the server has said so.
    pub user_id: Option<UserId>,
    /// Base of the authorization server's own REST, e.g. `https://oauth.bitrix.info/rest/`; names the host to
    /// refresh at next time.
    pub server_endpoint: Option<String>,
    /// Granted scopes, comma separated, as they came.
    pub scope: String,
}

impl Tokens {
    /// Fills in from the pair before what the answer that brought this one did not say. The owner is taken over only
    /// where nothing says otherwise: code that knows the new owner has filled it in.
    pub fn filled_from(self, before: &Self) -> Self {
        Self {
            user_id: self.user_id.or(before.user_id),
            server_endpoint: self.server_endpoint.or_else(|| before.server_endpoint.clone()),
            scope: if self.scope.is_empty() { before.scope.clone() } else { self.scope },
            ..self
        }
    }

    /// Whether these are the same pair, whatever else is known of it.
    pub fn is_pair(&self, other: &Self) -> bool {
        self.access.expose_secret() == other.access.expose_secret()
            && self.refresh.expose_secret() == other.refresh.expose_secret()
    }

    /// When `refresh` ends unless it is exchanged before.
    pub fn refresh_ends_at(&self) -> Timestamp {
        self.refresh_obtained_at + REFRESH_LIFE
    }
}
