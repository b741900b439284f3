//! A model of the portal's request limit, so that we wait before it says no.
//!
//! A cloud portal lets through a burst (50 requests, 250 on the largest plan) and then 2 (or 5) per second, counted
//! per portal and source address; a portal in a box has no such limit. We stay a little below the burst.

use crate::domain::Timestamp;
use crate::domain::budget::Budget;
use std::time::Duration;

/// Counted in millionths of a request, so that no waiting time is off by a rounding.
const REQUEST: i64 = 1_000_000;

/// A clock that is behind by more was set back: waiting until it has caught up could take hours.
const SET_BACK: Duration = Duration::from_secs(5);

/// How full the budget is at a moment; pure.
///
/// Time that runs backwards refills nothing and takes nothing away.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// `None`: unlimited.
    limit: Option<BucketLimit>,
    left: i64,
    at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct BucketLimit {
    per_milli: i64,
    full: i64,
}

impl TokenBucket {
    /// A rested bucket.
    pub fn new(budget: Budget) -> Self {
        let limit = match budget {
            Budget::Unlimited => None,
            Budget::Limited { per_second, burst } => Some(BucketLimit {
                per_milli: i64::from(per_second) * (REQUEST / 1000),
                full: i64::from(burst) * REQUEST,
            }),
        };
        Self { limit, left: limit.map_or(0, |l| l.full), at: None }
    }

    /// Takes `cost` requests out, or says how long to wait until they will be there if nobody else takes any.
    /// A cost above the burst is met by a full bucket, which it leaves in debt.
    pub fn take(&mut self, now: Timestamp, cost: u32) -> Result<(), Duration> {
        if self.limit.is_none() {
            return Ok(());
        }
        let wait = self.wait(now, cost);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.left -= i64::from(cost) * REQUEST;
        Ok(())
    }

    /// Takes one request out if half of the burst is left after it, or says how long to wait for that.
    pub(super) fn take_spare(&mut self, now: Timestamp) -> Result<(), Duration> {
        let Some(limit) = self.limit else { return Ok(()) };
        let half = u32::try_from(limit.full / REQUEST / 2).unwrap_or(u32::MAX);
        match self.wait(now, half + 1) {
            Duration::ZERO => self.take(now, 1),
            wait => Err(wait),
        }
    }

    /// How long until `cost` requests could be taken.
    pub fn wait(&mut self, now: Timestamp, cost: u32) -> Duration {
        let Some(limit) = self.limit else { return Duration::ZERO };
        self.refill(now, limit);
        let missing = (i64::from(cost) * REQUEST).min(limit.full) - self.left;
        // Rounded up, or the caller would come back an instant too early.
        let millis = if missing > 0 { (missing + limit.per_milli - 1) / limit.per_milli } else { 0 };
        Duration::from_millis(millis.unsigned_abs())
    }

    /// How many requests could be taken now; [`u32::MAX`] where nobody counts.
    pub fn left(&mut self, now: Timestamp) -> u32 {
        let Some(limit) = self.limit else { return u32::MAX };
        self.refill(now, limit);
        u32::try_from(self.left.max(0) / REQUEST).unwrap_or(u32::MAX)
    }

    /// Whether more is left than an eighth of the burst.
    pub fn is_rich(&mut self, now: Timestamp) -> bool {
        let left = self.left(now);
        self.limit.is_none_or(|limit| i64::from(left) > limit.full / REQUEST / 8)
    }

    /// The portal has said that its bucket is full, so others ask it too: nothing is left for now.
    pub fn drain(&mut self, now: Timestamp) {
        if let Some(limit) = self.limit {
            self.refill(now, limit);
            self.left = self.left.min(0);
        }
    }

    fn refill(&mut self, now: Timestamp, limit: BucketLimit) {
        if let Some(at) = self.at {
            let millis = i64::try_from(now.since(at).as_millis()).unwrap_or(i64::MAX);
            self.left = self.left.saturating_add(millis.saturating_mul(limit.per_milli)).min(limit.full);
        }
        let set_back = self.at.is_some_and(|at| now + SET_BACK < at);
        self.at = Some(if set_back { now } else { self.at.map_or(now, |at| at.max(now)) });
    }

    /// The moment up to which the bucket has been refilled, if it was ever asked.
    pub(super) const fn at(&self) -> Option<Timestamp> {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_burst_passes_at_once_and_the_next_waits() {
        let mut bucket = TokenBucket::new("2/45".parse().unwrap());
        assert_eq!(bucket.left(T0), 45);
        assert!((0..45).all(|_| bucket.take(T0, 1).is_ok()));
        assert_eq!(bucket.left(T0), 0);
        assert_eq!(bucket.take(T0, 1), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(T0 + Duration::from_millis(499), 1), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(T0 + Duration::from_millis(500), 1), Ok(()));
    }

    #[test]
    fn a_full_portal_empties_the_model() {
        let mut bucket = TokenBucket::new(Budget::default());
        bucket.drain(T0);
        assert_eq!(bucket.take(T0, 1), Err(Duration::from_millis(500)));
        let mut box_portal = TokenBucket::new(Budget::Unlimited);
        box_portal.drain(T0);
        assert!((0..10_000).all(|_| box_portal.take(T0, 50).is_ok()));
    }

    #[test]
    fn a_clock_set_back_an_hour_does_not_stop_the_refilling_for_an_hour() {
        let mut bucket = TokenBucket::new("2/1".parse().unwrap());
        assert_eq!(bucket.take(T0 + Duration::from_secs(3600), 1), Ok(()));
        assert_eq!(bucket.take(T0, 1), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(T0 + Duration::from_millis(500), 1), Ok(()));
    }

    #[test]
    fn more_than_the_burst_is_not_refused_for_ever() {
        let mut bucket = TokenBucket::new("1/5".parse().unwrap());
        assert_eq!(bucket.take(T0, 8), Ok(()));
        assert_eq!(bucket.take(T0, 1), Err(Duration::from_secs(4)));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_allow(
            steps in proptest::collection::vec((-500i64..3000, 1u32..4), 1..200),
        ) {
            let mut bucket = TokenBucket::new("2/10".parse().unwrap());
            prop_assert_eq!(bucket.take(T0, 1), Ok(()));
            let (mut now, mut latest, mut taken) = (T0, T0, 1u32);
            for (step, cost) in steps {
                now = Timestamp(now.millis() + step);
                latest = latest.max(now);
                match bucket.take(now, cost) {
                    Ok(()) => taken += cost,
                    Err(wait) => prop_assert!(wait > Duration::ZERO),
                }
                let allowed = 10.0 + 2.0 * latest.since(T0).as_secs_f64() + 1e-6;
                prop_assert!(f64::from(taken) <= allowed, "{taken} > {allowed}");
            }
        }

        #[test]
        fn whoever_waits_as_told_gets_it(costs in proptest::collection::vec(1u32..12, 1..50)) {
            let mut bucket = TokenBucket::new("3/10".parse().unwrap());
            let mut now = T0;
            for cost in costs {
                if let Err(wait) = bucket.take(now, cost) {
                    now = now + wait;
                    prop_assert_eq!(bucket.take(now, cost), Ok(()));
                }
            }
        }
    }
}
