//! Several phones of one CRM call are picked up: who has the conversation?
//!
//! Usually one of them only for a moment, until the switch has stopped the others. Whoever is disconnected at once
//! has not talked; if both go on, each has a conversation and a CRM call of his own.

use super::action::Action;
use super::crm::CrmIndex;
use super::leg::{CLOCK_TOLERANCE, Leg};
use super::note::Note;
use super::state::Call;
use crate::domain::Timestamp;
use crate::domain::leg::{Direction, LegState};
use std::time::Duration;

/// This long a phone may look connected that has in truth come too late.
const RACE: Duration = Duration::from_secs(2);

/// Who talks, or talked first, in this CRM call: index of the leg.
pub(super) fn talker(call: &Call, crm: CrmIndex) -> Option<usize> {
    let talked = |(n, leg): (usize, &Leg)| Some((leg.talks_since().filter(|_| leg.crm() == Some(crm))?, n));
    call.legs.iter().enumerate().filter_map(talked).min().map(|(_, n)| n)
}

/// Decides what can be decided; returns when more can. Legs with a conversation of their own leave their CRM call.
pub(super) fn decide(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) -> Option<Timestamp> {
    let mut look_again: Option<Timestamp> = None;
    for crm in call.crm.indexes() {
        if call.crm[crm].is_closed() {
            continue;
        }
        let late_comers: Vec<usize> = (0..call.legs.len()).filter(|n| rang_after_the_answer(call, crm, *n)).collect();
        for leg in late_comers {
            call.legs[leg].share.leave();
        }
        let rivals: Vec<usize> = (0..call.legs.len()).filter(|n| is_rival(call, crm, *n)).collect();
        for rival in rivals {
            // An earlier rival may have turned out to be the one who talks.
            let Some(first) = talker(call, crm).filter(|_| is_rival(call, crm, rival)) else { continue };
            let begun = call.legs[rival].talks_since().unwrap_or(now);
            let over = |n: usize| call.legs_of(crm).all(|l| l.owner != call.legs[n].owner || !l.is_live());
            let momentary = |leg: &Leg| {
                leg.talks_since().zip(leg.ended_at()).is_some_and(|(begun, ended)| ended.since(begun) <= RACE)
            };
            let leg = &call.legs[rival];
            if !leg.is_live() && momentary(leg) {
                lose(call, rival, actions);
            } else if leg.is_live() && over(first) && momentary(&call.legs[first]) {
                lose(call, first, actions);
            } else if !leg.is_live() || over(first) || begun + RACE <= now {
                call.legs[rival].stand_alone(Some(begun));
            } else {
                let at = begun + RACE;
                look_again = Some(look_again.map_or(at, |t| t.min(at)));
            }
        }
    }
    look_again
}

/// Whether this phone began to ring only when somebody had picked up already, of which we heard later: it was not called
/// beside his but takes over from him. While he still talks, the moment of his answer has to be clear.
fn rang_after_the_answer(call: &Call, crm: CrmIndex, n: usize) -> bool {
    let leg = &call.legs[n];
    let rings = leg.crm() == Some(crm) && leg.direction == Direction::In && leg.state() == LegState::Ringing;
    if !rings {
        return false;
    }
    let Some(first) = talker(call, crm).map(|first| &call.legs[first]) else { return false };
    let unsure = if first.is_live() { CLOCK_TOLERANCE } else { Duration::ZERO };
    let since = leg.share.since().unwrap_or(leg.first_seen);
    first.owner != leg.owner && first.talks_since().is_some_and(|answered| since > answered + unsure)
}

/// Whether this leg was connected in a CRM call in which somebody else talks.
fn is_rival(call: &Call, crm: CrmIndex, n: usize) -> bool {
    let leg = &call.legs[n];
    leg.crm() == Some(crm)
        && leg.talks_since().is_some()
        && talker(call, crm).is_some_and(|first| call.legs[first].owner != leg.owner)
}

fn lose(call: &mut Call, n: usize, actions: &mut Vec<Action>) {
    call.legs[n].life.lose_race();
    actions.push(Action::Note(Note::RaceLost { leg: call.legs[n].id.clone() }));
}
