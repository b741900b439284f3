//! The composition root: settings in, a running daemon out.

mod certificate;
mod daemon;
mod listeners;
mod office;
mod prepare;

pub use certificate::make_certificate;
pub use daemon::Daemon;
pub use listeners::Listeners;
pub use prepare::{Prepared, prepare};
