//! The outbox in memory: one lane per CRM call, its steps in order, one conversation with the portal at a time.
//!
//! What is asked next is decided when the portal's budget allows to ask, not before: a card that has to open now
//! overtakes everything that is only to be recorded. Where there is more to ask than may be asked, several lanes share
//! a request.

mod backoff;
mod card_order;
mod dispatch;
mod lane;
mod ready_queue;
mod schedule;
mod send;
#[cfg(test)]
mod tests;

pub(super) use dispatch::{Dispatch, Job};
pub(super) use lane::{LaneHistory, Substitute};

pub(super) use backoff::RetryPause;
pub(super) use send::{DispatchOutcome, JobOutcome, rest_after, send};

use crate::domain::call::CrmStep;
use crate::domain::link::Backlog;
use crate::domain::outbox::{Request, RequestKind};
use crate::domain::{CallKey, CrmCallId, ExternalId, Timestamp};
use crate::store::IntentId;
use backoff::PortalBackoff;
use card_order::CardOrder;
use lane::Lane;
use ready_queue::ReadyQueue;
use std::collections::{BTreeMap, HashMap};

/// All lanes of a company with something to tell, and those of calls that go on.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Boxed, as a table has up to twice the places it needs.
    open: HashMap<ExternalId, Box<Lane>>,
    queue: ReadyQueue,
    /// Requests under way …
    in_flight: usize,
    /// … and those of them with calls nobody looks at.
    past_in_flight: usize,
    /// The portal as a whole does not take requests.
    backoff: Option<PortalBackoff>,
    /// Kinds of request that the portal does not take for now, and until when.
    resting: BTreeMap<RequestKind, Timestamp>,
    /// Whose cards close, so that the next ones wait for that.
    turns: CardOrder,
    /// When the budget allows the next request that something waits for.
    budget_at: Option<Timestamp>,
}

impl Outbox {
    /// Adds a step decided at `at`. `past` is what is known of the lane where it is not open in memory. Tells the steps
    /// that need not be told any more.
    pub fn push(
        &mut self,
        name: &ExternalId,
        call: &CallKey,
        step: (IntentId, CrmStep, Timestamp),
        past: LaneHistory,
    ) -> Vec<IntentId> {
        let (id, step, at) = step;
        if matches!(step, CrmStep::Register { .. } | CrmStep::Show { .. })
            && let Some(backoff) = &mut self.backoff
        {
            backoff.somebody_waits(at);
        }
        let lane = self.open.entry(name.clone()).or_insert_with(|| {
            let fresh = past == LaneHistory::None && matches!(step, CrmStep::Register { .. });
            Box::new(Lane::new(call.clone(), past, fresh))
        });
        if lane.steps.is_empty() {
            lane.since = at;
        }
        if let CrmStep::Finish { ended_at, .. } = &step {
            // A clock that was set may have ended the call in the future.
            lane.ends(ended_at.map_or(at, |ended| ended.min(at)));
        }
        lane.after = lane.after.take().or_else(|| self.turns.before(name, &step, at));
        self.turns.note(name, &step, at);
        lane.add(id, step);
        let pointless = lane.condense();
        self.queue.place(name, lane);
        pointless
    }

    /// Gives up the call that has waited longest, if more than `most` wait: of those only that the portal has not heard of.
    /// Tells the steps that will never be told.
    pub fn gives_way(&mut self, most: usize) -> Option<(ExternalId, CallKey, Vec<IntentId>)> {
        if self.queue.len() <= most {
            return None;
        }
        let unheard = |name: &&ExternalId| self.open.get(*name).is_some_and(|lane| lane.is_unheard());
        let name = self.queue.by_age().find(unheard)?.clone();
        let call = self.open.get(&name)?.call.clone();
        let steps = self.drop_lane(&name);
        Some((name, call, steps))
    }

    /// The portal was told what `settles` steps meant.
    pub fn settled(&mut self, name: &ExternalId, settles: usize, sent: &[Request], crm: Option<CrmCallId>) {
        let Some(lane) = self.open.get_mut(name) else { return };
        lane.busy = false;
        lane.failures = 0;
        lane.rests_until = None;
        lane.steps.drain(..settles.min(lane.steps.len()));
        if crm.is_some() {
            lane.crm = crm;
        }
        lane.sent(sent);
        self.queue.place(name, lane);
    }

