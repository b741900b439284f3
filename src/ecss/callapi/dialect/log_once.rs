//! Remembers which oddities were already logged, so that each is logged once and not with every call.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Mutex, PoisonError};

/// More distinct oddities of one company than this are noise, not news.
const OF_ONE: u32 = 50;
/// Beyond this of all companies everything is forgotten, so that nobody's words are hidden by those of others. At eight
/// bytes each.
const OF_ALL: usize = 50_000;

/// What was logged already, for all connections that share a dialect. Companies mostly share a switch, so that what one
/// has shown is no news from another.
#[derive(Debug, Default)]
pub(crate) struct LogOnce {
    hasher: RandomState,
    logged: Mutex<LoggedLines>,
}

#[derive(Debug, Default)]
struct LoggedLines {
    what: HashSet<u64>,
    /// How many of them each company's connections have shown.
    by: HashMap<u64, u32>,
}

impl LogOnce {
    /// Whether this is the first time and should be logged; `who` is whose connection it is.
    pub(crate) fn is_new(&self, who: impl Hash, what: &str) -> bool {
        let (who, what) = (self.hasher.hash_one(who), self.hasher.hash_one(what));
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.what.contains(&what) || logged.by.get(&who).is_some_and(|count| *count >= OF_ONE) {
            return false;
        }
        if logged.what.len() >= OF_ALL {
            *logged = LoggedLines::default();
        }
        *logged.by.entry(who).or_default() += 1;
        logged.what.insert(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_news_once_and_one_companys_noise_hides_nothing_of_another() {
        let log_once = LogOnce::default();
        assert!(log_once.is_new("a", "x"));
        assert!(!log_once.is_new("a", "x") && !log_once.is_new("b", "x"));
        let logged = (0..1000).filter(|n| log_once.is_new("a", &n.to_string())).count();
        assert_eq!(logged, 49, "the memory is bounded");
        assert!(!log_once.is_new("a", "y"));
        assert!(log_once.is_new("b", "y"));
    }

    #[test]
    fn what_is_remembered_of_all_is_bounded() {
        let log_once = LogOnce::default();
        for n in 0..2 * OF_ALL {
            assert!(log_once.is_new(n / 40, &n.to_string()), "{n}");
        }
        assert!(log_once.logged.lock().unwrap().what.len() <= OF_ALL);
    }
}
