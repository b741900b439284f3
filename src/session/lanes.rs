//! The outbox in memory: one lane per CRM call, steps in order, one conversation with the portal at a time.

use crate::clock::random_unit;
use crate::domain::call::CrmStep;
use crate::domain::link::retry_delay;
use crate::domain::outbox::{Plan, Request, plan};
use crate::domain::{CallKey, CrmCallId, ExternalId, Timestamp, UserId};
use crate::store::IntentId;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// A portal that wants a log-in or a payment is not asked more often than this.
const SHUT: Duration = Duration::from_secs(60);
/// A portal that does not answer is tried again at least this often, so that its return is soon noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

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
pub(super) struct Lanes {
    open: HashMap<ExternalId, Lane>,
    /// Lanes with something to tell and not in conversation. Most lanes are silent most of the time, so that what
    /// looks for work looks here only.
    todo: BTreeSet<ExternalId>,
    /// Steps in all lanes.
    waiting: usize,
    /// How many are in conversation with the portal.
    busy: usize,
    /// The portal as a whole does not take requests.
    trouble: Option<Trouble>,
}

/// While it lasts, one lane at a time finds out whether the portal is back; all others wait for its word.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    failures: u32,
    until: Timestamp,
}

impl Lanes {
    /// Adds a step. `known` is what the store knows of the lane, needed when it is not open in memory.
    pub fn push(&mut self, name: &ExternalId, call: &CallKey, id: IntentId, step: CrmStep, known: Option<CrmCallId>) {
        let fresh = known.is_none() && matches!(step, CrmStep::Register { .. });
        let lane = self.open.entry(name.clone()).or_insert_with(|| Lane {
            call: call.clone(),
            steps: VecDeque::new(),
            crm: known,
            sees: fresh.then(BTreeSet::new),
            busy: false,
            failures: 0,
            retry_at: None,
        });
        lane.steps.push_back((id, step));
        self.waiting += 1;
        if !lane.busy {
            self.todo.insert(name.clone());
        }
    }

    /// What can be asked now; the lanes named are busy until [`Lanes::settled`] or [`Lanes::failed`].
    pub fn ready(&mut self, now: Timestamp) -> Vec<Job> {
        let limit = match self.trouble {
            Some(trouble) if self.busy > 0 || trouble.until > now => 0,
            Some(_) => 1,
            None => usize::MAX,
        };
        let mut jobs = Vec::new();
        for id in &self.todo {
            let Some(lane) = self.open.get_mut(id).filter(|l| l.retry_at.is_none_or(|at| at <= now)) else { continue };
            if jobs.len() >= limit {
                break;
            }
            let waiting: Vec<&CrmStep> = lane.steps.iter().map(|(_, step)| step).collect();
            if let Some(plan) = plan(&waiting, lane.crm.as_ref(), lane.sees.as_ref()) {
                lane.busy = true;
                self.busy += 1;
                let intents = lane.steps.iter().take(plan.settles).map(|(id, _)| *id).collect();
                jobs.push(Job { lane: id.clone(), call: lane.call.clone(), plan, intents });
            }
        }
        for job in &jobs {
            self.todo.remove(&job.lane);
        }
        jobs
    }

    /// The portal was told what `settles` steps meant.
    pub fn settled(&mut self, id: &ExternalId, settles: usize, told: &[Request], crm: Option<CrmCallId>) {
        let Some(lane) = self.open.get_mut(id) else { return };
        self.busy -= usize::from(lane.busy);
        lane.busy = false;
        lane.failures = 0;
        lane.retry_at = None;
        self.waiting -= lane.steps.drain(..settles.min(lane.steps.len())).count();
        if !lane.steps.is_empty() {
            self.todo.insert(id.clone());
        }
        if crm.is_some() {
            lane.crm = crm;
        }
        if let Some(sees) = &mut lane.sees {
            for request in told {
                request.note(sees);
            }
        }
    }

    /// The portal answers again.
    pub fn portal_works(&mut self) {
        self.trouble = None;
    }

