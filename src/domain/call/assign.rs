//! Which legs concern the CRM, and which CRM call each belongs to.

use super::action::Action;
use super::crm::{CrmCall, CrmCallKind, CrmIndex};
use super::leg::Leg;
use super::limits::has_records_left;
use super::note::Note;
use super::races::talker;
use super::renumber::name_by_leg;
use super::state::Call;
use crate::domain::company::InternalCalls;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::Party;
use crate::domain::{ExternalId, Phone, Timestamp, UserId};

/// Gives every leg that concerns the CRM its CRM call, opening one where there is none it belongs to.
pub(super) fn assign(call: &mut Call, now: Timestamp, actions: &mut Vec<Action>) {
    for i in 0..call.legs.len() {
        if call.legs[i].crm().is_none()
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
    leg.owner.filter(|owner| awaiting_click(call, leg, *owner).is_some() || is_with_client(call, leg))
}

fn is_with_client(call: &Call, leg: &Leg) -> bool {
    match leg.party {
        Party::Client | Party::Emergency => true,
        // Who has only gone off hook, or hung up again without dialling, has called nobody.
        Party::Hidden => {
            leg.direction == Direction::In
                || leg.answered_at().is_some()
                || matches!(leg.state(), LegState::Ringing | LegState::Talking | LegState::Held)
        }
        Party::Colleague(_) => call.policy.internal == InternalCalls::Card && leg.direction == Direction::In,
        Party::Service | Party::FeatureCode => false,
    }
}

/// The CRM call of a click that waits for this leg: once it is there, others of the same phone are judged like any.
fn awaiting_click(call: &Call, leg: &Leg, owner: UserId) -> Option<CrmIndex> {
    let click = call.click.as_ref()?;
    let is_its_phone = click.dialling.from().is_some_and(|from| from.digits() == leg.own.digits());
    let found = || call.legs_of(click.record).any(|l| l.is_live() || l.answered_at().is_some());
    let waits = !call.crm[click.record].is_closed() && !found();
    (click.user == owner && is_its_phone && waits).then_some(click.record)
}

fn assign_leg(call: &mut Call, i: usize, owner: UserId, now: Timestamp, actions: &mut Vec<Action>) {
    let leg = &call.legs[i];
    let first_sight = leg.first_seen == now && !leg.handed_over;
    let since = leg.share.since().unwrap_or_else(|| match leg.answered_at() {
        Some(answered) if first_sight => answered.min(now),
        _ => now,
    });
    let joined = if leg.alone {
        None
    } else if let Some(clicked) = awaiting_click(call, leg, owner) {
        actions.push(Action::Note(Note::Matched { leg: leg.id.clone() }));
        Some(clicked)
    } else {
        joinable(call, leg, owner)
    };
    // News of a leg that ended unanswered before it was ever seen adds nothing to a known call.
    let known = || call.crm.indexes().next_back().filter(|_| !leg.is_live() && leg.answered_at().is_none());
    let crm = joined.or_else(known).unwrap_or_else(|| open(call, i, owner, since, actions));
    call.legs[i].share.join(crm, since);
    name_by_leg(call, i, actions);
}

fn open(call: &mut Call, i: usize, owner: UserId, since: Timestamp, actions: &mut Vec<Action>) -> CrmIndex {
    let leg = &call.legs[i];
    let kind = kind_of(call, leg);
    let number = leg.remote.clone().or_else(|| call.crm.iter().next().and_then(|c| c.number.clone()));
    if kind == CrmCallKind::Incoming
        && let Some(silent_since) = call.legs.iter().filter(|l| l.crm().is_some()).filter_map(Leg::ended_at).max()
    {
        let after_s = leg.first_seen.since(silent_since).as_secs();
        actions.push(Action::Note(Note::RangAgain { leg: leg.id.clone(), after_s }));
    }
    plan(call, CrmCall::planned(unused_lane(call, leg), kind, owner, number, since), actions)
}

/// Adds one more CRM call.
fn plan(call: &mut Call, crm: CrmCall, actions: &mut Vec<Action>) -> CrmIndex {
    actions.push(Action::Note(Note::Opened { lane: crm.lane.clone(), kind: crm.kind, user: crm.user }));
    call.crm.push(crm)
}

/// Opens the CRM call that follows another one of this leg, because the client is somebody else than it was made for.
pub(super) fn open_next(
    call: &mut Call,
    leg: usize,
    kind: CrmCallKind,
    number: Phone,
    since: Timestamp,
    actions: &mut Vec<Action>,
) -> Option<CrmIndex> {
    let owner = call.legs[leg].owner.filter(|_| has_records_left(call))?;
    let crm = CrmCall::planned(unused_lane(call, &call.legs[leg]), kind, owner, Some(number), since);
    let crm = plan(call, crm, actions);
    call.legs[leg].share.join(crm, since);
    Some(crm)
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
        call.crm.indexes().any(|i| with(&call.crm[i], leg) && talker(call, i).is_some())
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
fn joinable(call: &Call, leg: &Leg, owner: UserId) -> Option<CrmIndex> {
    let answered = |i| talker(call, i).is_some();
    let elsewhere = |i| call.legs_of(i).any(|l| l.is_live() && !may_be(l.remote.as_ref(), leg));
    call.crm.indexes().rev().filter(|i| !call.crm[*i].is_closed()).find(|i| {
        let (i, c) = (*i, &call.crm[*i]);
        match (leg.direction, c.kind) {
            (Direction::Out, CrmCallKind::Outgoing) => c.user == owner && !elsewhere(i),
            (Direction::In, CrmCallKind::Incoming | CrmCallKind::Redirected) => !answered(i),
            // Whoever dialled a code and got a client whose call rings here has picked it up.
            (Direction::Out, CrmCallKind::Incoming | CrmCallKind::Redirected) => {
                !answered(i) && c.number.as_ref().zip(leg.remote.as_ref()).is_some_and(|(a, b)| a.may_be(b))
            }
            (Direction::In, CrmCallKind::Outgoing) => false,
        }
    })
}
