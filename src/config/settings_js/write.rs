//! Values as JavaScript spells them.

use config::ValueKind;
use std::fmt::Write as _;

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Text(String),
    Flag(bool),
    Number(u32),
}

impl Written {
    /// As the language spells it, a text in this kind of quotes.
    pub fn text(&self, quote: char) -> String {
        match self {
            Self::Text(text) => quoted(text, quote),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// Without quotes, for people and scripts.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.text('\''),
        }
    }

    /// As the reader gives it.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Text(text) => ValueKind::from(text.as_str()),
            Self::Flag(flag) => ValueKind::from(*flag),
            Self::Number(number) => ValueKind::from(i64::from(*number)),
        }
    }
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote || c == '\\' => out.extend(['\\', c]),
            // The last two end a line in old versions of the language, the first hides at the file's beginning.
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                // Writing to a String cannot fail; all of these have four hexadecimal digits.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_so_that_they_read_back() {
        assert_eq!(Written::Text("a'b\"c\\d\n\u{1}\u{2028}ж".to_owned()).text('\''), r#"'a\'b"c\\d\n\u0001\u2028ж'"#);
        assert_eq!(Written::Text("a'b\"c".to_owned()).text('"'), r#""a'b\"c""#);
        assert_eq!(Written::Flag(true).text('\''), "true");
        assert_eq!(Written::Number(8801).text('"'), "8801");
    }
}
