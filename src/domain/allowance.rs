//! How often something may be done: this many times at once, then one more each interval.

use super::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Pure; the caller brings the time.
#[derive(Debug, Clone)]
pub struct Allowance {
    every: Duration,
    at_once: u32,
    /// When all that may be done at once could be done again.
    rested: Timestamp,
}

impl Allowance {
    /// A rested one: `at_once` times, then one more for each time `every` has passed.
    pub const fn new(every: Duration, at_once: u32) -> Self {
        Self { every, at_once, rested: Timestamp(i64::MIN) }
    }

    /// Takes one, or returns how long to wait for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let wait = self.wait(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.rested = self.rested.max(now) + self.every;
        Ok(())
    }

    /// The one taken last counts as not taken.
    pub fn give_back(&mut self) {
        self.rested = self.rested - self.every;
    }

    /// Whether all that may be done at once could be done now.
    pub fn is_rested(&self, now: Timestamp) -> bool {
        self.rested <= now
    }

    /// How long until one could be taken.
    pub fn wait(&mut self, now: Timestamp) -> Duration {
        let longest = self.every.saturating_mul(self.at_once);
        // A clock that was set back must not stop everything until it has caught up.
        if self.rested > now && self.rested.since(now) > longest {
            self.rested = now;
        }
        if self.rested <= now {
            return Duration::ZERO;
        }
        (self.rested.since(now) + self.every).saturating_sub(longest)
    }
}

/// The same allowance for each of many: sources, portals, whatever strangers can name any number of.
///
/// This many at most are counted. A rested allowance is as good as a new one, so that forgetting it changes nothing; where
/// none is rested, the one that will be first is forgotten.
#[derive(Debug)]
pub struct KeyedAllowance<K> {
    fresh: Allowance,
    most: usize,
    counted: BTreeMap<K, Allowance>,
}

impl<K: Ord + Clone> KeyedAllowance<K> {
    /// Everybody has `fresh`; at most this many are counted.
    pub const fn new(fresh: Allowance, most: usize) -> Self {
        Self { fresh, most, counted: BTreeMap::new() }
    }

    /// What this one may.
    pub fn of(&mut self, key: &K, now: Timestamp) -> &mut Allowance {
        if self.counted.len() >= self.most && !self.counted.contains_key(key) {
            self.make_room(now);
        }
        self.counted.entry(key.clone()).or_insert_with(|| self.fresh.clone())
    }

    fn make_room(&mut self, now: Timestamp) {
        self.counted.retain(|_, allowance| !allowance.is_rested(now));
        if self.counted.len() >= self.most {
            let first = self.counted.iter().min_by_key(|(_, allowance)| allowance.rested).map(|(key, _)| key.clone());
            first.and_then(|first| self.counted.remove(&first));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn some_at_once_and_then_one_for_each_interval() {
        let mut allowance = Allowance::new(MINUTE, 2);
        let now = Timestamp(1_000_000);
        assert_eq!((allowance.take(now), allowance.take(now)), (Ok(()), Ok(())));
        assert_eq!(allowance.take(now), Err(MINUTE));
        assert_eq!(allowance.take(now + MINUTE / 2), Err(MINUTE / 2));
        assert_eq!(allowance.take(now + MINUTE), Ok(()));
        assert!(allowance.take(now + MINUTE).is_err());
        let later = now + MINUTE * 60;
        assert_eq!((allowance.take(later), allowance.take(later)), (Ok(()), Ok(())), "rest saves up no more than that");
        assert!(allowance.take(later).is_err());
        assert_eq!(allowance.take(now), Ok(()), "the clock was set back by an hour");
    }

    #[test]
    fn each_key_has_its_own_allowance_and_of_many_the_one_that_is_nearest_to_rest_is_forgotten() {
        let mut allowances = KeyedAllowance::new(Allowance::new(MINUTE, 2), 3);
        let now = Timestamp(1_000_000);
        let mut take = |key: &str, at: Timestamp| allowances.of(&key.to_owned(), at).take(at).is_ok();
        assert!(take("a", now) && take("a", now) && !take("a", now));
        assert!(take("b", now) && take("c", now) && take("c", now), "others have theirs");
        assert!(take("d", now), "beyond what is counted nobody is refused");
        assert!(!take("a", now) && !take("c", now), "b was forgotten, who had taken least");
        assert!(take("b", now) && take("b", now), "so that he begins anew, and d is forgotten");
        let later = now + MINUTE * 2;
        assert!(take("e", later) && take("a", later) && take("a", later) && !take("a", later));
        assert_eq!(allowances.counted.keys().collect::<Vec<_>>(), ["a", "e"], "all who rested are forgotten together");
        for n in 0..1000_u64 {
            let _ = allowances.of(&n.to_string(), later + Duration::from_millis(n)).take(later);
            assert!(allowances.counted.len() <= 3);
        }
    }

    proptest! {
        #[test]
        fn however_often_it_is_asked_no_more_is_given(steps in proptest::collection::vec(0_u64..90_000, 1..200)) {
            let mut allowance = Allowance::new(MINUTE, 3);
            let (mut now, mut given) = (Timestamp(0), 0);
            for step in steps {
                now = now + Duration::from_millis(step);
                given += u64::from(allowance.take(now).is_ok());
                prop_assert!(given <= 3 + now.since(Timestamp(0)).as_secs() / 60);
            }
        }
    }
}
