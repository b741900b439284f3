//! Bitrix24: the only place that knows its words (`telephony.*`, `auth[…]`, `PLACEMENT`).
//!
//! [`OAuth`] buys tokens, [`Portal`] speaks to one company's portal, [`hook`] reads what portals post to us.
//! Nothing here retries on its own but for an expired token and a renamed portal; waiting and repeating
//! is the caller's business, and [`ApiError`] says what may be repeated.

pub mod batch;
pub mod bindings;
mod budget;
mod error;
mod gate;
pub mod hook;
#[cfg(test)]
mod hostile;
mod lenient;
mod oauth;
mod portal;
mod send;
pub mod telephony;
#[cfg(test)]
mod testing;
pub mod users;
mod verdict;
mod who;

pub use budget::Bucket;
pub use error::ApiError;
pub use gate::{Priority, Turn};
pub use oauth::{AppCredentials, AppInfo, Grant, OAuth, OAuthError, Renewal, TokenHostFault};
pub use portal::{Portal, PortalSetup, Stored, TokenVault, Tools, VaultError, portal_domain};
pub use verdict::Answer;
pub use who::{Who, who};
