//! How a CRM call ended: who talked for how long, or why nobody did.

use super::action::{Action, CrmStep, Intent, Reason, Status};
use super::crm::Kind;
use super::event::DialFailure;
use super::leg::Leg;
use super::note::Note;
use super::state::Call;
use crate::domain::leg::Cause;
use crate::domain::{Timestamp, UserId};

/// Closes a CRM call whose legs have all ended.
pub(super) fn close(call: &mut Call, i: usize, actions: &mut Vec<Action>) {
    let legs: Vec<&Leg> = call.legs.iter().filter(|l| l.crm == Some(i)).collect();
    let reason = legs.iter().any(|l| l.end_unknown).then_some(Reason::EndUnknown);
    let crm = &call.crm[i];
    let (user, duration_s, status) = if let Some((user, seconds)) = talk(&legs) {
        (user, seconds, Status::Answered)
    } else if crm.kind == Kind::Outgoing {
        (crm.user, 0, of_outgoing(&legs))
    } else {
        let declined = legs.iter().any(|l| l.rejected);
        let status = if declined { Status::Declined } else { Status::Missed };
        (call.policy.responsible.unwrap_or(crm.user), 0, status)
    };
    finish(call, i, user, duration_s, status, reason, actions);
}

/// Closes the CRM call of a click that never became a call.
pub(super) fn close_click(call: &mut Call, status: Status, reason: Reason, actions: &mut Vec<Action>) {
    let user = call.crm[0].user;
    finish(call, 0, user, 0, status, Some(reason), actions);
}

/// The portal's code for a click that could not be dialled.
pub(super) const fn of_dial_failure(why: DialFailure) -> Status {
    match why {
        DialFailure::NoNumber | DialFailure::WrongNumber => Status::WrongNumber,
        DialFailure::Forbidden | DialFailure::NotOffered => Status::Forbidden,
        DialFailure::Busy => Status::Busy,
        DialFailure::Unavailable => Status::Unavailable,
        DialFailure::Offline | DialFailure::Failed | DialFailure::TooLate => Status::Failed,
    }
}

fn finish(
    call: &mut Call,
    i: usize,
    user: UserId,
    duration_s: u32,
    status: Status,
    reason: Option<Reason>,
    actions: &mut Vec<Action>,
) {
    let crm = &mut call.crm[i];
    // A finish closes the card of its own user only.
    let others: Vec<UserId> = crm.visible.iter().copied().filter(|u| *u != user).collect();
    if !others.is_empty() {
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Hide { users: others } }));
    }
    let step = CrmStep::Finish { user, duration_s, status, reason };
    actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step }));
    actions.push(Action::Note(Note::Closed { lane: crm.lane.clone(), status }));
    crm.visible.clear();
    crm.linger_until = None;
    crm.closed = true;
}

/// Who talked first, and for how many seconds (rounded, at least one).
fn talk(legs: &[&Leg]) -> Option<(UserId, u32)> {
    let begin = |l: &Leg| l.answered_at.map(|t| l.relevant_since.map_or(t, |since| t.max(since)));
    let first = legs.iter().filter(|l| l.answered_at.is_some()).min_by_key(|l| begin(l))?;
    let user = first.owner?;
    let own = || legs.iter().filter(|l| l.owner == Some(user) && l.answered_at.is_some());
    let start = own().filter_map(|l| begin(l)).min()?;
    let end = own().filter_map(|l| l.ended_at).max()?;
    Some((user, seconds(start, end)))
}

fn seconds(start: Timestamp, end: Timestamp) -> u32 {
    let rounded = (end.since(start).as_millis() + 500) / 1000;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// Why nobody answered an employee's call: the switch's word where there is one.
fn of_outgoing(legs: &[&Leg]) -> Status {
    match legs.iter().rev().find_map(|l| l.cause) {
        Some(Cause::Busy) => Status::Busy,
        Some(Cause::Declined) => Status::Declined,
        Some(Cause::Cancelled) => Status::Cancelled,
        Some(Cause::WrongNumber) => Status::WrongNumber,
        Some(Cause::Unavailable) => Status::Unavailable,
        Some(Cause::Failed) => Status::Failed,
        Some(Cause::Forbidden) => Status::Forbidden,
        Some(Cause::Normal | Cause::NoAnswer) | None if legs.iter().any(|l| l.rejected) => Status::Cancelled,
        Some(Cause::Normal | Cause::NoAnswer) | None => Status::Missed,
    }
}
