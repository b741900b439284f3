//! The form of a log line: `2026-11-23T06:30:24.123Z warn  session the link is down company=7 after=30`.
//!
//! Time (UTC), level, part of the program, the context it ran in, the message, the company it is about, its details. One
//! event is one line whatever the message holds, so that nobody outside can write lines of their own.

use super::bounded::{self, Bounded, is_unseen};
use super::company::{self, COMPANY_FIELD};
use super::level::LogLevel;
use super::repeats::Repeats;
use crate::clock::Clock;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events as lines.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Tells the time.
    pub clock: Clock,
    /// Begin with the priority that the system's journal understands, such as `<4>`.
    pub priority: bool,
    /// What is left out, to be reported before the next line.
    pub repeats: Arc<Repeats>,
}

impl<S, const SINK: u8> FormatEvent<S, LineFields<SINK>> for LogLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, LineFields<SINK>>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Not in the filter: one that drops an event at this point confuses those beside it.
        let company = company::of_scope(context.event_scope());
        if !self.repeats.admit(event, company.as_deref()) {
            return Ok(());
        }
        out.write_str(&self.left_out(false))?;
        self.begin(&mut out, event.metadata())?;
        let mut line = Escaped(&mut out);
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<LineFields<SINK>>>().filter(|f| !f.is_empty())
            {
                line.write_char(' ')?;
                line.write_str(fields)?;
            }
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        let company = seen.company.as_deref().or(company.as_deref()).map(|company| pair(COMPANY_FIELD, company));
        let texts = [seen.message, company.unwrap_or_default(), seen.details.finish()];
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            line.write_char(' ')?;
            line.write_str(&text)?;
        }
        out.write_char('\n')
    }
}

impl LogLine {
    /// Time, level and part of the program.
    fn begin(&self, out: &mut dyn fmt::Write, what: &Metadata<'_>) -> fmt::Result {
        let level = LogLevel::of(what);
        if self.priority {
            write!(out, "<{}>", priority(level))?;
        }
        let moment = jiff::Timestamp::from_millisecond(self.clock.now().millis()).map_err(|_| fmt::Error)?;
        write!(out, "{moment:.3} {level:<5} {}", part(what))
    }

    /// Lines that say how many others were left out.
    pub fn left_out(&self, all: bool) -> String {
        let mut summary = String::new();
        for left_out in self.repeats.take(all) {
            // Writing to a String cannot fail.
            let _ = self.begin(&mut summary, left_out.what);
            let _ = write!(summary, " … {} more lines like this one: ", left_out.lines);
            let _ = Escaped(&mut summary).write_str(&left_out.message);
            summary.push('\n');
        }
        summary
    }
}

/// The last word of the part of the program that speaks: the module below the crate, or behind `http::`.
fn part<'a>(what: &Metadata<'a>) -> &'a str {
    let mut words = what.target().split("::");
    match (words.next().unwrap_or_default(), words.next()) {
        ("ecss_crm_server", None) => "main",
        ("ecss_crm_server" | "http" | "verbose", Some(word)) | (word, _) => word,
    }
}

const fn priority(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 3,
        LogLevel::Warn => 4,
        LogLevel::Info | LogLevel::Http => 6,
        LogLevel::Verbose | LogLevel::Debug | LogLevel::Silly => 7,
    }
}

/// Writes the fields of spans as `key=value`, but for the company: that has its place in the line.
///
/// A type of its own for each sink: sinks of one type would share the text that a span keeps, and each would
/// add to it when the span learns a further field.
#[derive(Debug, Clone, Copy)]
pub struct LineFields<const SINK: u8>;

impl<'writer, const SINK: u8> FormatFields<'writer> for LineFields<SINK> {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut seen = Seen::default();
        fields.record(&mut seen);
        writer.write_str(&seen.details.finish())
    }

    /// What a span learns later; nothing where that is only its company.
    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut seen = Seen::default();
        fields.record(&mut seen);
        let added = seen.details.finish();
        let gap = if current.fields.is_empty() || added.is_empty() { "" } else { " " };
        write!(current.as_writer(), "{gap}{added}")
    }
}

/// What an event or span says.
#[derive(Debug)]
struct Seen {
    message: String,
    company: Option<String>,
    details: Bounded,
}

impl Default for Seen {
    fn default() -> Self {
        Self { message: String::new(), company: None, details: Bounded::new(bounded::DETAILS) }
    }
}

impl Seen {
    fn detail(&mut self, name: &str, value: &str) {
        let gap = self.details.gap();
        // Writing to it cannot fail.
        let _ = write!(self.details, "{gap}{}", pair(name, value));
    }
}

/// `name=value`, quoted where it would not be seen to be one value.
fn pair(name: &str, value: &str) -> String {
    let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=');
    let value = Bounded::of(bounded::FIELD, value);
    if plain { format!("{name}={value}") } else { format!("{name}={value:?}") }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = Bounded::of(bounded::MESSAGE, value),
            COMPANY_FIELD => self.company = Some(Bounded::of(bounded::FIELD, value)),
            name => self.detail(name, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = Bounded::of(bounded::MESSAGE, format_args!("{value:?}"));
            return;
        }
        let text = Bounded::of(bounded::FIELD, format_args!("{value:?}"));
        if field.name() == COMPANY_FIELD {
            self.company = Some(text);
        } else if text.starts_with('"') || text.contains(['{', '[', '(']) {
            // Already quoted, or a structure that reads better as it is.
            let gap = self.details.gap();
            let _ = write!(self.details, "{gap}{}={text}", field.name());
        } else {
            self.detail(field.name(), &text);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = Bounded::new(bounded::FIELD);
        let _ = write!(text, "{value}");
        let mut cause = value.source();
        while let Some(inner) = cause {
            let _ = write!(text, ": {inner}");
            cause = inner.source();
        }
        self.detail(field.name(), &text.finish());
    }
}

/// Keeps what is not seen (line ends, terminal sequences, turns of direction) from being taken for what it is not.
struct Escaped<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.contains(is_unseen) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|c| match c {
            c if is_unseen(c) => write!(self.0, "{}", c.escape_default()),
            c => self.0.write_char(c),
        })
    }
}
