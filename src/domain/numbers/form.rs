//! What the form of a number tells before any setting is asked.

use crate::domain::Phone;
use crate::domain::phone::PhoneError;

/// A subscriber's number has at least this many digits before what is dialled after it; a shorter one followed by a
/// sign is a feature code without its leading star.
const SHORTEST_NUMBER: usize = 5;
/// A feature code with more digits than this has its parameter glued to it …
const LONGEST_CODE: usize = 3;
/// … and then this many digits are taken for the code itself, as most have two.
const USUAL_CODE: usize = 2;
/// So much of a feature code is looked at to find its first part.
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
            Some(at) if at >= SHORTEST_NUMBER => Self::WithSuffix { number: number.cut(at) },
            Some(_) => Self::FeatureCode { code: number.cut(code_length(text)) },
        }
    }
}

/// Reads a number as a switch reports that it was dialled, and keeps only what may be kept of it. A feature code may
/// hold any signs (`**62*+7…#`) and parameters of any length.
pub fn as_reported(text: &str) -> Result<Phone, PhoneError> {
    let text = text.trim();
    if !text.starts_with(is_sign) {
        return Phone::parse(text).map(disclosed);
    }
    let code: String = text.chars().filter(|c| c.is_ascii_digit() || is_sign(*c)).take(LONGEST_LOOK).collect();
    Phone::parse(&code).map(disclosed)
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

/// Length of the leading signs and the code's digits.
fn code_length(text: &str) -> usize {
    let signs = text.len() - text.trim_start_matches(is_sign).len();
    let digits = text[signs..].chars().take_while(char::is_ascii_digit).count();
    signs + if digits > LONGEST_CODE { USUAL_CODE } else { digits }
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
            ("160*1001*4321#", "160"),
            ("*21*sip:ivan@host#", "*21"),
            ("#", "#"),
            ("*", "*"),
        ] {
            assert_eq!(shown(dialled), want, "{dialled}");
        }
    }

    #[test]
    fn what_is_dialled_after_a_number_is_not_kept() {
        for (dialled, want) in [
            ("+73835550015#12", "+73835550015"),
            ("89161234567*4321#", "89161234567"),
            ("83832000000", "83832000000"),
            ("112", "112"),
            ("+79161234567", "+79161234567"),
        ] {
            assert_eq!(shown(dialled), want, "{dialled}");
        }
    }

    proptest! {
        #[test]
        fn no_sign_but_leading_ones_is_ever_kept(text in "[+]?[0-9*#]{1,40}") {
            if let Ok(number) = Phone::parse(&text) {
                let kept = disclosed(number.clone());
                prop_assert!(number.as_str().starts_with(kept.as_str()));
                prop_assert!(!kept.digits().trim_start_matches(is_sign).contains(is_sign));
                prop_assert_eq!(disclosed(kept.clone()), kept);
            }
        }
    }
}
