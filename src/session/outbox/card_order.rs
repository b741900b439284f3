//! One card after the other: a browser shows no card to an employee whose last one is still open (bitrix24.md §3.3), so
//! a card that follows another at once waits until the portal has closed that.

use super::Outbox;
use super::lane::Lane;
use crate::domain::call::CrmStep;
use crate::domain::outbox::Urgency;
use crate::domain::{ExternalId, Timestamp, UserId};
use std::collections::HashMap;
use std::time::Duration;

/// Cards further apart than this have nothing to do with each other.
const AT_ONCE: Duration = Duration::from_millis(500);
/// No card waits longer for another one.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// By employee: the lane that has closed a card last, and when.
#[derive(Debug, Default)]
pub(super) struct CardOrder(HashMap<UserId, (ExternalId, Timestamp)>);

impl CardOrder {
    /// The lane that has to be told out before this step of another one.
    pub fn before(&self, lane: &ExternalId, step: &CrmStep, at: Timestamp) -> Option<ExternalId> {
        let sees = match step {
            CrmStep::Register { user, show: true, .. } => std::slice::from_ref(user),
            CrmStep::Show { users } => users,
            CrmStep::Register { .. } | CrmStep::Adopt { .. } | CrmStep::Hide { .. } | CrmStep::Finish { .. } => &[],
        };
        let closing = sees.iter().filter_map(|user| self.0.get(user));
        let recent = closing.filter(|(other, closed)| other != lane && at.since(*closed) <= AT_ONCE);
        recent.max_by_key(|(_, closed)| *closed).map(|(other, _)| other.clone())
    }

    /// Notes whose cards a step closes.
    pub fn note(&mut self, lane: &ExternalId, step: &CrmStep, at: Timestamp) {
        let closes = match step {
            CrmStep::Hide { users } => users,
            CrmStep::Finish { user, .. } => std::slice::from_ref(user),
            CrmStep::Register { .. } | CrmStep::Adopt { .. } | CrmStep::Show { .. } => &[],
        };
        self.0.extend(closes.iter().map(|user| (*user, (lane.clone(), at))));
    }
}

impl Outbox {
    /// Whether a lane has to let another one go first.
    pub(super) fn must_wait(&self, lane: &Lane, now: Timestamp) -> bool {
        let before = lane.after.as_ref().filter(|_| now.since(lane.since) <= LONGEST_WAIT);
        let before = before.filter(|_| lane.urgency() != Urgency::Past).and_then(|name| self.open.get(name));
        before.is_some_and(|before| !before.steps.is_empty() && before.rests_until.is_none())
    }
}
