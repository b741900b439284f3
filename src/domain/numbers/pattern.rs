//! Numbers of a company's own switch as its administrator writes them: `200`, `20x`, `2000-2009`, `24010{0-1}`.

use super::super::Phone;
use std::fmt;

/// Longest pattern.
const MAX_LEN: usize = 40;
/// Most patterns in a list; each is tried for every new leg.
const MAX_PATTERNS: usize = 200;

/// One number, or many alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberPattern {
    text: String,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// Digits and signs; `None` stands for any digit.
    Cells(Vec<Option<u8>>),
    /// All numbers of this length between the two, after a fixed beginning.
    Range { prefix: String, first: String, last: String },
}

/// Why a text is no list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Something that is neither digit, sign, `x` nor range.
    #[error("{0:?} is not a number or pattern of numbers")]
    Strange(String),
    /// A range whose ends have different lengths or the wrong order.
    #[error("{0:?} is not a range: both ends need the same length, the smaller first")]
    Range(String),
    /// Longer than 40 characters.
    #[error("a number or pattern may have at most {MAX_LEN} characters")]
    TooLong,
    /// More than 200.
    #[error("a list may have at most {MAX_PATTERNS} entries")]
    TooMany,
}

impl NumberPattern {
    /// Reads one entry. `x` is any digit; `a-b` is a range; `24010{0-1}` is a range with a fixed beginning, as the
    /// switch itself writes them (`integrations/add … --numbers`, ecss.md §1).
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let written = text.trim();
        if written.chars().count() > MAX_LEN {
            return Err(PatternError::TooLong);
        }
        let strange = || PatternError::Strange(written.to_owned());
        let (prefix, inner) = match written.split_once('{') {
            Some((prefix, rest)) => (prefix, rest.strip_suffix('}').ok_or_else(strange)?),
            None => ("", written),
        };
        let shape = match inner.split_once('-') {
            Some((first, last)) => range(prefix, first.trim(), last.trim()).ok_or_else(strange)?,
            None => cells(&format!("{prefix}{inner}")).ok_or_else(strange)?,
        };
        if let Shape::Range { first, last, .. } = &shape
            && (first.len() != last.len() || first > last)
        {
            return Err(PatternError::Range(written.to_owned()));
        }
        Ok(Self { text: written.to_owned(), shape })
    }

    /// Reads a list with commas, semicolons, spaces or line breaks between its entries; braces around the whole list
    /// are those of the switch's console.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, PatternError> {
        let text = text.trim();
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|inner| !inner.contains('{'));
        let entries = inner.unwrap_or(text).split([',', ';', ' ', '\n', '\r', '\t', '\u{a0}']);
        let entries: Vec<&str> = entries.filter(|entry| !entry.is_empty()).collect();
        if entries.len() > MAX_PATTERNS {
            return Err(PatternError::TooMany);
        }
        entries.into_iter().map(Self::parse).collect()
    }

    /// Whether it is this number.
    pub fn matches(&self, number: &Phone) -> bool {
        self.beginning(number) == Some(number.digits().len())
    }

    /// Whether the number begins with it and goes on with a sign, as parameters of feature codes do.
    pub fn is_before_sign(&self, number: &Phone) -> bool {
        self.beginning(number).is_some_and(|end| number.digits()[end..].starts_with(['*', '#']))
    }

    /// How many characters at its beginning are the same in all numbers it covers.
    pub fn fixed(&self) -> usize {
        match &self.shape {
            Shape::Cells(cells) => cells.iter().take_while(|cell| cell.is_some()).count(),
            Shape::Range { prefix, first, last } => {
                let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
                prefix.len() + same
            }
        }
    }

    /// How many characters of the number (without a leading `+`) it covers from its beginning on.
    fn beginning(&self, number: &Phone) -> Option<usize> {
        let digits = number.digits().as_bytes();
        match &self.shape {
            Shape::Cells(cells) => {
                let fits = |(have, want): (&u8, &Option<u8>)| want.map_or(have.is_ascii_digit(), |want| want == *have);
                (digits.len() >= cells.len() && digits.iter().zip(cells).all(fits)).then_some(cells.len())
            }
            Shape::Range { prefix, first, last } => {
                let end = prefix.len() + first.len();
                let inside = number.digits().strip_prefix(prefix.as_str())?.get(..first.len())?;
                (inside.bytes().all(|b| b.is_ascii_digit()) && (first.as_str()..=last.as_str()).contains(&inside))
                    .then_some(end)
            }
        }
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn cells(text: &str) -> Option<Shape> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let cell = |c: char| match c {
        '0'..='9' | '*' | '#' => Some(Some(c as u8)),
        // The Cyrillic letter looks the same.
        'x' | 'X' | 'х' | 'Х' => Some(None),
        _ => None,
    };
    let cells: Option<Vec<_>> = text.chars().map(cell).collect();
    cells.filter(|cells| cells.iter().any(Option::is_some)).map(Shape::Cells)
}

