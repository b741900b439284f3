//! Visitors who wait for their turn: the queue decides, this wakes them.

use crate::domain::Timestamp;
use crate::domain::source::Source;
use crate::domain::visitors::{Turn, TurnRefused, VisitorQueue};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// Those who wait of one company.
#[derive(Debug)]
pub(super) struct WaitingVisitors {
    queue: VisitorQueue,
    /// How each of those who wait is woken. Only who is next ever is: if all woke up whenever one of them leaves, a few
    /// hundred strangers would take the processor from calls.
    wakes: BTreeMap<u64, Arc<Notify>>,
}

impl WaitingVisitors {
    /// Nobody waits. Whoever does not know the seed cannot tell who is next.
    pub const fn new(seed: u64) -> Self {
        Self { queue: VisitorQueue::new(seed), wakes: BTreeMap::new() }
    }

    /// A place to wait, and what wakes whoever has it.
    pub fn enter(&mut self, source: Option<Source>, now: Timestamp) -> Option<(u64, Arc<Notify>)> {
        let place = self.queue.enter(source, now)?;
        let woken = Arc::new(Notify::new());
        self.wakes.insert(place, woken.clone());
        if self.wakes.len() > self.queue.len() {
            // Somebody has given way, and hears it at once.
            let gone = self.wakes.extract_if(.., |place, _| !self.queue.holds(*place));
            gone.for_each(|(_, woken)| woken.notify_one());
            self.wake_next(now);
        }
        Some((place, woken))
    }

    /// Whether it is this one's turn. If not, whoever is next hears that it may be his.
    pub fn look(&mut self, place: u64, now: Timestamp) -> Result<Turn, TurnRefused> {
        let turn = self.queue.turn(place, now);
        if turn == Err(TurnRefused::NotFirst) {
            self.wake_next(now);
        }
        turn
    }

    /// Somebody waits no longer, for whatever reason.
    pub fn leave(&mut self, place: u64, now: Timestamp) {
        self.queue.leave(place);
        self.wakes.remove(&place);
        self.wake_next(now);
    }

    /// Somebody from there has proved himself.
    pub fn greet(&mut self, source: Option<Source>, now: Timestamp) {
        self.queue.greet(source, now);
        self.wake_next(now);
    }

    /// Has those look again whose turn it may be.
    fn wake_next(&mut self, now: Timestamp) {
        let next = self.queue.next(now).into_iter().flatten();
        next.filter_map(|place| self.wakes.get(&place)).for_each(|woken| woken.notify_one());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn of_hundreds_who_wait_only_those_are_woken_who_are_next_or_have_lost_their_place() {
        let mut room = WaitingVisitors::new(1);
        let source = |n: u32| Some(Source::of_ipv4(n));
        let mut waiting: Vec<_> = (0..256).filter_map(|n| room.enter(source(n % 100), NOW)).collect();
        assert_eq!(waiting.len(), 256);
        let woken = |waiting: &[(u64, Arc<Notify>)]| -> Vec<u64> {
            let notified_places = waiting.iter().filter(|(_, woken)| woken.notified().now_or_never().is_some());
            notified_places.map(|(place, _)| *place).collect()
        };
        assert_eq!(woken(&waiting), Vec::<u64>::new());
        let (first, _) = waiting.remove(0);
        room.leave(first, NOW);
        assert_eq!(woken(&waiting).len(), 1, "whoever the lot has chosen");
        // A full room: one of the network that holds most gives way.
        waiting.push(room.enter(source(1), NOW).expect("room again"));
        room.enter(source(1000), NOW).expect("a place of somebody else's");
        let notified_places = woken(&waiting);
        let lost: Vec<u64> = notified_places.iter().copied().filter(|place| !room.queue.holds(*place)).collect();
        assert_eq!((notified_places.len(), lost.len()), (2, 1), "{notified_places:?}");
    }

    #[test]
    fn whoever_looks_before_his_turn_wakes_the_one_whose_turn_it_is() {
        let mut room = WaitingVisitors::new(1);
        let source = |n: u32| Some(Source::of_ipv4(n << 16));
        let mut now = NOW;
        let mut waiting: Vec<_> = (1..30).filter_map(|n| room.enter(source(n), NOW)).collect();
        let mut served = 0;
        while !waiting.is_empty() {
            // Nothing but the time that has come: everybody sleeps until then, and one of them looks first.
            let (first, _) = waiting[0].clone();
            let next = match room.look(first, now) {
                Ok(_) => 0,
                Err(TurnRefused::Wait(wait)) => {
                    now = now + wait;
                    continue;
                }
                Err(TurnRefused::NotFirst) => {
                    let woken = waiting.iter().position(|(_, woken)| woken.notified().now_or_never().is_some());
                    let woken = woken.expect("the one who was chosen is woken");
                    assert!(room.look(waiting[woken].0, now).is_ok());
                    woken
                }
                Err(TurnRefused::Displaced) => panic!("there is room for all"),
            };
            served += 1;
            let (place, _) = waiting.remove(next);
            room.leave(place, now);
            // Whoever is to look next was woken as well; he has not looked yet.
            for (_, woken) in &waiting {
                let _ = woken.notified().now_or_never();
            }
        }
        assert_eq!((served, now.since(NOW)), (29, Duration::from_secs(95)), "ten at once, then one in five seconds");
    }
}
