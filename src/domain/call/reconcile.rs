//! Derives from the legs what the CRM should know, and emits the difference to what it has been told.

use super::action::{Action, CrmStep, Intent};
use super::assign::assign;
use super::crm::{CrmCall, CrmCallKind, CrmCallLife, CrmIndex};
use super::leg::Leg;
use super::outcome;
use super::races;
use super::renumber::next_settling;
use super::state::{CLICK_PATIENCE, Call};
use crate::domain::company::CrmCreate;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::Party;
use crate::domain::{Timestamp, UserId};
use std::collections::BTreeSet;

pub(super) fn reconcile(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    assign(call, now, actions);
    let undecided = races::decide(call, now, actions);
    assign(call, now, actions);
    let open: Vec<Scene> =
        call.crm.indexes().filter(|i| !call.crm[*i].is_closed()).filter_map(|i| scene(call, i)).collect();
    let cards = at_screens(&open);
    // What ends goes first: nobody is to see two cards, or one of a call somebody else has answered.
    for (scene, cards) in open.iter().zip(&cards) {
        lower(call, scene, cards, now, actions);
    }
    for (scene, cards) in open.iter().zip(&cards) {
        raise(call, scene, cards, now, actions);
    }
    if let Some(at) = next_wake(call).into_iter().chain(undecided).min() {
        actions.push(Action::Wake(at - call.ahead));
    }
}

/// Where an open CRM call stands.
struct Scene {
    crm: CrmIndex,
    /// Somebody has talked.
    answered: bool,
    /// Who is in it now, in the order they came: the one who talks, else everybody whose phone rings.
    present: Vec<UserId>,
}

fn scene(call: &Call, crm: CrmIndex) -> Option<Scene> {
    let mut legs = call.legs_of(crm).peekable();
    legs.peek()?;
    let talker = races::talker(call, crm).and_then(|n| call.legs[n].owner);
    let is_present = |l: &&Leg| match talker {
        Some(user) => l.state().is_connected() && l.owner == Some(user),
        None => matches!(l.state(), LegState::Ringing | LegState::Dialing),
    };
    Some(Scene { crm, answered: talker.is_some(), present: legs.filter(is_present).filter_map(|l| l.owner).collect() })
}

/// At which CRM call's card each employee looks: nobody sees two of one call. Where he talks comes before where he is
/// called, else the older one.
fn at_screens(open: &[Scene]) -> Vec<BTreeSet<UserId>> {
    let mut taken: BTreeSet<UserId> = BTreeSet::new();
    let mut cards = vec![BTreeSet::new(); open.len()];
    for answered in [true, false] {
        for (scene, cards) in open.iter().zip(&mut cards).filter(|(s, _)| s.answered == answered) {
            cards.extend(scene.present.iter().copied().filter(|user| !taken.contains(user)));
            taken.extend(&scene.present);
        }
    }
    cards
}

/// Closes the CRM call if it is over, else the cards that nobody should see any more.
fn lower(call: &mut Call, scene: &Scene, cards: &BTreeSet<UserId>, now: Timestamp, actions: &mut Vec<Action>) {
    let i = scene.crm;
    if !scene.present.is_empty() {
        call.crm[i].stop_lingering();
        return hide(&mut call.crm[i], cards, actions);
    }
    if call.crm[i].is_planned() {
        register(call, i, None, cards, now, actions);
    }
    if scene.answered || call.crm[i].kind == CrmCallKind::Outgoing || !may_ring_again(call, i, now) {
        outcome::close(call, i, actions);
    } else {
        hide(&mut call.crm[i], cards, actions);
    }
}

/// Opens the cards that are due.
fn raise(call: &mut Call, scene: &Scene, cards: &BTreeSet<UserId>, now: Timestamp, actions: &mut Vec<Action>) {
    let i = scene.crm;
    if call.crm[i].is_planned() {
        let first = scene.present.iter().copied().find(|user| cards.contains(user));
        register(call, i, first, cards, now, actions);
    }
    let crm = &mut call.crm[i];
    let CrmCallLife::Open { visible, .. } = &mut crm.life else { return };
    let show: Vec<UserId> = cards.difference(visible).copied().collect();
    if !show.is_empty() {
        visible.extend(&show);
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Show { users: show } }));
    }
}

fn hide(crm: &mut CrmCall, cards: &BTreeSet<UserId>, actions: &mut Vec<Action>) {
    let CrmCallLife::Open { visible, .. } = &mut crm.life else { return };
    let hide: Vec<UserId> = visible.difference(cards).copied().collect();
    if !hide.is_empty() {
        visible.retain(|user| cards.contains(user));
        actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step: CrmStep::Hide { users: hide } }));
    }
}

/// Whether an unanswered call may still reach somebody: a caller whose leg we see is still there, or a queue may be
/// about to ring the next phone. A caller who was there while it rang and is gone has given up; a colleague who had
/// handed the call on is no caller.
fn may_ring_again(call: &mut Call, i: CrmIndex, now: Timestamp) -> bool {
    let callers = || call.legs.iter().filter(|l| l.crm() != Some(i) && l.direction == Direction::Out);
    let waits = callers().any(Leg::is_live);
    let began = call.crm[i].started_at;
    if call.gave_way {
        return false;
    }
    if waits || callers().any(|l| l.crm().is_none() && l.ended_at().is_some_and(|end| end >= began)) {
        call.crm[i].stop_lingering();
        return waits;
    }
    let until = now + call.linger();
    match &mut call.crm[i].life {
        CrmCallLife::Open { linger_until, .. } => now < *linger_until.get_or_insert(until),
        CrmCallLife::Planned | CrmCallLife::Finished | CrmCallLife::Replaced | CrmCallLife::Refused => false,
    }
}

fn register(
    call: &mut Call,
    i: CrmIndex,
    first: Option<UserId>,
    cards: &BTreeSet<UserId>,
    now: Timestamp,
    actions: &mut Vec<Action>,
) {
    let create = call.policy.crm_create;
    // The portal knows a colleague only by his profile; by another number of his it would make a lead of him.
    let nobody_new = call.legs_of(i).all(|l| matches!(l.party, Party::Colleague(_) | Party::Emergency));
    // A clock that was put back must not date a call into the future.
    let latest = now - call.ahead;
    let crm = &mut call.crm[i];
    crm.user = first.unwrap_or(crm.user);
    let show = cards.contains(&crm.user);
    crm.life = CrmCallLife::Open { visible: show.then_some(crm.user).into_iter().collect(), linger_until: None };
    let create = match crm.kind {
        _ if nobody_new => false,
        CrmCallKind::Outgoing => matches!(create, CrmCreate::Outgoing | CrmCreate::All),
        CrmCallKind::Incoming | CrmCallKind::Redirected => matches!(create, CrmCreate::Incoming | CrmCreate::All),
    };
    let step = CrmStep::Register {
        user: crm.user,
        number: crm.number.clone(),
        kind: crm.kind,
        started_at: crm.started_at.min(latest),
        create,
        show,
    };
    actions.push(Action::Crm(Intent { lane: crm.lane.clone(), step }));
}

fn next_wake(call: &Call) -> Option<Timestamp> {
    let linger = call.crm.iter().filter_map(CrmCall::lingers_until);
    let click = call.awaited_click().map(|_| call.started_at + CLICK_PATIENCE);
    let overdue = call.legs.iter().filter(|l| l.is_live()).map(|l| l.first_seen + call.policy.longest);
    linger.chain(call.confirm_until).chain(click).chain(overdue).chain(next_settling(call)).min()
}
