//! A number to be dialled, with the extension that may be written beside it.

use super::beside::{before, behind};
use super::plain::plain;
use super::whole::{Reading, whole};
use super::words::{Meaning, meaning};
use super::{AsWritten, inner_numbers};
use crate::domain::Phone;
use crate::domain::phone::PhoneError;

pub use super::beside::extension;

/// Longest text read, in characters.
const MAX_TEXT: usize = 200;

/// A number and what is to be dialled after the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    pub number: Phone,
    /// The extension: digits, `*` and `#`, with a comma where a pause was written.
    pub extension: Option<String>,
}

/// Reads what somebody wants to call. Of several complete numbers it is the first; a complete number is called rather
/// than an internal one, or a room, beside it. What may be one number or several is [`PhoneError::Unclear`].
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
        let read = in_words(number)?;
        let bare = || extension(parameters).filter(|_| !parameters.contains('='));
        let extension = named(parameters).or(read.extension).or_else(bare);
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

/// The extension among an address's parameters.
fn named(parameters: &str) -> Option<String> {
    let value = |name: &str| parameters.split([';', '@', '?']).find_map(|p| p.trim().strip_prefix(name));
    value("ext=").and_then(extension).or_else(|| value("postd=").and_then(extension))
}

/// The number in `1001@host`. RFC 3261, 19.1.6: a telephone number's parameters stand before the host, others behind
/// it; people write them in either place.
fn user_of(address: &str) -> Result<Dialled, PhoneError> {
    let (user, parameters) = address.split_at(address.find(['@', ';', '?']).unwrap_or(address.len()));
    Ok(Dialled { number: Phone::parse(user)?, extension: named(parameters) })
}

fn in_words(text: &str) -> Result<Dialled, PhoneError> {
    match whole(text) {
        Reading::Whole(found) => {
            let extension = behind(&text[found.end..]).or_else(|| before(&text[..found.start]));
            Ok(Dialled { number: Phone::parse(&found.number)?, extension })
        }
        Reading::Short => Ok(Dialled { number: short(text)?, extension: None }),
        Reading::Unclear => alone(text),
        Reading::TooLong => Err(PhoneError::TooLong),
    }
}

/// A Russian number in groups of its writer's own (`916 12 34 567`): nothing else stands there, and it has the length
/// of one.
fn alone(text: &str) -> Result<Dialled, PhoneError> {
    let written = text.strip_prefix('+').unwrap_or(text);
    let plain = written.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.'));
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    // More may be a room and a number; ten that begin otherwise, a city number and an extension.
    if plain && matches!((digits.len(), digits.as_bytes()), (10, [b'9', ..]) | (11, [b'7' | b'8', ..])) {
        return Ok(Dialled { number: Phone::parse(text)?, extension: None });
    }
    Err(PhoneError::Unclear)
}

/// A number of few digits: read as an internal one is.
fn short(text: &str) -> Result<Phone, PhoneError> {
    let signs = |c: char| c.is_ascii_digit() || "*#".contains(c);
    let Some(from) = text.find(signs) else {
        return Err(text.chars().find(|c| c.is_alphabetic()).map_or(PhoneError::Empty, PhoneError::Strange));
    };
    if let Some(letter) = attached(text) {
        return Err(PhoneError::Strange(letter));
    }
    let code = text[from..].starts_with(['*', '#']);
    let text = if code { text } else { text.trim_end_matches(['*', '#']) };
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'+') {
        return Phone::parse(text);
    }
    // A feature code of the switch, dialled as it stands.
    if text.contains(['*', '#']) && text[from..].chars().all(|c| signs(c) || " -.()".contains(c)) {
        return Phone::parse(&text[from..]);
    }
    let read = inner_numbers(&AsWritten::new(text));
    read.numbers.into_iter().next().filter(|_| !read.unclear).ok_or(PhoneError::Unclear)
}

/// The letter that belongs to a number written partly in letters, `8-800-FLOWERS`.
fn attached(text: &str) -> Option<char> {
    text.char_indices().find_map(|(at, letter)| {
        let touches = letter.is_alphabetic() && text[..at].ends_with(|c: char| c.is_ascii_digit() || c == '-');
        let number = text[..at].trim_end_matches('-').ends_with(|c: char| c.is_ascii_digit());
        let word: String = text[at..].chars().take_while(|c| c.is_alphabetic()).collect();
        (touches && number && meaning(&word) == Meaning::Unknown).then_some(letter)
    })
}
