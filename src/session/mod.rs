//! The waiting and doing: one actor per company, its switch connection, its outbox, its upkeep.
//!
//! ```text
//!   switch ── link ──► actor ── step (domain) ──► store ──► lanes ──► portal
//!                        ▲                                              │
//!   cards, clicks ───────┘◄──────────────── answers ────────────────────┘
//! ```
//!
//! The actor owns its company's calls; nobody else touches them. What a round of steps wants told is stored in
//! one transaction before it is told, and what was stored is told again after a restart until it is settled.

mod actor;
mod agenda;
mod aliases;
mod answers;
mod board;
mod book;
mod companies;
mod draft;
mod enroll;
mod exchanges;
mod handle;
mod installs;
mod journal;
mod lanes;
mod leg_places;
mod link;
mod message;
mod noise;
mod perform;
mod reasons;
mod remake;
mod removals;
mod restore;
mod spool;
mod status;
mod stories;
mod surplus;
mod uninstall;
mod upkeep;
mod vault;
mod visitors;

pub use board::CallBoard;
pub use companies::{Companies, Setup};
pub use enroll::{RegisterError, Registered};
pub use handle::{Busy, CompanyHandle, SyncError};
pub use installs::DeskFull;
pub use link::LinkTools;
pub use message::ActError;
pub use status::Status;
pub use uninstall::Removal;
pub use visitors::{Source, Visit, VisitCounts, VisitFault};
