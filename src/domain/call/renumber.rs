//! The client's number becomes known, or turns out to be another one, during the call.
//!
//! The portal cannot change the number of a call it has registered (bitrix24.md §3.1), and a client finds the call only
//! under his own number. So the CRM call made with the wrong number, or with none, is closed truthfully and another one
//! is opened. As long as nobody has talked it takes the whole call over; afterwards it gets the seconds from now on, so
//! that no second is recorded twice.

use super::action::Action;
use super::assign::open_next;
use super::crm::Kind;
use super::event::Sighting;
use super::leg::{Leg, Merged};
use super::note::Note;
use super::outcome;
use super::races;
use super::state::Call;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::Party;
use crate::domain::{Phone, Timestamp};
use std::time::Duration;

/// A number told this soon after the answer belongs to the conversation from its first second on.
const AT_THE_ANSWER: Duration = Duration::from_secs(2);
/// Fewer digits than this cannot be a client's full number: whoever dials them uses a short cut, and the number that
/// is shown afterwards is the client's.
const FULL_NUMBER: usize = 7;

/// Another client than the CRM call was made for.
pub(super) struct NumberChange {
    /// The CRM call with the number before, as index into the call's list.
    crm: usize,
    /// The client's number.
    number: Phone,
    /// Whether somebody has talked under the number before.
    talked: bool,
}

/// Whether this sighting shows another client than the leg's CRM call was made for.
pub(super) fn number_change(call: &Call, i: usize, seen: &Sighting, now: Timestamp) -> Option<NumberChange> {
    let leg = &call.legs[i];
    let number = seen.leg.remote.clone().filter(|_| seen.party == Party::Client)?;
    let crm = leg.crm.filter(|i| !call.crm[*i].closed && !is_click(call, *i))?;
    let tells = leg.is_live() && !leg.is_past(seen.leg.state) && seen.leg.state != LegState::Released;
    let known = |n: Option<&Phone>| n.is_some_and(|n| n.may_be(&number));
    if !tells
        || !leg.party.is_outside()
        || known(leg.remote.as_ref())
        || known(call.crm[crm].number.as_ref())
        || was_known_before(call, i, seen)
    {
        return None;
    }
    let talker = races::talker(call, crm);
    let talked = match talker {
        Some(n) if n == i => leg.talks_since().is_some_and(|since| now.since(since) > AT_THE_ANSWER),
        // Somebody else has the client already; this phone only shows what is behind.
        Some(_) => return None,
        None => false,
    };
    let dialled = leg.direction == Direction::Out && call.crm[crm].number.as_ref().is_some_and(is_full);
    // Who dials a client is connected with whatever line the client has that forwarded to.
    (talked || !dialled).then_some(NumberChange { crm, number, talked })
}

/// Whether the leg has had this number before and left it: then an older message arrived late, or the client was away
/// for a moment only.
pub(super) fn was_known_before(call: &Call, i: usize, seen: &Sighting) -> bool {
    let leg = &call.legs[i];
    let same = |a: &Option<Phone>, b: &Option<Phone>| a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a.may_be(b));
    let earlier = call.legs[..i].iter().filter(|l| l.id == leg.id && l.own.digits() == leg.own.digits());
    let left_by_call = call.crm.iter().filter(|c| c.replaced).any(|c| same(&c.number, &seen.leg.remote));
    seen.party == Party::Client
        && !same(&leg.remote, &seen.leg.remote)
        && (left_by_call || earlier.into_iter().any(|l| same(&l.remote, &seen.leg.remote)))
}

/// The sighting without its number, which is not to be believed.
pub(super) fn without_number(seen: &Sighting) -> Sighting {
    let mut seen = seen.clone();
    seen.leg.remote = None;
    seen.party = Party::Hidden;
    seen
}

/// Ends the CRM call with the old number and opens one with the new.
pub(super) fn change_number(
    call: &mut Call,
    i: usize,
    change: &NumberChange,
    seen: &Sighting,
    now: Timestamp,
    actions: &mut Vec<Action>,
) -> Merged {
    let crm = &call.crm[change.crm];
    let (id, from, number) = (seen.leg.leg.clone(), crm.number.clone(), change.number.clone());
    let (kind, since) = (crm.kind, crm.started_at);
    actions.push(Action::Note(Note::NumberChanged { leg: id, from: from.clone(), to: number.clone() }));
    if change.talked {
        call.legs[i].part(now);
        let mut next = Leg::first(seen, now);
        (next.handed_over, next.alone, next.relevant_since) = (true, true, Some(now));
        call.legs.push(next);
        let last = call.legs.len() - 1;
        open_next(call, last, Kind::Redirected, number, now, actions);
        return Merged::Phase;
    }
    let next_kind = match kind {
        Kind::Incoming if from.is_some() => Kind::Redirected,
        same => same,
    };
    let merged = call.legs[i].merge(seen, now);
    if let Some(next) = open_next(call, i, next_kind, number, since, actions) {
        for leg in call.legs.iter_mut().filter(|l| l.crm == Some(change.crm) && l.is_live()) {
            leg.crm = Some(next);
        }
    }
    call.crm[change.crm].replaced = true;
    outcome::close_replaced(call, change.crm, actions);
    merged
}

/// Whether this CRM call was made by the portal for a click: its number is what was clicked, whatever the switch shows.
fn is_click(call: &Call, crm: usize) -> bool {
    call.click.is_some() && crm == 0
}

fn is_full(number: &Phone) -> bool {
    number.digits().len() >= FULL_NUMBER
}