fn range(prefix: &str, first: &str, last: &str) -> Option<Shape> {
    let prefix = prefix.strip_prefix('+').unwrap_or(prefix);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = prefix.is_empty() || prefix.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'));
    (plain && digits(first) && digits(last)).then(|| Shape::Range {
        prefix: prefix.to_owned(),
        first: first.to_owned(),
        last: last.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect(text)
    }

    #[test]
    fn entries_cover_the_numbers_they_are_written_for() {
        for (pattern, yes, no) in [
            ("200", &["200", "+200"][..], &["2000", "20", "1200"][..]),
            ("20x", &["200", "209"], &["20", "2001", "20*"]),
            ("20х", &["205"], &["215"]),
            ("2000-2009", &["2000", "2005", "2009"], &["1999", "2010", "20005", "200*"]),
            ("24010{0-1}", &["240100", "240101"], &["240102", "24010"]),
            ("*8x", &["*81"], &["*8", "*812"]),
            ("+78001000xxx", &["78001000123", "+78001000999"], &["7800100012"]),
        ] {
            let pattern = NumberPattern::parse(pattern).expect(pattern);
            for number in yes {
                assert!(pattern.matches(&phone(number)), "{pattern} {number}");
            }
            for number in no {
                assert!(!pattern.matches(&phone(number)), "{pattern} {number}");
            }
        }
    }

    #[test]
    fn lists_are_taken_as_people_and_the_switchs_console_write_them() {
        let list = |text: &str| -> Vec<String> {
            NumberPattern::parse_list(text).expect(text).iter().map(ToString::to_string).collect()
        };
        assert_eq!(list("200, 20x;2000-2009\n300"), ["200", "20x", "2000-2009", "300"]);
        assert_eq!(list("{101,102,110-120}"), ["101", "102", "110-120"]);
        assert_eq!(list("24010{0-1} 500"), ["24010{0-1}", "500"]);
        assert!(list("  \n ").is_empty());
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_text() {
        for (text, want) in [
            ("20 abc", PatternError::Strange("abc".into())),
            ("xxx", PatternError::Strange("xxx".into())),
            ("20{1", PatternError::Strange("20{1".into())),
            ("200-20", PatternError::Range("200-20".into())),
            ("209-200", PatternError::Range("209-200".into())),
        ] {
            assert_eq!(NumberPattern::parse_list(text), Err(want), "{text}");
        }
        assert_eq!(NumberPattern::parse_list(&"1".repeat(41)), Err(PatternError::TooLong));
        assert_eq!(NumberPattern::parse_list(&"1 ".repeat(201)), Err(PatternError::TooMany));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}", number in "[+]?[0-9*#]{1,20}") {
            if let (Ok(patterns), Ok(number)) = (NumberPattern::parse_list(&text), Phone::parse(&number)) {
                for pattern in patterns {
                    prop_assert!(pattern.beginning(&number).is_none_or(|n| n <= number.digits().len()));
                    prop_assert!(!pattern.matches(&number) || pattern.fixed() <= number.digits().len());
                }
            }
        }
    }
}
