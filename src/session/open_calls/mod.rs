//! The open calls of one company: which call a leg belongs to, whose numbers are on it, when to look again.

mod call_aliases;
mod ended;
mod leg_index;
mod time_index;
mod tombstones;

pub(super) use ended::{REMEMBER, Rest};
pub(super) use tombstones::Tombstone;

use crate::domain::call::{Call, CallClick, ClickDialling, Event, Sighting};
use crate::domain::directory::Directory;
use crate::domain::leg::{Direction, LegEvent};
use crate::domain::numbers::NumberPlan;
use crate::domain::{CallKey, LegId, SwitchCallId, Timestamp};
use call_aliases::CallAliases;
use ended::EndedCalls;
use leg_index::{KnownCalls, LegIndex, LegRoute};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use time_index::TimeIndex;

/// A click and the switch's first leg of it belong together only this long.
const MATCH_WINDOW: Duration = Duration::from_secs(30);

/// A call whose switch only repeats itself is stepped, and stored, this often.
const STEPPED_AGAIN: Duration = Duration::from_secs(10);

/// Open calls of one company, four times what a large one has at once. One more, and the one heard of longest ago gives
/// way.
pub(super) const MOST_OPEN: usize = 4_096;

/// Calls in memory: those that are open, and those that have ended just now.
#[derive(Debug, Default)]
pub(super) struct OpenCalls {
    calls: BTreeMap<CallKey, Call>,
    /// Calls the switch names differently than we do.
    aliases: CallAliases,
    leg_index: LegIndex,
    timers: TimeIndex,
    /// Open calls by when they were last heard of.
    silence: TimeIndex,
    /// Clicks whose legs are awaited.
    clicks: BTreeSet<CallKey>,
    ended: EndedCalls,
}

impl OpenCalls {
    /// Takes a call out to be stepped; [`OpenCalls::put`] brings it back.
    pub fn take(&mut self, key: &CallKey) -> Option<Call> {
        self.calls.remove(key)
    }

    /// The call as it is.
    pub fn get(&self, key: &CallKey) -> Option<&Call> {
        self.calls.get(key)
    }

    /// Keeps a call; `wake` is when it wants to be looked at again.
    pub fn put(&mut self, mut call: Call, wake: Option<Timestamp>, now: Timestamp) {
        let key = call.key.clone();
        let over = call.is_over();
        self.timers.set(&key, wake);
        self.silence.set(&key, (!over).then(|| call.last_report()));
        if call.awaited_click().is_some() {
            self.clicks.insert(key.clone());
        } else {
            self.clicks.remove(&key);
        }
        if over {
            // It hardly grows any more.
            call.legs.shrink_to_fit();
            call.crm.shrink_to_fit();
        }
        self.ended.set(&key, over, now);
        self.calls.insert(key, call);
    }

    /// The switch calls this call so. Too late if legs of that name have made a call of their own: theirs it stays,
    /// or its end would be looked for in the wrong place.
    pub fn alias(&mut self, switch: SwitchCallId, key: CallKey) {
        if self.knows(&CallKey::new(switch.as_str())) {
            tracing::info!(%switch, call = %key, "the switch named a click's call only after its legs had been taken for another");
            return;
        }
        self.aliases.add(switch, key);
    }

    /// Takes note that these legs of a call were heard of once more, where nothing else is new; `false` where the call has
    /// to be stepped. Now and then it is stepped all the same, so that what is stored is never much older.
    pub fn take_repetition(&mut self, key: &CallKey, seen: &[Sighting], now: Timestamp) -> bool {
        let lately = self.silence.at(key).is_some_and(|stepped| now.since(stepped) < STEPPED_AGAIN);
        lately && self.calls.get_mut(key).is_some_and(|call| call.take_repetition(seen, now))
    }

    /// Keeps a call that was restored from the store.
    pub fn restore(&mut self, call: Call, now: Timestamp) {
        self.leg_index.add(&call);
        self.put(call, None, now);
    }

