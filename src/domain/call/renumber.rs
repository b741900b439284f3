//! The client's number becomes known, or turns out to be another one, during the call.
//!
//! The portal cannot change the number of a call it has registered (bitrix24.md §3.1), and a client finds the call only
//! under his own number. So the CRM call made with the wrong number, or with none, is closed truthfully and another one
//! is opened. As long as nobody has talked it takes the whole call over. Afterwards it gets the seconds from then on, so
//! that no second is recorded twice; a number that is shown for a moment only (music on hold, an overtaken message)
//! changes nothing.

use super::action::Action;
use super::assign::open_next;
use super::crm::{CrmCall, CrmCallKind};
use super::event::Sighting;
use super::leg::{Leg, OtherNumber};
use super::limits::may_be_renumbered;
use super::note::Note;
use super::outcome;
use super::races;
use super::state::Call;
use crate::domain::leg::{Direction, LegEvent, LegState};
use crate::domain::numbers::Party;
use crate::domain::{Phone, Timestamp};
use std::time::Duration;

/// A number told this soon after the answer belongs to the conversation from its first second on.
const AT_THE_ANSWER: Duration = Duration::from_secs(2);
/// In the middle of a conversation a number has to be shown this long to be another client's.
const LASTING: Duration = Duration::from_secs(3);
/// Fewer digits than this cannot be a client's full number: whoever dials them uses a short cut, and the number that
/// is shown afterwards is the client's.
const FULL_NUMBER: usize = 7;

/// What news of a leg say of the client.
pub(super) enum NumberChange {
    Same,
    /// The call is this client's, and was from its beginning.
    Known(Phone),
    /// Nothing that can be believed.
    Doubtful,
    /// Perhaps somebody else is there from now on.
    Other(Phone),
}

/// Judges the number a sighting shows. Of a number that changes without end nothing more is believed; the story says so.
pub(super) fn number_change(
    call: &Call,
    i: usize,
    seen: &Sighting,
    now: Timestamp,
    actions: &mut Vec<Action>,
) -> NumberChange {
    match change_of(call, i, seen, now) {
        NumberChange::Known(number) | NumberChange::Other(number) if !may_be_renumbered(call) => {
            let leg = call.legs[i].id.clone();
            actions.push(Action::Note(Note::NumberNotFollowed { leg, to: number }));
            NumberChange::Doubtful
        }
        change => change,
    }
}

fn change_of(call: &Call, i: usize, seen: &Sighting, now: Timestamp) -> NumberChange {
    let leg = &call.legs[i];
    let Some(number) = seen.leg.remote.as_ref() else { return NumberChange::Same };
    let Some(crm) = leg.crm().filter(|crm| !call.crm[*crm].is_closed() && leg.party.is_outside()) else {
        return NumberChange::Same;
    };
    let made_with = call.crm[crm].number.as_ref();
    let is = |known: Option<&Phone>| known.is_some_and(|known| known.may_be(number));
    if is(leg.remote.as_ref()) || is(made_with) || !leg.is_live() || leg.is_past(seen.leg.state) {
        return NumberChange::Same;
    }
    let talks_long = leg.talks_since().is_some_and(|since| now.since(since) > AT_THE_ANSWER);
    let ends = seen.leg.state == LegState::Released;
    match (seen.party, races::talker(call, crm)) {
        // Somebody else has the client; this phone only shows what is behind.
        (_, Some(talker)) if talker != i => NumberChange::Same,
        // The client has been handed over to a colleague, or waits at his number for a moment.
        (Party::Colleague(_), Some(_)) if talks_long && !leg.handed_over && !ends => {
            NumberChange::Other(number.clone())
        }
        (Party::Colleague(_), Some(_)) if !leg.handed_over => NumberChange::Doubtful,
        (Party::Client, talker) => client_change(call, leg, number, talker.is_some() && talks_long, &seen.leg),
        _ => NumberChange::Same,
    }
}

/// The same where another client's number is shown.
fn client_change(call: &Call, leg: &Leg, number: &Phone, talks_long: bool, seen: &LegEvent) -> NumberChange {
    let Some(crm) = leg.crm() else { return NumberChange::Same };
    let made_with = call.crm[crm].number.as_ref();
    let clicked = call.clicked() == Some(crm);
    let ends = seen.state == LegState::Released;
    let left = call.crm.iter().any(|c| c.is_replaced() && c.number.as_ref().is_some_and(|n| n.may_be(number)));
    match made_with {
        // The number the call has left came late.
        _ if left => NumberChange::Doubtful,
        None => NumberChange::known(number, talks_long && !ends),
        // Behind a client there may be a queue or a short cut, but no other client.
        Some(known) if is_full(known) && !is_full(number) => NumberChange::Doubtful,
        // What the switch shows of a click may be anything until the number clicked was seen.
        Some(known) if clicked && !leg.remote.as_ref().is_some_and(|shown| shown.may_be(known)) => NumberChange::Same,
        Some(_) if talks_long && ends => NumberChange::Doubtful,
        Some(_) if talks_long => NumberChange::Other(number.clone()),
        Some(_) if clicked => NumberChange::Same,
        // Who dials a client is connected with whatever line the client has forwarded to.
        Some(known) if leg.direction == Direction::Out && is_full(known) => NumberChange::Same,
        // The end alone tells a number only where nothing else has.
        Some(_) if ends && seen.answered_at.is_none() => NumberChange::Doubtful,
        Some(_) => NumberChange::known(number, false),
    }
}

