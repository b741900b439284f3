//! The composition root: settings in, a running daemon out.

mod backup;
mod certificate;
mod companies;
mod daemon;
mod listeners;
mod prepare;
mod service;

pub use backup::{Backup, backup};
pub use certificate::make_certificate;
pub use companies::{
    CompanyEntry, Details, Forgotten, Standing, SurveyError, forget_company, list_companies, show_company,
};
pub use daemon::Daemon;
pub use listeners::Listeners;
pub use prepare::{Prepared, prepare};

use crate::clock::Clock;

/// The clock of a daemon in service.
pub fn clock() -> Clock {
    Clock::steady()
}
