//! Words, semicolons and braces of a configuration, as nginx's own reader tells them apart (`ngx_conf_read_token`).

use super::{ConfigurationFault, FaultKind};

/// Tokens of one file: more than lists of networks have, and few enough for the memory of a small server.
const MOST: usize = 1_000_000;

/// A token and the line it begins in, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfigurationToken {
    pub line: usize,
    pub kind: TokenKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Without its quotes and escapes.
    Word(String),
    Semicolon,
    Open,
    Close,
    /// What stands in the braces of a `…_by_lua_block`; nothing of it is kept.
    Lua,
}

/// Splits one file.
pub(super) fn tokens(text: &str) -> Result<Vec<ConfigurationToken>, ConfigurationFault> {
    let mut reader = TokenReader { rest: text, line: 1 };
    let mut read: Vec<ConfigurationToken> = Vec::new();
    let mut begins = true;
    let mut lua = false;
    while let Some(found) = reader.blank_skipped() {
        let line = reader.line;
        let kind = match found {
            '\0' => return Err(FaultKind::NoText.at(line)),
            ';' => reader.one(TokenKind::Semicolon),
            '}' => reader.one(TokenKind::Close),
            '{' if lua => reader.lua()?,
            '{' => reader.one(TokenKind::Open),
            '"' | '\'' => TokenKind::Word(reader.quoted(found)?),
            _ => TokenKind::Word(reader.bare()),
        };
        if let TokenKind::Word(word) = &kind {
            lua = if begins { word.ends_with("_by_lua_block") } else { lua };
            begins = false;
        } else {
            (begins, lua) = (true, false);
        }
        if read.len() == MOST {
            return Err(FaultKind::TooLong.at(line));
        }
        read.push(ConfigurationToken { line, kind });
    }
    Ok(read)
}

struct TokenReader<'a> {
    rest: &'a str,
    line: usize,
}

impl TokenReader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn one(&mut self, kind: TokenKind) -> TokenKind {
        self.next();
        kind
    }

    /// What follows spaces and comments.
    fn blank_skipped(&mut self) -> Option<char> {
        loop {
            match self.peek()? {
                '#' => self.line_skipped(),
                c if c.is_ascii_whitespace() => {
                    self.next();
                }
                c => return Some(c),
            }
        }
    }

    fn line_skipped(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    /// A backslash and what follows it.
    fn escaped(&mut self, word: &mut String) {
        match self.next() {
            Some(c @ ('"' | '\'' | '\\')) => word.push(c),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            other => word.extend(std::iter::once('\\').chain(other)),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, ConfigurationFault> {
        let begun = self.line;
        self.next();
        let mut word = String::new();
        loop {
            match self.next() {
                None => return Err(FaultKind::OpenQuote.at(begun)),
                Some('\\') => self.escaped(&mut word),
                Some(c) if c == quote => return Ok(word),
                Some(c) => word.push(c),
            }
        }
    }

    /// Ends at a space, a semicolon or a brace that is not a variable's (`${name}`).
    fn bare(&mut self) -> String {
        let mut word = String::new();
        let mut variable = false;
        while let Some(c) = self.peek() {
            if c.is_ascii_whitespace() || c == ';' || (c == '{' && !variable) {
                break;
            }
            self.next();
            if c == '\\' {
                self.escaped(&mut word);
            } else {
                word.push(c);
            }
            variable = c == '$';
        }
        word
    }

    /// Skips Lua up to the brace that closes it; braces in its strings and comments do not count.
    fn lua(&mut self) -> Result<TokenKind, ConfigurationFault> {
        let begun = self.line;
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with("--[[") || self.rest.starts_with("[[") {
                let Some(end) = self.rest.find("]]") else { return Err(FaultKind::OpenBlock.at(begun)) };
                let skipped = &self.rest[..end + 2];
                self.line += skipped.matches('\n').count();
                self.rest = &self.rest[end + 2..];
                continue;
            }
            if self.rest.starts_with("--") {
                self.line_skipped();
                continue;
            }
            match self.peek() {
                None => return Err(FaultKind::OpenBlock.at(begun)),
                Some(quote @ ('"' | '\'')) => {
                    self.quoted(quote)?;
                    continue;
                }
                Some('{') => depth += 1,
                Some('}') => depth -= 1,
                Some(_) => {}
            }
            self.next();
            if depth == 0 {
                return Ok(TokenKind::Lua);
            }
        }
    }
}
