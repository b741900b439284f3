//! Numbers with the right form of the word beside them.

use super::Lang;
use std::time::Duration;

/// The Russian form that goes with a number: for 1, for 2–4 and for 5 and more of something.
pub(super) const fn ru(n: u64, forms: [&'static str; 3]) -> &'static str {
    match (n % 10, n % 100) {
        (_, 11..=14) => forms[2],
        (1, _) => forms[0],
        (2..=4, _) => forms[1],
        _ => forms[2],
    }
}

/// The English form that goes with a number: for 1 and for others.
pub(super) const fn en(n: u64, forms: [&'static str; 2]) -> &'static str {
    if n == 1 { forms[0] } else { forms[1] }
}

/// How long something has lasted, in whole words and no finer than people care: `3 hours 5 minutes`.
pub(crate) fn lasting(lang: Lang, span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (days, hours) = (minutes / 1440, minutes / 60);
    match (days, hours) {
        (0, 0) if minutes == 0 => match lang {
            Lang::Ru => "меньше минуты".to_owned(),
            Lang::En => "less than a minute".to_owned(),
        },
        (0, 0) => minute(lang, minutes),
        (0, _) => two(hour(lang, hours), minutes % 60, |n| minute(lang, n)),
        (1..=9, _) => two(day(lang, days), hours % 24, |n| hour(lang, n)),
        _ => day(lang, days),
    }
}

fn two(big: String, small: u64, word: impl Fn(u64) -> String) -> String {
    if small == 0 { big } else { format!("{big} {}", word(small)) }
}

fn minute(lang: Lang, n: u64) -> String {
    counted(lang, n, ["минуту", "минуты", "минут"], ["minute", "minutes"])
}

fn hour(lang: Lang, n: u64) -> String {
    counted(lang, n, ["час", "часа", "часов"], ["hour", "hours"])
}

fn day(lang: Lang, n: u64) -> String {
    counted(lang, n, ["день", "дня", "дней"], ["day", "days"])
}

fn counted(lang: Lang, n: u64, russian: [&'static str; 3], english: [&'static str; 2]) -> String {
    let word = match lang {
        Lang::Ru => ru(n, russian),
        Lang::En => en(n, english),
    };
    format!("{n} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_numbers_take_their_forms() {
        let calls = Lang::Ru.texts().state.calls_wait;
        for (n, want) in [
            (1, "1 вызов ждёт"),
            (2, "2 вызова ждут"),
            (4, "4 вызова ждут"),
            (5, "5 вызовов ждут"),
            (11, "11 вызовов ждут"),
            (14, "14 вызовов ждут"),
            (21, "21 вызов ждёт"),
            (22, "22 вызова ждут"),
            (111, "111 вызовов ждут"),
            (101, "101 вызов ждёт"),
            (1000, "1000 вызовов ждут"),
        ] {
            assert_eq!(calls(n), format!("{want} передачи в CRM."));
        }
        let calls = Lang::En.texts().state.calls_wait;
        assert_eq!(calls(1), "1 call waits to be sent to the CRM.");
        assert_eq!(calls(21), "21 calls wait to be sent to the CRM.");
    }

    #[test]
    fn a_span_is_told_as_people_do() {
        let ru = |s| lasting(Lang::Ru, Duration::from_secs(s));
        assert_eq!([ru(0), ru(59), ru(60)], ["меньше минуты", "меньше минуты", "1 минуту"]);
        assert_eq!([ru(720), ru(3600), ru(7500)], ["12 минут", "1 час", "2 часа 5 минут"]);
        assert_eq!([ru(86_400 + 3600), ru(14 * 86_400 + 3600)], ["1 день 1 час", "14 дней"]);
        let en = |s| lasting(Lang::En, Duration::from_secs(s));
        assert_eq!([en(30), en(61), en(7260)], ["less than a minute", "1 minute", "2 hours 1 minute"]);
    }
}
