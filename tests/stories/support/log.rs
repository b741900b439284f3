//! What the daemon writes to its log, kept for the verdict.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// One line as an operator would read it.
#[derive(Debug, Clone)]
pub struct Line {
    pub level: Level,
    pub text: String,
}

/// The log of the whole process: one test's log, as each test has a process of its own.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Line>>>);

impl Log {
    /// Starts listening, once per process.
    pub fn listen() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            tracing_subscriber::registry().with(log.clone()).init();
            log
        })
        .clone()
    }

    /// Everything so far, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines of the error file.
    pub fn errors(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.level == Level::ERROR).map(|line| line.text).collect()
    }

    /// Lines that hold `secret`, at or above `level`.
    pub fn naming(&self, secret: &str, level: Level) -> Vec<String> {
        let told = |line: &Line| line.level <= level && line.text.contains(secret);
        self.lines().into_iter().filter(told).map(|line| line.text).collect()
    }

    /// The last lines an operator would see at the level `info`.
    pub fn tail(&self, n: usize) -> String {
        let lines: Vec<Line> = self.lines().into_iter().filter(|line| line.level <= Level::INFO).collect();
        lines.iter().skip(lines.len().saturating_sub(n)).fold(String::new(), |mut all, line| {
            let _ = writeln!(all, "  {} {}", line.level, line.text);
            all
        })
    }
}

/// Other people's crates are heard only when something is wrong.
fn wanted(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target().starts_with("ecss_crm_server") || ["http", "verbose"].contains(&metadata.target());
    *metadata.level() <= if ours { Level::TRACE } else { Level::WARN }
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        wanted(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut Words(&mut text));
        let line = Line { level: *event.metadata().level(), text };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?} "));
        } else {
            let _ = write!(self.0, "{}={value:?} ", field.name());
        }
    }
}