    /// What a frame's legs mean to which calls: legs that have left a call first, then the legs grouped by call, in the
    /// order the calls are first named, each with what its numbers are.
    pub fn sort(
        &mut self,
        legs: Vec<LegEvent>,
        who: &Directory,
        numbers: &NumberPlan,
        now: Timestamp,
    ) -> Vec<(CallKey, Event)> {
        let mut left: Vec<(CallKey, Event)> = Vec::new();
        let mut sorted: Vec<(CallKey, Vec<Sighting>)> = Vec::new();
        for mut leg in legs {
            let (own, party, rule) = numbers.judge(&mut leg, who);
            let (key, from) = self.call_of_leg(&leg, now);
            let moved = from.is_some();
            left.extend(from.map(|from| (from, Event::LegLeft(leg.leg.clone()))));
            let sighting = Sighting { leg, own, party, rule, moved };
            match sorted.iter_mut().find(|(k, _)| *k == key) {
                Some((_, group)) => group.push(sighting),
                None => sorted.push((key, vec![sighting])),
            }
        }
        left.extend(sorted.into_iter().map(|(key, seen)| (key, Event::Legs(seen))));
        left
    }

    /// The call a leg's news belong to, and the one it has just left.
    fn call_of_leg(&mut self, leg: &LegEvent, now: Timestamp) -> (CallKey, Option<CallKey>) {
        let named = self.key_of(leg, now);
        let calls = &self.calls;
        let leg_in = |key: &CallKey| calls.get(key)?.legs.iter().rfind(|l| l.id == leg.leg);
        let known = KnownCalls { leg_in: &leg_in, named_is_new: !calls.contains_key(&named) };
        match self.leg_index.route(&leg.leg, leg.state, &named, now, known) {
            LegRoute::Named => (named, None),
            LegRoute::Moved { from } => (named, Some(from)),
            LegRoute::Elsewhere(key) => (key, None),
            LegRoute::Renamed(key) => {
                self.aliases.add(leg.call.clone(), key.clone());
                (key, None)
            }
        }
    }

    fn key_of(&mut self, leg: &LegEvent, now: Timestamp) -> CallKey {
        if let Some(key) = self.aliases.get(&leg.call) {
            return key.clone();
        }
        let key = CallKey::new(leg.call.as_str());
        // A leg that has been somewhere else is not the first one of a click's call.
        if self.calls.contains_key(&key) || self.leg_index.knows(&leg.leg) {
            return key;
        }
        // Of two clicks on one number the phone rings for the first; the switch refuses the other.
        let clicks = self.clicks.iter().filter_map(|key| self.calls.get(key)).filter(|call| waits_for(call, leg, now));
        let click = clicks.min_by_key(|call| call.started_at).map(|call| call.key.clone());
        if let Some(click) = click {
            self.aliases.add(leg.call.clone(), click.clone());
            return click;
        }
        key
    }

    /// Calls whose time has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<CallKey> {
        self.timers.take_due(now)
    }

    /// When the next call wants to be looked at.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| at)
    }

    /// A call has forgotten this leg.
    pub fn forget_leg(&mut self, key: &CallKey, leg: &LegId) {
        if self.calls.get(key).is_none_or(|call| call.legs.iter().all(|l| l.id != *leg)) {
            self.leg_index.forget_leg(key, leg);
        }
    }

    /// The open call that was heard of longest ago, where there is no place for one more.
    pub fn gives_way(&self) -> Option<CallKey> {
        let (_, key) = self.silence.first().filter(|_| self.silence.len() >= MOST_OPEN)?;
        Some(key.clone())
    }

    /// The clock was moved by so many milliseconds: everything remembered is dated again.
    pub fn redate(&mut self, millis: i64) {
        self.calls.values_mut().for_each(|call| call.redate(millis));
        self.leg_index.redate(millis);
        self.timers.redate(millis);
        self.silence.redate(millis);
        self.ended.redate(millis);
    }

    /// All calls in memory, also those that have ended just now.
    pub fn all(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Keys of all calls that have not ended.
    pub fn open(&self) -> Vec<CallKey> {
        let mut open: Vec<_> = self.silence.keys().cloned().collect();
        open.sort_unstable();
        open
    }
}

