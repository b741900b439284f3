//! What the product *decides*: pure values and functions, without clock, socket, database or foreign word.
//!
//! Everything here can be read, tested and replayed without a runtime. Time is always an argument
//! ([`Timestamp`], Unix milliseconds UTC), answers of the outside world come back as events.

#![warn(clippy::struct_excessive_bools)]

pub(crate) mod allowance;
pub(crate) mod audit;
pub(crate) mod binding;
pub(crate) mod budget;
pub(crate) mod call;
pub(crate) mod card;
pub(crate) mod card_outcomes;
pub(crate) mod checks;
pub(crate) mod company;
pub(crate) mod connect_pace;
pub(crate) mod directory;
pub(crate) mod evidence;
pub(crate) mod excess;
pub(crate) mod fault;
pub(crate) mod ids;
pub(crate) mod installs;
pub(crate) mod json_bounds;
pub(crate) mod language;
pub(crate) mod leg;
pub(crate) mod link;
pub(crate) mod numbers;
pub(crate) mod outbox;
pub(crate) mod phone;
pub(crate) mod profile;
pub(crate) mod reach;
pub(crate) mod removal;
pub(crate) mod source;
pub(crate) mod test_event;
pub(crate) mod time;
pub(crate) mod tokens;
pub(crate) mod visitors;
pub(crate) mod written;

pub use budget::Budget;
pub use company::Trust;
pub use excess::MOST_WAITING;
pub(crate) use ids::{CallKey, CrmCallId, ExternalId, LegId, SwitchCallId};
pub use ids::{CompanyId, UserId};
pub(crate) use phone::Phone;
pub use time::Timestamp;
pub(crate) use tokens::REFRESH_LIFE;
pub use tokens::Tokens;
