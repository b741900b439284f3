//! Bitrix24: the only place that knows its words (`telephony.*`, `auth[…]`, `PLACEMENT`).
//!
//! [`OAuth`] buys tokens, [`Portal`] speaks to one company's portal, [`hook`] reads what portals post to us.
//! Nothing here retries on its own but for an expired token and a renamed portal; waiting and repeating
//! is the caller's business, and [`ApiError`] says what may be repeated.

mod answer;
pub mod batch;
pub mod bindings;
pub mod boxed;
mod error;
mod exchange;
pub mod hook;
#[cfg(test)]
mod hostile;
mod lenient;
mod oauth;
mod portal;
mod rate_limit;
mod scopes;
pub mod telephony;
#[cfg(test)]
mod testing;
mod token_bucket;
mod token_owner;
pub mod users;

pub use answer::RestAnswer;
pub use error::{ApiError, Objection};
pub use oauth::{AppCredentials, OAuth, OAuthError};
pub use portal::{BitrixTools, Portal, PortalSetup, StoreFuture, TokenStore, TokenStoreError, portal_domain};
pub use rate_limit::{Priority, RateLimitSlot};
pub use scopes::missing_scopes;
pub use token_owner::{TokenOwner, who};
