//! Telephone numbers as people write them: several in one field, with words, labels and extensions around them.
//!
//! Nothing is glued together that does not stand together, and what cannot be told apart is said to be so.

mod around;
mod beside;
mod dialled;
mod groups;
mod inner;
mod pieces;
mod plain;
mod runs;
mod whole;
mod words;

pub use dialled::{Dialled, dialled, extension};
pub use inner::inner_numbers;
pub use plain::visible;

use serde::{Deserialize, Serialize};
use std::fmt;

/// The text in lower case, with every kind of space, hyphen, digit and full-width sign as its plain sister, and without
/// what cannot be seen.
pub(in crate::domain) fn plain_text(text: &str) -> String {
    plain::plain(text).into_iter().collect::<String>().trim().to_owned()
}

/// Longest text kept, in characters.
const MAX_TEXT: usize = 200;
/// Stands at the end of a text that was cut.
pub(super) const CUT: char = '…';

/// A person's text, fit to be kept and shown: trimmed, at most 200 characters (a longer one ends with `…`), without
/// characters that cannot be seen or turn the direction of writing. Lines stay apart.
///
/// May hold whatever people type, a client's number too: its [`Debug`](fmt::Debug) form shows its length only, so
/// that it may stand in a log line.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AsWritten(String);

impl AsWritten {
    /// Takes over what can be shown of a text.
    pub fn new(text: &str) -> Self {
        let mut seen = text.chars().filter_map(visible).skip_while(|c| c.is_whitespace());
        let mut kept: String = seen.by_ref().take(MAX_TEXT).collect();
        if seen.any(|c| !c.is_whitespace()) {
            kept.push(CUT);
        }
        kept.truncate(kept.trim_end().len());
        Self(kept)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing that can be seen was written.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text of others on one line, of any length, cleaned as [`AsWritten`] is: for a terminal.
pub fn on_one_line(text: &str) -> String {
    let seen = text.chars().filter_map(visible);
    seen.map(|c| if c == '\n' { ' ' } else { c }).collect::<String>().trim().to_owned()
}

impl fmt::Display for AsWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AsWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters]", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests;
