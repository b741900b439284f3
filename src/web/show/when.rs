//! Moments and spans of time for people.

use crate::domain::Timestamp;
use crate::lang::{Lang, moment_in};
use jiff::tz::TimeZone;
use std::time::Duration;

/// A moment for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For machines; a script replaces the text by the browser's own local time.
    pub(crate) iso: String,
    /// For people, in this machine's time zone.
    pub(crate) text: String,
}

impl Moment {
    /// The moment in this machine's time zone.
    pub(crate) fn of(at: Timestamp) -> Self {
        Self::in_zone(at, TimeZone::system())
    }

    fn in_zone(at: Timestamp, zone: TimeZone) -> Self {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.millis()) else {
            return Self { iso: String::new(), text: "—".to_owned() };
        };
        Self { iso: instant.to_string(), text: moment_in(at, zone) }
    }
}

/// A span in its two largest units, e.g. `2 h 5 min`.
pub(crate) fn span(lang: Lang, span: Duration) -> String {
    let (day, hour, minute, second) = match lang {
        Lang::Ru => ("д", "ч", "мин", "с"),
        Lang::En => ("d", "h", "min", "s"),
    };
    let s = span.as_secs();
    let (big, big_unit, small, small_unit) = match s {
        86_400.. => (s / 86_400, day, s % 86_400 / 3600, hour),
        3600.. => (s / 3600, hour, s % 3600 / 60, minute),
        60.. => (s / 60, minute, 0, second),
        _ => (s, second, 0, second),
    };
    if small == 0 { format!("{big} {big_unit}") } else { format!("{big} {big_unit} {small} {small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_readable_by_people_and_machines() {
        let zone = TimeZone::get("Asia/Novosibirsk").expect("bundled");
        let moment = Moment::in_zone(Timestamp(1_770_000_000_000), zone);
        assert_eq!(moment.iso, "2026-02-02T02:40:00Z");
        assert_eq!(moment.text, "02.02.2026 09:40:00 +07");
    }

    #[test]
    fn a_senseless_moment_is_a_dash() {
        assert_eq!(Moment::of(Timestamp(i64::MAX)).text, "—");
    }

    #[test]
    fn spans_keep_their_two_largest_units() {
        let en = |s| span(Lang::En, Duration::from_secs(s));
        assert_eq!([en(5), en(65), en(3600), en(7500), en(90_000)], ["5 s", "1 min", "1 h", "2 h 5 min", "1 d 1 h"]);
        assert_eq!(span(Lang::Ru, Duration::from_secs(7500)), "2 ч 5 мин");
    }
}