/// Whether this leg can be the first one of a click's call: the employee's phone, and the number he clicked.
fn waits_for(call: &Call, leg: &LegEvent, now: Timestamp) -> bool {
    let Some(CallClick { dialling: ClickDialling::Dialable { from, to }, .. }) = call.awaited_click() else {
        return false;
    };
    now.since(call.started_at) <= MATCH_WINDOW
        && from.digits() == leg.own.digits()
        && match &leg.remote {
            Some(remote) => remote.may_be(to),
            // Who calls with a hidden number has not been called.
            None => leg.direction == Direction::Out,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{CallPolicy, Click, ClickFacts, Event, step};
    use crate::domain::company::CallSettings;
    use crate::domain::directory::Employee;
    use crate::domain::leg::LegState;
    use crate::domain::{Phone, UserId};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect("a number")
    }

    fn leg(call: &str, own: &str, remote: &str) -> LegEvent {
        LegEvent {
            leg: format!("{call}-{own}").as_str().into(),
            call: call.into(),
            call_ref: None,
            own: phone(own),
            remote: Some(phone(remote)),
            remote_unreadable: false,
            direction: Direction::Out,
            state: LegState::Ringing,
            answered_at: None,
            display_name: None,
            cause: None,
        }
    }

    fn sorted(open_calls: &mut OpenCalls, legs: Vec<LegEvent>, now: Timestamp) -> Vec<(CallKey, Event)> {
        open_calls.sort(legs, &Directory::default(), &NumberPlan::default(), now)
    }

    fn seen(event: &Event) -> &[Sighting] {
        if let Event::Legs(seen) = event { seen } else { panic!("{event:?} is not about legs") }
    }

    fn open_calls_with_click() -> OpenCalls {
        let call = Call::new("c2c/x".into(), CallPolicy::new(&CallSettings::default(), MATCH_WINDOW), NOW);
        let click = Click {
            crm: "x".into(),
            user: UserId(1),
            to: Some(phone("+7 983 555-11-22")),
            late: false,
            facts: ClickFacts::default(),
        };
        let mut open_calls = OpenCalls::default();
        open_calls.put(step(call, Event::Clicked { click, from: Some(phone("1001")) }, NOW).call, None, NOW);
        open_calls
    }

    #[test]
    fn a_clock_set_back_or_forward_makes_nobody_wait_longer_or_shorter() {
        const HOUR: i64 = 3_600_000;
        for by in [-HOUR, HOUR] {
            let now = NOW.shifted(by);
            let mut open_calls = open_calls_with_click();
            let call = open_calls.take(&"c2c/x".into()).unwrap();
            open_calls.put(call, Some(NOW + Duration::from_secs(5)), NOW);
            let over = Call::new("over".into(), CallPolicy::new(&CallSettings::default(), MATCH_WINDOW), NOW);
            open_calls.put(over, None, NOW);
            open_calls.redate(by);
            assert_eq!(open_calls.next_wake(), Some(now + Duration::from_secs(5)));
            assert!(open_calls.due(now + Duration::from_secs(4)).is_empty());
            assert_eq!(open_calls.due(now + Duration::from_secs(5)).len(), 1);
            assert_eq!(key(&mut open_calls, leg("s1", "1001", "89835551122"), now + Duration::from_secs(1)), "c2c/x");
            assert_eq!(open_calls.next_rest(), Some(now + Duration::from_secs(30)));
            assert!(open_calls.rest(Rest::Stored, now + Duration::from_secs(29)).is_empty());
            assert_eq!(open_calls.rest(Rest::Stored, now + Duration::from_secs(30)), ["over".into()]);
            open_calls.redate(-by);
            let moved = open_calls.tombstone(&"over".into()).map(|tombstone| tombstone.moved);
            assert_eq!(moved, Some(-by), "stored by the clock before");
            open_calls.rest(Rest::Stored, NOW + REMEMBER - Duration::from_secs(1));
            assert!(open_calls.knows(&"over".into()));
            open_calls.rest(Rest::Stored, NOW + REMEMBER);
            assert!(!open_calls.knows(&"over".into()));
        }
    }

    fn key(open_calls: &mut OpenCalls, leg: LegEvent, now: Timestamp) -> String {
        sorted(open_calls, vec![leg], now)[0].0.to_string()
    }

    #[test]
    fn a_clicks_legs_are_found_by_number_within_its_time() {
        for (leg, late, want) in [
            (leg("s1", "1001", "89835551122"), 1, "c2c/x"),
            (leg("s1", "1001", "9#983555112"), 1, "s1"),
            (leg("s1", "1002", "89835551122"), 1, "s1"),
            (leg("s1", "1001", "89835551122"), 31, "s1"),
        ] {
            let mut open_calls = open_calls_with_click();
            assert_eq!(key(&mut open_calls, leg.clone(), NOW + Duration::from_secs(late)), want, "{leg:?}");
        }
    }

    #[test]
    fn the_switchs_answer_names_the_click() {
        let mut open_calls = open_calls_with_click();
        open_calls.alias("s9".into(), "c2c/x".into());
        assert_eq!(key(&mut open_calls, leg("s9", "7000", "112"), NOW), "c2c/x");
    }

    #[test]
    fn a_name_that_comes_too_late_takes_no_leg_from_its_call() {
        let mut open_calls = open_calls_with_click();
        let (taken, _) = sorted(&mut open_calls, vec![leg("s9", "1001", "112")], NOW).remove(0);
        open_calls.put(Call::new(taken, CallPolicy::new(&CallSettings::default(), MATCH_WINDOW), NOW), None, NOW);
        open_calls.alias("s9".into(), "c2c/x".into());
        assert_eq!(key(&mut open_calls, leg("s9", "1001", "112"), NOW), "s9");
    }

    #[test]
    fn of_two_clicks_on_one_number_the_first_gets_the_leg() {
        let mut open_calls = open_calls_with_click();
        let later = NOW + Duration::from_secs(2);
        let call = Call::new("c2c/a".into(), CallPolicy::new(&CallSettings::default(), MATCH_WINDOW), later);
        let to = Some(phone("+7 983 555-11-22"));
        let again = Click { crm: "a".into(), user: UserId(1), to, late: false, facts: ClickFacts::default() };
        open_calls.put(step(call, Event::Clicked { click: again, from: Some(phone("1001")) }, later).call, None, later);
        assert_eq!(key(&mut open_calls, leg("s1", "1001", "89835551122"), later), "c2c/x");
    }

    #[test]
    fn legs_of_one_frame_are_grouped_by_call() {
        let legs = vec![leg("a", "1", "2"), leg("b", "3", "4"), leg("a", "2", "1")];
        let sorted = sorted(&mut OpenCalls::default(), legs, NOW);
        assert_eq!(sorted.iter().map(|(k, e)| (k.as_str(), seen(e).len())).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    }

    #[test]
    fn the_number_of_somebody_who_has_left_is_nobodys_but_no_clients() {
        let left = Employee { user: UserId(4), name: String::new(), active: false, numbers: vec![phone("1004")] };
        let who = Directory::new([left]);
        let legs = vec![leg("a", "1004", "1001"), leg("a", "1001", "1004")];
        let sorted = OpenCalls::default().sort(legs, &who, &NumberPlan::default(), NOW);
        let owners: Vec<_> = seen(&sorted[0].1).iter().map(|s| (s.owner(), s.party.colleague())).collect();
        assert_eq!(owners, [(None, None), (None, Some(UserId(4)))]);
    }

    /// A call of a leg that was seen ringing at `now`.
    fn rings(open_calls: &mut OpenCalls, name: &str, now: Timestamp) {
        let (key, seen) = sorted(open_calls, vec![leg(name, "1001", "2")], now).remove(0);
        let call = open_calls
            .take(&key)
            .unwrap_or_else(|| Call::new(key, CallPolicy::new(&CallSettings::default(), MATCH_WINDOW), now));
        open_calls.put(step(call, seen, now).call, Some(now + Duration::from_secs(3_600)), now);
    }

    #[test]
    fn the_call_that_was_heard_of_longest_ago_gives_way_and_only_where_there_are_too_many() {
        let mut open_calls = OpenCalls::default();
        for n in 0..MOST_OPEN {
            assert_eq!(open_calls.gives_way(), None);
            rings(&mut open_calls, &format!("c{n}"), NOW + Duration::from_millis(n as u64));
        }
        assert_eq!(open_calls.gives_way(), Some("c0".into()));
        rings(&mut open_calls, "c0", NOW + Duration::from_secs(60));
        assert_eq!(open_calls.gives_way(), Some("c1".into()), "the other one was heard of again");
        let silent = open_calls.take(&"c1".into()).expect("a call");
        open_calls.put(step(silent, Event::GiveWay, NOW).call, None, NOW + Duration::from_secs(61));
        assert_eq!((open_calls.gives_way(), open_calls.open().len()), (None, MOST_OPEN - 1));
    }
}
