//! One event in, the changed call and what to do about it out.

use super::action::{Action, CrmStep, Intent, Reason};
use super::click::{CallClick, Click, ClickDialling};
use super::crm::CrmCall;
use super::event::{DialFailure, Event};
use super::leg::Leg;
use super::leg_life::LegLife;
use super::leg_updates::{leave, merge_legs};
use super::limits;
use super::note::Note;
use super::outcome;
use super::reconcile::reconcile;
use super::renumber::settle_numbers;
use super::state::{CLICK_PATIENCE, Call};
use crate::domain::card::{CardCommand, CommandRefused};
use crate::domain::leg::{LegState, SwitchCommand};
use crate::domain::{ExternalId, LegId, Phone, Timestamp, UserId};

/// The outcome of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The call as it is now.
    pub call: Call,
    /// What to do, in this order.
    pub actions: Vec<Action>,
}

/// Takes one event; `clock` may jump. Total: an event that makes no sense changes nothing but the trace.
pub fn step(mut call: Call, event: Event, clock: Timestamp) -> Step {
    let mut actions = Vec::new();
    let ahead = call.ahead;
    let now = call.count(clock);
    let seconds = call.ahead.saturating_sub(ahead).as_secs();
    if seconds > 0 {
        actions.push(Action::Note(Note::ClockBack { seconds }));
    }
    match event {
        Event::Legs(seen) => merge_legs(&mut call, &seen, now, &mut actions),
        Event::LegLeft(id) => leave(&mut call, &id, now, &mut actions),
        Event::Clicked { click, from } => clicked(&mut call, click, from, now, &mut actions),
        Event::DialFailed(why) => dial_failed(&mut call, why, &mut actions),
        Event::Registered { lane, crm } => {
            if let Some(c) = call.crm.of_lane(&lane) {
                c.crm = Some(crm);
            }
        }
        Event::RegisterRefused { lane } => {
            if let Some(c) = call.crm.of_lane(&lane) {
                c.refuse();
            }
        }
        Event::Pressed { user, leg, command } => pressed(&mut call, user, leg.as_ref(), &command, &mut actions),
        Event::ReleaseRefused(id) => {
            for leg in call.legs.iter_mut().filter(|l| l.id == id && l.is_live()) {
                leg.rejected = false;
            }
        }
        Event::LinkLost(at) => {
            let at = (at + call.ahead).min(now);
            link_lost(&mut call, at, &mut actions);
        }
        Event::LinkBack => link_back(&mut call, now),
        Event::GiveWay => limits::close_all(&mut call, &mut actions),
        Event::Tick => {}
    }
    limits::make_room(&mut call, now, &mut actions);
    expire(&mut call, now, &mut actions);
    settle_numbers(&mut call, now, &mut actions);
    reconcile(&mut call, now, &mut actions);
    Step { call, actions }
}

fn clicked(call: &mut Call, click: Click, from: Option<Phone>, now: Timestamp, actions: &mut Vec<Action>) {
    if call.click.is_some() {
        return;
    }
    let command = ClickDialling::new(from.clone(), click.to.clone(), click.late).command(&click.facts);
    let Click { crm, user, to, late, facts } = click.kept();
    let dialling = ClickDialling::new(from, to, late);
    let (lane, to) = (ExternalId::new(call.key.as_str()), dialling.to().cloned());
    let record = call.crm.push(CrmCall::clicked(lane.clone(), crm.clone(), user, to.clone(), now));
    actions.push(Action::Note(Note::Clicked { user, crm: crm.clone(), to, facts: facts.clone() }));
    actions.push(Action::Crm(Intent { lane: lane.clone(), step: CrmStep::Adopt { crm: crm.clone() } }));
    let show = facts.mobile.then(|| CrmStep::Show { users: vec![user] });
    call.click = Some(CallClick { crm, user, dialling, facts, record });
    match command {
        Ok(make) => {
            // The mobile application opens no card; whoever clicked may sit before his computer.
            actions.extend(show.map(|step| Action::Crm(Intent { lane, step })));
            actions.push(Action::Switch(make));
        }
        Err(why) => dial_failed(call, why, actions),
    }
}

fn dial_failed(call: &mut Call, why: DialFailure, actions: &mut Vec<Action>) {
    if call.awaited_click().is_some() {
        actions.push(Action::Note(Note::DialFailed { why }));
        let status = outcome::of_dial_failure(why);
        outcome::close_click(call, status, Reason::Dial(why), actions);
    }
}

fn pressed(call: &mut Call, user: UserId, leg: Option<&LegId>, command: &CardCommand, actions: &mut Vec<Action>) {
    let mine = |l: &&mut Leg| l.owner == Some(user) && leg.is_none_or(|id| l.id == *id);
    // Without a leg id the live leg seen last is meant: the one the card shows.
    let found = match call.legs.iter_mut().rev().filter(mine).find(|l| l.is_live()) {
        Some(leg) => Some(leg),
        None => call.legs.iter_mut().rev().find(mine),
    };
    let Some(found) = found else {
        return actions.push(Action::Refuse(CommandRefused::NotYours));
    };
    let id = found.id.clone();
    let button = command.button();
    if !(found.is_live() && button.fits(found.state().into(), found.direction)) {
        return actions.push(Action::Refuse(CommandRefused::WrongPhase));
    }
    let asked = match command {
        CardCommand::Answer => SwitchCommand::Answer(id),
        CardCommand::Reject => {
            found.rejected |= matches!(found.state(), LegState::Ringing | LegState::Dialing);
            SwitchCommand::Release(id)
        }
        CardCommand::Hold => SwitchCommand::Hold(id),
        CardCommand::Retrieve => SwitchCommand::Retrieve(id),
        CardCommand::Transfer(to) => SwitchCommand::Transfer { leg: id, to: to.clone() },
    };
    actions.push(Action::Note(Note::Pressed { user, button }));
    actions.push(Action::Switch(asked));
}

fn link_lost(call: &mut Call, at: Timestamp, actions: &mut Vec<Action>) {
    call.confirm_until = None;
    let mut hit = false;
    for leg in &mut call.legs {
        if let LegLife::Live { unheard_since: unheard @ None, .. } = &mut leg.life {
            *unheard = Some(at.max(leg.last_seen));
            hit = true;
        }
    }
    if hit {
        actions.push(Action::Note(Note::LinkLost));
    }
}

fn link_back(call: &mut Call, now: Timestamp) {
    if call.legs.iter().any(Leg::is_unheard) {
        call.confirm_until = Some(now + call.policy.grace);
    }
}

/// Ends what has waited long enough.
fn expire(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    if call.confirm_until.is_some_and(|t| t <= now) {
        call.confirm_until = None;
        for leg in call.legs.iter_mut().filter(|l| l.is_unheard()) {
            leg.end_unseen();
            actions.push(Action::Note(Note::EndUnknown { leg: leg.id.clone() }));
        }
    }
    let longest = call.policy.longest;
    for leg in call.legs.iter_mut().filter(|l| l.is_live() && l.first_seen + longest <= now) {
        leg.give_up();
        actions.push(Action::Note(Note::Overdue { leg: leg.id.clone() }));
    }
    if call.started_at + CLICK_PATIENCE <= now {
        outcome::close_click(call, super::FinishStatus::Unavailable, Reason::NoLeg, actions);
    }
}
