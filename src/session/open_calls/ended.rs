//! What becomes of a call that is over: it stays whole for a moment, then there is a tombstone of it.

use super::OpenCalls;
use super::time_index::TimeIndex;
use super::tombstones::{NewsName, Tombstone, Tombstones};
use crate::domain::call::{Call, Leg};
use crate::domain::leg::LegEvent;
use crate::domain::{CallKey, SwitchCallId, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// An ended call is remembered, so that late or repeated news of it are recognised.
pub(in crate::session) const REMEMBER: Duration = Duration::from_secs(600);
/// One whose end was not seen may still be talking, silently; its true end must not look like a new call.
const REMEMBER_UNSEEN: Duration = Duration::from_secs(12 * 3600);

/// So long an ended call stays whole: its card may just be opening, the portal's answers may be under way.
const WHOLE: Duration = Duration::from_secs(30);
/// Calls whose time comes this soon after another one's go together with it.
const TOGETHER: Duration = Duration::from_secs(5);
/// Ended calls that stay whole, at most: what fifty calls a second leave in ten seconds. About three kilobytes each, as an
/// open one, and its place on the board.
const MOST_WHOLE: usize = 512;
/// The same while what was made of them cannot be stored.
const MOST_WHOLE_UNSTORED: usize = 4_096;

/// Whether ended calls may leave memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Rest {
    /// Everything of them is stored.
    Stored,
    /// It is not, and only those leave memory for which there is no room.
    Unstored,
}

/// Calls that are over.
#[derive(Debug)]
pub(super) struct EndedCalls {
    /// Those in memory, by when they ended.
    whole: TimeIndex,
    tombstones: Tombstones,
    /// The same of calls whose end was not seen: where one kind is the flood, the other kind stays.
    unseen: Tombstones,
}

impl Default for EndedCalls {
    fn default() -> Self {
        let (tombstones, unseen) = (Tombstones::new(REMEMBER), Tombstones::new(REMEMBER_UNSEEN));
        Self { whole: TimeIndex::default(), tombstones, unseen }
    }
}

impl EndedCalls {
    /// The call, which is in memory, is over now, or goes on.
    pub fn set(&mut self, key: &CallKey, over: bool, now: Timestamp) {
        if !over {
            self.whole.set(key, None);
        } else if self.whole.at(key).is_none() {
            self.whole.set(key, Some(now));
        }
    }

    /// The clock was moved by so many milliseconds.
    pub fn redate(&mut self, millis: i64) {
        self.whole.redate(millis);
        self.tombstones.redate(millis);
        self.unseen.redate(millis);
    }

    fn add(&mut self, call: &Call, aliases: &VecDeque<SwitchCallId>, ended: Timestamp) {
        let unseen = call.legs.iter().any(Leg::ended_unseen);
        let kind = if unseen { &mut self.unseen } else { &mut self.tombstones };
        kind.add(call, aliases.iter(), ended);
    }

    fn find(&self, name: NewsName<'_>) -> impl Iterator<Item = Tombstone> {
        self.tombstones.find(name).chain(self.unseen.find(name))
    }
}

impl OpenCalls {
    /// When ended calls may leave memory.
    pub fn next_rest(&self) -> Option<Timestamp> {
        self.ended.whole.first().map(|(ended, _)| ended + WHOLE)
    }

    /// Lets ended calls leave memory; returns which.
    pub fn rest(&mut self, rest: Rest, now: Timestamp) -> Vec<CallKey> {
        self.ended.tombstones.forget(now);
        self.ended.unseen.forget(now);
        let most = if rest == Rest::Stored { MOST_WHOLE } else { MOST_WHOLE_UNSTORED };
        let their_time_has_come = rest == Rest::Stored && self.next_rest().is_some_and(|at| at <= now);
        let until = if their_time_has_come { now + TOGETHER } else { Timestamp(i64::MIN) };
        let mut gone = Vec::new();
        while let Some((ended, key)) = self.ended.whole.first()
            && (self.ended.whole.len() > most || ended + WHOLE <= until)
        {
            let key = key.clone();
            self.bury(&key, ended);
            gone.push(key);
        }
        gone
    }

