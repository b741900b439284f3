//! Recorded frames as neutral events, for `replay FILE`: what would the daemon make of this?

use super::dialect::Dialect;
use super::translate::Frame;
use crate::domain::Timestamp;
use crate::domain::leg::{Direction, LegEvent, LegState, SwitchEvent};
use crate::ecss::capture::Masker;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use std::io::{BufRead, Read as _};

/// One output line; the order of keys is the order here.
#[derive(Serialize)]
struct CaptureLine<'a> {
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
        Ok(Some(line)) => translated(&line, dialect, &zone),
        Ok(None) => vec![unknown(&format!("a line of more than {LONGEST_LINE} bytes"))],
        Err(e) => vec![unknown(&format!("the input cannot be read: {e}"))],
    })
}

/// The longest line that is read, in bytes; a switch's frames have some kilobytes.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Lines whatever their encoding, `None` for one that is too long; ends after an error.
fn lines(mut input: impl BufRead) -> impl Iterator<Item = std::io::Result<Option<String>>> {
    let mut broken = false;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        if broken {
            return None;
        }
        let read = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        match read {
            Ok(0) => None,
            Ok(_) if line.len() as u64 > LONGEST_LINE && line.last() != Some(&b'\n') => {
                broken = input.skip_until(b'\n').is_err();
                Some(Ok(None))
            }
            Ok(_) => Some(Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))),
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
    json(&CaptureLine {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, BufReader, Read};

    fn replayed(input: &str) -> Vec<String> {
        let zone = TimeZone::get("Asia/Novosibirsk").expect("zone");
        replay(input.as_bytes(), &Dialect::default(), zone).collect()
    }

    const RINGING: &str = r#"{"event":"conversations_event","data":[{"id":"b1","call_id":"b0","call_ref":"bf","direction":"in","digits":"2002","remote_digits":"anonymous","status":"alerting","answer_time":null}]}"#;
    const TALKING: &str = r#"{"event":"conversations_event","data":[{"id":"b1","call_id":"b0","direction":"in","digits":"2002","remote_digits":"84951234567","status":"talking","answer_time":"2026/09/04 08:09:10"},{"id":"b2","call_id":"b0","direction":"out","digits":"2003","remote_digits":"2002","status":"on_hold","answer_time":null}]}"#;

    #[test]
    fn one_line_per_leg_with_exactly_the_promised_keys() {
        let want = [
            r#"{"call":"b0","leg":"b1","own":"2002","remote":null,"direction":"in","state":"ringing","answered_at":null}"#,
            r#"{"call":"b0","leg":"b1","own":"2002","remote":"84951234567","direction":"in","state":"talking","answered_at":"2026-09-04T01:09:10Z"}"#,
            r#"{"call":"b0","leg":"b2","own":"2003","remote":"2002","direction":"out","state":"held","answered_at":null}"#,
        ];
        let raw = format!("{RINGING}\n{TALKING}\n");
        assert_eq!(replayed(&raw), want);
        let captured = format!(
            "{{\"at\":0.5,\"frame\":{RINGING}}}\r\n\n{{\"at\":1,\"frame\":{},\"flow\":\"received\"}}",
            Value::from(TALKING)
        );
        assert_eq!(replayed(&captured), want);
    }

    #[test]
    fn known_frames_that_say_nothing_about_calls_are_silent() {
        let input = r#"
            {"at":0,"frame":{"event":"connection_state","data":{"state":"open"}}}
            {"event":"ping"}
            {"at":1,"frame":"pong"}
            {"at":2,"flow":"sent","frame":{"anything":"of ours"}}
            {"action":"call.make","requestId":7,"status":200,"payload":{"call_id":"b0"}}
        "#;
        assert_eq!(replayed(input), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_reading_goes_on() {
        let out = replayed(&format!("{{broken\n{{\"event\":\"news\"}}\n\u{0}\n{RINGING}"));
        assert_eq!(out.len(), 4, "{out:?}");
        assert_eq!(out[0], r#"{"unknown":"{broken"}"#);
        assert_eq!(out[1], r#"{"unknown":"{\"event\":\"news\"}"}"#);
        assert!(out[2].starts_with(r#"{"unknown":"#), "{}", out[2]);
        assert!(out[3].contains("ringing"));
    }

    #[test]
    fn a_line_without_end_is_told_and_not_kept() {
        let long = " ".repeat(2 * 1024 * 1024);
        let out = replayed(&format!("{long}\n{RINGING}\n{long}"));
        assert_eq!(out.len(), 3, "{out:?}");
        assert!(out[0].contains("a line of more than 1048576 bytes") && out[2] == out[0], "{out:?}");
        assert!(out[1].contains("ringing"));
        let zeros = BufReader::new(io::repeat(0).take(1 << 26));
        assert_eq!(replay(zeros, &Dialect::default(), TimeZone::UTC).count(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_and_a_failing_disk_end_gently() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk on fire"))
            }
        }
        let input = BufReader::new((&b"\xff\xfe\n"[..]).chain(Failing));
        let out: Vec<_> = replay(input, &Dialect::default(), TimeZone::UTC).take(10).collect();
        assert_eq!(out.len(), 2, "{out:?}");
        assert!(out[1].contains("disk on fire"));
    }
}
