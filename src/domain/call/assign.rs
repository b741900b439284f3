//! Which legs concern the CRM, and which CRM call each belongs to.

use super::action::Action;
use super::click::Click;
use super::crm::{CrmCall, CrmCallKind};
use super::leg::Leg;
use super::limits::has_records_left;
use super::note::Note;
use super::renumber::name_by_leg;
use super::state::Call;
use crate::domain::company::InternalCalls;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::Party;
use crate::domain::{ExternalId, Phone, Timestamp, UserId};

/// Gives every leg that concerns the CRM its CRM call, opening one where there is none it belongs to.
pub(super) fn assign(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    for i in 0..call.legs.len() {
        if call.legs[i].crm.is_none()
            && let Some(owner) = concerns_crm(call, &call.legs[i])
        {
            if !has_records_left(call) {
                // Not recorded, and not looked at again.
                call.legs[i].owner = None;
                actions.push(Action::Note(Note::RecordRefused { leg: call.legs[i].id.clone() }));
                continue;
            }
            assign_leg(call, i, owner, now, actions);
        }
    }
}

/// Whose conversation with somebody outside the leg is (or is to be treated as).
fn concerns_crm(call: &Call, leg: &Leg) -> Option<UserId> {
    leg.owner.filter(|owner| is_click_leg(call, leg, *owner) || is_with_client(call, leg))
}

fn is_with_client(call: &Call, leg: &Leg) -> bool {
    match leg.party {
        Party::Client | Party::Emergency => true,
        // Who has only gone off hook, or hung up again without dialling, has called nobody.
        Party::Hidden => {
            leg.direction == Direction::In
                || leg.answered_at.is_some()
                || matches!(leg.state, LegState::Ringing | LegState::Talking | LegState::Held)
        }
        Party::Colleague(_) => call.policy.internal == InternalCalls::Card && leg.direction == Direction::In,
        Party::Service | Party::FeatureCode => false,
    }
}

/// Whether this is the leg a click waits for: once it is there, others of the same phone are judged like any.
fn is_click_leg(call: &Call, leg: &Leg, owner: UserId) -> bool {
    let of_click = |c: &Click| c.user == owner && c.from.as_ref().is_some_and(|n| n.digits() == leg.own.digits());
    call.click.as_ref().is_some_and(of_click)
        && !call.crm[0].closed
        && !call.legs.iter().any(|l| l.crm == Some(0) && (l.is_live() || l.answered_at.is_some()))
}

fn assign_leg(call: &mut Call, i: usize, owner: UserId, now: Timestamp, actions: &mut Vec<Action>) {
    let leg = &call.legs[i];
    let first_sight = leg.first_seen == now && !leg.handed_over;
    let since = leg.relevant_since.unwrap_or_else(|| match leg.answered_at {
        Some(answered) if first_sight => answered.min(now),
        _ => now,
    });
    let joined = if leg.alone {
        None
    } else if is_click_leg(call, leg, owner) {
        actions.push(Action::Note(Note::Matched { leg: leg.id.clone() }));
        Some(0)
    } else {
        joinable(call, leg, owner)
    };
    let crm = match joined {
        Some(crm) => crm,
        // News of a leg that ended unanswered before it was ever seen adds nothing to a known call.
        None if !leg.is_live() && leg.answered_at.is_none() && !call.crm.is_empty() => call.crm.len() - 1,
        None => open(call, i, owner, since, actions),
    };
    let leg = &mut call.legs[i];
    leg.crm = Some(crm);
    leg.relevant_since = Some(since);
    name_by_leg(call, i, actions);
}

fn open(call: &mut Call, i: usize, owner: UserId, since: Timestamp, actions: &mut Vec<Action>) -> usize {
    let leg = &call.legs[i];
    let kind = kind_of(call, leg);
    let number = leg.remote.clone().or_else(|| call.crm.first().and_then(|c| c.number.clone()));
    if kind == CrmCallKind::Incoming
        && let Some(silent_since) = call.legs.iter().filter(|l| l.crm.is_some()).filter_map(|l| l.ended_at).max()
    {
        let after_s = leg.first_seen.since(silent_since).as_secs();
        actions.push(Action::Note(Note::RangAgain { leg: leg.id.clone(), after_s }));
    }
    open_as(call, i, CrmCall::new(unused_lane(call, &call.legs[i]), kind, owner, number, since), actions)
}

