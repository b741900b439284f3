//! Which lanes are told about next, and how many of them share a request.

use super::{Dispatch, Job, Outbox};
use crate::bitrix::RateLimitSlot;
use crate::domain::outbox::{Plan, Urgency};
use crate::domain::{ExternalId, Timestamp};
use std::time::Duration;

/// Commands in one request. The portal would take fifty, but it carries them out one after the other, and the last
/// one should not wait too long.
const COMMANDS: usize = 25;
/// Of them, what nobody looks at, beside what somebody waits for.
const MOST_ADDED_PAST: usize = 10;
/// Requests under way at once: a portal that hangs must not gather an endless number of them.
const AT_ONCE: usize = 32;
/// The same for what nobody looks at.
const PAST_AT_ONCE: usize = 2;
/// This many ends of calls may go out each by itself; more share a request.
const FEW: usize = 2;

/// What waits for a fuller budget looks at it so often.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Where the right to ask comes from.
pub(in crate::session) trait RequestBudget {
    /// How many requests could be made at once.
    fn left(&self, now: Timestamp) -> usize;
    /// Whether there is more than what should be kept for calls that begin now.
    fn is_rich(&self, now: Timestamp) -> bool;
    /// Takes one, or returns when to ask again.
    fn take(&mut self, now: Timestamp) -> Result<(), Duration>;
    /// Nothing is wanted for now.
    fn leave(&mut self);
}

impl RequestBudget for RateLimitSlot {
    fn left(&self, now: Timestamp) -> usize {
        RateLimitSlot::left(self, now) as usize
    }

    fn is_rich(&self, now: Timestamp) -> bool {
        RateLimitSlot::is_rich(self, now)
    }

    fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        RateLimitSlot::take(self, now)
    }

    fn leave(&mut self) {
        RateLimitSlot::leave(self);
    }
}

/// A lane's next requests.
type Choice = (ExternalId, Plan, Urgency);

impl Outbox {
    /// What can be asked now. The lanes named are busy until [`Outbox::settled`], [`Outbox::failed`] or the like; each
    /// dispatch is under way until [`Outbox::completed`].
    pub fn ready(&mut self, now: Timestamp, budget: &mut impl RequestBudget) -> Vec<Dispatch> {
        self.revive(now);
        self.budget_at = None;
        let (mut dispatches, mut waits) = (Vec::new(), false);
        while self.queue.has_work() && self.may_ask(now) {
            let choices = self.choose(now, budget);
            if choices.is_empty() {
                if self.past_in_flight < PAST_AT_ONCE {
                    self.budget_at = Some(now + LOOK_AGAIN);
                }
                break;
            }
            let costs = choices.iter().any(|(_, plan, _)| !plan.requests.is_empty());
            if costs && let Err(wait) = budget.take(now) {
                self.budget_at = Some(now + wait);
                waits = true;
                break;
            }
            dispatches.push(self.pack(choices, now));
        }
        if !waits {
            budget.leave();
        }
        dispatches
    }

    /// Lets those have their turn again who have rested long enough.
    fn revive(&mut self, now: Timestamp) {
        self.resting.retain(|_, until| *until > now);
        while let Some(name) = self.queue.rested(now) {
            let Some(lane) = self.open.get_mut(&name) else { break };
            lane.rests_until = None;
            self.queue.place(&name, lane);
        }
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        match &self.backoff {
            Some(backoff) => self.in_flight == 0 && backoff.until() <= now,
            None => self.in_flight < AT_ONCE,
        }
    }

    /// The lanes for the next request.
    fn choose(&mut self, now: Timestamp, budget: &impl RequestBudget) -> Vec<Choice> {
        let left = budget.left(now);
        let count = |urgent: fn(Urgency) -> bool, most: usize| {
            self.queue.ready().take_while(|(u, _)| *u <= Urgency::Finish).filter(|(u, _)| urgent(*u)).take(most).count()
        };
        let could = left.min(AT_ONCE.saturating_sub(self.in_flight));
        let short = count(|u| u <= Urgency::Register, could.saturating_add(1)) > could;
        let many_ends = count(|u| u == Urgency::Finish, FEW + 1) > FEW || !budget.is_rich(now);
        let may_past = self.past_in_flight < PAST_AT_ONCE && (short || budget.is_rich(now));
        let share = |urgency: Urgency| match urgency {
            Urgency::Card | Urgency::Register => short,
            Urgency::Finish => short || many_ends,
            Urgency::Past => true,
        };
        let (mut choices, mut commands, mut added_past): (Vec<Choice>, usize, usize) = (Vec::new(), 0, 0);
        let mut parked = Vec::new();
        for (urgency, name) in self.queue.ready() {
            let Some(lane) = self.open.get(name).filter(|lane| !self.must_wait(lane, now)) else { continue };
            let Some(plan) = lane.plan() else { continue };
            if let Some(until) = plan.requests.first().and_then(|r| self.resting.get(&r.kind())) {
                parked.push((name.clone(), *until));
                continue;
            }
            let more = plan.requests.len();
            let first = choices.first().map(|(_, _, urgency)| *urgency);
            let past = urgency == Urgency::Past;
            let fits = match first {
                None => !past || may_past,
                Some(first) => {
                    let is_added = past && first != Urgency::Past;
                    (short || first == urgency)
                        && share(urgency)
                        && (!is_added || added_past + more <= MOST_ADDED_PAST)
                        && (!past || may_past)
                        && commands + more <= COMMANDS
                }
            };
            if !fits {
                break;
            }
            commands += more;
            added_past += if past { more } else { 0 };
            let alone = !share(urgency) || more == 0;
            choices.push((name.clone(), plan, urgency));
            if alone || self.backoff.is_some() {
                break;
            }
        }
        for (name, until) in parked {
            if let Some(lane) = self.open.get_mut(&name) {
                lane.rests_until = Some(until);
                self.queue.place(&name, lane);
            }
        }
        choices
    }

    fn pack(&mut self, choices: Vec<Choice>, now: Timestamp) -> Dispatch {
        let past = choices.iter().any(|(_, _, urgency)| *urgency == Urgency::Past);
        self.in_flight += 1;
        self.past_in_flight += usize::from(past);
        let jobs = choices.into_iter().filter_map(|(name, plan, _)| {
            let lane = self.open.get_mut(&name)?;
            lane.busy = true;
            self.queue.place(&name, lane);
            let late = lane.is_late(&plan, now);
            let intents = lane.steps.iter().take(plan.settles).map(|(id, _)| *id).collect();
            Some(Job { lane: name, call: lane.call.clone(), plan, intents, late })
        });
        Dispatch { jobs: jobs.collect(), past }
    }
}