    fn bury(&mut self, key: &CallKey, ended: Timestamp) {
        self.ended.whole.set(key, None);
        self.timers.set(key, None);
        self.silence.set(key, None);
        self.clicks.remove(key);
        let aliases = self.aliases.forget(key);
        let Some(call) = self.calls.remove(key) else { return };
        let calls = &self.calls;
        self.leg_index.forget(&call, |key, leg| calls.get(key).is_some_and(|c| c.legs.iter().any(|l| l.id == *leg)));
        self.ended.add(&call, &aliases, ended);
    }

    /// Whether there is such a call, in memory or as a tombstone.
    pub fn knows(&self, key: &CallKey) -> bool {
        self.calls.contains_key(key) || self.tombstone(key).is_some()
    }

    /// The tombstone of the call with this key.
    pub fn tombstone(&self, key: &CallKey) -> Option<Tombstone> {
        if self.calls.contains_key(key) {
            return None;
        }
        self.ended.find(NewsName::Call(key.as_str())).find(|tombstone| tombstone.key == *key)
    }

    /// Whether the leg is in memory, in the call that its news name.
    pub fn is_placed(&self, leg: &LegEvent) -> bool {
        let place = self.leg_index.call_of(&leg.leg);
        place.is_some_and(|key| key.as_str() == leg.call.as_str() || self.aliases.get(&leg.call) == Some(key))
    }

    /// Tombstones of the calls that news of a leg may concern.
    pub fn tombstones_for(&self, leg: &LegEvent) -> Vec<Tombstone> {
        let of_call = self.ended.find(NewsName::Call(leg.call.as_str()));
        let of_leg = self.ended.find(NewsName::Leg(&leg.leg));
        let mut found: Vec<Tombstone> = Vec::new();
        for tombstone in of_call.chain(of_leg) {
            let key = &tombstone.key;
            if !self.calls.contains_key(key) && found.iter().all(|other| other.key != *key) {
                found.push(tombstone);
            }
        }
        found
    }

    /// The switch uses a name again that a call in memory had before it was a tombstone.
    pub fn alias_as_before(&mut self, name: &SwitchCallId) {
        if self.aliases.get(name).is_some() || self.calls.contains_key(&CallKey::new(name.as_str())) {
            return;
        }
        let known = self.ended.find(NewsName::Call(name.as_str())).find(|known| self.calls.contains_key(&known.key));
        if let Some(Tombstone { key, .. }) = known {
            self.aliases.add(name.clone(), key);
        }
    }

