//! The outbox in memory: one lane per CRM call, steps in order, one conversation with the portal at a time.

use crate::clock::random_unit;
use crate::domain::call::CrmStep;
use crate::domain::link::retry_delay;
use crate::domain::outbox::{Plan, Request, plan};
use crate::domain::{CallKey, CrmCallId, ExternalId, Timestamp, UserId};
use crate::store::IntentId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// A portal that wants a log-in or a payment is not asked more often than this.
const SHUT: Duration = Duration::from_secs(60);

/// Steps of one CRM call that the portal has not been told yet.
#[derive(Debug)]
pub(super) struct Lane {
    pub call: CallKey,
    steps: VecDeque<(IntentId, CrmStep)>,
    pub crm: Option<CrmCallId>,
    /// Who may have the card open; `None` when a restart has made us forget it.
    sees: Option<BTreeSet<UserId>>,
    busy: bool,
    failures: u32,
    retry_at: Option<Timestamp>,
}

/// What to ask now on behalf of a lane.
#[derive(Debug)]
pub(super) struct Job {
    pub lane: ExternalId,
    pub call: CallKey,
    pub plan: Plan,
    /// The stored steps this settles.
    pub intents: Vec<IntentId>,
}

/// All lanes of a company with something to tell.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<ExternalId, Lane>);

impl Lanes {
    /// Adds a step. `known` is what the store knows of the lane, needed when it is not open in memory.
    pub fn push(&mut self, lane: &ExternalId, call: &CallKey, id: IntentId, step: CrmStep, known: Option<CrmCallId>) {
        let fresh = known.is_none() && matches!(step, CrmStep::Register { .. });
        let lane = self.0.entry(lane.clone()).or_insert_with(|| Lane {
            call: call.clone(),
            steps: VecDeque::new(),
            crm: known,
            sees: fresh.then(BTreeSet::new),
            busy: false,
            failures: 0,
            retry_at: None,
        });
        lane.steps.push_back((id, step));
    }

    /// What can be asked now; the lanes named are busy until [`Lanes::settled`] or [`Lanes::failed`].
    pub fn ready(&mut self, now: Timestamp) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (id, lane) in &mut self.0 {
            if lane.busy || lane.retry_at.is_some_and(|at| at > now) {
                continue;
            }
            let waiting: Vec<&CrmStep> = lane.steps.iter().map(|(_, step)| step).collect();
            if let Some(plan) = plan(&waiting, lane.crm.as_ref(), lane.sees.as_ref()) {
                lane.busy = true;
                let intents = lane.steps.iter().take(plan.settles).map(|(id, _)| *id).collect();
                jobs.push(Job { lane: id.clone(), call: lane.call.clone(), plan, intents });
            }
        }
        jobs
    }

    /// The portal was told what `settles` steps meant.
    pub fn settled(&mut self, id: &ExternalId, settles: usize, told: &[Request], crm: Option<CrmCallId>) {
        let Some(lane) = self.0.get_mut(id) else { return };
        lane.busy = false;
        lane.failures = 0;
        lane.retry_at = None;
        lane.steps.drain(..settles.min(lane.steps.len()));
        if crm.is_some() {
            lane.crm = crm;
        }
        if let Some(sees) = &mut lane.sees {
            for request in told {
                request.note(sees);
            }
        }
    }

    /// The portal could not be told; the lane rests until the moment returned.
    pub fn failed(&mut self, id: &ExternalId, now: Timestamp, rest: Rest) -> Timestamp {
        let Some(lane) = self.0.get_mut(id) else { return now };
        lane.busy = false;
        lane.failures += 1;
        // Part of the plan may have been carried out.
        lane.sees = None;
        let until = match rest {
            Rest::BackOff => now + retry_delay(lane.failures, random_unit()),
            Rest::Until(at) => at.max(now),
            Rest::Shut => now + SHUT,
        };
        lane.retry_at = Some(until);
        until
    }

    /// Gives up a lane; tells the steps that will never be told.
    pub fn drop_lane(&mut self, id: &ExternalId) -> Vec<IntentId> {
        self.0.remove(id).map_or_else(Vec::new, |lane| lane.steps.into_iter().map(|(id, _)| id).collect())
    }

    /// Forgets a lane that has nothing left to tell, so that the next step asks the store for its name.
    pub fn tidy(&mut self, id: &ExternalId, over: bool) {
        if self.0.get(id).is_some_and(|l| !l.busy && l.steps.is_empty()) && over {
            self.0.remove(id);
        }
    }

    /// Lets everything be tried again at once, after a person has mended something.
    pub fn wake(&mut self) {
        for lane in self.0.values_mut() {
            lane.retry_at = None;
        }
    }

    /// When the next resting lane may try again.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.0.values().filter(|l| !l.busy && !l.steps.is_empty()).filter_map(|l| l.retry_at).min()
    }

    /// How many steps wait.
    pub fn waiting(&self) -> usize {
        self.0.values().map(|l| l.steps.len()).sum()
    }

    /// Whether a lane is open in memory.
    pub fn knows(&self, id: &ExternalId) -> bool {
        self.0.contains_key(id)
    }
}

/// How long a lane rests after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Growing, jittered.
    BackOff,
    /// By the portal's word.
    Until(Timestamp),
    /// Until a person acts; looked at again now and then.
    Shut,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{Kind, Status};

    const NOW: Timestamp = Timestamp(1_000);

    fn register() -> CrmStep {
        CrmStep::Register {
            user: UserId(1),
            number: None,
            kind: Kind::Incoming,
            started_at: NOW,
            create: false,
            show: true,
        }
    }

    fn finish() -> CrmStep {
        CrmStep::Finish { user: UserId(1), duration_s: 1, status: Status::Answered, reason: None }
    }

    #[test]
    fn a_lane_has_one_conversation_at_a_time() {
        let (lane, call) = (ExternalId::from("l"), CallKey::from("c"));
        let mut lanes = Lanes::default();
        lanes.push(&lane, &call, IntentId(1), register(), None);
        lanes.push(&lane, &call, IntentId(2), finish(), None);
        let jobs = lanes.ready(NOW);
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].intents, [IntentId(1)]);
        assert!(lanes.ready(NOW).is_empty(), "the register is under way");
        lanes.settled(&lane, 1, &jobs[0].plan.requests, Some("crm".into()));
        let jobs = lanes.ready(NOW);
        assert!(matches!(&jobs[0].plan.requests[..], [Request::Finish { crm, .. }] if crm.as_str() == "crm"));
        lanes.settled(&lane, 1, &jobs[0].plan.requests, None);
        lanes.tidy(&lane, true);
        assert!(!lanes.knows(&lane));
    }

    #[test]
    fn a_failed_lane_rests_and_others_go_on() {
        let call = CallKey::from("c");
        let mut lanes = Lanes::default();
        for n in 0..2 {
            lanes.push(&ExternalId::new(n.to_string()), &call, IntentId(n), register(), None);
        }
        assert_eq!(lanes.ready(NOW).len(), 2);
        let until = lanes.failed(&"0".into(), NOW, Rest::BackOff);
        assert!(until > NOW);
        assert_eq!(lanes.next_wake(), Some(until));
        assert!(lanes.ready(NOW).is_empty());
        assert_eq!(lanes.ready(until).len(), 1);
        assert_eq!(lanes.waiting(), 2);
    }
}
