//! Where requests to one portal queue for its budget, the urgent ones first.

use super::token_bucket::TokenBucket;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::budget::Budget;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How urgent a request is when the budget is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// About a call, or somebody waits in front of a card.
    Live,
    /// Everything that can wait: users, bindings.
    Other,
    /// Asked for by somebody who has proved nothing. It passes only while nobody else waits and half of the burst is
    /// left, which is what calls may need at once; it never grows older than others.
    Visitor,
}

/// Requests that have waited this long go first whatever they are, so that none waits for ever behind a busy company's
/// calls.
const LONG_WAIT: Duration = Duration::from_secs(3);

/// By priority, first come first served within one.
#[derive(Debug)]
pub(super) struct RateLimiter {
    queue: Mutex<WaitQueue>,
    changed: Notify,
}

#[derive(Debug)]
struct WaitQueue {
    bucket: TokenBucket,
    /// Everybody in line, and since when.
    waiting: BTreeMap<RequestPlace, Timestamp>,
    next_number: u64,
}

type RequestPlace = (Priority, u64);

impl RateLimiter {
    pub(super) fn new(budget: Budget) -> Self {
        let queue = WaitQueue { bucket: TokenBucket::new(budget), waiting: BTreeMap::new(), next_number: 0 };
        Self { queue: Mutex::new(queue), changed: Notify::new() }
    }

    /// Waits until one request may be sent. Giving up waiting costs nothing.
    pub(super) async fn acquire(&self, clock: &Clock, priority: Priority) {
        let entry = QueueEntry { limiter: self, place: self.lock().enter(priority, clock.now()) };
        // Slept time counts even if the wall clock was set back in the meantime.
        let mut earliest: Option<Timestamp> = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change is missed in between.
            changed.as_mut().enable();
            let wait = {
                let mut queue = self.lock();
                let now = clock.now().max(earliest.unwrap_or(Timestamp(i64::MIN)));
                let (from, wait) = match queue.try_acquire(entry.place, now) {
                    Ok(()) => return,
                    Err(Blocked::Empty(wait)) => (queue.bucket.at().unwrap_or(now).max(now), Some(wait)),
                    Err(Blocked::Behind(wait)) => (now, wait),
                };
                earliest = wait.map(|w| from + w);
                wait
            };
            match wait {
                Some(wait) => {
                    // The first one sleeps until the bucket has something, the others until they have waited so
                    // long that they are first, for nothing would wake them; and all only until something changes.
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = &mut changed => earliest = None,
                    }
                }
                None => changed.await,
            }
        }
    }

    /// Gives the whole budget away, because the portal says that it is used up.
    pub(super) fn drain(&self, now: Timestamp) {
        self.lock().bucket.drain(now);
    }

    /// Replaces the budget; those who wait are judged by the new one.
    pub(super) fn set_budget(&self, budget: Budget) {
        self.lock().bucket = TokenBucket::new(budget);
        self.changed.notify_waiters();
    }

    fn leave(&self, place: RequestPlace) {
        let others = {
            let mut queue = self.lock();
            queue.waiting.remove(&place);
            !queue.waiting.is_empty()
        };
        if others {
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, WaitQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitQueue {
    fn enter(&mut self, priority: Priority, now: Timestamp) -> RequestPlace {
        let place = (priority, self.next_number);
        self.next_number += 1;
        self.waiting.insert(place, now);
        place
    }

    fn is_first(&self, place: RequestPlace, now: Timestamp) -> bool {
        let tired = self
            .waiting
            .iter()
            .filter(|((priority, _), since)| *priority != Priority::Visitor && now.since(**since) >= LONG_WAIT);
        let tired = tired.min_by_key(|(_, at)| **at);
        let first = tired.or_else(|| self.waiting.first_key_value());
        first.is_some_and(|(first, _)| *first == place)
    }

    fn try_acquire(&mut self, place: RequestPlace, now: Timestamp) -> Result<(), Blocked> {
        if self.is_first(place, now) {
            let taken = match place.0 {
                Priority::Visitor => self.bucket.take_spare(now),
                Priority::Live | Priority::Other => self.bucket.take(now, 1),
            };
            return taken.map_err(Blocked::Empty);
        }
        if place.0 == Priority::Visitor {
            return Err(Blocked::Behind(None));
        }
        let waited = self.waiting.get(&place).map_or(Duration::ZERO, |since| now.since(*since));
        Err(Blocked::Behind(LONG_WAIT.checked_sub(waited).filter(|left| !left.is_zero())))
    }
}

/// Why somebody may not pass yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocked {
    /// First in line, but the bucket is empty for this long.
    Empty(Duration),
    /// Another request is first. After this time ours has waited long enough to overtake it; `None` where both have.
    Behind(Option<Duration>),
}

/// A place in the queue, given back however the waiting ends.
struct QueueEntry<'a> {
    limiter: &'a RateLimiter,
    place: RequestPlace,
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        self.limiter.leave(self.place);
    }
}

