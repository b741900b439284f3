//! Bodies of `application/x-www-form-urlencoded` with PHP's bracketed keys, from anybody on the internet.

use std::collections::BTreeMap;
use url::form_urlencoded;

/// Longest body; the largest real one (a card with many bindings) is a few kilobytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Most fields.
pub const MAX_FIELDS: usize = 512;
/// Deepest nesting of brackets.
pub const MAX_DEPTH: usize = 6;

/// Why a body is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::enum_variant_names, reason = "without the word they would not say what is wrong")]
pub enum FormFault {
    /// More than 64 KiB.
    #[error("the body is longer than {MAX_BODY} bytes")]
    TooLong,
    /// More than 512 fields.
    #[error("the body has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// Brackets in brackets in brackets.
    #[error("a field is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Fields by their whole key (`auth[member_id]`); of equal keys the last counts, as in PHP.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body or a query. Bad escapes stay as they are, bad UTF-8 becomes `�`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FormFault> {
        if bytes.len() > MAX_BODY {
            return Err(FormFault::TooLong);
        }
        let mut fields = BTreeMap::new();
        for (n, (key, value)) in form_urlencoded::parse(bytes).enumerate() {
            if n >= MAX_FIELDS {
                return Err(FormFault::TooManyFields);
            }
            if key.bytes().filter(|b| *b == b'[').count() > MAX_DEPTH {
                return Err(FormFault::TooDeep);
            }
            fields.insert(key.into_owned(), value.into_owned());
        }
        Ok(Self(fields))
    }

    /// A field at the top; empty counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// `group[key]`; empty counts as absent.
    pub(super) fn nested(&self, group: &str, key: &str) -> Option<&str> {
        self.get(&format!("{group}[{key}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn brackets_may_be_escaped_and_the_last_value_counts() {
        let form = Form::parse(b"auth%5Bmember_id%5D=m1&auth[domain]=a.example&ts=1&ts=2&empty=&flag").unwrap();
        assert_eq!(form.nested("auth", "member_id"), Some("m1"));
        assert_eq!(form.nested("auth", "domain"), Some("a.example"));
        assert_eq!(
            (form.get("ts"), form.get("empty"), form.get("flag"), form.get("none")),
            (Some("2"), None, None, None)
        );
    }

    #[test]
    fn plus_is_a_space_and_broken_bytes_do_no_harm() {
        let form = Form::parse(b"a=x+y%2Bz&b=%zz%&c=%ff%fe&d=\xd0").unwrap();
        assert_eq!((form.get("a"), form.get("b")), (Some("x y+z"), Some("%zz%")));
        assert_eq!((form.get("c"), form.get("d")), (Some("\u{fffd}\u{fffd}"), Some("\u{fffd}")));
    }

    #[test]
    fn bounds_are_kept() {
        assert_eq!(Form::parse(&vec![b'a'; MAX_BODY + 1]).unwrap_err(), FormFault::TooLong);
        assert!(Form::parse(&vec![b'a'; MAX_BODY]).is_ok());
        assert_eq!(Form::parse("a=1&".repeat(MAX_FIELDS + 1).as_bytes()).unwrap_err(), FormFault::TooManyFields);
        assert!(Form::parse("a=1&".repeat(MAX_FIELDS).as_bytes()).is_ok());
        let deep = |n: usize| format!("a{}=1", "[x]".repeat(n));
        assert_eq!(Form::parse(deep(MAX_DEPTH + 1).as_bytes()).unwrap_err(), FormFault::TooDeep);
        assert!(Form::parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Form::parse(&bytes);
        }
    }
}
