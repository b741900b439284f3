//! Legs as JSON, in the default spelling or with quirks.

use crate::domain::Timestamp;
use crate::sandbox::switch::call::{CallId, Direction, Leg, LegStatus};
use crate::sandbox::switch::numbers::bare;
use crate::sandbox::switch::options::{Aliases, CauseStyle, HiddenStyle, Quirks};
use jiff::tz::TimeZone;
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// What a new socket is sent first.
pub(super) const OPEN: &str = r#"{"event":"connection_state","data":{"state":"open"}}"#;
const EVENT: &str = "conversations_event";

/// A moment as the switch writes it: local time without an offset.
pub(in crate::sandbox::switch) fn answer_text(at: Timestamp, zone: &TimeZone, skew_ms: i64) -> Arc<str> {
    let moment = jiff::Timestamp::from_millisecond(at.millis().saturating_add(skew_ms)).unwrap_or_default();
    let local = moment.to_zoned(zone.clone());
    let mut text = String::with_capacity(19);
    let (date, time) = (local.date(), local.time());
    // Writing to a String cannot fail.
    let _written = write!(
        text,
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    text.into()
}

/// The frames that report some legs: one, or one per leg.
pub(super) fn frames<'a>(legs: impl IntoIterator<Item = &'a Leg>, quirks: &Quirks) -> Vec<Utf8Bytes> {
    let mut legs: Vec<&Leg> = legs.into_iter().collect();
    if quirks.reorder {
        legs.reverse();
    }
    if quirks.single_object {
        legs.iter().map(|leg| envelope(&Spelled { leg, quirks }, quirks)).collect()
    } else {
        vec![envelope(&List { legs: &legs, quirks }, quirks)]
    }
}

fn envelope(data: &impl Serialize, quirks: &Quirks) -> Utf8Bytes {
    let (name, content) = if quirks.aliases.envelope { ("type", "payload") } else { ("event", "data") };
    let mut json = serde_json::to_string(data).unwrap_or_default();
    if quirks.string_payload {
        json = serde_json::to_string(&json).unwrap_or_default();
    }
    let mut text = String::with_capacity(json.len() + 48);
    // Writing to a String cannot fail.
    let _written = write!(text, r#"{{"{name}":"{EVENT}","{content}":{json}}}"#);
    text.into()
}

struct List<'a> {
    legs: &'a [&'a Leg],
    quirks: &'a Quirks,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.legs.len()))?;
        for leg in self.legs {
            list.serialize_element(&Spelled { leg, quirks: self.quirks })?;
        }
        list.end()
    }
}

/// A leg with the spelling it is written in.
struct Spelled<'a> {
    leg: &'a Leg,
    quirks: &'a Quirks,
}

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { leg, quirks } = *self;
        let name = |snake: &'static str, camel: &'static str| if quirks.aliases.fields { camel } else { snake };
        let remote = if quirks.keep_plus { &*leg.remote } else { bare(&leg.remote) };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &leg.id)?;
        map.serialize_entry(name("call_id", "callId"), &leg.call)?;
        map.serialize_entry(name("call_ref", "callRef"), &CallId(leg.call_ref))?;
        map.serialize_entry("direction", if leg.direction == Direction::In { "in" } else { "out" })?;
        map.serialize_entry("digits", &*leg.own)?;
        map.serialize_entry(name("remote_digits", "remoteDigits"), &shown(remote, quirks.hidden))?;
        map.serialize_entry(name("display_name", "displayName"), &leg.name.as_deref())?;
        map.serialize_entry("status", word(leg.status, quirks.aliases))?;
        map.serialize_entry(name("answer_time", "answerTime"), &leg.answer_text.as_deref())?;
        if quirks.has_answer_time {
            map.serialize_entry(name("has_answer_time", "hasAnswerTime"), &leg.answered.is_some())?;
        }
        map.serialize_entry(name("workitem_id", "workitemId"), &None::<&str>)?;
        match (quirks.cause, leg.cause) {
            (CauseStyle::Words, Some(cause)) => map.serialize_entry("cause", cause.word())?,
            (CauseStyle::Sip, Some(cause)) => map.serialize_entry("cause", &cause.sip())?,
            _ => {}
        }
        map.end()
    }
}

/// The other number, or what stands for a hidden one.
fn shown(remote: &str, hidden: HiddenStyle) -> Option<&str> {
    match hidden {
        _ if !remote.is_empty() => Some(remote),
        HiddenStyle::Null => None,
        HiddenStyle::Empty => Some(""),
        HiddenStyle::Word => Some("anonymous"),
    }
}

fn word(status: LegStatus, aliases: Aliases) -> &'static str {
    match (status, aliases.statuses) {
        (LegStatus::Alerting, false) => "alerting",
        (LegStatus::Talking, false) => "talking",
        (LegStatus::Held, false) => "hold",
        (LegStatus::Released, false) => "released",
        (LegStatus::Alerting, true) => "ringing",
        (LegStatus::Talking, true) => "connected",
        (LegStatus::Held, true) => "held",
        (LegStatus::Released, true) => "terminated",
    }
}
