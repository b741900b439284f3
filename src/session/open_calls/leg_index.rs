//! In which call each leg is: a leg may turn up in another call of the switch (park, pick-up, joined calls), and has
//! then left the one before.

use crate::domain::call::{Call, Leg};
use crate::domain::leg::LegState;
use crate::domain::{CallKey, LegId, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

/// News of the call before that come this soon after a leg has left it were only late.
const LATE: Duration = Duration::from_millis(500);

/// Where every leg of the calls in memory is.
#[derive(Debug, Default)]
pub(super) struct LegIndex(HashMap<LegId, LegLocation>);

#[derive(Debug)]
struct LegLocation {
    call: CallKey,
    since: Timestamp,
    before: Option<CallKey>,
}

/// Where news of a leg belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LegRoute {
    /// To the call the switch names.
    Named,
    /// To the call the switch names, where the leg has just come to from this one.
    Moved {
        /// The call it has left.
        from: CallKey,
    },
    /// To this call, whatever the switch names: the leg's end, or something that was told late.
    Elsewhere(CallKey),
    /// The whole of this call goes on under the name the switch uses now.
    Renamed(CallKey),
}

impl LegIndex {
    /// Routes news of a leg told at `now` under the call `named`.
    pub fn route(
        &mut self,
        leg: &LegId,
        state: LegState,
        named: &CallKey,
        now: Timestamp,
        known: KnownCalls<'_>,
    ) -> LegRoute {
        let Some(location) = self.0.get_mut(leg) else {
            self.0.insert(leg.clone(), LegLocation { call: named.clone(), since: now, before: None });
            return LegRoute::Named;
        };
        if location.call == *named {
            return LegRoute::Named;
        }
        let from = location.call.clone();
        let Some(old) = (known.leg_in)(&from) else {
            *location = LegLocation { call: named.clone(), since: now, before: None };
            return LegRoute::Named;
        };
        if state == LegState::Released {
            return LegRoute::Elsewhere(from);
        }
        // What has ended does not go back to where it was before it came here; and right after a move it is an overtaken
        // message that says so.
        let has_ended = !old.is_live() && !old.ended_unseen();
        if location.before.as_ref() == Some(named) && (has_ended || now.since(location.since) <= LATE) {
            return LegRoute::Elsewhere(named.clone());
        }
        if old.is_live() && old.answered_at().is_none() && known.named_is_new {
            return LegRoute::Renamed(from);
        }
        *location = LegLocation { call: named.clone(), since: now, before: Some(from.clone()) };
        // The same id once more, from the beginning: another leg.
        let begins_again = !old.is_live() && matches!(state, LegState::Dialing | LegState::Ringing);
        if begins_again { LegRoute::Named } else { LegRoute::Moved { from } }
    }

    /// Whether the leg is in some call.
    pub fn knows(&self, leg: &LegId) -> bool {
        self.0.contains_key(leg)
    }

    /// The call in memory that the leg is in.
    pub fn call_of(&self, leg: &LegId) -> Option<&CallKey> {
        self.0.get(leg).map(|location| &location.call)
    }

    /// Takes in a call that comes from the store. A leg that is in several calls is where it came to last.
    pub fn add(&mut self, call: &Call) {
        for leg in &call.legs {
            let location = LegLocation { call: call.key.clone(), since: leg.first_seen, before: None };
            let known = match self.0.entry(leg.id.clone()) {
                Entry::Vacant(place) => {
                    place.insert(location);
                    continue;
                }
                Entry::Occupied(known) => known.into_mut(),
            };
            if known.call == call.key {
                known.since = known.since.max(leg.first_seen);
            } else if leg.is_live() || leg.first_seen >= known.since {
                known.before = Some(std::mem::replace(&mut known.call, location.call));
                known.since = location.since;
            } else if known.before.is_none() {
                known.before = Some(location.call);
            }
        }
    }

    /// Forgets the legs of a call that is in memory no longer. `has_leg` tells whether another call, which is, has a leg.
    pub fn forget(&mut self, call: &Call, has_leg: impl Fn(&CallKey, &LegId) -> bool) {
        for leg in &call.legs {
            let Some(location) = self.0.get_mut(&leg.id).filter(|location| location.call == call.key) else { continue };
            match location.before.take().filter(|before| has_leg(before, &leg.id)) {
                Some(before) => location.call = before,
                None => drop(self.0.remove(&leg.id)),
            }
        }
    }

    /// Forgets one leg of a call that has forgotten it.
    pub fn forget_leg(&mut self, key: &CallKey, leg: &LegId) {
        if self.0.get(leg).is_some_and(|location| location.call == *key) {
            self.0.remove(leg);
        }
    }

    /// How many legs are known.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The clock was moved by so many milliseconds.
    pub fn redate(&mut self, millis: i64) {
        for location in self.0.values_mut() {
            location.since = location.since.shifted(millis);
        }
    }
}

/// What the open calls know when a leg is routed.
#[derive(Clone, Copy)]
pub(super) struct KnownCalls<'a> {
    /// The leg as this call knows it.
    pub leg_in: &'a dyn Fn(&CallKey) -> Option<&'a Leg>,
    /// Nothing is known of the call the switch names.
    pub named_is_new: bool,
}

#[cfg(test)]
mod tests {
    use super::super::OpenCalls;
    use super::*;
    use crate::domain::Phone;
    use crate::domain::call::{CallPolicy, Event, step};
    use crate::domain::company::CallSettings;
    use crate::domain::directory::{Directory, Employee};
    use crate::domain::leg::{Direction, LegEvent};
    use crate::domain::numbers::NumberPlan;
    use crate::domain::{Timestamp, UserId};
    use LegState::{Released, Ringing, Talking};