impl NumberChange {
    fn known(number: &Phone, talks_long: bool) -> Self {
        if talks_long { Self::Other(number.clone()) } else { Self::Known(number.clone()) }
    }
}

/// Gives a call over to the client whom a leg that joins it knows, where the call itself has no number or a short one.
pub(super) fn name_by_leg(call: &mut Call, i: usize, actions: &mut Vec<Action>) {
    let leg = &call.legs[i];
    let Some(number) = leg.remote.clone().filter(|_| leg.party == Party::Client) else { return };
    let Some(crm) = leg.crm().filter(|crm| !call.crm[*crm].is_closed() && call.clicked() != Some(*crm)) else { return };
    let better = match &call.crm[crm].number {
        None => true,
        Some(known) => !is_full(known) && is_full(&number) && !known.may_be(&number),
    };
    if better && may_be_renumbered(call) && races::talker(call, crm).is_none_or(|talker| talker == i) {
        replace_number(call, i, number, actions);
    }
}

/// The sighting without its number, which is not to be believed (yet).
pub(super) fn without_number(seen: &Sighting) -> Sighting {
    let mut seen = seen.clone();
    seen.leg.remote = None;
    seen.party = Party::Hidden;
    seen
}

/// The call belongs to this client: the CRM call made with another number, or with none, gives it over.
pub(super) fn replace_number(call: &mut Call, i: usize, number: Phone, actions: &mut Vec<Action>) {
    let Some(old) = call.legs[i].crm() else { return };
    let CrmCall { number: from, kind, started_at, .. } = call.crm[old].clone();
    call.renumbered += 1;
    note(call, i, from.clone(), number.clone(), actions);
    let kind = match kind {
        CrmCallKind::Incoming if from.is_some() => CrmCallKind::Redirected,
        same => same,
    };
    let Some(next) = open_next(call, i, kind, number.clone(), started_at, actions) else { return };
    for leg in call.legs.iter_mut().filter(|l| l.crm() == Some(old) && l.is_live()) {
        leg.share.join(next, started_at);
    }
    let leg = &mut call.legs[i];
    (leg.remote, leg.party, leg.other_number) = (Some(number), Party::Client, None);
    outcome::close_replaced(call, old, actions);
}

/// Remembers that another number is shown, or that the one before is again.
pub(super) fn remember_other(leg: &mut Leg, other: Option<(Phone, Party)>, now: Timestamp) {
    leg.other_number = other.map(|(number, party)| match leg.other_number.take() {
        Some(known) if known.number.may_be(&number) => known,
        _ => OtherNumber { number, party, since: now },
    });
}

/// Splits conversations whose other number has lasted, or has been there at the end.
pub(super) fn settle_numbers(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    for i in 0..call.legs.len() {
        let leg = &call.legs[i];
        let Some(other) = leg.other_number.clone() else { continue };
        let lasting = leg.ended_at().unwrap_or(now).since(other.since) >= lasting(call, i);
        if lasting {
            split(call, i, other, actions);
        } else if !leg.is_live() {
            call.legs[i].other_number = None;
        }
    }
}

/// When the next number will have lasted.
pub(super) fn next_settling(call: &Call) -> Option<Timestamp> {
    let at = |(i, leg): (usize, &Leg)| leg.other_number.as_ref().map(|other| other.since + lasting(call, i));
    call.legs.iter().enumerate().filter(|(_, leg)| leg.is_live()).filter_map(at).min()
}

/// A number where there was none needs no proof.
fn lasting(call: &Call, i: usize) -> Duration {
    let hidden = call.legs[i].crm().is_some_and(|crm| call.crm[crm].number.is_none());
    if hidden { Duration::ZERO } else { LASTING }
}

/// The leg goes on with somebody else since his number was first shown.
fn split(call: &mut Call, i: usize, other: OtherNumber, actions: &mut Vec<Action>) {
    let leg = &mut call.legs[i];
    leg.other_number = None;
    let from = leg.crm().and_then(|crm| call.crm[crm].number.clone());
    let mut next = leg.clone();
    leg.life.end_at(other.since);
    (next.remote, next.party) = (Some(other.number.clone()), other.party);
    next.handed_over = other.party == Party::Client;
    next.stand_alone(Some(other.since));
    call.legs.push(next);
    call.renumbered += 1;
    let last = call.legs.len() - 1;
    note(call, last, from, other.number.clone(), actions);
    if other.party == Party::Client {
        open_next(call, last, CrmCallKind::Redirected, other.number, other.since, actions);
    }
}

fn note(call: &Call, i: usize, from: Option<Phone>, to: Phone, actions: &mut Vec<Action>) {
    let leg = call.legs[i].id.clone();
    actions.push(Action::Note(Note::NumberChanged { leg, from, to }));
}

fn is_full(number: &Phone) -> bool {
    number.digits().len() >= FULL_NUMBER
}
