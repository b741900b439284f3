//! The log: where lines go, which ones, and what they look like.
//!
//! The default file gets everything up to the configured level, the error file only errors, as before. A log
//! that cannot be written is never a reason to stop serving calls.

mod bounded;
mod company;
mod file;
mod filter;
mod level;
mod line;
mod panics;
mod repeats;

pub use company::company_span;
pub use file::refuse_unfit;
pub use level::LogLevel;

use crate::clock::Clock;
use crate::metrics::Exposition;
use company::{CompanyLayer, CompanySpans};
use file::{FileOptions, LogFile};
use filter::{Dial, UpTo};
use line::{LineFields, LogLine};
use repeats::Repeats;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tracing::{Subscriber, warn};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

/// Lines that may wait for the disk; beyond that they are dropped and counted, because calls must not wait.
const WAITING_LINES: usize = 8192;

/// What the log needs to know.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// How much is logged.
    pub level: LogLevel,
    /// File for everything up to the level.
    pub default_file: PathBuf,
    pub error_file: PathBuf,
    /// Everything to standard output as well.
    pub console: bool,
    /// Standard output is read by the system's journal: mark priorities there, and send it at least warnings.
    pub journal: bool,
}

/// The running log. Dropping it writes what still waits.
#[derive(Debug)]
pub struct Telemetry {
    dial: Dial,
    /// How much the console or journal gets at most.
    console: Dial,
    /// Whether the console or journal gets everything while there is no default file.
    console_stands_in: bool,
    files: Vec<LogFile>,
    /// Dropping the guard of a writer waits until its lines are written.
    writers: Vec<(ErrorCounter, WorkerGuard)>,
    /// Where the number of lines left out is written.
    repeats: Vec<(LogLine, NonBlocking)>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.report_left_out();
    }
}

/// Starts the log for the whole process, and has panics logged. Fails only if it was started before.
pub fn init(settings: &LogSettings) -> Result<Telemetry, TryInitError> {
    let (subscriber, telemetry, faults) = prepare(settings, &Clock::system());
    subscriber.try_init()?;
    // Set once only, as is the log.
    let _ = COUNTS.set(telemetry.counts());
    panics::log_panics();
    for fault in faults {
        fault.report();
    }
    Ok(telemetry)
}

impl Telemetry {
    /// Opens the log files again, after somebody has moved them away. A file that cannot be opened is named in
    /// the log, and the one that is open stays in use.
    pub fn reopen(&self) {
        self.report_left_out();
        for file in &self.files {
            if let Err(error) = file.reopen() {
                let meanwhile =
                    if file.is_open() { "the one that is open stays in use" } else { "there is still none" };
                Unopened { path: file.path().to_owned(), error, meanwhile }.report();
            }
        }
        self.set_console();
    }

    /// The journal stands in for a default file that cannot be opened.
    fn set_console(&self) {
        if self.console_stands_in {
            let is_open = self.files.first().is_some_and(LogFile::is_open);
            self.console.set(if is_open { LogLevel::Warn } else { LogLevel::Silly });
        }
    }

    /// Changes the level for all events from now on.
    pub fn set_level(&self, level: LogLevel) {
        self.dial.set(level);
    }

    /// The level in force.
    #[cfg(test)]
    pub fn level(&self) -> LogLevel {
        self.dial.get()
    }

    fn report_left_out(&self) {
        for (line, writer) in &self.repeats {
            let summary = line.left_out(true);
            if !summary.is_empty() {
                // A writer that is full counts what it drops.
                let _ = writer.clone().write_all(summary.as_bytes());
            }
        }
    }

    fn counts(&self) -> LossCounts {
        let repeats = self.repeats.first().map(|(line, _)| line.repeats.clone());
        LossCounts { repeats, dropped: self.writers.iter().map(|(dropped, _)| dropped.clone()).collect() }
    }
}

/// What the process' log has not written.
static COUNTS: OnceLock<LossCounts> = OnceLock::new();

#[derive(Debug)]
struct LossCounts {
    /// Of the default file, which has all lines.
    repeats: Option<Arc<Repeats>>,
    dropped: Vec<ErrorCounter>,
}

/// Writes how many lines the log has not; nothing before [`init`].
pub fn metrics(out: &mut Exposition) {
    if let Some(counts) = COUNTS.get() {
        counts.report(out);
    }
}

