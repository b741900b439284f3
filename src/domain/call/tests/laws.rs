//! What holds for every history, also for those no switch should ever produce.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Happening {
    Leg { who: u8, out: bool, internal: bool, state: LegState },
    Press { who: u8, reject: bool },
    Wait(u16),
    Lost,
    Back,
    Restart,
    Registered,
}

fn state() -> impl Strategy<Value = LegState> {
    prop_oneof![
        3 => Just(LegState::Ringing),
        3 => Just(LegState::Talking),
        1 => Just(LegState::Held),
        1 => Just(LegState::Dialing),
        3 => Just(LegState::Released),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0u8..5, any::<bool>(), prop::bool::weighted(0.2), state())
            .prop_map(|(who, out, internal, state)| Happening::Leg { who, out, internal, state }),
        1 => (0u8..5, any::<bool>()).prop_map(|(who, reject)| Happening::Press { who, reject }),
        4 => (0u16..40).prop_map(Happening::Wait),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Back),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Registered),
    ]
}

fn leg_of(who: u8, out: bool, internal: bool, state: LegState) -> LegEvent {
    let own = format!("{}", 1001 + u32::from(who));
    let id = format!("{own}{}", if out { "o" } else { "i" });
    let direction = if out { Direction::Out } else { Direction::In };
    leg(&id, &own, direction, if internal { "1009" } else { CLIENT }, state)
}

/// What the portal would hold after all that it was told, with its own rules.
#[derive(Default)]
struct Judge {
    open: BTreeMap<String, BTreeSet<UserId>>,
    finished: BTreeSet<String>,
}

impl Judge {
    fn take(&mut self, intent: &Intent) {
        let lane = intent.lane.to_string();
        assert!(!self.finished.contains(&lane), "{lane}: told after its finish: {:?}", intent.step);
        match &intent.step {
            CrmStep::Register { user, show, .. } => {
                let seen = show.then_some(*user).into_iter().collect();
                assert!(self.open.insert(lane, seen).is_none(), "registered twice");
            }
            CrmStep::Adopt { .. } => {
                self.open.insert(lane, BTreeSet::new());
            }
            CrmStep::Show { users } => {
                let seen = self.open.get_mut(&lane).expect("shown before it was registered");
                assert!(!users.is_empty() && users.iter().all(|u| seen.insert(*u)), "shown twice to one employee");
            }
            CrmStep::Hide { users } => {
                let seen = self.open.get_mut(&lane).expect("hidden before it was registered");
                assert!(!users.is_empty() && users.iter().all(|u| seen.remove(u)), "hidden from one who saw nothing");
            }
            CrmStep::Finish { user, duration_s, status, .. } => {
                let mut seen = self.open.remove(&lane).expect("finished before it was registered");
                seen.remove(user);
                assert!(seen.is_empty(), "{seen:?} still see a card of a finished call");
                assert_eq!(*status == Status::Answered, *duration_s > 0, "answered means at least a second");
                self.finished.insert(lane);
            }
        }
    }
}

struct Run {
    call: Call,
    now: Timestamp,
    wake: Option<Timestamp>,
    judge: Judge,
}

impl Run {
    fn event(&mut self, event: Event) {
        let Step { call, actions } = step(self.call.clone(), event.clone(), self.now);
        let crm = |actions: &[Action]| {
            actions
                .iter()
                .filter_map(|a| if let Action::Crm(i) = a { Some(i.clone()) } else { None })
                .collect::<Vec<_>>()
        };
        for intent in crm(&actions) {
            self.judge.take(&intent);
        }
        if !matches!(event, Event::Pressed { .. }) {
            let again = step(call.clone(), event, self.now);
            assert!(crm(&again.actions).is_empty(), "a repeated event told the portal something");
        }
        self.wake = actions.iter().rev().find_map(|a| if let Action::Wake(at) = a { Some(*at) } else { None });
        assert!(self.wake.is_none_or(|at| at > self.now), "a timer in the past would spin");
        self.call = call;
        let restored: Call = serde_json::from_str(&serde_json::to_string(&self.call).expect("json")).expect("json");
        assert_eq!(restored, self.call, "the store gives back what it was given");
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.event(Event::Tick);
        }
        self.now = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_portal_ends_up_clean(history in prop::collection::vec(happening(), 1..40)) {
        let now = Timestamp(1_000_000_000);
        let policy = Policy::new(&CallSettings::default(), Duration::from_secs(30));
        let mut run = Run { call: Call::new("c1".into(), policy, now), now, wake: None, judge: Judge::default() };
        for h in history {
            match h {
                Happening::Leg { who, out, internal, state } => {
                    run.event(Event::Legs(vec![sighting(leg_of(who, out, internal, state))]));
                }
                Happening::Press { who, reject } => {
                    let command = if reject { crate::domain::card::CardCommand::Reject } else { crate::domain::card::CardCommand::Answer };
                    run.event(Event::Pressed { user: UserId(i64::from(who) + 1), leg: None, command });
                }
                Happening::Wait(s) => run.wait(s.into()),
                Happening::Lost => run.event(Event::LinkLost(run.now)),
                Happening::Back => run.event(Event::LinkBack),
                Happening::Restart => {
                    run.event(Event::LinkLost(run.now));
                    run.event(Event::LinkBack);
                }
                Happening::Registered => {
                    run.event(Event::Registered { lane: "c1".into(), crm: "x".into() });
                }
            }
        }
        // The link comes back for good and nothing is heard of any leg: all must come to an end by itself.
        run.event(Event::LinkLost(run.now));
        run.event(Event::LinkBack);
        run.wait(3600);
        prop_assert!(run.judge.open.is_empty(), "left open: {:?}", run.judge.open);
        prop_assert!(run.call.is_over());
    }
}
