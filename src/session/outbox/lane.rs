//! Steps of one CRM call that the portal has not been told yet.

use super::ready_queue::QueuePosition;
use crate::domain::call::CrmStep;
use crate::domain::outbox::{Plan, Request, Urgency, plan, urgency};
use crate::domain::{CallKey, CrmCallId, ExternalId, Phone, Timestamp, UserId};
use crate::store::IntentId;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Lane {
    pub call: CallKey,
    pub steps: VecDeque<(IntentId, CrmStep)>,
    /// When the oldest waiting step was decided.
    pub since: Timestamp,
    pub crm: Option<CrmCallId>,
    /// Who may have the card open; `None` when a restart or a lost answer has made us forget it.
    pub sees: Option<BTreeSet<UserId>>,
    pub busy: bool,
    pub failures: u32,
    pub rests_until: Option<Timestamp>,
    /// Where it stands in the queue.
    pub place: Option<QueuePosition>,
    /// The portal may have carried out the finish before, as an answer was lost or a restart came in between.
    pub may_be_finished: bool,
    /// The call was not there at its first finish, and was made once more.
    pub remade: bool,
    /// Says nothing before this lane has been told out.
    pub after: Option<ExternalId>,
    substitutes: Vec<Substitute>,
    /// When the call ended, which may be long before that was seen.
    finish_at: Option<Timestamp>,
    /// The portal has first heard of the call after its end.
    reported_late: bool,
    /// With so many steps it is looked for those that later ones make pointless.
    condense_at: usize,
}

/// A call has fewer steps than this, unless it rings at many telephones over and over.
const FEW: usize = 64;

/// What is told so long after the end of its call is told late.
const LATE: Duration = Duration::from_secs(180);

/// What is known of a lane that is not open in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum LaneHistory {
    /// It begins now.
    None,
    /// It was stored, under the portal's name if it has one; any waiting step may have been carried out.
    Stored(Option<CrmCallId>),
}

/// Two digits, as a single zero is nothing for the portal.
const ZEROS: &str = "00";

/// What the portal does not take, and what is said in its place, so that the call is recorded all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum Substitute {
    /// The employee has no account any more: somebody answerable for the company's calls.
    User(UserId),
    /// The portal does not accept the number: as if it were hidden.
    NoNumber,
    /// The portal does not even accept how we say that there is none: a number that nobody has.
    NobodysNumber,
}

impl Lane {
    pub fn new(call: CallKey, past: LaneHistory, fresh: bool) -> Self {
        let crm = if let LaneHistory::Stored(crm) = past { crm } else { None };
        Self {
            call,
            // Thousands may wait: most have a register and a finish.
            steps: VecDeque::with_capacity(2),
            since: Timestamp(0),
            // A finish needs the portal's name.
            may_be_finished: crm.is_some(),
            crm,
            sees: fresh.then(BTreeSet::new),
            busy: false,
            failures: 0,
            rests_until: None,
            place: None,
            remade: false,
            after: None,
            substitutes: Vec::new(),
            finish_at: None,
            reported_late: false,
            condense_at: FEW,
        }
    }

    /// The call has ended.
    pub fn ends(&mut self, at: Timestamp) {
        self.finish_at = Some(at);
    }

    /// Whether these requests tell the past. A call that is made once more was heard of in time.
    pub fn is_late(&mut self, plan: &Plan, now: Timestamp) -> bool {
        let registers = plan.requests.iter().any(|r| matches!(r, Request::Register { .. }));
        let over = self.steps.iter().any(|(_, step)| matches!(step, CrmStep::Finish { .. }));
        self.reported_late |= registers && over && !self.remade;
        self.reported_late || self.finish_at.is_some_and(|at| now.since(at) > LATE)
    }

    /// Adds a step: at the end, but for a register that is to be made again before the finish that waits.
    pub fn add(&mut self, id: IntentId, step: CrmStep) {
        let remade =
            matches!((&step, self.steps.front()), (CrmStep::Register { .. }, Some((_, CrmStep::Finish { .. }))));
        if remade {
            (self.busy, self.remade, self.crm, self.sees) = (false, true, None, Some(BTreeSet::new()));
            self.steps.push_front((id, step));
        } else {
            self.steps.push_back((id, step));
        }
    }

    /// Takes out shows and hides that later ones make pointless, where there are many: what counts in the end is the last
    /// word about each employee. Tells which.
    pub fn condense(&mut self) -> Vec<IntentId> {
        if self.busy || self.steps.len() < self.condense_at {
            return Vec::new();
        }
        let (mut spoken_of, mut left, mut gone) = (BTreeSet::new(), VecDeque::new(), Vec::new());
        for (id, step) in self.steps.drain(..).rev() {
            let last_word = match &step {
                CrmStep::Show { users } | CrmStep::Hide { users } => {
                    users.iter().filter(|user| spoken_of.insert(**user)).count() > 0
                }
                CrmStep::Register { .. } | CrmStep::Adopt { .. } | CrmStep::Finish { .. } => {
                    spoken_of.clear();
                    true
                }
            };
            if last_word {
                left.push_front((id, step));
            } else {
                gone.push(id);
            }
        }
        self.steps = left;
        self.condense_at = FEW.max(2 * self.steps.len());
        gone
    }

    /// Whether the portal has never heard of it, so that giving it up leaves nothing half done.
    pub fn is_unheard(&self) -> bool {
        !self.busy && self.crm.is_none() && matches!(self.steps.front(), Some((_, CrmStep::Register { .. })))
    }

    /// What to ask next.
    pub fn plan(&self) -> Option<Plan> {
        let waiting: Vec<&CrmStep> = self.steps.iter().map(|(_, step)| step).collect();
        let mut plan = plan(&waiting, self.crm.as_ref(), self.sees.as_ref())?;
        for request in &mut plan.requests {
            for substitute in &self.substitutes {
                substitute.put_into(request);
            }
        }
        Some(plan)
    }

    /// The portal has carried these out.
    pub fn sent(&mut self, requests: &[Request]) {
        if let Some(sees) = &mut self.sees {
            for request in requests {
                request.note(sees);
            }
        }
    }

    pub fn urgency(&self) -> Urgency {
        let waiting: Vec<&CrmStep> = self.steps.iter().map(|(_, step)| step).collect();
        urgency(&waiting, self.crm.as_ref())
    }

    /// `false` if it is said so already.
    pub fn amend(&mut self, substitute: Substitute) -> bool {
        let is_new = !self.substitutes.iter().any(|s| std::mem::discriminant(s) == std::mem::discriminant(&substitute));
        if is_new {
            self.substitutes.push(substitute);
        }
        is_new
    }
}

impl Substitute {
    fn put_into(&self, request: &mut Request) {
        match (self, request) {
            (Self::User(substitute), Request::Register { user, show, .. }) => {
                *user = *substitute;
                // The card is for whoever has the call, not for whoever answers for its record.
                *show = false;
            }
            (Self::User(substitute), Request::Finish { user, .. }) => *user = *substitute,
            (Self::NoNumber, Request::Register { number, .. }) => *number = None,
            (Self::NobodysNumber, Request::Register { number, create, .. }) => {
                (*number, *create) = (Phone::parse(ZEROS).ok(), false);
            }
            (Self::User(_), Request::Show(..) | Request::Hide(..))
            | (Self::NoNumber | Self::NobodysNumber, Request::Show(..) | Request::Hide(..) | Request::Finish { .. }) => {
            }
        }
    }
}
