//! The composition root: settings in, a running daemon out.

mod office;

pub use office::DaemonOffice;
