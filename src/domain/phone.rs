//! Telephone numbers as they are dialled, shown and compared.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest number we take; E.164 ends at 15 digits, service codes and extensions may follow.
const MAX_LEN: usize = 40;
/// From this many digits on, numbers that differ only in their prefix (`8…`, `+7…`) are taken as one.
const SUFFIX_LEN: usize = 9;
/// Fewer digits than this that two numbers end with alike say nothing.
const SHORTEST_ENDING: usize = 4;

/// A number reduced to what a switch can dial: digits, `*`, `#` and a leading `+`.
///
/// Never empty. Its [`Debug`](fmt::Debug) form is masked, so that it may stand in a log line;
/// [`Display`](fmt::Display) is the whole number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing dialable in the text.
    #[error("the number has no digits")]
    Empty,
    /// More than 40 dialable characters.
    #[error("the number is longer than 40 characters")]
    TooLong,
    /// A letter or a sign that cannot be dialled.
    #[error("the number holds a character that cannot be dialled: {0}")]
    Strange(char),
    /// Digits that can be one number or several.
    #[error("it cannot be told whether this is one number or several")]
    Unclear,
}

impl Phone {
    /// Reads a number as people and systems write it: spaces, hyphens, brackets, dots and slashes are
    /// dropped, a `tel:` or `sip:` prefix and anything from `@` or `;` on as well.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        let text = ["tel:", "sip:", "sips:"]
            .iter()
            .find_map(|p| text.get(..p.len()).filter(|s| s.eq_ignore_ascii_case(p)).map(|_| &text[p.len()..]))
            .unwrap_or(text);
        let text = text.split(['@', ';', ',']).next().unwrap_or_default();
        let mut out = String::with_capacity(text.len().min(MAX_LEN));
        for c in text.chars() {
            match c {
                '0'..='9' | '*' | '#' => out.push(c),
                '+' if out.is_empty() => out.push(c),
                ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
                other => return Err(PhoneError::Strange(other)),
            }
            if out.len() > MAX_LEN {
                return Err(PhoneError::TooLong);
            }
        }
        if out.bytes().any(|b| b != b'+') { Ok(Self(out)) } else { Err(PhoneError::Empty) }
    }

    /// The number as it is dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number without a leading `+`.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// Whether both can be the same subscriber: equal digits, or equal last nine digits of long numbers
    /// (a dial plan may turn `+7…` into `8…` or strip the country code).
    pub fn same_subscriber(&self, other: &Self) -> bool {
        let (a, b) = (self.digits().as_bytes(), other.digits().as_bytes());
        a == b
            || (a.len() >= SUFFIX_LEN
                && b.len() >= SUFFIX_LEN
                && a[a.len() - SUFFIX_LEN..] == b[b.len() - SUFFIX_LEN..])
    }

    /// Whether both can be the same line although a dial plan has added or stripped a prefix of any length (`9`, `8383`,
    /// `+7383`); what is left must still distinguish numbers.
    pub fn may_be(&self, other: &Self) -> bool {
        let (a, b) = (self.digits(), other.digits());
        self.same_subscriber(other) || (a.len().min(b.len()) >= SHORTEST_ENDING && (a.ends_with(b) || b.ends_with(a)))
    }

    /// The number up to this many characters, a leading `+` not counted. At least one character is left.
    #[must_use]
    pub(super) fn cut(&self, length: usize) -> Self {
        let plus = self.0.len() - self.digits().len();
        Self(self.0[..self.0.len().min(plus + length.max(1))].to_owned())
    }

    /// The number with something dialable behind it.
    #[must_use]
    pub(super) fn followed_by(&self, text: &str) -> Self {
        Self(format!("{}{text}", self.0))
    }

    /// The number with its middle hidden, for log lines: `+798…22`; short numbers stay whole, as they
    /// are a company's own extensions.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Hides the middle of a number-like text of seven characters or more.
pub fn mask(text: &str) -> String {
    let n = text.chars().count();
    if n < 7 {
        return text.to_owned();
    }
    let head: String = text.chars().take(4).collect();
    let tail: String = text.chars().skip(n - 2).collect();
    format!("{head}…{tail}")
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_numbers_in_many_ways() {
        for (text, want) in [
            ("+7 (983) 555-11-22", "+79835551122"),
            ("8\u{a0}983 555 11 22", "89835551122"),
            ("sip:1001@nick", "1001"),
            ("TEL:+7983;ext=5", "+7983"),
            ("*72#", "*72#"),
        ] {
            assert_eq!(Phone::parse(text).expect(text).as_str(), want);
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        assert_eq!(Phone::parse("  "), Err(PhoneError::Empty));
        assert_eq!(Phone::parse("+"), Err(PhoneError::Empty));
        assert_eq!(Phone::parse("12+3"), Err(PhoneError::Strange('+')));
        assert_eq!(Phone::parse("доб. 5"), Err(PhoneError::Strange('д')));
        assert_eq!(Phone::parse(&"1".repeat(41)), Err(PhoneError::TooLong));
    }

    #[test]
    fn prefixes_do_not_make_another_subscriber() {
        let p = |t| Phone::parse(t).expect(t);
        assert!(p("+79835551122").same_subscriber(&p("89835551122")));
        assert!(p("1001").same_subscriber(&p("1001")));
        assert!(!p("1001").same_subscriber(&p("11001")));
        assert!(!p("+79835551122").same_subscriber(&p("+79835551123")));
        assert!(p("5551122").may_be(&p("+79835551122")) && p("989835551122").may_be(&p("89835551122")));
        assert!(!p("122").may_be(&p("+79835551122")) && !p("91201").may_be(&p("+79835551122")));
    }

    #[test]
    fn a_log_line_does_not_give_a_number_away() {
        assert_eq!(format!("{:?}", Phone::parse("+79835551122").expect("number")), "+798…22");
        assert_eq!(format!("{:?}", Phone::parse("1001").expect("number")), "1001");
    }
}
