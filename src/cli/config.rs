//! `config get`, `config set`: one setting, for scripts and for people in a hurry.

use super::{CONFIG, Files, complain, print_line};
use crate::config::{self, Fault, SETTINGS_FILE};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Config {
    /// Print the value in force of one setting; an empty line if it is not set.
    Get {
        /// Its name, such as serverHost
        key: String,
        #[command(flatten)]
        files: Files,
    },
    /// Change one setting in settings.js; comments, order, owner and mode stay as they are.
    Set {
        /// Its name, such as serverHost
        key: String,
        /// Its value, without quotes
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// settings.js; a link is followed to the real file
        #[arg(long, value_name = "FILE", default_value = SETTINGS_FILE)]
        settings: PathBuf,
    },
}

impl Config {
    pub(super) fn run(self) -> ExitCode {
        match self {
            Self::Get { key, files } => match config::get(&files.sources(), &key) {
                Ok(value) => {
                    print_line(&value);
                    ExitCode::SUCCESS
                }
                Err(faults) => refuse(&faults),
            },
            Self::Set { key, value, settings } => match config::set(&settings, &super::environment(), &key, &value) {
                Ok(true) => {
                    print_line(&format!("{key} is set; restart the service to have it take effect"));
                    ExitCode::SUCCESS
                }
                Ok(false) => {
                    print_line(&format!("{key} has this value already; nothing was changed"));
                    ExitCode::SUCCESS
                }
                Err(faults) => refuse(&faults),
            },
        }
    }
}

/// Prints the faults, one per line; nothing was done.
pub(super) fn refuse(faults: &[Fault]) -> ExitCode {
    for fault in faults {
        complain(&fault.to_string());
    }
    ExitCode::from(CONFIG)
}