impl LossCounts {
    fn report(&self, out: &mut Exposition) {
        let merged = self.repeats.as_ref().map_or(0, |repeats| repeats.total());
        let dropped: usize = self.dropped.iter().map(ErrorCounter::dropped_lines).sum();
        let help = "Log lines of which only the number was written, because they said the same again and again.";
        out.counter("ecss_crm_log_lines_merged_total", help, merged);
        let help = "Log lines dropped because the disk was too slow.";
        out.counter("ecss_crm_log_lines_dropped_total", help, dropped as u64);
    }
}

/// A log file that cannot be opened.
struct Unopened {
    path: PathBuf,
    error: io::Error,
    meanwhile: &'static str,
}

impl Unopened {
    fn report(&self) {
        let remedy = match self.error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => "add ReadWritePaths= for its folder in a systemd drop-in",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, then reload the service",
            io::ErrorKind::PermissionDenied => "let the service's user write there",
            _ => "correct defaultLogFile or errorLogFile",
        };
        let (path, error, meanwhile) = (self.path.display(), &self.error, self.meanwhile);
        warn!("the log file {path} cannot be opened ({error}), {meanwhile}; {remedy}");
    }
}

/// Everything but the step that makes it global.
fn prepare(
    settings: &LogSettings,
    clock: &Clock,
) -> (impl Subscriber + for<'a> LookupSpan<'a>, Telemetry, Vec<Unopened>) {
    let dial = Dial::new(settings.level);
    let everything = || Dial::new(LogLevel::Silly);
    let console = Dial::new(if settings.console { LogLevel::Silly } else { LogLevel::Warn });
    let mut telemetry = Telemetry {
        dial: dial.clone(),
        console: console.clone(),
        console_stands_in: settings.journal && !settings.console,
        files: Vec::new(),
        writers: Vec::new(),
        repeats: Vec::new(),
    };
    let mut faults = Vec::new();
    let mut file = |path: &PathBuf, stand_in: bool, meanwhile: &'static str| {
        let (file, fault) = LogFile::open(path, FileOptions { stand_in, journal: settings.journal });
        faults.extend(fault.map(|error| Unopened { path: path.clone(), error, meanwhile }));
        file
    };
    // Where there is a console or journal, that stands in.
    let stand_in = !settings.console && !settings.journal;
    let meanwhile = match (settings.console, settings.journal) {
        (true, _) => "its lines are only on the console",
        (false, true) => "its lines go to the journal",
        (false, false) => "its lines go to standard error",
    };
    let all = file(&settings.default_file, stand_in, meanwhile);
    let errors = file(&settings.error_file, false, "errors are only in the other log");
    telemetry.files = vec![all.clone(), errors.clone()];
    telemetry.set_console();

    let line = |priority| LogLine { clock: clock.clone(), priority, repeats: Arc::new(Repeats::new(clock.clone())) };
    let mut sink_of = |name, to: Box<dyn Write + Send>, priority| {
        let (writer, line) = (telemetry.writer(name, to), line(priority));
        telemetry.repeats.push((line.clone(), writer.clone()));
        (writer, line)
    };
    let (all, all_line) = sink_of("log-default", Box::new(all), false);
    let (errors, errors_line) = sink_of("log-errors", Box::new(errors), false);
    let shown = (settings.console || settings.journal)
        .then(|| sink_of("log-console", Box::new(io::stdout()), settings.journal))
        .map(|(writer, line)| sink::<_, 2>(writer, line, dial.clone(), console));
    let subscriber = tracing_subscriber::registry()
        .with(CompanyLayer.with_filter(CompanySpans))
        .with(sink::<_, 0>(all, all_line, dial.clone(), everything()))
        .with(sink::<_, 1>(errors, errors_line, dial, Dial::new(LogLevel::Error)))
        .with(shown);
    (subscriber, telemetry, faults)
}

impl Telemetry {
    fn writer(&mut self, name: &str, to: impl Write + Send + 'static) -> NonBlocking {
        let builder = NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).thread_name(name);
        let (writer, guard) = builder.finish(to);
        self.writers.push((writer.error_counter(), guard));
        writer
    }
}

fn sink<S, const SINK: u8>(writer: NonBlocking, line: LogLine, dial: Dial, at_most: Dial) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = UpTo::new(dial, at_most);
    fmt::layer()
        .with_ansi(false)
        .fmt_fields(LineFields::<SINK>)
        .event_format(line)
        .with_writer(writer)
        .with_filter(filter)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::logged;
