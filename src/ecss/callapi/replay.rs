//! Recorded frames as neutral events, for `replay FILE`: what would the daemon make of this?

use super::dialect::Dialect;
use super::translate::Frame;
use crate::domain::Timestamp;
use crate::domain::leg::{Direction, LegEvent, LegState, SwitchEvent};
use crate::ecss::capture::Masker;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use std::io::BufRead;

/// One output line; the order of keys is the order here.
#[derive(Serialize)]
struct Line<'a> {
    call: &'a str,
    leg: &'a str,
    own: &'a str,
    /// `null` when the number is hidden.
    remote: Option<&'a str>,
    direction: Direction,
    state: LegState,
    /// RFC 3339 in UTC, `null` while unanswered.
    answered_at: Option<String>,
}

#[derive(Serialize)]
struct Unknown<'a> {
    unknown: &'a str,
}

/// Reads frames line by line and gives one JSON object per neutral event.
///
/// A line is a raw frame, or a line of a capture: `{"at": …, "frame": {…}}`, where `frame` may also be the frame's
/// text. Captured lines that we sent ourselves, empty lines and frames that are known to say nothing about calls
/// (connection state, ping and pong, answers to commands) give no output. Whatever cannot be read, broken JSON
/// included, gives `{"unknown": "…"}`, and reading goes on.
pub fn replay(input: impl BufRead, dialect: &Dialect, zone: TimeZone) -> impl Iterator<Item = String> {
    lines(input).flat_map(move |line| match line {
        Ok(line) => translated(&line, dialect, &zone),
        Err(e) => vec![unknown(&format!("the input cannot be read: {e}"))],
    })
}

/// Lines whatever their encoding; ends after an error.
fn lines(mut input: impl BufRead) -> impl Iterator<Item = std::io::Result<String>> {
    let mut broken = false;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        if broken {
            return None;
        }
        match input.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok(String::from_utf8_lossy(&line).trim().to_owned())),
            Err(e) => {
                broken = true;
                Some(Err(e))
            }
        }
    })
}

fn translated(line: &str, dialect: &Dialect, zone: &TimeZone) -> Vec<String> {
    let line = line.trim_start_matches('\u{feff}');
    if line.is_empty() {
        return Vec::new();
    }
    let frame = match serde_json::from_str(line) {
        Ok(Value::Object(mut members)) if members.contains_key("at") && members.contains_key("frame") => {
            if matches!(members.get("flow").and_then(Value::as_str), Some(flow) if flow != "received") {
                return Vec::new();
            }
            match members.remove("frame").unwrap_or_default() {
                Value::String(text) => Frame::read(&text, dialect, zone),
                value => Frame::of(value, dialect, zone),
            }
        }
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Frame::of(value, dialect, zone),
        _ => Frame::read(line, dialect, zone),
    };
    Frame::events(frame.legs, frame.unknown.as_deref(), &Masker::default()).flat_map(|event| written(&event)).collect()
}

fn written(event: &SwitchEvent) -> Vec<String> {
    match event {
        SwitchEvent::Legs(legs) => legs.iter().map(leg).collect(),
        SwitchEvent::Unknown(text) => vec![unknown(text)],
    }
}

fn leg(leg: &LegEvent) -> String {
    json(&Line {
        call: leg.call.as_str(),
        leg: leg.leg.as_str(),
        own: leg.own.as_str(),
        remote: leg.remote.as_ref().map(crate::domain::Phone::as_str),
        direction: leg.direction,
        state: leg.state,
        answered_at: leg.answered_at.and_then(rfc3339),
    })
}

fn rfc3339(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.millis()).ok().map(|at| at.to_string())
}

fn unknown(text: &str) -> String {
    json(&Unknown { unknown: text })
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("texts and enums are always JSON")
}
