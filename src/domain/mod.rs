//! What the product *decides*: pure values and functions, without clock, socket, database or foreign word.
//!
//! Everything here can be read, tested and replayed without a runtime. Time is always an argument
//! ([`Timestamp`], Unix milliseconds UTC), answers of the outside world come back as events.

#![warn(clippy::struct_excessive_bools)]

pub mod allowance;
pub mod binding;
pub mod budget;
pub mod call;
pub mod card;
pub mod company;
pub mod directory;
pub mod excess;
pub mod fault;
pub mod ids;
pub mod language;
pub mod leg;
pub mod link;
pub mod numbers;
pub mod outbox;
pub mod phone;
pub mod profile;
pub mod reach;
pub mod removal;
pub mod time;
pub mod tokens;
pub mod written;

pub use ids::{CallKey, CompanyId, CrmCallId, ExternalId, LegId, SwitchCallId, UserId};
pub use phone::Phone;
pub use time::Timestamp;
pub use tokens::{REFRESH_LIFE, Tokens};