/// Opens one more CRM call for a leg.
fn open_as(call: &mut Call, leg: usize, crm: CrmCall, actions: &mut Vec<Action>) -> usize {
    actions.push(Action::Note(Note::Opened { lane: crm.lane.clone(), kind: crm.kind, user: crm.user }));
    call.legs[leg].crm = Some(call.crm.len());
    call.crm.push(crm);
    call.crm.len() - 1
}

/// Opens the CRM call that follows another one of this leg, because the client is somebody else than it was made for.
pub(super) fn open_next(
    call: &mut Call,
    leg: usize,
    kind: CrmCallKind,
    number: Phone,
    since: Timestamp,
    actions: &mut Vec<Action>,
) -> Option<usize> {
    let owner = call.legs[leg].owner.filter(|_| has_records_left(call))?;
    let crm = CrmCall::new(unused_lane(call, &call.legs[leg]), kind, owner, Some(number), since);
    Some(open_as(call, leg, crm, actions))
}

/// The external id of one more CRM call: the call's own for the first, with the leg for others.
fn unused_lane(call: &Call, leg: &Leg) -> ExternalId {
    let taken = |lane: &str| call.crm.iter().any(|c| c.lane.as_str() == lane);
    let plain = call.key.as_str().to_owned();
    let with_leg = format!("{}/{}", call.key, leg.id);
    let numbered = (2..).map(|n| format!("{with_leg}/{n}"));
    let free = [plain, with_leg.clone()].into_iter().chain(numbered).find(|lane| !taken(lane));
    ExternalId::new(free.unwrap_or(with_leg))
}

/// Direction as the CRM counts it. Redirected is who takes over a client somebody else has talked with.
fn kind_of(call: &Call, leg: &Leg) -> CrmCallKind {
    let somebody_talked = |with: fn(&CrmCall, &Leg) -> bool| {
        let talked = |i: usize| call.legs.iter().any(|l| l.crm == Some(i) && l.talks_since().is_some());
        call.crm.iter().enumerate().any(|(i, c)| with(c, leg) && talked(i))
    };
    let redirected = match leg.direction {
        // A colleague who asks for advice does not hand anybody over yet.
        Direction::In if leg.party.colleague().is_some() => false,
        Direction::In => {
            leg.handed_over
                || somebody_talked(|c, leg| c.kind != CrmCallKind::Outgoing || may_be(c.number.as_ref(), leg))
        }
        // Who had called a colleague and got the colleague's client.
        Direction::Out => {
            leg.handed_over
                && somebody_talked(|c, leg| c.kind != CrmCallKind::Outgoing && may_be(c.number.as_ref(), leg))
        }
    };
    match leg.direction {
        _ if redirected => CrmCallKind::Redirected,
        Direction::In => CrmCallKind::Incoming,
        Direction::Out => CrmCallKind::Outgoing,
    }
}

/// Whether the leg's other side can be this client; hidden numbers may be anybody's.
fn may_be(number: Option<&Phone>, leg: &Leg) -> bool {
    number.zip(leg.remote.as_ref()).is_none_or(|(a, b)| a.may_be(b))
}

/// An open CRM call this leg is part of: a caller's own to the same number, or one that rings and nobody has
/// answered.
fn joinable(call: &Call, leg: &Leg, owner: UserId) -> Option<usize> {
    let legs_of = |i: usize| call.legs.iter().filter(move |l| l.crm == Some(i));
    let answered = |i: usize| legs_of(i).any(|l| l.talks_since().is_some());
    let elsewhere = |i: usize| legs_of(i).any(|l| l.is_live() && !may_be(l.remote.as_ref(), leg));
    call.crm.iter().enumerate().rev().filter(|(_, c)| !c.closed).find_map(|(i, c)| {
        let fits = match (leg.direction, c.kind) {
            (Direction::Out, CrmCallKind::Outgoing) => c.user == owner && !elsewhere(i),
            (Direction::In, CrmCallKind::Incoming | CrmCallKind::Redirected) => !answered(i),
            // Whoever dialled a code and got a client whose call rings here has picked it up.
            (Direction::Out, CrmCallKind::Incoming | CrmCallKind::Redirected) => {
                !answered(i) && c.number.as_ref().zip(leg.remote.as_ref()).is_some_and(|(a, b)| a.may_be(b))
            }
            (Direction::In, CrmCallKind::Outgoing) => false,
        };
        fits.then_some(i)
    })
}
