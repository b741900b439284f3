//! Where requests to one portal queue for its budget, the urgent ones first.

use super::budget::Bucket;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::budget::Budget;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How urgent a request is when the budget is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A card has to appear or vanish on somebody's screen.
    Card,
    /// A CRM call has to be made, which a card waits for.
    Register,
    /// A CRM call has to be ended; nobody looks.
    Finish,
    /// Everything that can wait: users, bindings.
    Other,
}

impl Priority {
    /// The urgency of a REST method.
    pub fn of(method: &str) -> Self {
        match method.to_ascii_lowercase().as_str() {
            "telephony.externalcall.show" | "telephony.externalcall.hide" => Self::Card,
            "telephony.externalcall.register" | "batch" => Self::Register,
            "telephony.externalcall.finish" => Self::Finish,
            _ => Self::Other,
        }
    }
}

/// Strict priority, first come first served within one.
#[derive(Debug)]
pub(super) struct Gate {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug)]
struct Queue {
    bucket: Bucket,
    waiting: BTreeSet<Place>,
    next_number: u64,
}

type Place = (Priority, u64);

impl Gate {
    pub(super) fn new(budget: Budget) -> Self {
        let queue = Queue { bucket: Bucket::new(budget), waiting: BTreeSet::new(), next_number: 0 };
        Self { queue: Mutex::new(queue), changed: Notify::new() }
    }

    /// Waits until one request may be sent. Giving up waiting costs nothing.
    pub(super) async fn pass(&self, clock: &Clock, priority: Priority) {
        let ticket = self.enter(priority);
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
                match queue.try_pass(ticket.place, now) {
                    Ok(()) => return,
                    Err(wait) => {
                        earliest = wait.map(|w| queue.bucket.at().unwrap_or(now).max(now) + w);
                        wait
                    }
                }
            };
            match wait {
                Some(wait) => {
                    // Only the first in line sleeps, and only until somebody more urgent comes.
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = &mut changed => earliest = None,
                    }
                }
                None => changed.await,
            }
        }
    }

    fn enter(&self, priority: Priority) -> Ticket<'_> {
        let mut queue = self.lock();
        let place = (priority, queue.next_number);
        queue.next_number += 1;
        queue.waiting.insert(place);
        Ticket { gate: self, place }
    }

    /// Gives the whole budget away, because the portal says that it is used up.
    pub(super) fn drain(&self, now: Timestamp) {
        self.lock().bucket.drain(now);
    }

    /// Replaces the budget; those who wait are judged by the new one.
    pub(super) fn set_budget(&self, budget: Budget) {
        self.lock().bucket = Bucket::new(budget);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// `Err(Some)`: first in line, but the bucket is empty for this long. `Err(None)`: somebody else is first.
    fn try_pass(&mut self, place: Place, now: Timestamp) -> Result<(), Option<Duration>> {
        if self.waiting.first() == Some(&place) { self.bucket.take(now, 1).map_err(Some) } else { Err(None) }
    }
}

/// A place in the queue, given back however the waiting ends.
struct Ticket<'a> {
    gate: &'a Gate,
    place: Place,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let others = {
            let mut queue = self.gate.lock();
            queue.waiting.remove(&self.place);
            !queue.waiting.is_empty()
        };
        if others {
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use std::sync::Arc;
    use tokio::time::Instant;

    /// The manual clock stands still, so only slept time counts.
    fn stopped() -> Clock {
        Clock::manual(Timestamp(0))
    }

    #[tokio::test]
    async fn a_burst_passes_and_the_rest_follow_at_the_rate() {
        let (gate, clock, start) = (Gate::new("50/3".parse().unwrap()), stopped(), Instant::now());
        let passed = join_all((0..7).map(|_| async {
            gate.pass(&clock, Priority::Register).await;
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
        let (gate, clock) = (Arc::new(Gate::new("50/1".parse().unwrap())), stopped());
        gate.pass(&clock, Priority::Other).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let wanted = [Priority::Other, Priority::Finish, Priority::Register, Priority::Card, Priority::Other];
        join_all(wanted.into_iter().enumerate().map(|(n, priority)| {
            let (gate, clock, order) = (gate.clone(), clock.clone(), order.clone());
            async move {
                gate.pass(&clock, priority).await;
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
        let (gate, clock) = (Gate::new("1/1".parse().unwrap()), stopped());
        gate.pass(&clock, Priority::Other).await;
        for _ in 0..3 {
            assert!(gate.pass(&clock, Priority::Card).now_or_never().is_none());
        }
        assert!(gate.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn the_next_in_line_is_woken_when_the_first_gives_up() {
        let (gate, clock) = (Arc::new(Gate::new("20/1".parse().unwrap())), stopped());
        gate.pass(&clock, Priority::Other).await;
        let mut first = Box::pin(gate.pass(&clock, Priority::Card));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(gate.pass(&clock, Priority::Other));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        tokio::time::timeout(Duration::from_secs(5), second).await.expect("nobody is before him any more");
    }

    #[tokio::test]
    async fn a_new_budget_frees_those_who_wait() {
        let (gate, clock) = (Gate::new("1/1".parse().unwrap()), stopped());
        gate.pass(&clock, Priority::Other).await;
        let mut waiting = Box::pin(gate.pass(&clock, Priority::Other));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        gate.set_budget(Budget::Unlimited);
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }

    #[test]
    fn methods_have_the_urgency_of_what_people_see() {
        assert_eq!(Priority::of("telephony.externalCall.show"), Priority::Card);
        assert_eq!(Priority::of("telephony.externalcall.register"), Priority::Register);
        assert_eq!(Priority::of("telephony.externalCall.finish"), Priority::Finish);
        assert_eq!(Priority::of("user.get"), Priority::Other);
        assert!(Priority::Card < Priority::Register && Priority::Finish < Priority::Other);
    }
}
