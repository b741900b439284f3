//! The composition root: settings in, a running daemon out.

mod backup;
mod certificate;
mod daemon;
mod listeners;
mod office;
mod prepare;

pub use backup::{Backup, backup};
pub use certificate::make_certificate;
pub use daemon::Daemon;
pub use listeners::Listeners;
pub use prepare::{Prepared, prepare};

use crate::clock::Clock;

/// The clock of a daemon in service.
pub fn clock() -> Clock {
    Clock::steady()
}