/// The place of a sender that does not wait in the queue itself but asks again when told to. While it has something to
/// send it stands in line like the others.
#[derive(Debug)]
pub struct RateLimitSlot {
    limiter: Arc<RateLimiter>,
    place: Option<RequestPlace>,
}

impl RateLimitSlot {
    pub(super) fn new(limiter: Arc<RateLimiter>) -> Self {
        Self { limiter, place: None }
    }

    /// How many requests could be sent at once; [`u32::MAX`] where nobody counts.
    pub fn left(&self, now: Timestamp) -> u32 {
        self.limiter.lock().bucket.left(now)
    }

    /// Whether more is left than what should be kept for what comes unexpectedly.
    pub fn is_rich(&self, now: Timestamp) -> bool {
        self.limiter.lock().bucket.is_rich(now)
    }

    /// Takes one request out of the budget, or returns when to ask again.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let taken = {
            let mut queue = self.limiter.lock();
            let place = *self.place.get_or_insert_with(|| queue.enter(Priority::Live, now));
            queue.try_acquire(place, now).map_err(|held| match held {
                Blocked::Empty(wait) => wait,
                // It takes two.
                Blocked::Behind(_) => queue.bucket.wait(now, 2),
            })
        };
        if taken.is_ok() {
            self.leave();
        }
        taken
    }

    /// Nothing is to be sent any more.
    pub fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.limiter.leave(place);
        }
    }
}

impl Drop for RateLimitSlot {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use tokio::time::Instant;

    /// The manual clock stands still, so only slept time counts.
    fn stopped() -> Clock {
        Clock::manual(Timestamp(0))
    }

    #[tokio::test]
    async fn a_burst_passes_and_the_rest_follow_at_the_rate() {
        let (limiter, clock, start) = (RateLimiter::new("50/3".parse().unwrap()), stopped(), Instant::now());
        let passed = join_all((0..7).map(|_| async {
            limiter.acquire(&clock, Priority::Live).await;
            start.elapsed()
        }))
        .await;
        for (n, at) in passed.iter().enumerate() {
            // Never earlier than the bucket allows; later only as far as the machine is busy.
            let earliest = Duration::from_millis(20 * n.saturating_sub(2) as u64);
            assert!(*at >= earliest && *at < earliest + Duration::from_secs(2), "{passed:?}");
        }
    }

