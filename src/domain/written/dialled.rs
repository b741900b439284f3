//! A number to be dialled, with the extension that may be written behind it.

use super::plain::plain;
use super::words::{Meaning, meaning};
use crate::domain::Phone;
use crate::domain::phone::PhoneError;

/// Longest text read, in characters.
const MAX_TEXT: usize = 200;
/// Most digits dialled: fifteen of E.164 and a prefix.
const MAX_DIGITS: usize = 20;
/// From this many digits on a number is complete: what stands behind it is something else.
const COMPLETE: usize = 7;
/// Most digits of an extension.
const MAX_EXTENSION: usize = 10;

/// A number and what is to be dialled after the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// The number.
    pub number: Phone,
    /// The extension: digits, `*` and `#`, with a comma where a pause was written.
    pub extension: Option<String>,
}

/// Reads what somebody wants to call. Of several numbers it is the first.
pub fn dialled(text: &str) -> Result<Dialled, PhoneError> {
    let text: String = plain(text).into_iter().collect();
    let text = text.trim();
    if text.chars().nth(MAX_TEXT).is_some() {
        return Err(PhoneError::TooLong);
    }
    if let Some(address) = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:")) {
        return user_of(address);
    }
    if let Some(uri) = text.strip_prefix("tel:").or_else(|| text.strip_prefix("callto:")) {
        // RFC 3966: the number ends at the first semicolon, its parameters follow.
        let (number, parameters) = uri.split_once(';').unwrap_or((uri, ""));
        let named = |name: &str| parameters.split(';').find_map(|p| p.trim().strip_prefix(name)).and_then(extension);
        let read = in_words(number)?;
        let bare = || extension(parameters).filter(|_| !parameters.contains('='));
        let extension = named("ext=").or_else(|| named("postd=")).or(read.extension).or_else(bare);
        return Ok(Dialled { extension, ..read });
    }
    if text.contains('@') {
        return user_of(text);
    }
    if text.starts_with(['*', '#']) {
        return Ok(Dialled { number: Phone::parse(text)?, extension: None });
    }
    in_words(text)
}

/// The number in `1001@host`.
fn user_of(address: &str) -> Result<Dialled, PhoneError> {
    let user = address.split(['@', ';', '?']).next().unwrap_or_default();
    Ok(Dialled { number: Phone::parse(user)?, extension: None })
}

/// An extension that stands in a text of its own; `None` if there is none, or it is far too long for one.
pub fn extension(text: &str) -> Option<String> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let text = &text[from..];
    let end = text.find(|c: char| !c.is_ascii_digit() && !"*#,".contains(c)).unwrap_or(text.len());
    let found = text[..end].trim_end_matches(['*', '#', ',']);
    (found.bytes().filter(u8::is_ascii_digit).count() <= MAX_EXTENSION && found.len() <= 2 * MAX_EXTENSION)
        .then(|| found.to_owned())
}

fn in_words(text: &str) -> Result<Dialled, PhoneError> {
    let nothing = || text.chars().find(|c| c.is_alphabetic()).map_or(PhoneError::Empty, PhoneError::Strange);
    let first = text.find(|c: char| c.is_ascii_digit() || c == '*').ok_or_else(nothing)?;
    let found = base(text, first - usize::from(text[..first].ends_with('+')));
    // A room or a door before the number is no number.
    let whole = |found: &Base<'_>| found.digits.len() >= COMPLETE;
    let later = text.match_indices('+').map(|(at, _)| base(text, at)).find(whole);
    let found = if whole(&found) { found } else { later.unwrap_or(found) };
    if found.digits.len() > MAX_DIGITS {
        return Err(PhoneError::TooLong);
    }
    if let Some(letter) = found.attached(text) {
        return Err(PhoneError::Strange(letter));
    }
    let number = Phone::parse(&format!("{}{}", if found.plus { "+" } else { "" }, found.digits))?;
    Ok(Dialled { number, extension: behind(found.rest) })
}

/// A number cut out of a text.
struct Base<'a> {
    plus: bool,
    digits: String,
    rest: &'a str,
}

impl Base<'_> {
    /// The letter that belongs to a number written partly in letters, `8-800-FLOWERS`.
    fn attached(&self, text: &str) -> Option<char> {
        let letter = self.rest.chars().next().filter(|c| c.is_alphabetic())?;
        let word: String = self.rest.chars().take_while(|c| c.is_alphabetic()).collect();
        let before = &text[..text.len() - self.rest.len()];
        let touches = before.ends_with(|c: char| c.is_ascii_digit() || c == '-');
        (touches && self.digits.len() < COMPLETE && meaning(&word) != Meaning::Inner).then_some(letter)
    }
}

/// Reads from `start` to where the number ends.
fn base(text: &str, start: usize) -> Base<'_> {
    let mut found = Base { plus: false, digits: String::new(), rest: "" };
    let text = &text[start..];
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        let goes_on = match c {
            '0'..='9' if found.digits.len() > MAX_DIGITS => true,
            '0'..='9' => {
                let apart = text[..at].ends_with(|c: char| !c.is_ascii_digit());
                !(apart && found.is_russian()) && {
                    found.digits.push(c);
                    true
                }
            }
            '+' if found.digits.is_empty() && !found.plus => {
                found.plus = true;
                true
            }
            ' ' | '-' | '(' | ')' | '.' => true,
            '/' => found.digits.len() < COMPLETE && digits_ahead(&rest[1..]) >= 5,
            '*' | '#' if found.digits.len() < COMPLETE && rest.len() > 1 => {
                found.digits.push(c);
                true
            }
            _ => false,
        };
        if !goes_on {
            found.rest = rest;
            break;
        }
    }
    found
}

impl Base<'_> {
    /// A number of Russia is complete after eleven digits.
    fn is_russian(&self) -> bool {
        let begins = if self.plus { self.digits.starts_with('7') } else { self.digits.starts_with(['7', '8']) };
        self.digits.len() == 11 && begins && !self.digits.starts_with("810")
    }
}

fn digits_ahead(text: &str) -> usize {
    text.chars().take_while(|c| c.is_ascii_digit() || " -".contains(*c)).filter(char::is_ascii_digit).count()
}

/// The extension behind a number: after a sign that separates it, or after a word that announces it.
fn behind(rest: &str) -> Option<String> {
    let from = rest.find(|c: char| c.is_ascii_digit())?;
    let (between, digits) = rest.split_at(from);
    let words = || between.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    let announced = words().any(|w| meaning(w) == Meaning::Inner);
    let separated = between.starts_with([',', ';', '#', '*', '~', 'p', 'w'])
        && words().all(|w| matches!(w, "p" | "w" | "доп"))
        && !between.contains('+')
        && digits_ahead(digits) < COMPLETE;
    if announced || separated { extension(digits) } else { None }
}
