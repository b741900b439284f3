//! What people see of a call: the card in Bitrix24, the list of active calls.

use super::call::ClickFacts;
use super::leg::{Capabilities, CommandError, Direction, LegState};
use super::numbers::Party;
use super::{CallKey, CrmCallId, LegId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// The phase of a leg in people's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The number is being set up.
    Dialing,
    Ringing,
    /// Connected.
    Talking,
    /// On hold.
    Held,
    /// Over.
    Ended,
}

impl From<LegState> for Phase {
    fn from(state: LegState) -> Self {
        match state {
            LegState::Dialing => Self::Dialing,
            LegState::Ringing => Self::Ringing,
            LegState::Talking => Self::Talking,
            LegState::Held => Self::Held,
            LegState::Released => Self::Ended,
        }
    }
}

/// A button of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    /// Pick up.
    Answer,
    /// Reject or hang up.
    Reject,
    /// Put on hold.
    Hold,
    /// Take back from hold.
    Retrieve,
    /// Hand over.
    Transfer,
}

impl Button {
    /// Whether it makes sense for a leg in this phase.
    pub const fn fits(self, phase: Phase, direction: Direction) -> bool {
        match self {
            Self::Answer => matches!((phase, direction), (Phase::Ringing, Direction::In)),
            Self::Reject => !matches!(phase, Phase::Ended),
            Self::Hold => matches!(phase, Phase::Talking),
            Self::Retrieve => matches!(phase, Phase::Held),
            Self::Transfer => matches!(phase, Phase::Talking | Phase::Held),
        }
    }

    /// Whether the switch can honour it.
    pub const fn is_offered(self, can: Capabilities) -> bool {
        match self {
            Self::Answer => can.answer,
            Self::Reject => can.release,
            Self::Hold | Self::Retrieve => can.hold,
            Self::Transfer => can.transfer,
        }
    }
}

/// One employee's leg of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegView {
    /// The switch's id of the leg; `None` between a click and the phone's first ring.
    pub leg: Option<LegId>,
    /// Whose leg it is; `None` for a number that belongs to nobody.
    pub owner: Option<UserId>,
    /// The own number.
    pub own: Phone,
    /// The other party; `None` when hidden.
    pub remote: Option<Phone>,
    /// What the other party is.
    #[serde(skip)]
    pub party: Party,
    /// The name the switch shows.
    pub display_name: Option<String>,
    /// Who called whom.
    pub direction: Direction,
    pub phase: Phase,
    /// When the conversation began, for the running clock.
    pub answered_at: Option<Timestamp>,
}

/// Which buttons make sense for a leg now.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the card's JSON, a member for each button, none of which decides another"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Buttons {
    /// Pick up.
    pub answer: bool,
    /// Reject or hang up.
    pub reject: bool,
    /// Put on hold.
    pub hold: bool,
    /// Take back from hold.
    pub retrieve: bool,
    /// Hand over.
    pub transfer: bool,
}

impl LegView {
    /// Buttons for this leg: only what its phase allows *and* the switch can honour.
    pub fn buttons(&self, can: Capabilities) -> Buttons {
        let lit = |button| self.allows(button, can);
        Buttons {
            answer: lit(Button::Answer),
            reject: lit(Button::Reject),
            hold: lit(Button::Hold),
            retrieve: lit(Button::Retrieve),
            transfer: lit(Button::Transfer),
        }
    }

    /// Whether this button does something now.
    pub const fn allows(&self, button: Button, can: Capabilities) -> bool {
        self.leg.is_some() && button.fits(self.phase, self.direction) && button.is_offered(can)
    }
}

/// A call as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallView {
    /// Our key; also the path of the trace page.
    pub key: CallKey,
    /// The CRM's names of the call, in order of their making; empty while none is known.
    pub crm: Vec<CrmCallId>,
    /// When it was first seen.
    pub started_at: Timestamp,
    /// Both ends are employees.
    pub internal: bool,
    /// Everybody is gone.
    pub ended: bool,
    /// Legs in the order they were seen.
    pub legs: Vec<LegView>,
    /// The click in the portal it began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click: Option<ClickView>,
}

/// A click as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClickView {
    /// Who clicked.
    pub user: UserId,
    /// What the portal said of it.
    #[serde(flatten)]
    pub facts: ClickFacts,
}

impl CallView {
    /// The leg this employee should see: the live one seen last, else their last one.
    pub fn leg_of(&self, user: UserId) -> Option<&LegView> {
        let mine = || self.legs.iter().rev().filter(|l| l.owner == Some(user));
        mine().find(|l| l.phase != Phase::Ended).or_else(|| mine().next())
    }
}

/// What an employee can do from the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardCommand {
    /// Pick up an incoming call.
    Answer,
    /// Reject a ringing call or hang up a running one.
    Reject,
    /// Put on hold.
    Hold,
    /// Take back.
    Retrieve,
    /// Hand over to a number.
    Transfer(Phone),
}

impl CardCommand {
    /// The button it comes from.
    pub const fn button(&self) -> Button {
        match self {
            Self::Answer => Button::Answer,
            Self::Reject => Button::Reject,
            Self::Hold => Button::Hold,
            Self::Retrieve => Button::Retrieve,
            Self::Transfer(_) => Button::Transfer,
        }
    }
}

/// Why a button did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefused {
    /// The call is over or was never ours.
    #[error("there is no such call")]
    NoSuchCall,
    /// The leg is somebody else's, or there is none of this employee in the call.
    #[error("no leg of this employee in this call")]
    NotYours,
    /// The leg is not in a phase where this makes sense.
    #[error("the call is no longer in that phase")]
    WrongPhase,
    /// Too much is going on.
    #[error("too many commands at once")]
    Busy,
    /// The switch did not do it.
    #[error(transparent)]
    Switch(#[from] CommandError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(phase: Phase, direction: Direction) -> LegView {
        LegView {
            leg: Some("l".into()),
            owner: Some(UserId(1)),
            own: Phone::parse("1001").expect("number"),
            remote: None,
            party: Party::Client,
            display_name: None,
            direction,
            phase,
            answered_at: None,
        }
    }

    #[test]
    fn buttons_follow_phase_direction_and_switch() {
        let all = Capabilities { make: true, answer: true, release: true, hold: true, transfer: true };
        let b = leg(Phase::Ringing, Direction::In).buttons(all);
        assert_eq!((b.answer, b.reject, b.hold), (true, true, false));
        assert!(!leg(Phase::Ringing, Direction::Out).buttons(all).answer);
        assert_eq!(leg(Phase::Talking, Direction::In).buttons(Capabilities::default()), Buttons::default());
        assert_eq!(leg(Phase::Ended, Direction::In).buttons(all), Buttons::default());
        assert!(leg(Phase::Held, Direction::In).buttons(all).retrieve);
        let clicked = LegView { leg: None, ..leg(Phase::Dialing, Direction::Out) };
        assert_eq!(clicked.buttons(all), Buttons::default(), "there is no leg yet that could be released");
    }
}
