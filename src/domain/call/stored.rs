//! How states are written down: flat, in the members that version 1.0.0 wrote and reads, so that either version takes up
//! the calls of the other. What these members could say beyond the states was never written.

use super::click::ClickDialling;
use super::crm::{CrmCallLife, CrmIndex};
use super::crm_share::CrmShare;
use super::leg_life::{LegEnd, LegLife, LivePhase, Talk};
use crate::domain::leg::LegState;
use crate::domain::{Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A leg's life. Members with a default are missing in calls of still older versions.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the members of the stored form")]
pub(super) struct StoredLegLife {
    state: LegState,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    end_unknown: bool,
    #[serde(default)]
    overdue: bool,
    /// 1.0.0 has it for a leg that is `known_until` some moment while the call has a `confirm_until`, and sets it again
    /// for every leg after a restart.
    unconfirmed: bool,
    known_until: Option<Timestamp>,
    #[serde(default)]
    lost_race: bool,
}

impl TryFrom<StoredLegLife> for LegLife {
    type Error = &'static str;

    fn try_from(stored: StoredLegLife) -> Result<Self, Self::Error> {
        let unheard_since = stored.known_until;
        let talk = stored.answered_at.map(if stored.lost_race { Talk::LostRace } else { Talk::Since });
        let connected = talk.ok_or("a leg is connected, but not since any moment");
        let phase = match stored.state {
            LegState::Dialing => LivePhase::Dialing,
            LegState::Ringing => LivePhase::Ringing,
            LegState::Talking => LivePhase::Talking(connected?),
            LegState::Held => LivePhase::Held(connected?),
            LegState::Released => {
                let end = match (stored.end_unknown, stored.overdue) {
                    (false, _) => LegEnd::Seen,
                    (true, false) => LegEnd::Unseen { unheard_since },
                    (true, true) => LegEnd::GivenUp,
                };
                let at = stored.ended_at.ok_or("a leg is over, but not since any moment")?;
                return Ok(Self::Ended { at, talk, end });
            }
        };
        Ok(Self::Live { phase, unheard_since })
    }
}

impl From<LegLife> for StoredLegLife {
    fn from(life: LegLife) -> Self {
        let (ended_at, end) = match life {
            LegLife::Live { .. } => (None, LegEnd::Seen),
            LegLife::Ended { at, end, .. } => (Some(at), end),
        };
        Self {
            state: life.state(),
            answered_at: life.talk().map(Talk::answered_at),
            ended_at,
            end_unknown: end != LegEnd::Seen,
            overdue: end == LegEnd::GivenUp,
            unconfirmed: false,
            known_until: match (life, end) {
                (LegLife::Live { unheard_since, .. }, _) | (_, LegEnd::Unseen { unheard_since }) => unheard_since,
                (LegLife::Ended { .. }, LegEnd::Seen | LegEnd::GivenUp) => None,
            },
            lost_race: matches!(life.talk(), Some(Talk::LostRace(_))),
        }
    }
}

/// A leg's share in a CRM call.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct StoredCrmShare {
    crm: Option<CrmIndex>,
    relevant_since: Option<Timestamp>,
}

impl TryFrom<StoredCrmShare> for CrmShare {
    type Error = &'static str;

    fn try_from(stored: StoredCrmShare) -> Result<Self, Self::Error> {
        match (stored.crm, stored.relevant_since) {
            (None, since) => Ok(Self::Outside { since }),
            (Some(crm), Some(since)) => Ok(Self::In { crm, since }),
            (Some(_), None) => Err("a leg is part of a CRM call, but not from any moment on"),
        }
    }
}

impl From<CrmShare> for StoredCrmShare {
    fn from(share: CrmShare) -> Self {
        Self { crm: share.crm(), relevant_since: share.since() }
    }
}

/// Where a CRM call stands.
#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the members of the stored form")]
pub(super) struct StoredCrmCallLife {
    told: bool,
    visible: BTreeSet<UserId>,
    linger_until: Option<Timestamp>,
    closed: bool,
    #[serde(default)]
    replaced: bool,
    #[serde(default)]
    refused: bool,
}

impl From<StoredCrmCallLife> for CrmCallLife {
    fn from(stored: StoredCrmCallLife) -> Self {
        match stored {
            StoredCrmCallLife { replaced: true, .. } => Self::Replaced,
            StoredCrmCallLife { refused: true, .. } => Self::Refused,
            StoredCrmCallLife { closed: true, .. } => Self::Finished,
            StoredCrmCallLife { told: true, visible, linger_until, .. } => Self::Open { visible, linger_until },
            StoredCrmCallLife { told: false, .. } => Self::Planned,
        }
    }
}

impl From<CrmCallLife> for StoredCrmCallLife {
    fn from(life: CrmCallLife) -> Self {
        let (told, closed) = (life != CrmCallLife::Planned, life.is_final());
        let (replaced, refused) = (life == CrmCallLife::Replaced, life == CrmCallLife::Refused);
        let (visible, linger_until) = match life {
            CrmCallLife::Open { visible, linger_until } => (visible, linger_until),
            CrmCallLife::Planned | CrmCallLife::Finished | CrmCallLife::Replaced | CrmCallLife::Refused => {
                (BTreeSet::new(), None)
            }
        };
        Self { told, visible, linger_until, closed, replaced, refused }
    }
}

/// What is dialled for a click.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredDialling {
    from: Option<Phone>,
    to: Option<Phone>,
    #[serde(default)]
    late: bool,
}

impl From<StoredDialling> for ClickDialling {
    fn from(stored: StoredDialling) -> Self {
        Self::new(stored.from, stored.to, stored.late)
    }
}

impl From<ClickDialling> for StoredDialling {
    fn from(dialling: ClickDialling) -> Self {
        let late = matches!(dialling, ClickDialling::TooLate { .. });
        Self { from: dialling.from().cloned(), to: dialling.to().cloned(), late }
    }
}