    /// Of a plan that failed only `sent` went through; with `unclear` nobody knows whether the next one did as well.
    pub fn partly_sent(&mut self, name: &ExternalId, sent: &[Request], unclear: bool) {
        let Some(lane) = self.open.get_mut(name) else { return };
        lane.sent(sent);
        if unclear {
            lane.sees = None;
            lane.may_be_finished |= matches!(lane.steps.front(), Some((_, CrmStep::Finish { .. })));
        }
    }

    /// Whether a call the portal does not know at its finish has to be made once more: nobody can have finished it.
    pub fn must_be_remade(&self, name: &ExternalId) -> bool {
        self.open.get(name).is_some_and(|lane| !lane.may_be_finished && !lane.remade)
    }

    /// The first requests of a plan went through and named the call, a later one did not: the register is not repeated.
    pub fn named(&mut self, name: &ExternalId, crm: CrmCallId) {
        if let Some(lane) = self.open.get_mut(name) {
            lane.crm = Some(crm);
        }
    }

    /// The portal answers again.
    pub fn portal_works(&mut self) {
        self.backoff = None;
    }

    /// A request has come back, whatever it brought.
    pub fn completed(&mut self, past: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.past_in_flight = self.past_in_flight.saturating_sub(usize::from(past));
    }

    /// The portal could not be told; the lane (or, for a fault of the whole portal, all of them) rests until the
    /// moment returned.
    pub fn failed(&mut self, name: &ExternalId, now: Timestamp, rest: RetryPause, whole_portal: bool) -> Timestamp {
        let Some(lane) = self.open.get_mut(name) else { return now };
        lane.busy = false;
        let until = if whole_portal {
            PortalBackoff::again(&mut self.backoff, now, rest)
        } else {
            lane.failures += 1;
            let until = rest.until(lane.failures, now);
            lane.rests_until = Some(until);
            until
        };
        self.queue.place(name, lane);
        until
    }

    /// Requests of this kind are not taken until then; others are.
    pub fn kind_rests(&mut self, name: &ExternalId, kind: RequestKind, until: Timestamp) {
        self.resting.insert(kind, until);
        if let Some(lane) = self.open.get_mut(name) {
            lane.busy = false;
            self.queue.place(name, lane);
        }
    }

    /// Gives up a lane; returns the steps that will never be told.
    pub fn drop_lane(&mut self, name: &ExternalId) -> Vec<IntentId> {
        let Some(mut lane) = self.open.remove(name) else { return Vec::new() };
        self.queue.remove(name, &mut lane);
        lane.steps.into_iter().map(|(id, _)| id).collect()
    }

    /// Says the lane's register and finish differently from now on; `false` if that was tried before.
    pub fn amend(&mut self, name: &ExternalId, substitute: Substitute) -> bool {
        let Some(lane) = self.open.get_mut(name) else { return false };
        let is_new = lane.amend(substitute);
        lane.busy = false;
        self.queue.place(name, lane);
        is_new
    }

    /// Forgets a lane that has nothing left to tell, so that the next step asks the store for its name.
    pub fn close_if_done(&mut self, name: &ExternalId, over: bool) {
        if over && self.open.get(name).is_some_and(|l| !l.busy && l.steps.is_empty()) {
            self.open.remove(name);
        }
    }

    /// Lets everything be tried again at once, after a person has mended something or the clock was corrected.
    pub fn wake(&mut self) {
        self.backoff = None;
        self.resting.clear();
        for (name, lane) in &mut self.open {
            lane.rests_until = None;
            self.queue.place(name, lane);
        }
    }

    /// When to look again although nothing has happened.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let rested = self.queue.next_rested();
        match &self.backoff {
            Some(_) if self.in_flight > 0 => None,
            Some(backoff) if self.queue.has_work() => Some(backoff.until()),
            Some(backoff) => rested.map(|at| at.max(backoff.until())),
            None => rested.into_iter().chain(self.budget_at).min(),
        }
    }

    /// What waits.
    pub fn backlog(&self) -> Backlog {
        self.queue.backlog()
    }

    /// Whether a lane is open in memory.
    pub fn knows(&self, name: &ExternalId) -> bool {
        self.open.contains_key(name)
    }
}
