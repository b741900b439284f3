//! What people see of a call: the card in Bitrix24, the list of active calls.

use super::call::ClickFacts;
use super::leg::{Capabilities, Direction};
use super::numbers::Party;
use super::{CallKey, CrmCallId, LegId, Phone, Timestamp, UserId};
use serde::Serialize;

/// The phase of a leg in people's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The number is being set up.
    Dialing,
    /// It rings.
    Ringing,
    /// Connected.
    Talking,
    /// On hold.
    Held,
    /// Over.
    Ended,
}

/// One employee's leg of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegView {
    /// The switch's id of the leg.
    pub leg: LegId,
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
    /// The phase.
    pub phase: Phase,
    /// When the conversation began, for the running clock.
    pub answered_at: Option<Timestamp>,
}

/// Which buttons make sense for a leg now.
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
        let live = self.phase != Phase::Ended;
        Buttons {
            answer: can.answer && self.phase == Phase::Ringing && self.direction == Direction::In,
            reject: can.release && live,
            hold: can.hold && self.phase == Phase::Talking,
            retrieve: can.hold && self.phase == Phase::Held,
            transfer: can.transfer && matches!(self.phase, Phase::Talking | Phase::Held),
        }
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
    /// What the portal told of it.
    #[serde(flatten)]
    pub facts: ClickFacts,
}

impl CallView {
    /// The leg this employee should see: the live one seen last, else his last one.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(phase: Phase, direction: Direction) -> LegView {
        LegView {
            leg: "l".into(),
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
    }
}
