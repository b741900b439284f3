//! A call and the choices that were in force when it began.

use super::click::CallClick;
use super::crm::{CrmCall, CrmCalls, CrmIndex};
use super::leg::Leg;
use crate::domain::company::{CallSettings, CrmCreate, InternalCalls, LONGEST_CALL_H};
use crate::domain::directory::Directory;
use crate::domain::{CallKey, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a click may go without any leg before it counts as failed.
pub(super) const CLICK_PATIENCE: Duration = Duration::from_secs(30);

/// The longest that a missed call waits for a slow queue to ring the next phone.
const LONGEST_LINGER: Duration = Duration::from_secs(30);

/// The company's choices, frozen for the life of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPolicy {
    /// CRM items.
    pub crm_create: CrmCreate,
    /// Calls between employees.
    pub internal: InternalCalls,
    /// Who gets missed calls.
    pub responsible: Option<UserId>,
    /// After the last phone stopped ringing, how long a queue may take to ring the next one before the
    /// call counts as missed.
    pub linger: Duration,
    /// After a reconnect, how long an open leg may stay unseen before its end counts as unknown.
    pub grace: Duration,
    /// A leg that has lasted this long without an end counts as ended unseen.
    #[serde(default = "longest_by_default")]
    pub longest: Duration,
}

/// For calls stored before there was a limit.
fn longest_by_default() -> Duration {
    hours(LONGEST_CALL_H)
}

fn hours(hours: u16) -> Duration {
    Duration::from_secs(3600 * u64::from(hours))
}

impl CallPolicy {
    /// From the company's settings and the installation's grace time.
    pub fn new(settings: &CallSettings, grace: Duration) -> Self {
        Self {
            crm_create: settings.crm_create,
            internal: settings.internal,
            responsible: settings.responsible,
            linger: Duration::from_secs(3),
            grace,
            longest: hours(settings.longest_call_h.max(1)),
        }
    }

    /// The same with what this table of employees allows: missed calls cannot go to somebody who has left.
    #[must_use]
    pub fn among(mut self, staff: &Directory) -> Self {
        self.responsible = self.responsible.filter(|user| staff.employee(*user).is_some_and(|e| e.active));
        self
    }
}

/// One call of the switch, as far as we know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub key: CallKey,
    /// When it was first heard of.
    pub started_at: Timestamp,
    /// The choices in force.
    pub policy: CallPolicy,
    /// The click it came from, if any.
    pub click: Option<CallClick>,
    /// In the order seen.
    pub legs: Vec<Leg>,
    /// What the CRM knows of it.
    pub crm: CrmCalls,
    /// Until when legs may confirm themselves after a reconnect.
    pub confirm_until: Option<Timestamp>,
    /// How far the moments in this call are ahead of the clock, because the clock was put back meanwhile.
    #[serde(default)]
    pub ahead: Duration,
    /// It was closed because too many were open: nothing is waited for any more.
    #[serde(default)]
    pub gave_way: bool,
    /// How often a client's number has changed and another CRM call was made for that.
    #[serde(default)]
    pub renumbered: usize,
}

impl Call {
    /// A call nothing is known of yet.
    pub fn new(key: CallKey, policy: CallPolicy, now: Timestamp) -> Self {
        Self {
            key,
            started_at: now,
            policy,
            click: None,
            // Thousands are in memory, and most have one of each; an empty list grows to four at once.
            legs: Vec::with_capacity(1),
            crm: CrmCalls::with_room_for_one(),
            confirm_until: None,
            ahead: Duration::ZERO,
            gave_way: false,
            renumbered: 0,
        }
    }

    /// The clock's moment as the call counts: never before anything seen, and from there on as the clock goes.
    pub(super) fn count(&mut self, clock: Timestamp) -> Timestamp {
        let latest = self.last_report();
        let now = clock + self.ahead;
        if now < latest {
            self.ahead += latest.since(now);
        }
        now.max(latest)
    }

    /// How long after the last ring the call may still reach the next phone: longer in a queue that has shown to be
    /// slow.
    pub(super) fn linger(&self) -> Duration {
        // Before this leg: nothing, a leg that is still there, or silence since the last one ended.
        let silent_before = |leg: &Leg| {
            let earlier = self.legs.iter().filter(|l| l.first_seen < leg.first_seen);
            let until = |l: &Leg| l.ended_at().map_or(leg.first_seen, |end| end.min(leg.first_seen));
            earlier.map(until).max().map(|end| leg.first_seen.since(end))
        };
        let gaps = self.legs.iter().filter(|l| l.crm().is_some()).filter_map(silent_before);
        let widest = gaps.max().unwrap_or_default();
        (2 * widest).min(LONGEST_LINGER).max(self.policy.linger)
    }

    pub fn last_report(&self) -> Timestamp {
        self.legs.iter().map(|l| l.last_seen).fold(self.started_at, Timestamp::max)
    }

    /// Whether nothing more is expected: no live leg, every CRM call closed.
    pub fn is_over(&self) -> bool {
        self.legs.iter().all(|l| !l.is_live()) && self.crm.iter().all(CrmCall::is_closed)
    }

    /// The legs that are part of this CRM call, in the order seen.
    pub(super) fn legs_of(&self, crm: CrmIndex) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(move |l| l.crm() == Some(crm))
    }

    /// The CRM call of the click it began with.
    pub(super) fn clicked(&self) -> Option<CrmIndex> {
        self.click.as_ref().map(|click| click.record)
    }

    /// The click, as long as it waits for its own leg; others of the call may be there already.
    pub fn awaited_click(&self) -> Option<&CallClick> {
        let click = self.click.as_ref()?;
        let waits = !self.crm[click.record].is_closed() && self.legs_of(click.record).next().is_none();
        waits.then_some(click)
    }
}