    /// The portal could not be told; the lane (or, for a fault of the whole portal, all of them) rests until the
    /// moment returned.
    pub fn failed(&mut self, id: &ExternalId, now: Timestamp, rest: Rest, whole_portal: bool) -> Timestamp {
        let Some(lane) = self.open.get_mut(id) else { return now };
        self.busy -= usize::from(lane.busy);
        lane.busy = false;
        self.todo.insert(id.clone());
        // Part of the plan may have been carried out.
        lane.sees = None;
        let until = |failures| match rest {
            Rest::BackOff => now + retry_delay(failures, random_unit()).min(LONGEST_PAUSE),
            Rest::Until(at) => at.max(now),
            Rest::Shut => now + SHUT,
        };
        if !whole_portal {
            lane.failures += 1;
            let until = until(lane.failures);
            lane.retry_at = Some(until);
            return until;
        }
        match self.trouble {
            // Requests that were under way when the trouble began say nothing new.
            Some(trouble) if trouble.until > now => trouble.until,
            before => {
                let failures = before.map_or(0, |t| t.failures) + 1;
                let until = until(failures);
                self.trouble = Some(Trouble { failures, until });
                until
            }
        }
    }

    /// Gives up a lane; tells the steps that will never be told.
    pub fn drop_lane(&mut self, id: &ExternalId) -> Vec<IntentId> {
        let Some(lane) = self.open.remove(id) else { return Vec::new() };
        self.busy -= usize::from(lane.busy);
        self.todo.remove(id);
        self.waiting -= lane.steps.len();
        lane.steps.into_iter().map(|(id, _)| id).collect()
    }

    /// Forgets a lane that has nothing left to tell, so that the next step asks the store for its name.
    pub fn tidy(&mut self, id: &ExternalId, over: bool) {
        if self.open.get(id).is_some_and(|l| !l.busy && l.steps.is_empty()) && over {
            self.open.remove(id);
        }
    }

    /// Lets everything be tried again at once, after a person has mended something.
    pub fn wake(&mut self) {
        self.trouble = None;
        for lane in self.open.values_mut() {
            lane.retry_at = None;
        }
    }

    /// When the next resting lane may try again.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let waiting = self.todo.iter().filter_map(|id| self.open.get(id));
        match self.trouble {
            Some(_) if self.busy > 0 => None,
            Some(trouble) => waiting.map(|l| l.retry_at.map_or(trouble.until, |at| at.max(trouble.until))).min(),
            None => waiting.filter_map(|l| l.retry_at).min(),
        }
    }

    /// How many steps wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether a lane is open in memory.
    pub fn knows(&self, id: &ExternalId) -> bool {
        self.open.contains_key(id)
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
        let until = lanes.failed(&"0".into(), NOW, Rest::BackOff, false);
        assert!(until > NOW);
        assert_eq!(lanes.next_wake(), Some(until));
        assert!(lanes.ready(NOW).is_empty());
        assert_eq!(lanes.ready(until).len(), 1);
        assert_eq!(lanes.waiting(), 2);
    }

    #[test]
    fn a_portal_that_is_down_is_tried_by_one_lane_at_a_time() {
        let call = CallKey::from("c");
        let mut lanes = Lanes::default();
        for n in 0..3 {
            lanes.push(&ExternalId::new(n.to_string()), &call, IntentId(n), register(), None);
        }
        assert_eq!(lanes.ready(NOW).len(), 3);
        let until = lanes.failed(&"0".into(), NOW, Rest::BackOff, true);
        assert_eq!(lanes.failed(&"1".into(), NOW, Rest::BackOff, true), until, "the same trouble");
        assert!(lanes.ready(until).is_empty(), "one request is still under way");
        lanes.failed(&"2".into(), NOW, Rest::BackOff, true);
        assert_eq!(lanes.next_wake(), Some(until));
        let probe = lanes.ready(until);
        assert_eq!(probe.len(), 1);
        let later = lanes.failed(&probe[0].lane, until, Rest::BackOff, true);
        assert!(later > until && later <= until + LONGEST_PAUSE);
        let probe = lanes.ready(later);
        lanes.portal_works();
        lanes.settled(&probe[0].lane, 1, &probe[0].plan.requests, Some("crm".into()));
        assert_eq!(lanes.ready(later).len(), 2, "the portal is back: everybody may speak");
    }
}
