//! `export-settings`: the way back to the former package.

use super::{Files, complain_of, config::refuse, print};
use crate::config;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Where to write it, mode 0640 (default: standard output)
    file: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    files: Files,
}

impl Export {
    pub(super) fn run(&self) -> ExitCode {
        let settings = match config::load(&self.files.sources()) {
            Ok(loaded) => loaded.settings,
            Err(faults) => return complain_of(&faults),
        };
        let Some(file) = &self.file else {
            print(&config::export(&settings));
            return ExitCode::SUCCESS;
        };
        match config::save(&settings, file, self.force) {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => refuse(&[fault]),
        }
    }
}
