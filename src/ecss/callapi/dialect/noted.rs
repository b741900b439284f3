//! Remembers which oddities were already logged, so that each is told once and not with every call.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// More distinct oddities than this are noise, not news.
const MOST: usize = 200;

/// What was told already, for all connections that share a dialect.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashSet<String>>);

impl Noted {
    /// Whether this is the first time and should be told.
    pub(crate) fn is_news(&self, what: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(what) || told.len() >= MOST {
            return false;
        }
        told.insert(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_news_once() {
        let noted = Noted::default();
        assert!(noted.is_news("a"));
        assert!(!noted.is_news("a"));
        for n in 0..1000 {
            noted.is_news(&n.to_string());
        }
        assert!(!noted.is_news("b"), "the memory is bounded");
    }
}
