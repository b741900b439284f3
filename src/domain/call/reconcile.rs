//! Derives from the legs what the CRM should know, and emits the difference to what it has been told.

use super::action::{Action, CrmStep, Intent};
use super::crm::{CrmCall, Kind};
use super::leg::Leg;
use super::note::Note;
use super::outcome;
use super::state::{CLICK_PATIENCE, Call};
use crate::domain::company::{CrmCreate, InternalCalls};
use crate::domain::leg::{Direction, LegState};
use crate::domain::{ExternalId, Timestamp, UserId};
use std::collections::BTreeSet;

pub(super) fn reconcile(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    for i in 0..call.legs.len() {
        if call.legs[i].crm.is_none() && concerns_crm(call, &call.legs[i]) {
            assign(call, i, now, actions);
        }
    }
    for i in 0..call.crm.len() {
        if !call.crm[i].closed {
            settle(call, i, now, actions);
        }
    }
    if let Some(at) = next_wake(call) {
        actions.push(Action::Wake(at));
    }
}

/// Whether a leg is an employee's conversation with somebody outside (or is to be treated so).
fn concerns_crm(call: &Call, leg: &Leg) -> bool {
    let Some(owner) = leg.owner else { return false };
    is_click_leg(call, leg, owner)
        || leg.remote_owner.is_none()
        || (call.policy.internal == InternalCalls::Card && leg.direction == Direction::In)
}

fn is_click_leg(call: &Call, leg: &Leg, owner: UserId) -> bool {
    call.click
        .as_ref()
        .is_some_and(|c| c.user == owner && c.from.as_ref().is_some_and(|n| n.digits() == leg.own.digits()))
}

/// Gives a leg its CRM call, opening one if there is none it belongs to.
fn assign(call: &mut Call, i: usize, now: Timestamp, actions: &mut Vec<Action>) {
    let leg = &call.legs[i];
    let Some(owner) = leg.owner else { return };
    let since = if leg.first_seen == now { leg.answered_at.map_or(now, |t| t.min(now)) } else { now };
    let joined = if is_click_leg(call, leg, owner) && !call.crm[0].closed {
        actions.push(Action::Note(Note::Matched { leg: leg.id.clone() }));
        Some(0)
    } else {
        joinable(call, leg, owner)
    };
    let crm = match joined {
        Some(crm) => crm,
        // News of a leg that ended unanswered before it was ever seen adds nothing to a known call.
        None if !leg.is_live() && leg.answered_at.is_none() && !call.crm.is_empty() => call.crm.len() - 1,
        None => {
            let somebody_talked = call.legs.iter().any(|l| l.crm.is_some() && l.answered_at.is_some());
            let kind = match leg.direction {
                Direction::Out => Kind::Outgoing,
                Direction::In if somebody_talked => Kind::Redirected,
                Direction::In => Kind::Incoming,
            };
            let lane = if call.crm.is_empty() {
                ExternalId::new(call.key.as_str())
            } else {
                ExternalId::new(format!("{}/{}", call.key, leg.id))
            };
            let number = leg.remote.clone().or_else(|| call.crm.first().and_then(|c| c.number.clone()));
            actions.push(Action::Note(Note::Opened { lane: lane.clone(), kind, user: owner }));
            call.crm.push(CrmCall::new(lane, kind, owner, number, since));
            call.crm.len() - 1
        }
    };
    let leg = &mut call.legs[i];
    leg.crm = Some(crm);
    leg.relevant_since = Some(since);
}

/// An open CRM call this leg is part of: a caller's own, or one that rings and nobody has answered.
fn joinable(call: &Call, leg: &Leg, owner: UserId) -> Option<usize> {
    let answered = |i: usize| call.legs.iter().any(|l| l.crm == Some(i) && l.answered_at.is_some());
    call.crm.iter().enumerate().rev().filter(|(_, c)| !c.closed).find_map(|(i, c)| {
        let fits = match (leg.direction, c.kind) {
            (Direction::Out, Kind::Outgoing) => c.user == owner,
            (Direction::In, Kind::Incoming | Kind::Redirected) => !answered(i),
            (Direction::Out, Kind::Incoming | Kind::Redirected) | (Direction::In, Kind::Outgoing) => false,
        };
        fits.then_some(i)
    })
}