    /// Remembers a call that is over and need not be in memory.
    pub fn remember(&mut self, call: &Call, ended: Timestamp) {
        self.ended.add(call, &VecDeque::new(), ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::call::{CallPolicy, Event, step};
    use crate::domain::company::CallSettings;
    use crate::domain::directory::Directory;
    use crate::domain::leg::{Direction, LegState};
    use crate::domain::numbers::NumberPlan;
    use LegState::{Released, Talking};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn leg(id: &str, call: &str, state: LegState) -> LegEvent {
        LegEvent {
            leg: id.into(),
            call: call.into(),
            call_ref: None,
            own: Phone::parse("1001").expect("a number"),
            remote: Phone::parse("+79835551122").ok(),
            remote_unreadable: false,
            direction: Direction::In,
            state,
            answered_at: None,
            display_name: None,
            cause: None,
        }
    }

    /// Calls in memory, and what is stored of them.
    #[derive(Default)]
    struct Memory {
        open_calls: OpenCalls,
        stored: std::collections::BTreeMap<CallKey, Call>,
    }

    impl Memory {
        /// Takes the news as an actor does; tells which calls had to come back, and which then had news.
        fn hear(&mut self, leg: LegEvent, now: Timestamp) -> (Vec<String>, Vec<String>) {
            let tombstones =
                if self.open_calls.is_placed(&leg) { Vec::new() } else { self.open_calls.tombstones_for(&leg) };
            let recalled = tombstones.iter().map(|tombstone| tombstone.key.to_string()).collect();
            for Tombstone { key, moved } in tombstones {
                let mut call = self.stored[&key].clone();
                call.redate(moved);
                self.open_calls.restore(call, now);
            }
            self.open_calls.alias_as_before(&leg.call);
            let sorted = self.open_calls.sort(vec![leg], &Directory::default(), &NumberPlan::default(), now);
            let mut news = Vec::new();
            for (key, event) in sorted {
                news.push(key.to_string());
                self.step(&key, event, now);
            }
            (recalled, news)
        }

        fn step(&mut self, key: &CallKey, event: Event, now: Timestamp) {
            let policy = CallPolicy::new(&CallSettings::default(), Duration::from_secs(5));
            let call = self.open_calls.take(key).unwrap_or_else(|| Call::new(key.clone(), policy, now));
            let call = step(call, event, now).call;
            self.stored.insert(key.clone(), call.clone());
            self.open_calls.put(call, None, now);
        }

        fn rest(&mut self, now: Timestamp) -> usize {
            self.open_calls.rest(Rest::Stored, now).len()
        }

        fn is_whole(&self, key: &str) -> bool {
            self.open_calls.get(&key.into()).is_some()
        }
    }

    fn after(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    fn one(key: &str) -> Vec<String> {
        vec![key.to_owned()]
    }

    #[test]
    fn an_ended_call_leaves_memory_after_a_while_and_comes_back_when_there_are_news_of_it() {
        let mut memory = Memory::default();
        memory.hear(leg("l", "a", Talking), NOW);
        assert_eq!((memory.open_calls.next_rest(), memory.rest(after(3600))), (None, 0), "it is open");
        memory.hear(leg("l", "a", Released), after(3600));
        memory.hear(leg("l", "a", Released), after(3610));
        assert_eq!(memory.open_calls.next_rest(), Some(after(3630)));
        assert_eq!((memory.rest(after(3629)), memory.rest(after(3630)), memory.rest(after(3630))), (0, 1, 0));
        assert!(!memory.is_whole("a") && memory.open_calls.knows(&"a".into()));
        assert_eq!(memory.hear(leg("l", "a", Released), after(3700)), (one("a"), one("a")));
        assert!(memory.is_whole("a") && memory.open_calls.open().is_empty(), "told once more, it changes nothing");
        assert_eq!(memory.rest(after(3730)), 1);
        assert_eq!(memory.hear(leg("other", "a", Talking), after(3800)), (one("a"), one("a")), "one more leg of it");
        assert_eq!(memory.open_calls.open(), ["a".into()]);
        assert_eq!(memory.rest(after(36_000)), 0, "it goes on");
    }

    #[test]
    fn news_of_one_call_over_and_over_push_no_other_out() {
        let mut memory = Memory::default();
        memory.hear(leg("quiet", "quiet", Released), NOW);
        memory.hear(leg("l", "a", Released), NOW);
        for n in 0..20_000 {
            let at = after(30 + n % 120);
            memory.rest(at);
            memory.hear(leg("l", "a", Released), at);
        }
        memory.rest(after(300));
        assert!(memory.open_calls.knows(&"quiet".into()));
        assert!(memory.open_calls.ended.tombstones.len() <= 4);
    }

    #[test]
    fn calls_that_end_within_seconds_leave_memory_together() {
        let mut memory = Memory::default();
        for (n, at) in [0, 2, 4, 9].into_iter().enumerate() {
            memory.hear(leg(&n.to_string(), &n.to_string(), Released), after(at));
        }
        assert_eq!((memory.rest(after(30)), memory.open_calls.next_rest()), (3, Some(after(39))));
    }

    #[test]
    fn a_call_is_recognised_by_a_leg_and_by_every_name_it_had() {
        let mut memory = Memory::default();
        memory.hear(leg("l", "a", LegState::Ringing), NOW);
        memory.hear(leg("l", "b", LegState::Ringing), NOW);
        assert!(!memory.is_whole("b"), "the same call by another name");
        memory.hear(leg("l", "b", Released), NOW);
        for (news, at) in [(leg("l", "c", Released), 60), (leg("new", "b", Released), 120)] {
            memory.rest(after(at));
            assert_eq!(memory.hear(news, after(at)), (one("a"), one("a")), "{at}");
        }
        assert_eq!(memory.hear(leg("newer", "b", Released), after(121)), (vec![], one("a")), "in memory by now");
    }

    #[test]
    fn a_leg_that_ended_elsewhere_does_not_come_back_to_a_call_out_of_memory() {
        for other in [None, Some("a"), Some("b")] {
            let mut memory = Memory::default();
            memory.hear(leg("l", "a", Talking), NOW);
            memory.hear(leg("l", "b", Talking), after(10));
            memory.hear(leg("l", "b", Released), after(20));
            if let Some(call) = other {
                // One of the two is open again, and whole.
                memory.hear(leg("other", call, Talking), after(21));
            }
            memory.rest(after(60));
            let (_, news) = memory.hear(leg("l", "a", Talking), after(60));
            assert_eq!(news, one("a"), "{other:?}");
            assert_eq!(memory.open_calls.open().len(), usize::from(other.is_some()), "{other:?}");
            assert_eq!(memory.stored[&"a".into()].legs.iter().filter(|l| l.id == "l".into()).count(), 1, "{other:?}");
        }
    }

    #[test]
    fn a_call_whose_end_was_not_seen_is_remembered_for_long_and_goes_on() {
        let mut memory = Memory::default();
        memory.hear(leg("l", "a", Talking), NOW);
        memory.step(&"a".into(), Event::LinkLost(NOW), NOW);
        memory.step(&"a".into(), Event::LinkBack, NOW);
        memory.step(&"a".into(), Event::Tick, after(5));
        assert!(memory.open_calls.open().is_empty());
        let hours = |hours: u64| after(3600 * hours);
        assert_eq!((memory.rest(hours(1)), memory.rest(hours(3))), (1, 0));
        assert_eq!(memory.hear(leg("l", "a", Talking), hours(3)), (one("a"), one("a")));
        assert_eq!(memory.open_calls.open(), ["a".into()]);
        memory.step(&"a".into(), Event::LinkLost(hours(3)), hours(3));
        memory.step(&"a".into(), Event::LinkBack, hours(3));
        memory.step(&"a".into(), Event::Tick, hours(4));
        assert_eq!((memory.rest(hours(5)), memory.rest(hours(14))), (1, 0));
        assert!(memory.open_calls.knows(&"a".into()));
        memory.rest(hours(17));
        assert!(!memory.open_calls.knows(&"a".into()), "forgotten");
    }

    #[test]
    fn what_is_not_stored_stays_in_memory_while_there_is_room() {
        let mut memory = Memory::default();
        let call =
            |n: usize| Call::new(n.to_string().as_str().into(), CallPolicy::new(&CallSettings::default(), WHOLE), NOW);
        for n in 0..MOST_WHOLE_UNSTORED + 10 {
            memory.open_calls.put(call(n), None, after(n as u64));
        }
        assert_eq!(memory.open_calls.rest(Rest::Unstored, after(1_000_000)).len(), 10);
        memory.open_calls.put(call(0), None, after(1_000_000));
        assert_eq!(memory.rest(after(0)), MOST_WHOLE_UNSTORED + 1 - MOST_WHOLE);
        assert_eq!(memory.rest(after(1_000_000)), MOST_WHOLE - 1);
    }

    #[test]
    fn of_ended_calls_a_number_is_whole_a_number_remembered_and_nothing_of_the_others_stays() {
        const MOST: usize = 5 * 4_096;
        let mut memory = Memory::default();
        let all = MOST + 10_000;
        for n in 0..all {
            let (id, name) = (format!("l{n}"), format!("c{n}"));
            memory.hear(leg(&id, &name, Released), NOW);
            memory.open_calls.alias(format!("s{n}").as_str().into(), name.as_str().into());
            memory.rest(NOW);
        }
        let OpenCalls { calls, aliases: _, leg_index, timers, silence, clicks, ended } = &memory.open_calls;
        assert_eq!((calls.len(), leg_index.len(), ended.whole.len()), (MOST_WHOLE, MOST_WHOLE, MOST_WHOLE));
        assert_eq!((timers.len(), silence.len(), clicks.len(), ended.unseen.len()), (0, 0, 0, 0));
        assert!((MOST - 4_096..=MOST).contains(&ended.tombstones.len()));
        let last = all - MOST_WHOLE - 1;
        for (n, known) in [(0, false), (last, true)] {
            for name in [format!("c{n}"), format!("s{n}")] {
                assert_eq!(!memory.open_calls.tombstones_for(&leg("new", &name, Released)).is_empty(), known, "{name}");
            }
        }
    }
}