    /// A company's open calls, told of legs of 1001's phone with one client, a second apart.
    struct Switch {
        open_calls: OpenCalls,
        now: Timestamp,
    }

    impl Switch {
        fn new() -> Self {
            Self { open_calls: OpenCalls::default(), now: Timestamp(1_000_000) }
        }

        fn wait(&mut self, seconds: u64) -> &mut Self {
            self.now = self.now + Duration::from_secs(seconds);
            self
        }

        /// What the news did: `call:left`, or `call:seen` with `!` where the leg had come from elsewhere.
        fn reports(&mut self, leg: &str, call: &str, state: LegState) -> Vec<String> {
            self.wait(1).reports_at_once(leg, call, state)
        }

        fn reports_at_once(&mut self, leg: &str, call: &str, state: LegState) -> Vec<String> {
            let number = |text| Phone::parse(text).expect("a number");
            let event = LegEvent {
                leg: leg.into(),
                call: call.into(),
                call_ref: None,
                own: number("1001"),
                remote: Some(number("+79835551122")),
                remote_unreadable: false,
                direction: Direction::In,
                state,
                answered_at: None,
                display_name: None,
                cause: None,
            };
            let who = Employee { user: UserId(1), name: String::new(), active: true, numbers: vec![number("1001")] };
            let sorted = self.open_calls.sort(vec![event], &Directory::new([who]), &NumberPlan::default(), self.now);
            sorted.into_iter().map(|(key, event)| self.take(&key, event)).collect()
        }

        fn take(&mut self, key: &CallKey, event: Event) -> String {
            let policy = CallPolicy::new(&CallSettings::default(), Duration::from_secs(5));
            let call = self.open_calls.take(key).unwrap_or_else(|| Call::new(key.clone(), policy, self.now));
            let what = match &event {
                Event::LegLeft(_) => "left",
                Event::Legs(seen) if seen[0].moved => "seen!",
                _ => "seen",
            };
            self.open_calls.put(step(call, event, self.now).call, None, self.now);
            format!("{key}:{what}")
        }
    }

    #[test]
    fn a_talking_leg_that_turns_up_in_another_call_has_left_the_first() {
        let mut switch = Switch::new();
        assert_eq!(switch.reports("l", "a", Ringing), ["a:seen"]);
        assert_eq!(switch.reports("l", "a", Talking), ["a:seen"]);
        assert_eq!(switch.reports("l", "b", Talking), ["a:left", "b:seen!"]);
        assert_eq!(switch.reports("l", "b", Released), ["b:seen"]);
        assert!(switch.open_calls.open().is_empty());
    }

    #[test]
    fn its_end_is_told_to_the_call_it_was_in_last() {
        let mut switch = Switch::new();
        switch.reports("l", "a", Talking);
        assert_eq!(switch.reports("l", "b", Released), ["a:seen"], "nothing is known of b");
        assert!(switch.open_calls.open().is_empty());
        assert_eq!(switch.reports("l", "c", Released), ["a:seen"], "told once more");
    }

    #[test]
    fn a_call_that_only_rings_goes_on_under_its_new_name() {
        let mut switch = Switch::new();
        switch.reports("l", "a", Ringing);
        for state in [Ringing, Talking, Released] {
            assert_eq!(switch.reports("l", "b", state), ["a:seen"], "{state:?}");
        }
        assert!(switch.open_calls.open().is_empty());
    }

    #[test]
    fn a_leg_may_join_a_ringing_call_and_come_back_later_but_not_at_once() {
        let mut switch = Switch::new();
        switch.reports("other", "b", Ringing);
        switch.reports("l", "a", Talking);
        assert_eq!(switch.reports("l", "b", Talking), ["a:left", "b:seen!"]);
        assert_eq!(switch.reports_at_once("l", "a", Talking), ["a:seen"], "told late, it changes nothing");
        assert_eq!(switch.reports("l", "b", Talking), ["b:seen"]);
        assert_eq!(switch.reports("l", "a", Talking), ["b:left", "a:seen!"]);
    }

    #[test]
    fn an_old_message_does_not_bring_an_ended_leg_back() {
        let mut switch = Switch::new();
        switch.reports("l", "a", Talking);
        switch.reports("l", "b", Talking);
        switch.reports("l", "b", Released);
        assert_eq!(switch.wait(30).reports("l", "a", Talking), ["a:seen"]);
        assert!(switch.open_calls.open().is_empty());
    }

    #[test]
    fn an_id_may_be_used_again_for_another_leg() {
        let mut switch = Switch::new();
        switch.reports("l", "a", Talking);
        switch.reports("l", "a", Released);
        assert_eq!(switch.reports("l", "b", Ringing), ["b:seen"]);
        assert_eq!(switch.reports("l", "b", Talking), ["b:seen"]);
        assert_eq!(switch.reports("l", "c", Talking), ["b:left", "c:seen!"]);
    }

    #[test]
    fn what_was_stored_is_known_after_a_restart() {
        let mut switch = Switch::new();
        switch.reports("l", "a", Talking);
        let call = switch.open_calls.take(&"a".into()).expect("an open call");
        switch.open_calls = OpenCalls::default();
        switch.open_calls.restore(call, switch.now);
        assert_eq!(switch.reports("l", "b", Talking), ["a:left", "b:seen!"]);
    }
}
