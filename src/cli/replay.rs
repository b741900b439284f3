//! `replay FILE`

use super::{CONFIG, complain, complain_of};
use crate::ecss::{Dialect, replay};
use crate::regular_file;
use anyhow::Context as _;
use jiff::tz::TimeZone;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// Lines of frames, bare or as {"at": seconds, "frame": …}; - reads standard input
    file: PathBuf,
    /// A dialect file instead of the built-in one
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,
    /// The zone of the switch's times (default: this machine's)
    #[arg(long, value_name = "IANA NAME")]
    zone: Option<String>,
}

impl Replay {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let dialect = match self.dialect.as_deref().map_or_else(|| Ok(Dialect::default()), Dialect::load) {
            Ok(dialect) => dialect,
            Err(error) => return Ok(complain_of(&error.faults)),
        };
        let zone = match &self.zone {
            Some(name) => TimeZone::get(name).with_context(|| format!("{name} is no IANA zone"))?,
            None => TimeZone::system(),
        };
        let input: Box<dyn BufRead> = if self.file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            match regular_file::open(&self.file) {
                Ok(file) => Box::new(BufReader::new(file)),
                Err(error) => {
                    let remedy = "name a file of frames, or - and pipe them in";
                    complain(&format!("{} cannot be read ({error}); {remedy}", self.file.display()));
                    return Ok(ExitCode::from(CONFIG));
                }
            }
        };
        let mut out = io::stdout().lock();
        for line in replay(input, &dialect, zone) {
            match writeln!(out, "{line}") {
                // The reader has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                done => done?,
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
