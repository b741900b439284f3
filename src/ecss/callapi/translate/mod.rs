//! Frames of the switch in neutral words: pure, total, and tolerant of every spelling the dialect lists.
//!
//! Legs are found by what they are (an object with an id and a status), not by where they stand: single or in a
//! list, at any depth, or as JSON inside a string. A frame from the network never panics, never recurses deeper than
//! sixteen levels and never costs more than its own size.

mod leg;
mod time;
mod walk;

use super::dialect::{Dialect, NAME, PAYLOAD, REQUEST_ID, plain};
use super::pointer::inner_json;
use crate::domain::json_bounds::JsonBounds;
use crate::domain::leg::{LegEvent, SwitchEvent};
use crate::ecss::capture::Masker;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
pub(super) use walk::Oddity;

/// A leg is one object of a dozen values, so this is a snapshot of twenty thousand legs.
const FRAME: JsonBounds = JsonBounds { containers: 20_000, values: 200_000 };
/// A ping with more members than this, or an answer with more bytes, is answered without its contents.
const LARGEST_ECHO: usize = 16;
const LONGEST_ECHO: usize = 1024;

/// What a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// It tells something (or tries to).
    Event,
    /// The switch asks whether we live; the text is our answer.
    Ping(String),
    /// Known, and nothing about calls.
    Quiet,
    /// The answer to our request with this id.
    Answer(u64),
}

/// A frame that was read.
#[derive(Debug)]
pub(super) struct Frame {
    /// The JSON, unless it is none.
    pub(super) value: Option<Value>,
    pub(super) kind: FrameKind,
    /// Legs in the frame's order.
    pub(super) legs: Vec<LegEvent>,
    /// The part that was not understood, as it came.
    pub(super) unknown: Option<String>,
    /// What an administrator may want to put into the dialect.
    pub(super) oddities: Vec<Oddity>,
}

impl Frame {
    /// Reads a text frame.
    pub(super) fn read(text: &str, dialect: &Dialect, zone: &TimeZone) -> Self {
        if FRAME.are_exceeded_by(text.as_bytes()) {
            return Self::of_nothing();
        }
        match serde_json::from_str(text) {
            Ok(Value::String(inner)) => match inner_json(&inner) {
                Some(value) => Self::of(value, dialect, zone),
                None => Self::of_word(&inner, dialect),
            },
            Ok(value) => Self::of(value, dialect, zone),
            Err(_) => Self::of_word(text, dialect),
        }
    }

    /// A frame that is not read, as no real one is like it.
    fn of_nothing() -> Self {
        let unknown = Some("a frame of far more parts than any real one".to_owned());
        Self { value: None, kind: FrameKind::Event, legs: Vec::new(), unknown, oddities: vec![Oddity::TooBig] }
    }

    fn of_word(text: &str, dialect: &Dialect) -> Self {
        let word = text.trim();
        let kind = match answer_to(word, dialect) {
            Some(pong) => FrameKind::Ping(pong),
            None if word.is_empty() || dialect.envelope.quiet.get(word).is_some() => FrameKind::Quiet,
            None => FrameKind::Event,
        };
        let unknown = (kind == FrameKind::Event).then(|| text.to_owned());
        Self { value: None, kind, legs: Vec::new(), unknown, oddities: Vec::new() }
    }

