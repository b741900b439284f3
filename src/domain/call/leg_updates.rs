//! News of legs: what is new of a leg we know, and when one id has to be counted as two legs.
//!
//! What a switch shows of forwarding and transfers is not documented. A leg that keeps its id but changes its own
//! number, or whose other side turns from a colleague into a client, stands for two people's time or for two
//! conversations: then the part so far ends, and another leg of the same id begins. What becomes of a client whose
//! number changes stands in `renumber`.

use super::action::Action;
use super::crm_share::CrmShare;
use super::event::Sighting;
use super::leg::{Leg, Merged};
use super::leg_life::{LegLife, Talk};
use super::limits::is_full;
use super::note::Note;
use super::renumber::{NumberChange, number_change, remember_other, replace_number, without_number};
use super::state::Call;
use crate::domain::company::InternalCalls;
use crate::domain::leg::LegState;
use crate::domain::numbers::{OwnNumber, Party};
use crate::domain::{LegId, Timestamp};

pub(super) fn merge_legs(call: &mut Call, seen: &[Sighting], now: Timestamp, actions: &mut Vec<Action>) {
    let mut refused = 0;
    for s in seen {
        let full = is_full(call);
        let merged = match call.legs.iter().rposition(|l| l.id == s.leg.leg) {
            // Nothing begins any more, neither a leg nor another part of one.
            Some(i) if full => call.legs[i].merge(s, now),
            None if full => {
                refused += 1;
                actions.push(Action::LegForgotten(s.leg.leg.clone()));
                continue;
            }
            Some(i) if s.moved && !call.legs[i].is_live() => come_back(call, i, s, now, actions),
            Some(i) => of_known(call, i, s, now, actions),
            None => {
                if s.moved {
                    actions.push(Action::Note(Note::LegCame { leg: s.leg.leg.clone() }));
                }
                begin(call, Leg::first(s, now), s, actions);
                Merged::Phase
            }
        };
        let e = &s.leg;
        match merged {
            Merged::Phase => actions.push(Action::Note(Note::Leg {
                leg: e.leg.clone(),
                own: e.own.clone(),
                remote: e.remote.clone(),
                direction: e.direction,
                state: e.state,
                owner: s.owner(),
            })),
            Merged::Stale => actions.push(Action::Note(Note::Stale { leg: e.leg.clone(), state: e.state })),
            Merged::Details => {}
        }
    }
    if refused > 0 {
        actions.push(Action::Note(Note::LegsRefused { legs: refused }));
    }
    call.gave_way &= call.legs.iter().all(|l| !l.is_live());
}

fn begin(call: &mut Call, leg: Leg, seen: &Sighting, actions: &mut Vec<Action>) {
    match (seen.own, seen.party) {
        (OwnNumber::Nobody, _) => actions.push(Action::Note(Note::NobodysNumber { own: seen.leg.own.clone() })),
        (OwnNumber::Employee(_), Party::Colleague(_)) => {
            if call.policy.internal == InternalCalls::Ignore {
                actions.push(Action::Note(Note::Internal));
            }
        }
        (OwnNumber::Employee(_), _) => actions.push(Action::Note(number_note(seen))),
        (OwnNumber::Service, _) => {}
    }
    call.legs.push(leg);
}

fn number_note(seen: &Sighting) -> Note {
    Note::Number {
        leg: seen.leg.leg.clone(),
        number: seen.leg.remote.clone(),
        party: seen.party,
        rule: seen.rule.clone(),
    }
}

/// The leg is in another call now.
pub(super) fn leave(call: &mut Call, id: &LegId, now: Timestamp, actions: &mut Vec<Action>) {
    for leg in call.legs.iter_mut().filter(|l| l.id == *id && l.is_live()) {
        leg.part(now);
        actions.push(Action::Note(Note::LegLeft { leg: id.clone() }));
    }
}

/// A leg that had left for another call is back: what comes now is another conversation.
fn come_back(call: &mut Call, i: usize, seen: &Sighting, now: Timestamp, actions: &mut Vec<Action>) -> Merged {
    let mut next = Leg::first(seen, now);
    next.alone = call.legs[i].answered_at().is_some();
    actions.push(Action::Note(Note::LegCame { leg: next.id.clone() }));
    begin(call, next, seen, actions);
    Merged::Phase
}

