//! Which notices of installations are kept, of many that anybody can send and of which one is true.
//!
//! A portal tells an installation once, so that its notice must not be lost among forged ones. Nothing tells them apart
//! before the authorization server has been asked; so whoever sends many, or has many networks, displaces his own.

mod displacement;
mod queue;
mod stored;

pub use displacement::nth_by_lot;
pub use queue::{InstallQueueFull, NoticeQueue, QueuedNotice};
pub use stored::{StoredNotice, StoredNotices};
