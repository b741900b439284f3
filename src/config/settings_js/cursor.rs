//! A place in the text, and the smallest things that can be read there: space, names, strings, numbers.

use super::value::Unread;

/// Why reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// An expression we do not follow; reading may go on behind it.
    Foreign(Unread),
    /// The file is not JavaScript from here on.
    Broken(Unread),
}

impl Stop {
    /// An expression we do not follow.
    pub fn foreign(at: usize, what: impl Into<String>) -> Self {
        Self::Foreign(Unread { at, what: what.into() })
    }

    /// A syntax error.
    pub fn broken(at: usize, what: impl Into<String>) -> Self {
        Self::Broken(Unread { at, what: what.into() })
    }
}

/// A position in the text.
#[derive(Debug, Clone)]
pub struct Cursor<'t> {
    text: &'t [char],
    /// Index of the next character.
    pub at: usize,
}

/// Whether a name may begin with this.
pub fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

/// Whether a name may go on with this.
pub fn in_name(c: char) -> bool {
    begins_name(c) || c.is_numeric()
}

pub fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

impl<'t> Cursor<'t> {
    /// The beginning.
    pub const fn new(text: &'t [char]) -> Self {
        Self { text, at: 0 }
    }

    /// The whole text.
    pub const fn text(&self) -> &'t [char] {
        self.text
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    /// Steps over the next character.
    pub fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// Whether `word` stands here.
    pub fn looking_at(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }

    /// Steps over `word` if it stands here.
    pub fn eat(&mut self, word: &str) -> bool {
        let here = self.looking_at(word);
        if here {
            self.at += word.chars().count();
        }
        here
    }

    /// The text between two positions.
    pub fn slice(&self, from: usize, to: usize) -> String {
        self.text.get(from..to).unwrap_or_default().iter().collect()
    }

    /// Steps over space and comments; returns whether a line ended on the way.
    pub fn space(&mut self) -> Result<bool, Stop> {
        let mut line_ended = false;
        while let Some(c) = self.peek() {
            if c.is_whitespace() || c == '\u{feff}' {
                line_ended |= ends_line(c);
                self.at += 1;
            } else if self.looking_at("//") || (self.at == 0 && self.looking_at("#!")) {
                while self.peek().is_some_and(|c| !ends_line(c)) {
                    self.at += 1;
                }
            } else if self.looking_at("/*") {
                let start = self.at;
                self.at += 2;
                while !self.eat("*/") {
                    let c = self.next().ok_or_else(|| Stop::broken(start, "this comment is never closed by */"))?;
                    line_ended |= ends_line(c);
                }
            } else {
                break;
            }
        }
        Ok(line_ended)
    }

    /// The name that stands here.
    pub fn name(&mut self) -> Option<String> {
        let start = self.at;
        if !self.peek().is_some_and(begins_name) {
            return None;
        }
        while self.peek().is_some_and(in_name) {
            self.at += 1;
        }
        Some(self.slice(start, self.at))
    }

