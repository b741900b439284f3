//! Everything that can happen to a call, answers and timers included.

use super::click::Click;
use crate::domain::card::CardCommand;
use crate::domain::leg::{CommandError, LegEvent, SwitchRefusal};
use crate::domain::numbers::{NumberRule, OwnNumber, Party};
use crate::domain::{CrmCallId, ExternalId, LegId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A leg as seen, with what its numbers are to the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What the switch said.
    pub leg: LegEvent,
    /// Whose number `leg.own` is.
    pub own: OwnNumber,
    /// What `leg.remote` is …
    pub party: Party,
    /// … and why.
    pub rule: NumberRule,
    /// The same leg has been in another call of the switch until now.
    pub moved: bool,
}

impl Sighting {
    /// The employee whose phone it is.
    pub const fn owner(&self) -> Option<UserId> {
        match self.own {
            OwnNumber::Employee(user) => Some(user),
            OwnNumber::Service | OwnNumber::Nobody => None,
        }
    }
}

/// Why a click did not become a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DialFailure {
    /// The employee has no internal number in our table.
    NoNumber,
    /// There is no connection to the switch.
    Offline,
    /// The switch cannot or may not dial for outsiders.
    NotOffered,
    /// The employee's number may not make this call.
    Forbidden,
    /// The dialled number does not exist.
    WrongNumber,
    /// What was clicked holds no number that can be dialled.
    NotANumber,
    /// What was clicked on is how we tell the portal that the caller hid his number.
    HiddenNumber,
    /// The employee's phone is engaged.
    Busy,
    /// The employee's phone is not registered or does not respond.
    Unavailable,
    /// The switch failed to do it.
    Failed,
    /// The portal told the click too late.
    TooLate,
}

/// What a refused command to dial means to whoever wanted to call.
impl From<&CommandError> for DialFailure {
    fn from(error: &CommandError) -> Self {
        match error {
            CommandError::Offline => Self::Offline,
            CommandError::Unsupported => Self::NotOffered,
            CommandError::TimedOut | CommandError::Busy => Self::Failed,
            CommandError::Refused { why, .. } => match why {
                SwitchRefusal::Forbidden => Self::Forbidden,
                SwitchRefusal::WrongNumber => Self::WrongNumber,
                SwitchRefusal::Busy => Self::Busy,
                SwitchRefusal::Unavailable => Self::Unavailable,
                SwitchRefusal::Other => Self::Failed,
            },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Legs of this call were seen together.
    Legs(Vec<Sighting>),
    /// This leg is in another call now; the switch will say nothing more of it here.
    LegLeft(LegId),
    /// An employee clicked on a number.
    Clicked {
        /// What the portal told of it.
        click: Click,
        /// The phone that should dial; `None` if the employee has no number in our table.
        from: Option<Phone>,
    },
    /// The click could not be dialled.
    DialFailed(DialFailure),
    /// The portal has registered a CRM call.
    Registered {
        lane: ExternalId,
        /// The portal's name for it.
        crm: CrmCallId,
    },
    /// The portal will never register it.
    RegisterRefused { lane: ExternalId },
    /// An employee pressed a button on his card.
    Pressed {
        user: UserId,
        /// On which leg; `None` means the one the card shows.
        leg: Option<LegId>,
        /// Which button.
        command: CardCommand,
    },
    /// The switch did not carry out the release asked for by a card.
    ReleaseRefused(LegId),
    /// Events may have been missed since this moment.
    LinkLost(Timestamp),
    /// Events flow again.
    LinkBack,
    /// Too many calls are open and this one was heard of longest ago: it is closed with its end unknown.
    GiveWay,
    /// The time asked for with [`Action::Wake`](super::Action::Wake) has come (or any other time).
    Tick,
}