fn of_known(call: &mut Call, i: usize, seen: &Sighting, now: Timestamp, actions: &mut Vec<Action>) -> Merged {
    let leg = &call.legs[i];
    if leg.own.digits() != seen.leg.own.digits() {
        return move_on(call, i, seen, now, actions);
    }
    let has_record = leg.crm().is_some_and(|i| call.crm[i].is_closed());
    if leg.may_go_on_as(seen.leg.state) {
        actions.push(Action::Note(Note::GoesOn { leg: leg.id.clone(), state: seen.leg.state }));
        if has_record {
            return go_on(call, i, seen, now);
        }
        call.legs[i].life.revive();
    } else if is_handed_over(call, leg, seen) {
        return hand_over(call, i, seen, now, actions);
    }
    let stripped;
    let (mut seen, mut other) = (seen, None);
    match number_change(call, i, seen, now, actions) {
        NumberChange::Same => {}
        NumberChange::Known(number) => replace_number(call, i, number, actions),
        NumberChange::Doubtful => {
            stripped = without_number(seen);
            seen = &stripped;
        }
        NumberChange::Other(number) => {
            other = Some((number, seen.party));
            stripped = without_number(seen);
            seen = &stripped;
        }
    }
    let leg = &mut call.legs[i];
    if other.is_some() || seen.party == Party::Client {
        remember_other(leg, other, now);
    }
    if leg.party != seen.party && matches!(seen.own, OwnNumber::Employee(_)) && seen.leg.remote.is_some() {
        actions.push(Action::Note(number_note(seen)));
    }
    let has_record = leg.crm().is_some_and(|i| call.crm[i].is_closed());
    let leg = &mut call.legs[i];
    let (talked, was_handed_over) = (leg.answered_at().is_some(), leg.handed_over);
    let merged = leg.merge(seen, now);
    if leg.handed_over && !was_handed_over {
        actions.push(Action::Note(Note::HandedOver { leg: leg.id.clone() }));
    }
    let answered = leg.answered_at().filter(|_| has_record && !talked);
    if answered.is_some() && leg.crm().is_some_and(|i| !call.crm[i].is_refused()) {
        // It talked although its CRM call is over: a conversation of its own.
        leg.stand_alone(answered);
    }
    merged
}

/// The id goes on for another number.
fn move_on(call: &mut Call, i: usize, seen: &Sighting, now: Timestamp, actions: &mut Vec<Action>) -> Merged {
    let id = &seen.leg.leg;
    let left_before = |l: &Leg| l.id == *id && l.own.digits() == seen.leg.own.digits();
    if call.legs.iter().any(left_before) {
        return Merged::Stale;
    }
    let old = &mut call.legs[i];
    let from = old.own.clone();
    old.part(now);
    let mut next = Leg::first(seen, now);
    if old.answered_at().is_some() {
        // The switch's answer time is that of the first who talked.
        next.share = CrmShare::Outside { since: next.answered_at().and(old.ended_at()).map(|end| end.min(now)) };
    }
    actions.push(Action::Note(Note::Moved { leg: id.clone(), from, to: seen.leg.own.clone() }));
    begin(call, next, seen, actions);
    Merged::Phase
}

/// Whether a leg that has a CRM call with a colleague's number now has somebody outside at the other end.
fn is_handed_over(call: &Call, leg: &Leg, seen: &Sighting) -> bool {
    leg.is_live()
        && leg.crm().is_some_and(|i| !call.crm[i].is_refused())
        && leg.party.colleague().is_some()
        && seen.party == Party::Client
        && seen.leg.state != LegState::Released
}

fn hand_over(call: &mut Call, i: usize, seen: &Sighting, now: Timestamp, actions: &mut Vec<Action>) -> Merged {
    let old = &mut call.legs[i];
    old.part(now);
    let mut next = Leg::first(seen, now);
    next.handed_over = true;
    next.stand_alone(Some(now));
    actions.push(Action::Note(Note::HandedOver { leg: next.id.clone() }));
    begin(call, next, seen, actions);
    Merged::Phase
}

/// A leg that has its record, cut off where it was seen last, goes on or has ended only now: the rest of its time is
/// a CRM call of its own, so that nothing is lost and nothing counted twice.
fn go_on(call: &mut Call, i: usize, seen: &Sighting, now: Timestamp) -> Merged {
    let old = &mut call.legs[i];
    old.life.settle_end();
    let mut rest = Leg::first(seen, now);
    let answered = old.answered_at().or_else(|| rest.answered_at().map(|at| at.max(old.first_seen)));
    if old.answered_at().is_some() {
        rest.share = CrmShare::Outside { since: old.ended_at() };
    }
    rest.life = LegLife::reported(rest.state(), answered.map(Talk::Since), now);
    if !rest.is_live() && answered.is_none() {
        // It was never picked up: the record says all there is to say.
        return Merged::Details;
    }
    rest.alone = answered.is_some();
    rest.handed_over = old.handed_over;
    call.legs.push(rest);
    Merged::Phase
}
