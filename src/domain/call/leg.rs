//! What we remember of a leg, and how news of it are merged.

use super::crm::CrmIndex;
use super::crm_share::CrmShare;
use super::event::Sighting;
use super::leg_life::{LegEnd, LegLife, Talk};
use super::limits::MOST_REFERENCES;
use crate::domain::leg::{Cause, Direction, LegState};
use crate::domain::numbers::Party;
use crate::domain::{LegId, Phone, SwitchCallId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The switch tells whole seconds and its clock may differ a little; within this the moment when its
/// message arrived is the finer measure.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(3);
/// No conversation is older: a switch time further back is a wrong clock or zone.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 3600);

/// One party's half of the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The switch's id.
    pub id: LegId,
    /// The switch's name of the call; differs from our key for a click-to-call.
    pub call: SwitchCallId,
    /// Its own number.
    pub own: Phone,
    /// The other side; may change when the call is transferred.
    pub remote: Option<Phone>,
    /// Who called whom.
    pub direction: Direction,
    /// Whose number it is.
    pub owner: Option<UserId>,
    /// What the other side is.
    #[serde(rename = "remote_owner")]
    pub party: Party,
    /// Where it stands.
    #[serde(flatten)]
    pub(super) life: LegLife,
    /// First seen, by our clock.
    pub first_seen: Timestamp,
    /// Last seen, by our clock.
    pub last_seen: Timestamp,
    /// A name shown by the switch.
    pub display_name: Option<String>,
    /// The two-party connection references seen last, for record look-up.
    pub call_refs: Vec<String>,
    /// Why it ended, if the switch said so.
    pub cause: Option<Cause>,
    /// The employee pressed "reject" while it rang.
    pub rejected: bool,
    /// Its part in what the CRM knows.
    #[serde(flatten)]
    pub(super) share: CrmShare,
    /// The other side was a colleague first and somebody outside later: a call was handed over to this leg.
    #[serde(default)]
    pub handed_over: bool,
    /// The other side has shown another client's number since then, and may show the one before again.
    #[serde(default)]
    pub other_number: Option<OtherNumber>,
    /// Never shares a CRM call with other legs: it is what is left of one that has its record already.
    #[serde(default)]
    pub alone: bool,
}

/// A number that may turn out to be of somebody else at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherNumber {
    pub number: Phone,
    pub party: Party,
    /// First shown.
    pub since: Timestamp,
}

/// What a sighting changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merged {
    /// The phase is new.
    Phase,
    /// Only details, or nothing.
    Details,
    /// It told a phase the leg has already left.
    Stale,
}

impl Leg {
    /// The leg at first sight.
    pub(super) fn first(seen: &Sighting, now: Timestamp) -> Self {
        let e = &seen.leg;
        let possible = |t: &Timestamp| *t <= now + CLOCK_TOLERANCE && now.since(*t) <= LONGEST_CALL;
        let answered = e.answered_at.filter(possible).map(|t| likeliest(t).min(now));
        Self {
            id: e.leg.clone(),
            call: e.call.clone(),
            own: e.own.clone(),
            remote: e.remote.clone(),
            direction: e.direction,
            owner: seen.owner(),
            party: seen.party,
            life: LegLife::reported(e.state, answered.map(Talk::Since), now),
            first_seen: now,
            last_seen: now,
            display_name: e.display_name.clone(),
            call_refs: e.call_ref.iter().cloned().collect(),
            cause: e.cause,
            rejected: false,
            // What it did before, it did in another call.
            share: CrmShare::Outside { since: seen.moved.then_some(now) },
            handed_over: false,
            other_number: None,
            alone: false,
        }
    }

    /// The phase in the switch's words.
    pub const fn state(&self) -> LegState {
        self.life.state()
    }

    /// Whether the leg still exists.
    pub const fn is_live(&self) -> bool {
        matches!(self.life, LegLife::Live { .. })
    }

    /// Whether it exists, but has not been heard of since the connection to the switch broke.
    pub(super) const fn is_unheard(&self) -> bool {
        matches!(self.life, LegLife::Live { unheard_since: Some(_), .. })
    }

    /// Connected since; `None` if nobody picked up.
    pub const fn answered_at(&self) -> Option<Timestamp> {
        match self.life.talk() {
            Some(talk) => Some(talk.answered_at()),
            None => None,
        }
    }

