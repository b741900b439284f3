//! The extension written beside a complete number.

use super::groups::digits_ahead;
use super::whole::{COMPLETE, Reading, whole};
use super::words::{Meaning, announces_tones, meaning};

/// Most digits of an extension.
const MAX_EXTENSION: usize = 10;
/// Most digits of one that stands in brackets without a word.
const MAX_IN_BRACKETS: usize = 6;

/// An extension that stands in a text of its own; `None` if there is none, or it is far too long for one.
pub fn extension(text: &str) -> Option<String> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let text = &text[from..];
    let end = text.find(|c: char| !c.is_ascii_digit() && !"*#,".contains(c)).unwrap_or(text.len());
    let found = text[..end].trim_end_matches(['*', '#', ',']);
    (found.bytes().filter(u8::is_ascii_digit).count() <= MAX_EXTENSION && found.len() <= 2 * MAX_EXTENSION)
        .then(|| found.to_owned())
}

/// The extension behind a number: after a sign that separates it, after a word that announces it, or in brackets.
pub(super) fn behind(rest: &str) -> Option<String> {
    let (mut between_from, mut first) = (0, true);
    while let Some(ahead) = rest[between_from..].find(|c: char| c.is_ascii_digit()) {
        let at = between_from + ahead;
        let (between, digits) = (&rest[between_from..at], &rest[at..]);
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        // Another number; what stands behind it is its own.
        if between.contains('+') || matches!(whole(digits), Reading::Whole(found) if found.start == 0) {
            return None;
        }
        let tail = &digits[length..];
        if announced(between) || first && (tones(between, tail) || separated(between, digits)) {
            return extension(digits);
        }
        let bare = between.trim_start_matches([')', ' ']).trim_end() == "(" && tail.trim_start().starts_with(')');
        if first && bare && length <= MAX_IN_BRACKETS {
            return extension(digits);
        }
        (between_from, first) = (at + length, false);
    }
    None
}

/// The extension before a number, `ext. 12, +7…`: with no word between that would make them two.
pub(super) fn before(text: &str) -> Option<String> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = text[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + sign_at(text, at));
    let apart = words(&text[end..]).all(|word| meaning(word) == Meaning::Phone);
    let label = &text[..start];
    let label = &label[label.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1)..];
    (apart && announced(label)).then(|| extension(&text[start..end])).flatten()
}

fn sign_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// A word for extensions stands before it, and at most `No.` between.
fn announced(between: &str) -> bool {
    words(between).rev().map(meaning).find(|m| *m != Meaning::Phone) == Some(Meaning::Inner)
}

/// Words that say to dial on, and nothing else: `tone 12`. A house is no extension.
fn tones(between: &str, tail: &str) -> bool {
    let address = words(tail).next().is_some_and(|word| meaning(word) == Meaning::Elsewhere);
    words(between).any(|word| word != "в") && words(between).all(announces_tones) && !address
}

fn separated(between: &str, digits: &str) -> bool {
    between.starts_with([',', ';', '#', '*', '~', 'p', 'w'])
        && words(between).all(|w| matches!(w, "p" | "w"))
        && digits_ahead(digits) < COMPLETE
}
