//! What truly happened, for the judge: every call and leg with its times, seen on the wire or not.

use super::SwitchWorld;
use super::call::{Call, CallId, Direction, Leg, LegId, Party, ReleaseCause};
use super::shown::Shown;
use super::state::State;
use crate::domain::Timestamp;
use std::time::Duration;

/// A call as it really was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueCall {
    /// On the wire: `call_id`.
    pub id: CallId,
    /// The domain it happened in.
    pub domain: String,
    /// Who called.
    pub from: String,
    /// What was dialled.
    pub to: String,
    /// When it began.
    pub started: Timestamp,
    /// When its last party left; `None` while it goes on.
    pub ended: Option<Timestamp>,
    /// All its legs, oldest first; also those nobody sees on the wire. A leg that went on in another call stands in
    /// both, each with its part of the time.
    pub legs: Vec<TrueLeg>,
}

/// A leg as it really was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueLeg {
    /// On the wire: `id`.
    pub id: LegId,
    /// On the wire: `call_ref`.
    pub call_ref: String,
    /// A phone, or somebody outside.
    pub party: Party,
    /// Called or calling.
    pub direction: Direction,
    /// Its own number.
    pub own: String,
    /// The other number as this party knows it.
    pub remote: String,
    /// The numbers it knew before, each with the moment until which.
    pub earlier_remotes: Vec<(Timestamp, String)>,
    /// When it began to ring or dial in this call.
    pub started: Timestamp,
    /// When it was connected in this call.
    pub answered: Option<Timestamp>,
    /// When it ended, or left this call.
    pub ended: Option<Timestamp>,
    /// The call in which it went on instead of ending.
    pub moved_to: Option<CallId>,
    /// Whether the switch has stopped reporting it.
    pub silent: bool,
    /// Why it ended.
    pub cause: Option<ReleaseCause>,
    /// Whether any integration could see it.
    pub visible: bool,
    /// What sockets were sent of it, oldest first; empty unless [`SwitchWorld::keep_shown`] was called before.
    pub shown: Vec<Shown>,
}

impl TrueLeg {
    /// Connected time; `None` if it never was or still is connected.
    pub fn talked(&self) -> Option<Duration> {
        Some(self.ended?.since(self.answered?))
    }
}

impl TrueCall {
    /// The legs of one phone, oldest first.
    pub fn legs_of<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a TrueLeg> {
        self.legs.iter().filter(move |leg| leg.party == Party::Phone && leg.own == number)
    }
}

impl SwitchWorld {
    /// All calls so far, oldest first.
    pub fn calls(&self) -> Vec<TrueCall> {
        let state = self.core.lock();
        state.calls.values().map(|call| true_call(&state, call)).collect()
    }

    pub fn call(&self, id: CallId) -> Option<TrueCall> {
        let state = self.core.lock();
        state.calls.get(&id).map(|call| true_call(&state, call))
    }

    /// Calls that are going on.
    pub fn running_calls(&self) -> usize {
        self.core.lock().calls.values().filter(|call| call.ended.is_none()).count()
    }

    /// Forgets calls that are over, for long load runs; how many there were.
    pub fn forget_ended(&self) -> usize {
        let mut state = self.core.lock();
        let State { calls, legs, shown, .. } = &mut *state;
        let before = calls.len();
        calls.retain(|_, call| {
            let keep = call.ended.is_none();
            if !keep {
                for leg in &call.legs {
                    legs.remove(leg);
                    if let Some(book) = shown {
                        book.forget(*leg);
                    }
                }
            }
            keep
        });
        before - calls.len()
    }
}

fn true_call(state: &State, call: &Call) -> TrueCall {
    let mut legs: Vec<&Leg> = call.left.iter().chain(call.legs.iter().filter_map(|id| state.legs.get(id))).collect();
    legs.sort_by_key(|leg| (leg.joined, leg.id));
    TrueCall {
        id: call.id,
        domain: call.domain.to_string(),
        from: call.from.to_string(),
        to: call.to.to_string(),
        started: call.started,
        ended: call.ended,
        legs: legs.into_iter().map(|leg| true_leg(state, leg)).collect(),
    }
}

fn true_leg(state: &State, leg: &Leg) -> TrueLeg {
    TrueLeg {
        id: leg.id,
        call_ref: format!("{:016x}", leg.call_ref),
        party: leg.party,
        direction: leg.direction,
        own: leg.own.to_string(),
        remote: leg.remote.to_string(),
        earlier_remotes: leg.earlier_remotes.iter().map(|(until, remote)| (*until, remote.to_string())).collect(),
        started: leg.joined,
        answered: leg.answered.map(|at| at.max(leg.joined)),
        ended: leg.ended,
        moved_to: leg.moved_to,
        silent: leg.silent,
        cause: leg.cause,
        visible: !leg.viewers.is_empty(),
        shown: state.shown.as_ref().map(|book| book.of(leg)).unwrap_or_default(),
    }
}
