//! A strict judge: what the portal and the screens would hold after all that it was told, by their own rules.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// A CRM call that has got its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recorded {
    pub lane: String,
    /// `None` for the portal's own (a click).
    pub kind: Option<CrmCallKind>,
    pub user: UserId,
    pub status: FinishStatus,
    pub duration_s: u32,
}

#[derive(Default)]
pub(super) struct Judge {
    /// Who sees a card, by lane.
    pub open: BTreeMap<String, BTreeSet<UserId>>,
    kinds: BTreeMap<String, CrmCallKind>,
    pub records: Vec<Recorded>,
    /// Who sees the card of a click from the first.
    clicker: Option<UserId>,
}

impl Judge {
    /// The portal refused this one.
    pub fn forget(&mut self, lane: &ExternalId) {
        self.open.remove(lane.as_str());
    }

    /// Who sees any card.
    pub fn screens(&self) -> BTreeSet<UserId> {
        self.open.values().flatten().copied().collect()
    }

    fn take(&mut self, intent: &Intent) {
        let lane = intent.lane.to_string();
        let finished = self.records.iter().any(|r| r.lane == lane);
        assert!(!finished, "{lane}: told after its finish: {:?}", intent.step);
        match &intent.step {
            CrmStep::Register { user, show, kind, .. } => {
                let seen: BTreeSet<UserId> = show.then_some(*user).into_iter().collect();
                assert!(seen.is_disjoint(&self.screens()), "{user} sees two cards of one call");
                assert!(self.open.insert(lane.clone(), seen).is_none(), "registered twice");
                self.kinds.insert(lane, *kind);
            }
            CrmStep::Adopt { .. } => {
                self.open.insert(lane, self.clicker.into_iter().collect());
            }
            CrmStep::Show { users } => {
                let screens = self.screens();
                let seen = self.open.get_mut(&lane).expect("shown before it was registered");
                assert!(!users.is_empty() && users.iter().all(|u| seen.insert(*u)), "shown twice to one employee");
                assert!(users.iter().all(|u| !screens.contains(u)), "{users:?} see two cards of one call");
            }
            CrmStep::Hide { users } => {
                let seen = self.open.get_mut(&lane).expect("hidden before it was registered");
                assert!(!users.is_empty() && users.iter().all(|u| seen.remove(u)), "hidden from one who saw nothing");
            }
            CrmStep::Finish { user, duration_s, status, .. } => {
                let mut seen = self.open.remove(&lane).expect("finished before it was registered");
                seen.remove(user);
                assert!(seen.is_empty(), "{seen:?} still see a card of a finished call");
                assert_eq!(*status == FinishStatus::Answered, *duration_s > 0, "answered means at least a second");
                let kind = self.kinds.get(&lane).copied();
                let (user, status, duration_s) = (*user, *status, *duration_s);
                self.records.push(Recorded { lane, kind, user, status, duration_s });
            }
        }
    }
}

/// A call under the judge's eyes.
pub(super) struct Run {
    pub call: Call,
    pub now: Timestamp,
    wake: Option<Timestamp>,
    pub judge: Judge,
}

impl Run {
    pub fn new(settings: &CallSettings) -> Self {
        let now = Timestamp(1_000_000_000);
        let call = Call::new("c1".into(), CallPolicy::new(settings, Duration::from_secs(30)), now);
        Self { call, now, wake: None, judge: Judge::default() }
    }

    pub fn event(&mut self, event: Event) {
        if let Event::Clicked { click, .. } = &event {
            self.judge.clicker = Some(click.user);
        }
        if let Event::Legs(seen) = &event {
            self.is_repeated(seen, self.now);
        }
        let Step { call, actions } = step(self.call.clone(), event.clone(), self.now);
        let crm = |actions: &[Action]| {
            let intent = |a: &Action| if let Action::Crm(i) = a { Some(i.clone()) } else { None };
            actions.iter().filter_map(intent).collect::<Vec<_>>()
        };
        for intent in crm(&actions) {
            self.judge.take(&intent);
        }
        if !matches!(event, Event::Pressed { .. }) {
            let again = step(call.clone(), event.clone(), self.now);
            assert!(crm(&again.actions).is_empty(), "a repeated event told the portal something");
        }
        self.wake = actions.iter().rev().find_map(|a| if let Action::Wake(at) = a { Some(*at) } else { None });
        assert!(self.wake.is_none_or(|at| at > self.now), "a timer in the past would spin");
        // Every step may be the last before a restart.
        self.call = serde_json::from_str(&serde_json::to_string(&call).expect("json")).expect("json");
        assert_eq!(self.call, call, "the store gives back what it was given");
        if let Event::Legs(seen) = event {
            self.is_repeated(&seen, self.now);
            self.is_repeated(&seen, self.now + Duration::from_secs(1));
        }
    }

    /// What is taken for a repetition changes nothing else in a step either.
    fn is_repeated(&self, seen: &[Sighting], now: Timestamp) {
        let mut again = self.call.clone();
        if self.wake.is_some_and(|at| at <= now) || !again.take_repetition(seen, now) {
            return;
        }
        let Step { call, actions } = step(self.call.clone(), Event::Legs(seen.to_vec()), now);
        assert_eq!(again, call, "{seen:?}");
        let wakes = |action: &Action| matches!(action, Action::Wake(at) if Some(*at) == self.wake);
        assert!(actions.iter().all(wakes) && actions.len() == usize::from(self.wake.is_some()), "{actions:?}");
    }

    /// Time passes to this moment; timers that fall due are delivered at their time.
    pub fn wait_until(&mut self, end: Timestamp) {
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.event(Event::Tick);
        }
        self.now = end;
    }

    pub fn wait(&mut self, seconds: u64) {
        self.wait_until(self.now + Duration::from_secs(seconds));
    }

    /// The link comes back for good and nothing is heard of any leg: all must come to an end by itself.
    #[track_caller]
    pub fn end(&mut self) {
        self.event(Event::LinkLost(self.now));
        self.event(Event::LinkBack);
        self.wait(10_000);
        assert!(self.judge.open.is_empty(), "left open: {:?}", self.judge.open);
        assert!(self.call.is_over());
    }
}
