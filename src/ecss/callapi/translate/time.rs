//! When a leg was answered, by the switch's clock and in the switch's zone.

use super::walk::Oddity;
use crate::domain::Timestamp;
use crate::ecss::callapi::dialect::TimeFormat;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// From this number on, an epoch counts milliseconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// 2000-01-01 and 2100-01-01 in Unix milliseconds; whatever lies outside is not a time of a call.
const SENSIBLE: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

/// The moment, in UTC. An hour that a zone has twice is taken the first time, one that it skips is taken an hour later.
/// Empty is no time; a time in no known format is none either, and an oddity.
pub(super) fn read(
    written: &Value,
    formats: &[TimeFormat],
    zone: &TimeZone,
    oddities: &mut Vec<Oddity>,
) -> Option<Timestamp> {
    let text = match written {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if text.is_empty() || text == "0" {
        return None;
    }
    let millis = formats.iter().find_map(|format| match format {
        TimeFormat::Local(pattern) => {
            let local = DateTime::strptime(pattern, &text).ok()?;
            Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_millisecond())
        }
        TimeFormat::Iso8601 => Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
        TimeFormat::Epoch => epoch(&text),
    });
    let sensible = millis.filter(|millis| SENSIBLE.contains(millis)).map(Timestamp);
    if sensible.is_none() {
        oddities.push(Oddity::Time(text));
    }
    sensible
}

fn epoch(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse::<i64>() {
        return if whole >= MILLISECONDS_FROM { Some(whole) } else { whole.checked_mul(1000) };
    }
    let seconds: f64 = text.parse().ok()?;
    (0.0..1e10).contains(&seconds).then_some((seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::super::super::dialect::Dialect;
    use super::*;
    use serde_json::json;

    fn at(written: &Value, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).expect("zone");
        let moment = read(written, &Dialect::default().legs.times, &zone, &mut Vec::new())?;
        Some(jiff::Timestamp::from_millisecond(moment.millis()).expect("in range").to_string())
    }

    #[test]
    fn the_switchs_zone_counts_only_where_the_text_names_none() {
        for (written, want) in [
            (json!("2026/09/03 15:43:50"), "2026-09-03T08:43:50Z"),
            (json!("2026-09-03 15:43:50"), "2026-09-03T08:43:50Z"),
            (json!("2026-09-03T15:43:50"), "2026-09-03T08:43:50Z"),
            (json!("2026-09-03T15:43:50Z"), "2026-09-03T15:43:50Z"),
            (json!("2026-09-03T15:43:50.250+03:00"), "2026-09-03T12:43:50.25Z"),
            (json!(1_788_439_430), "2026-09-03T12:43:50Z"),
            (json!("1788439430500"), "2026-09-03T12:43:50.5Z"),
            (json!(1_788_439_430.5), "2026-09-03T12:43:50.5Z"),
        ] {
            assert_eq!(at(&written, "Asia/Novosibirsk").as_deref(), Some(want), "{written}");
        }
    }

    #[test]
    fn hours_that_a_zone_has_twice_or_never() {
        assert_eq!(at(&json!("2026/10/25 02:30:00"), "Europe/Berlin").as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(at(&json!("2026/03/29 02:30:00"), "Europe/Berlin").as_deref(), Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none_and_told_if_it_looks_like_one() {
        let formats = &Dialect::default().legs.times;
        for (written, odd) in [
            (json!("soon"), true),
            (json!("2026/13/45 99:00:00"), true),
            (json!("0000/00/00 00:00:00"), true),
            (json!(-5), true),
            (json!(i64::MAX), true),
            (json!(1e300), true),
            (json!(""), false),
            (json!(0), false),
            (json!(true), false),
            (json!({}), false),
        ] {
            let mut oddities = Vec::new();
            assert_eq!(read(&written, formats, &TimeZone::UTC, &mut oddities), None, "{written}");
            assert_eq!(!oddities.is_empty(), odd, "{written}");
        }
    }
}
