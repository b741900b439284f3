//! Lines of an object literal that are commented out, such as `//httpPort: process.env.HTTP_PORT || 8801,`.

use super::cursor::{Cursor, ends_line};
use super::reader::SourceReader;
use std::collections::HashMap;

/// A key and value behind `//`.
#[derive(Debug, PartialEq, Eq)]
pub struct CommentedOut {
    /// The first slash.
    pub from: usize,
    /// Behind the value and its comma.
    pub to: usize,
    /// The quote that its value stands in, or else the plain one.
    pub quote: char,
}

/// The first line in `gap` (only space and comments) that would set `key` without its slashes.
pub fn commented_out(text: &[char], gap: (usize, usize), key: &str) -> Option<CommentedOut> {
    let mut cursor = Cursor::new(text);
    cursor.at = gap.0;
    while cursor.at < gap.1 {
        if cursor.looking_at("//") {
            let from = cursor.at;
            let end = (from..text.len()).find(|at| ends_line(text[*at])).unwrap_or(text.len());
            let alone = text[..from].iter().rev().take_while(|c| !ends_line(**c)).all(|c| c.is_whitespace());
            if let Some(found) = alone.then(|| parse(text, from, end, key)).flatten() {
                return Some(found);
            }
            cursor.at = end;
        } else if cursor.looking_at("/*") {
            cursor.at += 2;
            while cursor.at < gap.1 && !cursor.eat("*/") {
                cursor.at += 1;
            }
        } else {
            cursor.at += 1;
        }
    }
    None
}

/// Whether the comment would be a property, and nothing but comments behind it.
fn parse(text: &[char], from: usize, end: usize, key: &str) -> Option<CommentedOut> {
    let nothing = HashMap::new();
    let mut reader = SourceReader::new(&text[..end], "", &nothing);
    reader.cursor.at = from;
    while reader.cursor.peek() == Some('/') {
        reader.cursor.at += 1;
    }
    reader.cursor.space().ok()?;
    let name = match reader.cursor.peek()? {
        '"' | '\'' => reader.cursor.string().ok()?,
        _ => reader.cursor.name()?,
    };
    reader.cursor.space().ok()?;
    if name != key || !reader.cursor.eat(":") {
        return None;
    }
    reader.cursor.space().ok()?;
    let quote = reader.cursor.peek().filter(|c| matches!(c, '"' | '\'')).unwrap_or('\'');
    reader.expression().ok()?;
    let mut to = reader.cursor.at;
    reader.cursor.space().ok()?;
    if reader.cursor.eat(",") {
        to = reader.cursor.at;
        reader.cursor.space().ok()?;
    }
    reader.cursor.peek().is_none().then_some(CommentedOut { from, to, quote })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, key: &str) -> Option<String> {
        let text: Vec<char> = text.chars().collect();
        let found = commented_out(&text, (0, text.len()), key)?;
        Some(text[found.from..found.to].iter().collect())
    }

    #[test]
    fn a_line_that_would_set_the_key_is_found() {
        for line in [
            "//httpPort: process.env.HTTP_PORT || 8801,",
            "// httpPort : 8801",
            "/// 'httpPort': 0x2261,",
            "//\"httpPort\": '8801' + '',",
        ] {
            assert_eq!(found(&format!("\n  {line} // порт\n"), "httpPort").as_deref(), Some(line), "{line}");
        }
    }

    #[test]
    fn prose_and_other_keys_are_not() {
        for text in [
            "// httpsPort: 8802,",
            "// httpPort: the port to listen on",
            "// httpPort:",
            "// the httpPort: 8801",
            "/* httpPort: 8801, */",
            "/*\n// httpPort: 8801,\n*/",
            "x, // httpPort: 8801",
            "// httpPort: (8801",
        ] {
            assert_eq!(found(text, "httpPort"), None, "{text}");
        }
    }
}