    /// Reads a frame that is JSON already.
    pub(super) fn of(value: Value, dialect: &Dialect, zone: &TimeZone) -> Self {
        let empty = Map::new();
        let object = value.as_object().unwrap_or(&empty);
        let parts = dialect.envelope.names.pick(object);
        let name = parts[NAME].and_then(|(key, value)| Some((key, value.as_str()?)));
        if let Some((key, word)) = name
            && let Some(pong) = answer_to(word, dialect)
        {
            let kind = FrameKind::Ping(echo(object, key, &pong));
            return Self { value: Some(value), kind, legs: Vec::new(), unknown: None, oddities: Vec::new() };
        }

        let found = walk::legs(&value, dialect, zone);
        let word = name.map_or("", |(_, word)| word);
        let is_about_legs = dialect.envelope.legs.get(word).is_some();
        let kind = if dialect.envelope.quiet.get(word).is_some() {
            FrameKind::Quiet
        } else {
            match parts[REQUEST_ID].and_then(|(_, id)| number(id)) {
                Some(id) if !is_about_legs => FrameKind::Answer(id),
                _ => FrameKind::Event,
            }
        };
        let has_no_content = is_about_legs && parts[PAYLOAD].is_none_or(|(_, payload)| is_empty(payload));
        let understood = !found.legs.is_empty() || found.ignored || has_no_content;
        let (unknown, oddities) = match kind {
            FrameKind::Event if found.rejected.is_some() || understood => (found.rejected, found.oddities),
            FrameKind::Event => (Some(value.to_string()), found.oddities),
            _ => (None, Vec::new()),
        };
        Self { kind, legs: found.legs, unknown, oddities, value: Some(value) }
    }

    /// What the frame means for the session: its legs together, then what was not understood.
    pub(super) fn events(
        legs: Vec<LegEvent>,
        unknown: Option<&str>,
        masker: &Masker,
    ) -> impl Iterator<Item = SwitchEvent> {
        let legs = (!legs.is_empty()).then_some(SwitchEvent::Legs(legs));
        legs.into_iter().chain(unknown.map(|text| SwitchEvent::Unknown(masker.sample(text))))
    }

    /// Whether one of the dialect's messages is contained in this frame.
    pub(super) fn is_ready(&self, dialect: &Dialect) -> bool {
        let Some(value) = &self.value else { return false };
        dialect.ready.patterns.iter().any(|pattern| contains(value, pattern, dialect))
    }
}

/// Our answer to a ping word, in the same case.
fn answer_to(word: &str, dialect: &Dialect) -> Option<String> {
    let pong = dialect.heartbeat.answers.get(&plain(word))?;
    let shouted = word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
    Some(if shouted { pong.to_uppercase() } else { pong.clone() })
}

/// The same frame with the other word, so that whatever the switch correlates by comes back.
fn echo(object: &Map<String, Value>, key: &str, pong: &str) -> String {
    let mut answer = if object.len() <= LARGEST_ECHO { object.clone() } else { Map::new() };
    answer.insert(key.to_owned(), pong.into());
    let answer = Value::Object(answer).to_string();
    if answer.len() <= LONGEST_ECHO {
        answer
    } else {
        Value::Object(Map::from_iter([(key.to_owned(), pong.into())])).to_string()
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether everything in `pattern` is in `value`; names count by their meaning, words by their plain form.
fn contains(value: &Value, pattern: &Value, dialect: &Dialect) -> bool {
    match (value, pattern) {
        (Value::Object(members), Value::Object(wanted)) => wanted.iter().all(|(name, want)| {
            members.iter().any(|(other, value)| same_name(name, other, dialect) && contains(value, want, dialect))
        }),
        (Value::Array(items), Value::Array(wanted)) => {
            wanted.iter().all(|want| items.iter().any(|item| contains(item, want, dialect)))
        }
        (Value::Array(items), want) => items.iter().any(|item| contains(item, want, dialect)),
        (Value::String(text), Value::String(want)) => plain(text) == plain(want),
        (Value::String(text), want) => inner_json(text).is_some_and(|value| contains(&value, want, dialect)),
        (value, want) => value == want,
    }
}

fn same_name(one: &str, other: &str, dialect: &Dialect) -> bool {
    let (envelope, fields) = (&dialect.envelope.names, &dialect.legs.fields);
    let same_slot = |slots: (Option<usize>, Option<usize>)| slots.0.is_some() && slots.0 == slots.1;
    one == other
        || same_slot((envelope.field(one), envelope.field(other)))
        || same_slot((fields.field(one), fields.field(other)))
        || plain(one) == plain(other)
}

#[cfg(test)]
mod tests;
