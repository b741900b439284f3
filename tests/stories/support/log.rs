//! What the daemon writes to its log, kept for the verdict.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt as _;

/// One line as an operator would read it.
#[derive(Debug, Clone)]
pub struct Line {
    pub level: Level,
    pub text: String,
    /// The part of the program that speaks.
    target: &'static str,
    /// It is said within a company's span, or names a company itself.
    of_company: bool,
}

/// Parts that work for one company, so that each of their lines has to name it.
const OF_COMPANY: [&str; 13] = [
    "ecss_crm_server::app::service::portal",
    "ecss_crm_server::bitrix",
    "ecss_crm_server::ecss::callapi",
    "ecss_crm_server::session::actor",
    "ecss_crm_server::session::enroll",
    "ecss_crm_server::session::handle",
    "ecss_crm_server::session::journal",
    "ecss_crm_server::session::link",
    "ecss_crm_server::session::removals",
    "ecss_crm_server::session::test_event",
    "ecss_crm_server::session::token_store",
    "ecss_crm_server::session::upkeep",
    "ecss_crm_server::session::visitors",
];

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

    /// Lines of parts that work for one company, of which nobody can tell for which.
    pub fn nameless(&self) -> Vec<String> {
        // The bytes of requests are also shown where it is not known yet whose they are.
        let nameless = |line: &Line| {
            let named = line.of_company || line.level > Level::DEBUG;
            !named && OF_COMPANY.iter().any(|part| line.target.starts_with(part))
        };
        self.lines().into_iter().filter(nameless).map(|line| format!("{}: {}", line.target, line.text)).collect()
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

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        wanted(metadata)
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut Words(&mut text));
        let metadata = event.metadata();
        let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
        let of_company =
            spans.map(|span| span.name()).chain(metadata.fields().iter().map(|f| f.name())).any(|n| n == "company");
        let line = Line { level: *metadata.level(), text, target: metadata.target(), of_company };
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
