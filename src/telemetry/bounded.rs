//! Text that ends at a length: much of what is logged was said by somebody else, who may say a megabyte.

use std::fmt::{self, Write};

/// Longest value of a field, in bytes. Addresses, names and reasons are shorter; a stranger's megabyte is cut.
pub const FIELD: usize = 512;

/// Longest message, in bytes: all faults of a settings file in one sentence fit.
pub const MESSAGE: usize = 2048;

/// Longest line's details, in bytes.
pub const DETAILS: usize = 4096;

/// Takes text up to a length and counts what comes behind it, so that nothing long is ever in memory.
#[derive(Debug)]
pub struct Bounded {
    text: String,
    most: usize,
    left_out: usize,
}

impl Bounded {
    /// Takes up to `most` bytes.
    pub const fn new(most: usize) -> Self {
        Self { text: String::new(), most, left_out: 0 }
    }

    /// `value`, cut at `most` bytes, with a word about what is missing.
    pub fn of(most: usize, value: impl fmt::Display) -> String {
        let mut all = Self::new(most);
        // Writing to this cannot fail; what a Display of somebody else's makes of it is kept as far as it came.
        let _ = write!(all, "{value}");
        all.finish()
    }

    /// What stands between the text and what follows.
    pub const fn gap(&self) -> &'static str {
        if self.text.is_empty() && self.left_out == 0 { "" } else { " " }
    }

    /// The text, with a word about what is missing.
    pub fn finish(mut self) -> String {
        if self.left_out > 0 {
            let _ = write!(self.text, "…(+{} bytes)", self.left_out);
        }
        self.text
    }
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = if self.left_out > 0 { 0 } else { self.most - self.text.len() };
        let kept = text.floor_char_boundary(room.min(text.len()));
        self.text.push_str(&text[..kept]);
        self.left_out += text.len() - kept;
        Ok(())
    }
}

/// Whether a character could end a line, turn the direction of reading, hide, or command a terminal.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_says_how_much_is_missing() {
        for (text, most, cut) in [
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "abc…(+1 bytes)"),
            ("жжж", 3, "ж…(+4 bytes)"),
            ("abc", 0, "…(+3 bytes)"),
        ] {
            assert_eq!(Bounded::of(most, text), cut, "{text}");
        }
    }

    #[test]
    fn nothing_is_taken_behind_a_gap() {
        let mut all = Bounded::new(3);
        all.write_str("жж").unwrap();
        all.write_str("a").unwrap();
        assert_eq!(all.finish(), "ж…(+3 bytes)");
    }

    #[test]
    fn what_is_not_seen_is_told_from_what_is() {
        for c in "\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200b}\u{feff}\u{1b}\0\n\r\t\u{9b}\u{e0041}".chars() {
            assert!(is_unseen(c), "{c:?}");
        }
        assert!(!"Aя é…—\u{1F600} \"'<".chars().any(is_unseen));
    }
}