    #[tokio::test]
    async fn the_urgent_overtake_those_who_came_first() {
        let (limiter, clock) = (Arc::new(RateLimiter::new("50/1".parse().unwrap())), stopped());
        limiter.acquire(&clock, Priority::Other).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let wanted = [Priority::Other, Priority::Live, Priority::Other, Priority::Live, Priority::Other];
        join_all(wanted.into_iter().enumerate().map(|(n, priority)| {
            let (limiter, clock, order) = (limiter.clone(), clock.clone(), order.clone());
            async move {
                limiter.acquire(&clock, priority).await;
                order.lock().unwrap().push((priority, n));
            }
        }))
        .await;
        let mut sorted = order.lock().unwrap().clone();
        sorted.sort_unstable();
        assert_eq!(*order.lock().unwrap(), sorted);
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_his_place() {
        let (limiter, clock) = (RateLimiter::new("1/1".parse().unwrap()), stopped());
        limiter.acquire(&clock, Priority::Other).await;
        for _ in 0..3 {
            assert!(limiter.acquire(&clock, Priority::Live).now_or_never().is_none());
        }
        assert!(limiter.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn the_next_in_line_is_woken_when_the_first_gives_up() {
        let (limiter, clock) = (Arc::new(RateLimiter::new("20/1".parse().unwrap())), stopped());
        limiter.acquire(&clock, Priority::Other).await;
        let mut first = Box::pin(limiter.acquire(&clock, Priority::Live));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(limiter.acquire(&clock, Priority::Other));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        tokio::time::timeout(Duration::from_secs(60), second).await.expect("nobody is before it any more");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_waited_long_enough_notices_it_himself() {
        let (limiter, clock) = (Arc::new(RateLimiter::new("2/1".parse().unwrap())), stopped());
        let mut slot = RateLimitSlot::new(limiter.clone());
        assert_eq!(slot.take(clock.now()), Ok(()));
        let start = Instant::now();
        let mut other = Box::pin(limiter.acquire(&clock, Priority::Other));
        assert!(futures_util::poll!(&mut other).is_pending());
        // Calls stand in line from now on; nobody else comes or goes.
        assert!(slot.take(clock.now() + Duration::from_millis(1)).is_err());
        other.await;
        assert_eq!(start.elapsed(), LONG_WAIT);
    }

    #[test]
    fn a_guest_leaves_half_of_the_burst_to_calls_and_never_overtakes() {
        let limiter = Arc::new(RateLimiter::new("2/8".parse().unwrap()));
        let at = |ms: u64| Timestamp(0) + Duration::from_millis(ms);
        let acquire = |priority, now| {
            let place = limiter.lock().enter(priority, now);
            let passed = limiter.lock().try_acquire(place, now);
            limiter.leave(place);
            passed
        };
        assert!((0..4).all(|_| acquire(Priority::Visitor, at(0)).is_ok()));
        assert_eq!(acquire(Priority::Visitor, at(0)), Err(Blocked::Empty(Duration::from_millis(500))));
        assert!((0..4).all(|_| acquire(Priority::Live, at(0)).is_ok()), "what is left is for calls");
        let mut slot = RateLimitSlot::new(limiter.clone());
        assert!(slot.take(at(0)).is_err());
        let guest = limiter.lock().enter(Priority::Visitor, at(0));
        assert_eq!(
            limiter.lock().try_acquire(guest, at(60_000)),
            Err(Blocked::Behind(None)),
            "calls come first, always"
        );
        assert_eq!(slot.take(at(60_000)), Ok(()));
        assert_eq!(limiter.lock().try_acquire(guest, at(60_000)), Ok(()));
    }

    #[tokio::test]
    async fn a_new_budget_frees_those_who_wait() {
        let (limiter, clock) = (RateLimiter::new("1/1".parse().unwrap()), stopped());
        limiter.acquire(&clock, Priority::Other).await;
        let mut waiting = Box::pin(limiter.acquire(&clock, Priority::Other));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        limiter.set_budget(Budget::Unlimited);
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }

    #[test]
    fn whoever_asks_again_keeps_his_place_but_not_for_ever() {
        let limiter = Arc::new(RateLimiter::new("1/1".parse().unwrap()));
        let mut slot = RateLimitSlot::new(limiter.clone());
        let at = |ms: u64| Timestamp(0) + Duration::from_millis(ms);
        assert_eq!((slot.left(at(0)), slot.take(at(0)), slot.left(at(0))), (1, Ok(()), 0));
        assert_eq!(slot.take(at(200)), Err(Duration::from_millis(800)));
        let other = limiter.lock().enter(Priority::Other, at(300));
        let behind = Err(Blocked::Behind(Some(Duration::from_millis(2300))));
        assert_eq!(limiter.lock().try_acquire(other, at(1000)), behind, "calls come first");
        assert_eq!(slot.take(at(1000)), Ok(()));
        assert!(slot.take(at(1500)).is_err());
        assert_eq!(limiter.lock().try_acquire(other, at(3300)), Ok(()), "it has waited long enough");
        limiter.leave(other);
        // A sender that stands in line without taking its turn holds up nobody who has waited longer.
        assert!(slot.take(at(3400)).is_err());
        let another = limiter.lock().enter(Priority::Other, at(1400));
        assert_eq!(limiter.lock().try_acquire(another, at(4500)), Ok(()));
        limiter.leave(another);
        slot.leave();
        assert!(limiter.lock().waiting.is_empty());
    }
}
