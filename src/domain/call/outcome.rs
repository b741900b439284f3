//! How a CRM call ended: who talked for how long, or why nobody did.

use super::action::{Action, CrmStep, FinishStatus, Intent, Reason};
use super::crm::{CrmCallKind, CrmCallLife, CrmIndex};
use super::event::DialFailure;
use super::leg::Leg;
use super::note::Note;
use super::races;
use super::state::Call;
use crate::domain::leg::Cause;
use crate::domain::{Timestamp, UserId};

/// Closes a CRM call whose legs have all ended.
pub(super) fn close(call: &mut Call, i: CrmIndex, actions: &mut Vec<Action>) {
    let legs: Vec<&Leg> = call.legs_of(i).collect();
    let crm = &call.crm[i];
    let talker = races::talker(call, i).and_then(|n| call.legs[n].owner);
    let concerned = |l: &&&Leg| talker.is_none_or(|user| l.owner == Some(user) && l.talks_since().is_some());
    let reason = legs.iter().filter(concerned).any(|l| l.ended_unseen()).then_some(Reason::EndUnknown);
    let (user, duration_s, status) = if let Some(user) = talker {
        (user, talk(&legs, user), FinishStatus::Answered)
    } else if crm.kind == CrmCallKind::Outgoing {
        (crm.user, 0, of_outgoing(&legs))
    } else {
        let declined = legs.iter().any(|l| l.rejected);
        let status = if declined { FinishStatus::Declined } else { FinishStatus::Missed };
        (call.policy.responsible.unwrap_or(crm.user), 0, status)
    };
    finish(call, i, user, duration_s, status, reason, actions);
}

/// Closes the CRM call of a click that has not become a call.
pub(super) fn close_click(call: &mut Call, status: FinishStatus, reason: Reason, actions: &mut Vec<Action>) {
    let Some(i) = call.awaited_click().map(|click| click.record) else { return };
    let user = call.crm[i].user;
    finish(call, i, user, 0, status, Some(reason), actions);
}

/// Closes a CRM call that goes on in another one, because its client is somebody else than it was made for.
pub(super) fn close_replaced(call: &mut Call, i: CrmIndex, actions: &mut Vec<Action>) {
    let user = call.crm[i].user;
    finish(call, i, user, 0, FinishStatus::GoesOnElsewhere, Some(Reason::NumberChanged), actions);
    call.crm[i].life = CrmCallLife::Replaced;
}

/// The portal's code for a click that could not be dialled.
pub(super) const fn of_dial_failure(why: DialFailure) -> FinishStatus {
    match why {
        DialFailure::NoNumber | DialFailure::WrongNumber | DialFailure::NotANumber | DialFailure::HiddenNumber => {
            FinishStatus::WrongNumber
        }
        DialFailure::Forbidden | DialFailure::NotOffered => FinishStatus::Forbidden,
        DialFailure::Busy => FinishStatus::Busy,
        DialFailure::Unavailable => FinishStatus::Unavailable,
        DialFailure::Offline | DialFailure::Failed | DialFailure::TooLate => FinishStatus::Failed,
    }
}

fn finish(
    call: &mut Call,
    i: CrmIndex,
    user: UserId,
    duration_s: u32,
    status: FinishStatus,
    reason: Option<Reason>,
    actions: &mut Vec<Action>,
) {
    let ended_at = call.legs_of(i).filter_map(Leg::ended_at).max();
    let crm = &mut call.crm[i];
    // A finish closes the card of its own user only.
    let others: Vec<UserId> = crm.finish().into_iter().filter(|u| *u != user).collect();
    if !others.is_empty() {
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Hide { users: others } }));
    }
    let step = CrmStep::Finish { user, duration_s, status, reason, ended_at };
    actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step }));
    actions.push(Action::Note(Note::Closed { lane: crm.lane.clone(), status }));
}

/// For how many seconds this employee talked (rounded, at least one).
fn talk(legs: &[&Leg], user: UserId) -> u32 {
    let own = || legs.iter().filter(|l| l.owner == Some(user) && l.talks_since().is_some());
    let start = own().filter_map(|l| l.talks_since()).min();
    let end = own().filter_map(|l| l.ended_at()).max();
    start.zip(end).map_or(1, |(start, end)| seconds(start, end))
}

fn seconds(start: Timestamp, end: Timestamp) -> u32 {
    let rounded = (end.since(start).as_millis() + 500) / 1000;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// Why nobody answered an employee's call: the switch's word where there is one.
fn of_outgoing(legs: &[&Leg]) -> FinishStatus {
    match legs.iter().rev().find_map(|l| l.cause) {
        Some(Cause::Busy) => FinishStatus::Busy,
        // The caller hung up himself, whatever the switch calls it.
        Some(Cause::Declined) if legs.iter().any(|l| l.rejected) => FinishStatus::Cancelled,
        Some(Cause::Declined) => FinishStatus::Declined,
        Some(Cause::Cancelled) => FinishStatus::Cancelled,
        Some(Cause::WrongNumber) => FinishStatus::WrongNumber,
        Some(Cause::Unavailable) => FinishStatus::Unavailable,
        Some(Cause::Failed) => FinishStatus::Failed,
        Some(Cause::Forbidden) => FinishStatus::Forbidden,
        Some(Cause::Normal | Cause::NoAnswer) | None if legs.iter().any(|l| l.rejected) => FinishStatus::Cancelled,
        Some(Cause::Normal | Cause::NoAnswer) | None => FinishStatus::Missed,
    }
}
