//! The composition root: settings in, a running daemon out.

mod daemon;
mod listeners;
mod office;
mod prepare;

pub use daemon::Daemon;
pub use listeners::Listeners;
pub use prepare::{Prepared, prepare};
