//! The `time` block of an answer, and dates as the portal reads and writes them.

use crate::domain::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

/// The zone the portal's server stands in.
const SERVER_OFFSET_HOURS: i8 = 3;

/// What the operating-time limiter says about a method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operated {
    /// Seconds used in the last ten minutes.
    pub seconds: f64,
    /// Unix time at which the oldest of them is forgotten.
    pub reset_at: i64,
}

/// The block that stands beside each result.
pub fn block(started: Timestamp, finished: Timestamp, operating: Option<Operated>) -> Value {
    let duration = finished.since(started).as_secs_f64();
    let mut block = json!({
        "start": started.millis() as f64 / 1000.0,
        "finish": finished.millis() as f64 / 1000.0,
        "duration": duration,
        "processing": duration,
        "date_start": written(started),
        "date_finish": written(finished),
    });
    if let Some(operated) = operating {
        block["operating_reset_at"] = operated.reset_at.into();
        // A whole number of seconds comes without a fraction.
        block["operating"] =
            if operated.seconds.fract() == 0.0 { (operated.seconds as i64).into() } else { operated.seconds.into() };
    }
    block
}

/// A moment as the portal writes it: `2026-01-31T12:00:00+03:00`.
pub fn written(at: Timestamp) -> String {
    let zone = TimeZone::fixed(Offset::constant(SERVER_OFFSET_HOURS));
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    moment.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Reads an ISO-8601 date with a zone; without one the server's zone is meant.
pub fn read(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(moment.as_millisecond()));
    }
    if !text.contains('T') {
        return None;
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    let zone = TimeZone::fixed(Offset::constant(SERVER_OFFSET_HOURS));
    let moment = local.to_zoned(zone).ok()?;
    Some(Timestamp(moment.timestamp().as_millisecond()))
}