/// Tells the portal what is new about one open CRM call.
fn settle(call: &mut Call, i: usize, now: Timestamp, actions: &mut Vec<Action>) {
    let legs: Vec<&Leg> = call.legs.iter().filter(|l| l.crm == Some(i)).collect();
    if legs.is_empty() {
        return;
    }
    let users = |want: fn(&Leg) -> bool| -> BTreeSet<UserId> {
        legs.iter().filter(|l| want(l)).filter_map(|l| l.owner).collect()
    };
    let connected = users(|l| l.state.is_connected());
    let ringing = users(|l| matches!(l.state, LegState::Ringing | LegState::Dialing));
    let live = !connected.is_empty() || !ringing.is_empty();
    let want = if connected.is_empty() { ringing } else { connected };
    let answered = legs.iter().any(|l| l.answered_at.is_some());
    let first = legs.iter().filter_map(|l| l.owner).find(|u| want.contains(u));

    if !call.crm[i].told {
        register(call, i, first, &want, actions);
    }
    if live {
        call.crm[i].linger_until = None;
        show_and_hide(&mut call.crm[i], &want, actions);
    } else if answered || call.crm[i].kind == Kind::Outgoing {
        outcome::close(call, i, actions);
    } else if may_ring_again(call, i, now) {
        show_and_hide(&mut call.crm[i], &BTreeSet::new(), actions);
    } else {
        outcome::close(call, i, actions);
    }
}

/// Whether an unanswered call may still reach somebody: a caller whose leg we see is still there, or a
/// queue may be about to ring the next phone.
fn may_ring_again(call: &mut Call, i: usize, now: Timestamp) -> bool {
    let mut callers = call.legs.iter().filter(|l| l.crm != Some(i) && l.direction == Direction::Out).peekable();
    if callers.peek().is_some() {
        let waiting = callers.any(Leg::is_live);
        call.crm[i].linger_until = None;
        return waiting;
    }
    let until = *call.crm[i].linger_until.get_or_insert(now + call.policy.linger);
    now < until
}

fn register(call: &mut Call, i: usize, first: Option<UserId>, want: &BTreeSet<UserId>, actions: &mut Vec<Action>) {
    let create = call.policy.crm_create;
    let crm = &mut call.crm[i];
    crm.user = first.unwrap_or(crm.user);
    crm.told = true;
    let show = want.contains(&crm.user);
    if show {
        crm.visible.insert(crm.user);
    }
    let create = match crm.kind {
        Kind::Outgoing => matches!(create, CrmCreate::Outgoing | CrmCreate::All),
        Kind::Incoming | Kind::Redirected => matches!(create, CrmCreate::Incoming | CrmCreate::All),
    };
    let step = CrmStep::Register {
        user: crm.user,
        number: crm.number.clone(),
        kind: crm.kind,
        started_at: crm.started_at,
        create,
        show,
    };
    actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step }));
}

/// Hides first, so that nobody sees a card of a call somebody else has already answered.
fn show_and_hide(crm: &mut CrmCall, want: &BTreeSet<UserId>, actions: &mut Vec<Action>) {
    let hide: Vec<UserId> = crm.visible.difference(want).copied().collect();
    let show: Vec<UserId> = want.difference(&crm.visible).copied().collect();
    if !hide.is_empty() {
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Hide { users: hide } }));
    }
    if !show.is_empty() {
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Show { users: show } }));
    }
    crm.visible.clone_from(want);
}

fn next_wake(call: &Call) -> Option<Timestamp> {
    let linger = call.crm.iter().filter(|c| !c.closed).filter_map(|c| c.linger_until);
    let click = call.awaits_legs().then(|| call.started_at + CLICK_PATIENCE);
    linger.chain(call.confirm_until).chain(click).min()
}