    /// Over since.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self.life {
            LegLife::Ended { at, .. } => Some(at),
            LegLife::Live { .. } => None,
        }
    }

    /// Whether it is over without its end having been seen.
    pub const fn ended_unseen(&self) -> bool {
        matches!(self.life, LegLife::Ended { end: LegEnd::Unseen { .. } | LegEnd::GivenUp, .. })
    }

    /// The CRM call it is part of.
    pub(super) const fn crm(&self) -> Option<CrmIndex> {
        self.share.crm()
    }

    /// Since when it has been talking with whom its CRM call is about; `None` if nobody picked up, or only in a lost
    /// race.
    pub(super) fn talks_since(&self) -> Option<Timestamp> {
        let Some(Talk::Since(answered)) = self.life.talk() else { return None };
        Some(self.share.since().map_or(answered, |since| answered.max(since)))
    }

    /// Takes over what is news; a leg never goes back to an earlier phase.
    pub(super) fn merge(&mut self, seen: &Sighting, now: Timestamp) -> Merged {
        let e = &seen.leg;
        let deaf_since = self.life.received();
        if self.is_past(e.state) || !self.is_live() {
            return if e.state == self.state() { Merged::Details } else { Merged::Stale };
        }
        self.last_seen = now;
        if self.takes_over_party(seen) {
            self.handed_over |= seen.party == Party::Client && self.party.colleague().is_some();
            self.remote.clone_from(&e.remote);
            self.party = seen.party;
        }
        if e.display_name.is_some() {
            self.display_name.clone_from(&e.display_name);
        }
        if let Some(call_ref) = &e.call_ref
            && !self.call_refs.contains(call_ref)
        {
            if self.call_refs.len() >= MOST_REFERENCES {
                self.call_refs.remove(0);
            }
            self.call_refs.push(call_ref.clone());
        }
        self.cause = e.cause.or(self.cause);
        let new_phase = e.state != self.state();
        let answer = || self.answer_moment(e.answered_at, e.state, deaf_since, now).map(Talk::Since);
        self.life = LegLife::reported(e.state, self.life.talk().or_else(answer), now);
        if new_phase { Merged::Phase } else { Merged::Details }
    }

    /// Whether the leg has left this phase already.
    pub(super) const fn is_past(&self, state: LegState) -> bool {
        rank(state) < rank(self.state())
    }

    /// Whether what is told of the other side is better than what we know. A number that is missing now, or told only
    /// with the end, erases nothing; and what was handed over to somebody outside does not come back: then an older
    /// message arrived late. A client who is put on hold at a queue's number stays the client.
    const fn takes_over_party(&self, seen: &Sighting) -> bool {
        match (self.party, seen.party) {
            (_, Party::Hidden) => false,
            (Party::Hidden, _) => true,
            (_, Party::Client) => true,
            (_, Party::Colleague(_)) => !self.handed_over,
            (Party::Client, Party::Service | Party::FeatureCode | Party::Emergency) => false,
            (_, Party::Service | Party::FeatureCode | Party::Emergency) => true,
        }
    }

    /// When a leg that we knew before was connected: the arrival of the news, unless the switch names a
    /// moment that is clearly earlier and possible (the news was late, or lost and told with the release). While the
    /// connection was broken, since `deaf_since`, nothing could arrive: then the switch's word is the better one.
    fn answer_moment(
        &self,
        reported: Option<Timestamp>,
        state: LegState,
        deaf_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let possible =
            reported.filter(|t| *t <= now && *t + CLOCK_TOLERANCE >= self.first_seen).map(|t| likeliest(t).min(now));
        if let (Some(t), Some(since)) = (possible, deaf_since) {
            return Some(t.max(since).max(self.first_seen).min(now));
        }
        match (state.is_connected(), possible) {
            (true, Some(t)) if now.since(t) > CLOCK_TOLERANCE => Some(t),
            (true, _) => Some(now),
            (false, Some(t)) => Some(t.max(self.first_seen)),
            (false, None) => None,
        }
    }

    /// The leg's end was not seen; it is taken to have lasted as long as we know.
    pub(super) fn end_unseen(&mut self) {
        if let LegLife::Live { unheard_since, .. } = self.life {
            self.end_as_last_known(unheard_since, LegEnd::Unseen { unheard_since });
        }
    }

    /// The same, and whatever is still told of the leg is not believed: it would be counted twice.
    pub(super) fn give_up(&mut self) {
        if let LegLife::Live { unheard_since, .. } = self.life {
            self.end_as_last_known(unheard_since, LegEnd::GivenUp);
        }
    }

    fn end_as_last_known(&mut self, unheard_since: Option<Timestamp>, end: LegEnd) {
        let last_known = unheard_since.unwrap_or(self.last_seen);
        let at = last_known.max(self.answered_at().unwrap_or(self.first_seen));
        self.life = LegLife::Ended { at, talk: self.life.talk(), end };
    }

    /// Whether this is possible news of a leg whose end was only supposed.
    pub(super) const fn may_go_on_as(&self, state: LegState) -> bool {
        let LegLife::Ended { talk, end: LegEnd::Unseen { .. }, .. } = self.life else { return false };
        rank(state) >= rank(if talk.is_some() { LegState::Talking } else { LegState::Ringing })
    }

    /// This part of the leg is over; the switch may go on under the same id for somebody else.
    pub(super) const fn part(&mut self, now: Timestamp) {
        if self.is_live() {
            self.life.end_at(now);
        }
    }

    /// From this moment on it is a conversation of its own, which shares its CRM call with no other leg.
    pub(super) const fn stand_alone(&mut self, since: Option<Timestamp>) {
        self.share = CrmShare::Outside { since };
        self.alone = true;
    }
}

/// The switch cuts its times down to whole seconds: the middle of that second is the best guess.
fn likeliest(reported: Timestamp) -> Timestamp {
    if reported.millis() % 1000 == 0 { reported + Duration::from_millis(500) } else { reported }
}

const fn rank(state: LegState) -> u8 {
    match state {
        LegState::Dialing => 0,
        LegState::Ringing => 1,
        LegState::Talking | LegState::Held => 2,
        LegState::Released => 3,
    }
}
