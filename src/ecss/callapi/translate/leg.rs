//! One object of a frame as a leg, if it is one.

use super::time;
use super::walk::Oddity;
use crate::domain::leg::{Cause, Direction, LegEvent, LegState};
use crate::domain::numbers::{as_reported, disclosed, shown_name};
use crate::domain::{LegId, Phone, SwitchCallId};
use crate::ecss::callapi::dialect::{Aliases, LegWords, StatusWord};
use crate::ecss::callapi::pointer::word;
use jiff::tz::TimeZone;
use serde_json::Value;

// The order of the dialect's leg fields.
const LEG: usize = 0;
const CALL: usize = 1;
const CALL_REF: usize = 2;
const OWN: usize = 3;
const REMOTE: usize = 4;
const DIRECTION: usize = 5;
const STATUS: usize = 6;
const ANSWERED_AT: usize = 7;
const DISPLAY_NAME: usize = 8;
const CAUSE: usize = 9;

/// Ids are opaque, but an essay is not an id.
const LONGEST_ID: usize = 200;

type Picked<'v> = [Option<(&'v str, &'v Value)>; 10];

/// Facts that an object around the legs states for all of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Inherited<'v> {
    call: Option<&'v Value>,
    call_ref: Option<&'v Value>,
}

impl<'v> Inherited<'v> {
    /// Adds what this object states.
    pub(super) fn with(self, fields: &Picked<'v>) -> Self {
        Self {
            call: fields[CALL].map(|f| f.1).or(self.call),
            call_ref: fields[CALL_REF].map(|f| f.1).or(self.call_ref),
        }
    }
}

/// What an object is.
#[derive(Debug)]
pub(super) enum LegReading {
    Leg(Box<LegEvent>),
    /// A leg in a phase that is nothing to us.
    Ignored,
    /// Something else; with an oddity if it looks like a leg that could not be taken.
    Other(Option<Oddity>),
}

/// Judges an object by its picked fields. Facts that are missing but not vital leave the leg standing: a bad time or
/// cause is `None`, a call id falls back to what the object around states, the connection's reference, the leg's id.
pub(super) fn read(
    fields: &Picked<'_>,
    inherited: Inherited<'_>,
    words: &LegWords,
    zone: &TimeZone,
    oddities: &mut Vec<Oddity>,
) -> LegReading {
    let value = |field: usize| fields[field].map(|f| f.1);
    let (Some(leg), Some(status)) = (value(LEG).and_then(id), value(STATUS).and_then(Value::as_str)) else {
        return LegReading::Other(None);
    };
    let looks_like_one = [OWN, REMOTE, CALL, CALL_REF, DIRECTION].iter().any(|f| fields[*f].is_some());
    let other = |oddity: Oddity| LegReading::Other(looks_like_one.then_some(oddity));
    let state = match words.status.get(status) {
        Some(StatusWord::State(state)) => state,
        Some(StatusWord::Ignore) if looks_like_one => return LegReading::Ignored,
        Some(StatusWord::Ignore) => return LegReading::Other(None),
        None => return other(Oddity::Status(status.to_owned())),
    };
    let Some(own) = value(OWN).and_then(phone).map(disclosed) else { return other(Oddity::NoOwnNumber) };
    let direction = match value(DIRECTION).and_then(Value::as_str) {
        Some(said) => match words.direction.get(said) {
            Some(direction) => direction,
            None => return other(Oddity::Direction(said.to_owned())),
        },
        // Only a caller dials; in every other phase a guess would open a card for the wrong side.
        None if state == LegState::Dialing => Direction::Out,
        None => return other(Oddity::Direction(String::new())),
    };
    let call_ref = value(CALL_REF).or(inherited.call_ref).and_then(id);
    let call = value(CALL).or(inherited.call).and_then(id).or_else(|| call_ref.clone()).unwrap_or_else(|| leg.clone());
    let (remote, remote_unreadable) = match value(REMOTE).map_or(Ok(None), |remote| visible(remote, words)) {
        Ok(remote) => (remote, false),
        Err(text) => {
            oddities.push(Oddity::Remote(text));
            (None, true)
        }
    };
    LegReading::Leg(Box::new(LegEvent {
        leg: LegId::new(leg),
        call: SwitchCallId::new(call),
        call_ref,
        own,
        remote,
        remote_unreadable,
        direction,
        state,
        answered_at: value(ANSWERED_AT).and_then(|written| time::read(written, &words.times, zone, oddities)),
        display_name: value(DISPLAY_NAME).and_then(word).and_then(|name| shown_name(&name)),
        cause: value(CAUSE).filter(|_| state == LegState::Released).and_then(|said| cause(said, words, oddities)),
    }))
}

fn id(value: &Value) -> Option<String> {
    word(value).filter(|id| id.len() <= LONGEST_ID)
}

/// A number as text, as JSON number, or inside `"Name" <sip:…>`.
fn phone(value: &Value) -> Option<Phone> {
    match value {
        Value::String(text) => as_reported(bare(text)).ok(),
        Value::Number(number) => Phone::parse(&number.as_u64()?.to_string()).ok(),
        _ => None,
    }
}

/// The other side's number as far as it may be known; an error is a text that is none. A leg whose number nobody can
/// read is still a leg.
fn visible(remote: &Value, words: &LegWords) -> Result<Option<Phone>, String> {
    let Some(text) = remote.as_str() else { return Ok(phone(remote)) };
    let text = bare(text);
    if text.trim().is_empty() || words.hidden.get(text).is_some() {
        return Ok(None);
    }
    as_reported(text).map(Some).map_err(|_| text.to_owned())
}

/// The address inside `"Name" <sip:…>`.
fn bare(text: &str) -> &str {
    text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inner, _)| inner)
}

/// A word, a code, a code inside a text (`SIP 486 Busy Here`), or an object that holds one of these.
fn cause(said: &Value, words: &LegWords, oddities: &mut Vec<Oddity>) -> Option<Cause> {
    let texts: Vec<String> = match said {
        Value::Object(members) => members.values().filter_map(word).collect(),
        other => word(other).into_iter().collect(),
    };
    let known = texts.iter().find_map(|text| {
        words.cause.get(text).or_else(|| {
            let mut parts = text.split(|c: char| !c.is_ascii_digit());
            parts.find(|part| part.len() == 3).and_then(|code| words.cause.get(code))
        })
    });
    if known.is_none() {
        oddities.extend(texts.into_iter().next().map(Oddity::Cause));
    }
    known
}

/// Keeps the constants above in step with the dialect's table of names.
const _: fn(&LegWords) -> &Aliases<{ CAUSE + 1 }> = |words| &words.fields;