    /// A string whose opening quote is next.
    pub fn string(&mut self) -> Result<String, Stop> {
        let start = self.at;
        let open = || Stop::broken(start, "this text has no closing quote on its line");
        let quote = self.next().ok_or_else(open)?;
        let mut units: Vec<u16> = Vec::new();
        loop {
            match self.next().ok_or_else(open)? {
                c if c == quote => return Ok(String::from_utf16_lossy(&units)),
                '\\' => self.escape(&mut units)?,
                '\n' | '\r' => return Err(open()),
                c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
    }

    /// What follows a backslash. Works on UTF-16 units, because `\uD83D\uDE00` is one character.
    pub fn escape(&mut self, units: &mut Vec<u16>) -> Result<(), Stop> {
        let start = self.at;
        let bad = || Stop::broken(start, "this escape sequence is not valid");
        let code = match self.next().ok_or_else(bad)? {
            'n' => 0x0a,
            't' => 0x09,
            'r' => 0x0d,
            'b' => 0x08,
            'f' => 0x0c,
            'v' => 0x0b,
            // Of old: up to three octal digits.
            first @ '0'..='7' => {
                let most = if first <= '3' { 2 } else { 1 };
                let mut code = first.to_digit(8).unwrap_or_default();
                for _ in 0..most {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.at += 1;
                }
                code
            }
            'x' => self.hex(2).ok_or_else(bad)?,
            'u' if self.eat("{") => {
                let length = (1..=6).find(|i| self.text.get(self.at + i) == Some(&'}')).ok_or_else(bad)?;
                let code = self.hex(length).ok_or_else(bad)?;
                self.at += 1;
                code
            }
            'u' => self.hex(4).ok_or_else(bad)?,
            '\r' => {
                self.eat("\n");
                return Ok(());
            }
            c if ends_line(c) => return Ok(()),
            c => u32::from(c),
        };
        match u16::try_from(code) {
            Ok(unit) => units.push(unit),
            Err(_) => units.extend_from_slice(char::from_u32(code).ok_or_else(bad)?.encode_utf16(&mut [0; 2])),
        }
        Ok(())
    }

    fn hex(&mut self, length: usize) -> Option<u32> {
        let digits = self.slice(self.at, self.at + length);
        if digits.chars().count() != length || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        self.at += length;
        u32::from_str_radix(&digits, 16).ok()
    }

    /// A number whose first character is next.
    pub fn number(&mut self) -> Result<f64, Stop> {
        let start = self.at;
        let is_part = |this: &Self| match this.peek() {
            Some(c) if in_name(c) || c == '.' => true,
            // The sign of an exponent, which is no subtraction.
            Some('+' | '-') => {
                this.text[start..this.at].last().is_some_and(|c| "eE".contains(*c)) && !this.is_hex(start)
            }
            _ => false,
        };
        while is_part(self) {
            self.at += 1;
        }
        let word: String = self.slice(start, self.at).replace('_', "").to_ascii_lowercase();
        let whole = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|n| n as f64);
        let number = match word.get(..2) {
            Some("0x") => whole(&word[2..], 16),
            Some("0o") => whole(&word[2..], 8),
            Some("0b") => whole(&word[2..], 2),
            // Of old: a leading zero makes it octal, unless another digit says otherwise.
            _ if word.len() > 1 && word.starts_with('0') && word.chars().all(|c| matches!(c, '0'..='7')) => {
                whole(&word, 8)
            }
            _ if word.chars().all(|c| c.is_ascii_digit() || "e+-.".contains(c)) => word.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Stop::broken(start, format!("{word} is not a number")))
    }

    fn is_hex(&self, start: usize) -> bool {
        self.text.get(start) == Some(&'0') && matches!(self.text.get(start + 1), Some('x' | 'X'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on<T>(text: &str, read: impl FnOnce(&mut Cursor<'static>) -> T) -> T {
        let chars: Vec<char> = text.chars().collect();
        read(&mut Cursor::new(chars.leak()))
    }

    #[test]
    fn space_covers_comments_and_tells_line_ends() {
        on("  // a\r\n /* b \n */x", |c| {
            assert_eq!(c.space(), Ok(true));
            assert_eq!(c.peek(), Some('x'));
        });
        on("\u{feff} /* b */x", |c| assert_eq!(c.space(), Ok(false)));
        on("#!/usr/bin/node\nx", |c| assert_eq!(c.space(), Ok(true)));
        on("/* b", |c| assert!(matches!(c.space(), Err(Stop::Broken(_)))));
    }

    #[test]
    fn strings_know_every_escape() {
        for (text, value) in [
            (r#""a'b""#, "a'b"),
            (r"'it\'s'", "it's"),
            (r"'\n\t\\\x41\u0416\u{1F600}\0'", "\n\t\\A\u{416}\u{1F600}\0"),
            (r"'\uD83D\uDE00'", "\u{1F600}"),
            ("'a\\\r\nb'", "ab"),
            (r"'\q'", "q"),
        ] {
            assert_eq!(on(text, Cursor::string).as_deref(), Ok(value), "{text}");
        }
        for text in ["'abc", "'a\nb'", r"'\x4'", r"'\u{110000}'", r"'\", r"'\u12"] {
            assert!(matches!(on(text, Cursor::string), Err(Stop::Broken(_))), "{text}");
        }
    }

    #[test]
    fn numbers_come_in_all_notations() {
        for (text, value) in [
            ("8801,", 8801.0),
            ("0x2261", 8801.0),
            ("0b11", 3.0),
            ("1_000", 1000.0),
            ("1.5e+2", 150.0),
            (".5", 0.5),
            ("1-1", 1.0),
            ("0xE+1", 14.0),
        ] {
            assert_eq!(on(text, Cursor::number), Ok(value), "{text}");
        }
        for text in ["12ab", "1.2.3", "0xzz", "10n", "1e", "0x"] {
            assert!(matches!(on(text, Cursor::number), Err(Stop::Broken(_))), "{text}");
        }
    }
}
