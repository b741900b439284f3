//! How often something may be done: this many times at once, then one more each interval.

use super::Timestamp;
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
