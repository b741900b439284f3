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
mod call_board;
mod code_limiter;
mod companies;
mod enroll;
mod evidence;
mod evidence_keeper;
mod handle;
mod installs;
mod link;
mod log_limiter;
mod message;
mod open_calls;
mod outbox;
mod removals;
mod status;
mod test_event;
mod token_store;
mod uninstall;
mod upkeep;
mod visitors;

pub use call_board::CallBoardView;
pub use companies::{Companies, Setup};
pub use enroll::RegisterError;
pub use handle::{Busy, CompanyHandle, SyncError};
pub use link::LinkTools;
pub use uninstall::Removal;
pub use visitors::{Visit, VisitCounts, VisitFault};
