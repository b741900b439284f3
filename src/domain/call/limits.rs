//! How much one call may hold, and what gives way when a switch tells more than can be true.
//!
//! Legs that have ended and whose record is made go first: a queue that rings a group over and over while a caller waits
//! for an hour leaves thousands of them. Only when that is not enough, legs that are still there give way, the one heard
//! of longest ago first; their end is unknown, and the records say so.

use super::action::{Action, FinishStatus, Reason};
use super::crm::CrmIndex;
use super::leg::Leg;
use super::note::Note;
use super::outcome;
use super::state::Call;
use crate::domain::Timestamp;
use std::collections::HashMap;

/// Legs of one call: four groups of 64 telephones.
pub(super) const MOST_LEGS: usize = 256;
/// Legs of one call while those that have given way are still being recorded; more are not taken in.
const MOST_AT_ONCE: usize = 2 * MOST_LEGS;
/// CRM calls of one call: nobody hands one client on to so many colleagues.
const MOST_RECORDS: usize = 256;
/// Times that a call's client may turn out to be another one. A reception desk hands a caller on twice or three times;
/// what a switch shows beyond this is noise, and each change would make one more CRM call.
const MOST_RENUMBERINGS: usize = 32;
/// References of a leg's connections that are kept, the newest; every transfer gives another.
pub(super) const MOST_REFERENCES: usize = 16;

/// Whether no more legs can be taken in; one that is told then is as if it had never been told.
pub(super) const fn is_full(call: &Call) -> bool {
    call.legs.len() >= MOST_AT_ONCE
}

/// Whether the call can have one more record.
pub(super) fn has_records_left(call: &Call) -> bool {
    call.crm.len() < MOST_RECORDS
}

/// Whether one more change of the client's number is believed.
pub(super) const fn may_be_renumbered(call: &Call) -> bool {
    call.renumbered < MOST_RENUMBERINGS
}

/// Gives way until the call is small enough again, or as far as it can in this step.
pub(super) fn make_room(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    let Some(excess) = call.legs.len().checked_sub(MOST_LEGS).filter(|excess| *excess > 0) else { return };
    let excess = excess - drop_ended(call, excess, now, actions);
    let mut silent: Vec<usize> = (0..call.legs.len()).filter(|i| call.legs[*i].is_live()).collect();
    silent.sort_by_key(|i| call.legs[*i].last_seen);
    silent.truncate(excess);
    for i in &silent {
        call.legs[*i].give_up();
    }
    if !silent.is_empty() {
        actions.push(Action::Note(Note::LegsGaveWay { legs: silent.len() }));
    }
}

/// The whole call gives way to others: whatever of it goes on ends with its end unknown.
pub(super) fn close_all(call: &mut Call, actions: &mut Vec<Action>) {
    call.gave_way = true;
    call.confirm_until = None;
    call.legs.iter_mut().for_each(Leg::give_up);
    actions.push(Action::Note(Note::GaveWay));
    outcome::close_click(call, FinishStatus::Unavailable, Reason::EndUnknown, actions);
}

/// Drops ended legs that no record needs any more, the oldest first; returns how many.
fn drop_ended(call: &mut Call, most: usize, now: Timestamp, actions: &mut Vec<Action>) -> usize {
    let mut left: HashMap<CrmIndex, usize> = HashMap::new();
    for crm in call.legs.iter().filter_map(Leg::crm) {
        *left.entry(crm).or_default() += 1;
    }
    let (legs, records) = (std::mem::take(&mut call.legs), &call.crm);
    let mut dropped = 0;
    call.legs = legs
        .into_iter()
        .filter(|leg| {
            let spare = match leg.crm() {
                // What was heard only now may be given a record yet.
                None => leg.last_seen < now,
                Some(crm) if records[crm].is_closed() => true,
                // An open record needs its talker, whoever rejected, and somebody at all.
                Some(crm) => leg.answered_at().is_none() && !leg.rejected && left[&crm] > 1,
            };
            let goes = dropped < most && !leg.is_live() && spare;
            if goes {
                dropped += 1;
                leg.crm().and_then(|crm| left.get_mut(&crm)).into_iter().for_each(|left| *left -= 1);
                actions.push(Action::LegForgotten(leg.id.clone()));
            }
            !goes
        })
        .collect();
    dropped
}
