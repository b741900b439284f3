//! Moments in words.

use super::{Lang, lasting};
use crate::domain::Timestamp;
use jiff::tz::TimeZone;

/// The moment in this machine's time zone; a dash for one that no calendar has.
pub(crate) fn moment(at: Timestamp) -> String {
    moment_in(at, TimeZone::system())
}

/// The same in another zone.
pub(crate) fn moment_in(at: Timestamp, zone: TimeZone) -> String {
    let text = |instant: jiff::Timestamp| instant.to_zoned(zone).strftime("%d.%m.%Y %H:%M:%S %Z").to_string();
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(|_| "—".to_owned(), text)
}

/// The moment and how long ago it was.
pub(crate) fn ago(lang: Lang, at: Timestamp, now: Timestamp) -> String {
    let lasted = lasting(lang, now.since(at));
    match lang {
        Lang::Ru => format!("{lasted} назад ({})", moment(at)),
        Lang::En => format!("{lasted} ago ({})", moment(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_how_long_ago_it_was() {
        let at = Timestamp(1_770_000_000_000);
        let zone = TimeZone::get("Asia/Novosibirsk").expect("bundled");
        assert_eq!(moment_in(at, zone), "02.02.2026 09:40:00 +07");
        let later = Timestamp(at.0 + 3 * 60_000);
        assert!(ago(Lang::En, at, later).starts_with("3 minutes ago ("));
        assert!(ago(Lang::Ru, at, later).starts_with("3 минуты назад ("));
        assert_eq!(moment(Timestamp(i64::MAX)), "—");
    }
}
