//! `check-config`

use super::{Files, complain_of, print_line};
use crate::{app, config};
use std::process::ExitCode;

pub(super) fn check(files: &Files) -> ExitCode {
    let loaded = match config::load(&files.sources()) {
        Ok(loaded) => loaded,
        Err(faults) => return complain_of(&faults),
    };
    if let Err(faults) = app::prepare(&loaded.settings) {
        return complain_of(&faults);
    }
    for warning in &loaded.warnings {
        print_line(&format!("warning: {warning}"));
    }
    print_line(&format!("the settings are in order; the public address is {}", loaded.settings.public_base()));
    ExitCode::SUCCESS
}
