//! A leg's life. Each state owns what is true only while it lasts, so that no leg can talk without an answer, wait to be
//! confirmed after its end, or have an end that was not seen while it still exists.
//!
//! | from | by | to |
//! | --- | --- | --- |
//! | – | first sight | live, or ended at once |
//! | live | a later phase | live, heard of |
//! | live | the connection breaks | live, unheard |
//! | live | its end is told, or it goes on elsewhere | ended, seen |
//! | live, unheard | nothing in the grace time | ended, unseen |
//! | live | it is overdue, or makes room | ended, given up |
//! | ended, unseen | news of it | live; or ended, seen, where its record is made and the rest is a leg of its own |

use super::stored::StoredLegLife;
use crate::domain::Timestamp;
use crate::domain::leg::LegState;
use serde::{Deserialize, Serialize};

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredLegLife", into = "StoredLegLife")]
pub(super) enum LegLife {
    /// It exists.
    Live {
        /// What it does.
        phase: LivePhase,
        /// The last moment before the connection to the switch broke, while the leg has not been heard of since.
        unheard_since: Option<Timestamp>,
    },
    /// It is over.
    Ended {
        at: Timestamp,
        /// Its conversation; `None` if nobody picked up.
        talk: Option<Talk>,
        /// How we know.
        end: LegEnd,
    },
}

/// What a leg does that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LivePhase {
    /// The number is being set up.
    Dialing,
    /// The called phone rings.
    Ringing,
    /// Connected.
    Talking(Talk),
    /// Connected, and put on hold.
    Held(Talk),
}

/// What was said since a leg was picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// A conversation since then.
    Since(Timestamp),
    /// Connected then for a moment only, while another phone of the same CRM call won: no conversation.
    LostRace(Timestamp),
}

/// How a leg's end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegEnd {
    /// It was told; or the leg goes on as another one, which has the rest of its time.
    Seen,
    /// It was not seen: the leg is taken to have lasted as long as we know, and may be heard of again.
    Unseen {
        /// The last moment before the connection broke that kept us from seeing it.
        unheard_since: Option<Timestamp>,
    },
    /// It was not seen, and the leg had become too old or one too many: whatever is still told of it is not believed.
    GivenUp,
}

impl Talk {
    /// When the leg was picked up.
    pub(super) const fn answered_at(self) -> Timestamp {
        match self {
            Self::Since(at) | Self::LostRace(at) => at,
        }
    }
}

impl LivePhase {
    /// Its conversation.
    pub(super) const fn talk_mut(&mut self) -> Option<&mut Talk> {
        match self {
            Self::Talking(talk) | Self::Held(talk) => Some(talk),
            Self::Dialing | Self::Ringing => None,
        }
    }
}

impl LegLife {
    /// As the switch tells it `now`. Whoever is connected talks, from now on if nothing better is known; before that
    /// there is no conversation.
    pub(super) fn reported(state: LegState, talk: Option<Talk>, now: Timestamp) -> Self {
        let connected = talk.unwrap_or(Talk::Since(now));
        let phase = match state {
            LegState::Dialing => LivePhase::Dialing,
            LegState::Ringing => LivePhase::Ringing,
            LegState::Talking => LivePhase::Talking(connected),
            LegState::Held => LivePhase::Held(connected),
            LegState::Released => return Self::Ended { at: now, talk, end: LegEnd::Seen },
        };
        Self::Live { phase, unheard_since: None }
    }

    /// The phase in the switch's words.
    pub(super) const fn state(self) -> LegState {
        match self {
            Self::Live { phase: LivePhase::Dialing, .. } => LegState::Dialing,
            Self::Live { phase: LivePhase::Ringing, .. } => LegState::Ringing,
            Self::Live { phase: LivePhase::Talking(_), .. } => LegState::Talking,
            Self::Live { phase: LivePhase::Held(_), .. } => LegState::Held,
            Self::Ended { .. } => LegState::Released,
        }
    }

    /// Its conversation, lost races included.
    pub(super) const fn talk(self) -> Option<Talk> {
        match self {
            Self::Live { phase: LivePhase::Talking(talk) | LivePhase::Held(talk), .. } => Some(talk),
            Self::Live { phase: LivePhase::Dialing | LivePhase::Ringing, .. } => None,
            Self::Ended { talk, .. } => talk,
        }
    }

    /// Something was heard of the leg; tells since when nothing had been.
    pub(super) const fn received(&mut self) -> Option<Timestamp> {
        match self {
            Self::Live { unheard_since, .. } | Self::Ended { end: LegEnd::Unseen { unheard_since }, .. } => {
                unheard_since.take()
            }
            Self::Ended { .. } => None,
        }
    }

    /// It was over at this moment; what is known of its end stays known.
    pub(super) const fn end_at(&mut self, moment: Timestamp) {
        match self {
            Self::Live { .. } => *self = Self::Ended { at: moment, talk: self.talk(), end: LegEnd::Seen },
            Self::Ended { at, .. } => *at = moment,
        }
    }

    /// What was not seen of it another leg has now.
    pub(super) const fn settle_end(&mut self) {
        if let Self::Ended { end, .. } = self {
            *end = LegEnd::Seen;
        }
    }

    /// It was not over after all: it does what it did when it was seen last.
    pub(super) fn revive(&mut self) {
        if let Self::Ended { talk, end: LegEnd::Unseen { unheard_since }, .. } = *self {
            *self = Self::Live { phase: talk.map_or(LivePhase::Ringing, LivePhase::Talking), unheard_since };
        }
    }

    /// It was connected, but another phone had the conversation.
    pub(super) const fn lose_race(&mut self) {
        let talk = match self {
            Self::Live { phase, .. } => phase.talk_mut(),
            Self::Ended { talk, .. } => talk.as_mut(),
        };
        if let Some(talk) = talk {
            *talk = Talk::LostRace(talk.answered_at());
        }
    }
}
