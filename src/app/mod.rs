//! The composition root: settings in, a running daemon out.

mod backup;
mod certificate;
mod checks;
mod companies;
mod daemon;
mod doctor;
mod listeners;
mod prepare;
mod service;
mod support_bundle;

pub(crate) use crate::store::CopyCompleteness;
pub(crate) use backup::backup;
pub(crate) use certificate::make_certificate;
pub(crate) use companies::{CompanyEntry, Details};
pub use companies::{CompanyStanding, Forgotten, forget_company, list_companies, show_company};
pub(crate) use daemon::Daemon;
pub(crate) use doctor::{DoctorReport, doctor, examine_portal};
pub(crate) use listeners::Listeners;
pub(crate) use prepare::{Prepared, prepare};

pub(crate) use support_bundle::support_bundle;

use crate::clock::Clock;

/// The clock of a daemon in service.
pub(crate) fn clock() -> Clock {
    Clock::steady()
}
