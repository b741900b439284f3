//! `support-bundle`

use super::{Files, complain_of, locale, print_line};
use crate::app::support_bundle;
use crate::config;
use anyhow::Context as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct SupportBundle {
    /// Where to write it, mode 0600; a file that is there is not replaced
    file: PathBuf,
    #[command(flatten)]
    files: Files,
}

impl SupportBundle {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let loaded = match config::load(&self.files.sources()) {
            Ok(loaded) => loaded,
            Err(faults) => return Ok(complain_of(&faults)),
        };
        let shown = self.file.display();
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file);
        let mut file = created.with_context(|| format!("{shown} cannot be written; name another file"))?;
        let doubts = loaded.warnings.iter().map(ToString::to_string).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let text = runtime.block_on(support_bundle(&loaded.settings, doubts, locale::language()));
        file.write_all(text.as_bytes()).with_context(|| format!("{shown} cannot be written"))?;
        print_line(&format!("{shown}: {} KiB; its first lines say what is in it", text.len().div_ceil(1024)));
        Ok(ExitCode::SUCCESS)
    }
}
