//! What a number is to a company, and what of it may be shown, stored and logged.
//!
//! The only place that decides this. A switch reports whatever was dialled: clients, colleagues, queues, and feature
//! codes with agents' passwords in them. Only clients (and callers without a number) concern the CRM; of a feature code
//! nothing but its first part leaves the switch's side.

mod form;
mod pattern;
mod plan;

pub use form::{as_reported, disclosed, shown_name};
pub use pattern::NumberPattern;
pub use plan::{NumberPlan, NumberRule, OwnNumber, Party};
