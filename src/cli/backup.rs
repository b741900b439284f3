//! `backup`

use super::{Files, complain, complain_of, print_line};
use crate::{app, config};
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    /// Where the copy goes; its directory must exist, outside the state directory
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Copy the key as well, to FILE.key: who has both files can read all secrets
    #[arg(long)]
    with_key: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    files: Files,
}

impl BackupArguments {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = match config::load(&self.files.sources()) {
            Ok(loaded) => loaded.settings,
            Err(faults) => return Ok(complain_of(&faults)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let made = runtime
            .block_on(app::backup(&settings, &self.file, self.with_key, self.force))
            .context("no backup was made")?;
        let copied = made.copied;
        print_line(&format!(
            "the database was copied to {} and checked: {} bytes, {} companies",
            self.file.display(),
            copied.bytes,
            copied.companies
        ));
        print_line(&match (made.key, copied.key) {
            (Some(copy), _) => {
                format!("its key was copied to {}: keep it as secret as the portals' tokens", copy.display())
            }
            (None, Some(key)) => format!(
                "its secrets open only with the key {}, which is not in the copy: keep that file as well, once and in \
                 another place (or copy it with --with-key)",
                key.display()
            ),
            (None, None) => "its secrets open only with the key that the service gets as the credential `db.key`, \
                             which is not in the copy: keep that as well"
                .to_owned(),
        });
        if copied.completeness == app::CopyCompleteness::JournalLeft {
            complain(
                "warning: the last steps of calls are not in this copy: they are in the journal.* files of the state \
                 directory, which the service moves into the database; start it and make the copy again, or keep these files \
                 as well",
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
