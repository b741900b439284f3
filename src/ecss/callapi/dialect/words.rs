//! Names and words compared as people read them: `answer_time`, `answerTime` and `Answer-Time` are one.

use serde_json::{Map, Value};
use std::collections::HashMap;

/// Longer words are no words of a vocabulary.
const LONGEST: usize = 64;

/// Runs `f` on the word without case, `_`, `-`, spaces and signs. Words of ordinary length cost no allocation, as
/// this is done for every field of every leg.
fn with_plain<R>(word: &str, f: impl FnOnce(&str) -> R) -> R {
    let mut buffer = [0_u8; LONGEST];
    let mut len = 0;
    if word.len() > LONGEST {
        return f("");
    }
    if !word.is_ascii() {
        return f(&word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>());
    }
    for byte in word.bytes().filter(u8::is_ascii_alphanumeric) {
        buffer[len] = byte.to_ascii_lowercase();
        len += 1;
    }
    f(std::str::from_utf8(&buffer[..len]).unwrap_or_default())
}

/// The word as it is compared.
pub(in crate::ecss::callapi) fn plain(word: &str) -> String {
    with_plain(word, str::to_owned)
}

/// Foreign words and what they mean to us.
#[derive(Debug)]
pub(crate) struct Vocabulary<T>(HashMap<String, T>);

impl<T: Copy> Vocabulary<T> {
    /// The meaning of a word, if it is known.
    pub(crate) fn get(&self, word: &str) -> Option<T> {
        with_plain(word, |plain| self.0.get(plain).copied())
    }
}

impl<'w, T> FromIterator<(&'w str, T)> for Vocabulary<T> {
    fn from_iter<I: IntoIterator<Item = (&'w str, T)>>(words: I) -> Self {
        Self(words.into_iter().map(|(word, meaning)| (plain(word), meaning)).collect())
    }
}

/// The names that `N` fields of an object may go by.
#[derive(Debug)]
pub(crate) struct Aliases<const N: usize>(HashMap<String, (usize, usize)>);

impl<const N: usize> Aliases<N> {
    /// One list per field, in order of preference. A name that stands for two fields is an error, as it could only
    /// be read at random; the name is returned.
    pub(super) fn new(fields: [&[String]; N]) -> Result<Self, String> {
        let mut names = HashMap::new();
        for (field, aliases) in fields.into_iter().enumerate() {
            for (rank, alias) in aliases.iter().enumerate() {
                let before = names.entry(plain(alias)).or_insert((field, rank));
                if before.0 != field || plain(alias).is_empty() {
                    return Err(alias.clone());
                }
            }
        }
        Ok(Self(names))
    }

    /// The fields of an object that are there and not null, each under its most preferred name.
    pub(crate) fn pick<'o>(&self, object: &'o Map<String, Value>) -> [Option<(&'o str, &'o Value)>; N] {
        let mut found = [None; N];
        let mut ranks = [usize::MAX; N];
        for (name, value) in object {
            if let Some((field, rank)) = with_plain(name, |plain| self.0.get(plain).copied())
                && !value.is_null()
                && rank < ranks[field]
            {
                found[field] = Some((name.as_str(), value));
                ranks[field] = rank;
            }
        }
        found
    }

    /// The field that a name stands for.
    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        with_plain(name, |plain| self.0.get(plain).map(|(field, _)| *field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spelling_of_words_does_not_matter() {
        let words: Vocabulary<u8> = [("on_hold", 1), ("занят", 2)].into_iter().collect();
        for word in ["on_hold", "onHold", "ON-HOLD", " on hold "] {
            assert_eq!(words.get(word), Some(1), "{word}");
        }
        assert_eq!(words.get("Занят"), Some(2));
        assert_eq!(words.get("hold"), None);
        assert_eq!(words.get(&"x".repeat(500)), None);
    }

    #[test]
    fn the_preferred_name_wins_unless_it_is_null() {
        let names = Aliases::<2>::new([&["id".into(), "leg_id".into()], &["state".into()]]).expect("distinct");
        let object = json!({"legId": "b", "id": "a", "State": 1, "other": 2});
        let [id, state] = names.pick(object.as_object().expect("object"));
        assert_eq!(id.expect("id").1, "a");
        assert_eq!(state.expect("state").0, "State");
        let object = json!({"legId": "b", "id": null});
        assert_eq!(names.pick(object.as_object().expect("object"))[0].expect("id").1, "b");
    }

    #[test]
    fn a_name_for_two_fields_is_refused() {
        assert_eq!(Aliases::<2>::new([&["leg_id".into()], &["legId".into()]]).expect_err("ambiguous"), "legId");
        assert!(Aliases::<1>::new([&["--".into()]]).is_err());
    }
}
