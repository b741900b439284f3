//! Looks for legs anywhere in a frame, within bounds.

use super::leg::{self, Inherited, LegReading};
use crate::domain::leg::LegEvent;
use crate::domain::phone::mask;
use crate::domain::written::AsWritten;
use crate::ecss::callapi::dialect::Dialect;
use crate::ecss::callapi::pointer::inner_json;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::fmt;

/// Nothing real is nested deeper.
const DEEPEST: u32 = 16;
/// Values looked at in one frame; a snapshot of thousands of legs stays far below.
const MOST_VALUES: u32 = 200_000;
/// Legs taken from one frame.
const MOST_LEGS: usize = 10_000;
/// Foreign words are cut to this for the log.
const LONGEST_WORD: usize = 40;

/// Something the dialect may need a word for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ecss::callapi) enum Oddity {
    /// A status that is none of our words.
    Status(String),
    /// A direction that is none of our words; empty when there is none at all.
    Direction(String),
    /// A cause that is none of our words; the leg was taken without it.
    Cause(String),
    /// A time in no known format; the leg was taken without it.
    Time(String),
    /// A number of the other side that cannot be read; the leg was taken as if it were hidden.
    Remote(String),
    /// A leg without a number of its own.
    NoOwnNumber,
    /// Deeper or larger than any real frame; the rest was not read.
    TooBig,
}

impl fmt::Display for Oddity {
    /// One line for the log, with what to do; numbers are masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |word: &str| mask(&word.chars().take(LONGEST_WORD).collect::<String>());
        match self {
            Self::Status(w) => write!(f, "unknown status `{w}`: name it in [status] of the dialect", w = shown(w)),
            Self::Direction(w) => {
                write!(f, "unknown direction `{w}`: name it in [direction] of the dialect", w = shown(w))
            }
            Self::Cause(w) => write!(f, "unknown cause `{w}`: name it in [cause] of the dialect", w = shown(w)),
            Self::Time(w) => {
                write!(f, "unknown form of time `{w}`: add it to formats in [time] of the dialect", w = word(w))
            }
            Self::Remote(w) => write!(
                f,
                "the other side's number `{w}` cannot be read and counts as hidden: if it means that, name it in `hidden`",
                w = mask(&AsWritten::new(w).as_str().chars().take(LONGEST_WORD).collect::<String>())
            ),
            Self::NoOwnNumber => f.write_str("a leg without its own number: name its field in `own` of [fields]"),
            Self::TooBig => f.write_str("a frame nested deeper or larger than any real one was read only in part"),
        }
    }
}

/// A foreign word as it may stand in a log line: a word with many digits could be a number.
fn shown(word: &str) -> String {
    let word: String = word.chars().take(LONGEST_WORD).collect();
    if word.chars().filter(char::is_ascii_digit).count() >= 7 { mask(&word) } else { word }
}

/// What the walk has found.
#[derive(Debug, Default)]
pub(super) struct FoundLegs {
    pub(super) legs: Vec<LegEvent>,
    /// The first object that looked like a leg and could not be taken.
    pub(super) rejected: Option<String>,
    /// There were legs in a phase that is nothing to us.
    pub(super) ignored: bool,
    pub(super) oddities: Vec<Oddity>,
}

/// All legs of a frame, in its order.
pub(super) fn legs(value: &Value, dialect: &Dialect, zone: &TimeZone) -> FoundLegs {
    let mut walk = Walk { dialect, zone, left: MOST_VALUES, found: FoundLegs::default() };
    walk.visit(value, 0, Inherited::default());
    walk.found
}

struct Walk<'d> {
    dialect: &'d Dialect,
    zone: &'d TimeZone,
    left: u32,
    found: FoundLegs,
}

impl Walk<'_> {
    fn visit<'v>(&mut self, value: &'v Value, depth: u32, inherited: Inherited<'v>) {
        if depth > DEEPEST || self.left == 0 || self.found.legs.len() >= MOST_LEGS {
            if self.found.oddities.last() != Some(&Oddity::TooBig) {
                self.found.oddities.push(Oddity::TooBig);
            }
            return;
        }
        self.left -= 1;
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, depth + 1, inherited)),
            Value::String(text) => {
                if let Some(inner) = inner_json(text) {
                    self.visit(&inner, depth + 1, inherited);
                }
            }
            Value::Object(members) => {
                let fields = self.dialect.legs.fields.pick(members);
                let words = &self.dialect.legs;
                match leg::read(&fields, inherited, words, self.zone, &mut self.found.oddities) {
                    LegReading::Leg(leg) => self.found.legs.push(*leg),
                    LegReading::Ignored => self.found.ignored = true,
                    LegReading::Other(oddity) => {
                        let before = self.found.legs.len();
                        let inherited = inherited.with(&fields);
                        members.values().for_each(|member| self.visit(member, depth + 1, inherited));
                        // An object around legs may look like one; it is no loss then.
                        if let Some(oddity) = oddity
                            && self.found.legs.len() == before
                        {
                            self.found.oddities.push(oddity);
                            self.found.rejected.get_or_insert_with(|| value.to_string());
                        }
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
