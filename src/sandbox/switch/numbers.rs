//! The numbers of an integration, as the switch's console takes them: `{101,102,110-120}`, `24010{0-1}`.

/// Which subscriber numbers an integration covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberSet {
    /// Every subscriber of the domain.
    All,
    /// A common prefix and what may follow it.
    Listed {
        /// Stands before every item.
        prefix: String,
        /// Single numbers and ranges.
        items: Vec<Item>,
    },
}

/// One item between the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Exactly this text.
    One(String),
    /// Numbers of the same width between both ends, inclusive.
    Range {
        /// Digits of the ends; the shorter one is padded with zeros in thought.
        width: usize,
        /// Lower end.
        from: u64,
        /// Upper end.
        to: u64,
    },
}

/// The text does not describe numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a list of numbers: {0}")]
pub struct BadNumbers(String);

impl NumberSet {
    /// Reads the console's notation; `""` and `*` mean every number. A list without braces is taken too.
    pub fn parse(text: &str) -> Result<Self, BadNumbers> {
        let bad = || BadNumbers(text.to_owned());
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed == "*" {
            return Ok(Self::All);
        }
        let (prefix, list) = match trimmed.split_once('{') {
            Some((prefix, rest)) => (prefix, rest.strip_suffix('}').ok_or_else(bad)?),
            None => ("", trimmed),
        };
        if !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let items = list.split(',').map(|item| Item::parse(item.trim())).collect::<Option<Vec<_>>>().ok_or_else(bad)?;
        Ok(Self::Listed { prefix: prefix.to_owned(), items })
    }

    /// Whether `number` is covered.
    pub fn contains(&self, number: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed { prefix, items } => {
                number.strip_prefix(prefix.as_str()).is_some_and(|rest| items.iter().any(|item| item.contains(rest)))
            }
        }
    }
}

impl Item {
    fn parse(text: &str) -> Option<Self> {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('-') {
            Some((from, to)) if digits(from) && digits(to) => {
                let (width, from, to) = (to.len(), from.parse().ok()?, to.parse().ok()?);
                (from <= to).then_some(Self::Range { width, from, to })
            }
            None if digits(text) => Some(Self::One(text.to_owned())),
            _ => None,
        }
    }

    fn contains(&self, text: &str) -> bool {
        match self {
            Self::One(one) => one == text,
            Self::Range { width, from, to } => {
                text.len() == *width && text.parse::<u64>().is_ok_and(|n| (*from..=*to).contains(&n))
            }
        }
    }
}

/// A number as it is dialled: digits, `*`, `#` and a `+` where a number may begin; everything else is dropped.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_digit() || matches!(c, '*' | '#') || (c == '+' && (out.is_empty() || out.ends_with(['*', '#']))) {
            out.push(c);
        }
    }
    out
}

/// The number without its `+`: two spellings of one number are equal in this form.
pub(super) fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// Whether this is a code for the switch itself and nobody's number.
pub(super) fn is_code(number: &str) -> bool {
    number.starts_with(['*', '#'])
}

/// Numbers of the emergency services that can be dialled without any prefix.
const EMERGENCY: [&str; 5] = ["101", "102", "103", "104", "112"];

/// Whether a number that nobody in the domain has leads outside: international form, seven digits and more, the
/// emergency services, or a code that somebody else answers.
pub(super) fn leads_outside(number: &str) -> bool {
    number.starts_with('+') || is_code(number) || number.len() >= 7 || EMERGENCY.contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consoles_notation_is_understood() {
        let set = NumberSet::parse("{101,102,103,110-120}").expect("list");
        assert!(set.contains("101") && set.contains("110") && set.contains("120"));
        assert!(!set.contains("104") && !set.contains("121") && !set.contains("0110"));
        let prefixed = NumberSet::parse("24010{0-1}").expect("prefix");
        assert!(prefixed.contains("240100") && prefixed.contains("240101"));
        assert!(!prefixed.contains("240102") && !prefixed.contains("24010"));
        assert!(NumberSet::parse("").expect("all").contains("77"));
        assert!(NumberSet::parse("1001, 1002").expect("bare list").contains("1002"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["{101", "{a}", "{5-}", "{9-1}", "{1,,2}", "x{1}"] {
            assert!(NumberSet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_tidied_as_a_dial_pad_would() {
        assert_eq!(tidy(" +7 (983) 555-11-22"), "+79835551122");
        assert_eq!(tidy("8+9"), "89");
        assert_eq!(bare("+79"), "79");
        assert_eq!(tidy("**62*+7 983#"), "**62*+7983#");
        assert!(is_code("*71#") && is_code("#160") && !is_code("+7983"));
        assert!(leads_outside("+7983") && leads_outside("2234567") && leads_outside("112") && !leads_outside("113"));
    }
}
