//! What the form of a number says before any setting is consulted.

use crate::domain::Phone;
use crate::domain::phone::PhoneError;
use crate::domain::written::{AsWritten, dialled, plain_text};

/// A subscriber's number has at least this many digits before what is dialled after it; a shorter one followed by a
/// sign is a feature code without its leading star.
const SHORTEST_NUMBER: usize = 5;
/// A feature code with more digits than this has its parameter glued to it …
const LONGEST_CODE: usize = 3;
/// … and then this many digits are taken for the code itself, as most have two.
const USUAL_CODE: usize = 2;
/// This much of a feature code is looked at to find its first part.
const LONGEST_LOOK: usize = 20;

/// How a dialled number is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberForm {
    /// Digits only.
    Plain,
    /// A number, and after it what was dialled during the call (an extension, or somebody's password).
    WithSuffix {
        /// The number alone.
        number: Phone,
    },
    /// A feature code of the switch.
    FeatureCode {
        /// Its first part; what follows are parameters and passwords.
        code: Phone,
    },
}

impl NumberForm {
    /// Judges a number by its signs.
    pub fn of(number: &Phone) -> Self {
        let text = number.digits();
        match text.find(is_sign) {
            None => Self::Plain,
            // Pressed to dial at once.
            Some(at) if at > 0 && text[at..].bytes().all(|b| b == b'#') => Self::WithSuffix { number: number.cut(at) },
            Some(at) if at >= SHORTEST_NUMBER => Self::WithSuffix { number: number.cut(at) },
            Some(_) => Self::FeatureCode { code: code(number) },
        }
    }
}

/// Reads a number as a switch reports that it was dialled, and keeps only what may be kept of it. It may be an address
/// (`sip:*160%23@host`, `tel:+7…;ext=5`); a feature code may hold any signs (`**62*+7…#`) and parameters of any length.
pub fn as_reported(text: &str) -> Result<Phone, PhoneError> {
    let text = plain_text(text);
    let address = ["tel:", "sip:", "sips:", "callto:"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let user = address.unwrap_or(&text).split(['@', ';', '?']).next().unwrap_or_default();
    // RFC 3986: what has a meaning in addresses is escaped there.
    let user = user.replace("%23", "#").replace("%2a", "*").replace("%2b", "+");
    if !user.starts_with(is_sign) {
        let number = Phone::parse(&user).or_else(|_| dialled(&text).map(|read| read.number));
        return number.map(disclosed);
    }
    let code: String = user.chars().filter(|c| c.is_ascii_digit() || is_sign(*c)).take(LONGEST_LOOK).collect();
    Phone::parse(&code).map(disclosed)
}

/// A name that a switch shows, fit to be kept. Some show there what was dialled, passwords included.
pub fn shown_name(text: &str) -> Option<String> {
    let name = AsWritten::new(text).as_str().replace('\n', " ");
    let is_code = name.starts_with(is_sign) && name.chars().all(|c| c.is_ascii_digit() || is_sign(c) || c == '+');
    let name = if is_code { as_reported(&name).map(|code| code.to_string()).unwrap_or_default() } else { name };
    (!name.is_empty()).then_some(name)
}

/// As much of a number as may be kept of it without knowing the company's settings.
pub fn disclosed(number: Phone) -> Phone {
    match NumberForm::of(&number) {
        NumberForm::Plain => number,
        NumberForm::WithSuffix { number } => number,
        NumberForm::FeatureCode { code } => code,
    }
}

fn is_sign(c: char) -> bool {
    matches!(c, '*' | '#')
}

/// The leading signs and the code's digits; a code without leading signs gets a star behind it, by which it goes on
/// being known as one.
fn code(number: &Phone) -> Phone {
    let text = number.digits();
    let signs = text.len() - text.trim_start_matches(is_sign).len();
    let digits = text[signs..].chars().take_while(char::is_ascii_digit).count();
    let code = number.cut(signs + if digits > LONGEST_CODE { USUAL_CODE } else { digits });
    if signs > 0 { code } else { code.followed_by("*") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        as_reported(text).expect(text).to_string()
    }

    #[test]
    fn of_a_feature_code_only_the_first_part_is_shown() {
        for (dialled, want) in [
            ("*160*1001*4321#", "*160"),
            ("#160", "#160"),
            ("*71#", "*71"),
            ("*21*89161234567#", "*21"),
            ("**62*+79161234567#", "**62"),
            ("##002#", "##002"),
            ("*#06#", "*#06"),
            ("*81002", "*81"),
            ("*6789161234567", "*67"),
            ("160*1001*4321#", "160*"),
            ("78*55#", "78*"),
            ("1002*77405521#", "10*"),
            ("\u{ff0a}160\u{ff0a}990017\u{ff0a}77405521\u{ff03}", "*160"),
            ("*21*sip:ivan@host#", "*21"),
            ("sip:*160*1001*4321%23@ecss.example", "*160"),
            ("SIP:%23160@ecss.example;user=phone", "#160"),
            ("tel:*71%23", "*71"),
            ("\u{202a}*71*4321#\u{202c}", "*71"),
            ("#", "#"),
            ("*", "*"),
        ] {
            assert_eq!(shown(dialled), want, "{dialled}");
        }
    }

    #[test]
    fn what_is_dialled_after_a_number_is_not_kept() {
        for (dialled, want) in [
            ("1002#", "1002"),
            ("112##", "112"),
            ("+73835550015#12", "+73835550015"),
            ("89161234567*4321#", "89161234567"),
            ("83832000000", "83832000000"),
            ("\u{202a}+7 916 123-45-67\u{202c}", "+79161234567"),
            ("+7 (916) 123-45-67 доб. 4321", "+79161234567"),
            ("sip:%2B79161234567@trunk;user=phone", "+79161234567"),
            ("tel:+7-916-123-45-67;ext=12", "+79161234567"),
            ("112", "112"),
            ("+79161234567", "+79161234567"),
        ] {
            assert_eq!(shown(dialled), want, "{dialled}");
        }
    }

    #[test]
    fn names_are_shown_without_codes_and_tricks() {
        for (said, want) in [
            ("*160*1001*4321#", Some("*160")),
            ("Reception", Some("Reception")),
            ("Вася\u{202e}тест\u{7}", Some("Васятест")),
            ("два\nслова", Some("два слова")),
            (" \u{200b} ", None),
        ] {
            assert_eq!(shown_name(said).as_deref(), want, "{said:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["sip:ivan@host", "приёмная", "", "@", &"9".repeat(10_000)] {
            assert!(as_reported(text).is_err(), "{text}");
        }
        assert_eq!(as_reported(&format!("*160*{}", "9".repeat(10_000))).map(|n| n.to_string()), Ok("*160".to_owned()));
    }

    proptest! {
        #[test]
        fn little_is_kept_of_what_was_dialled(text in "[+]?[0-9*#]{1,40}") {
            if let Ok(number) = Phone::parse(&text) {
                let kept = disclosed(number.clone());
                prop_assert!(number.as_str().starts_with(kept.as_str().trim_end_matches(is_sign)));
                let signs = kept.digits().trim_start_matches(is_sign).matches(is_sign).count();
                prop_assert!(signs == 0 || (signs == 1 && kept.digits().ends_with(is_sign)), "{}", kept);
                prop_assert_eq!(disclosed(kept.clone()), kept);
            }
        }
    }
}
