//! A leg as the switch side reports it, in neutral words. Both back ends (Call API, CSTA) speak this.

use super::{LegId, Phone, SwitchCallId, Timestamp};
use serde::{Deserialize, Serialize};

/// From the point of view of the leg's own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The own number is called.
    In,
    /// The own number calls.
    Out,
}

/// The phase of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LegState {
    /// The own phone is off hook and the number is being set up.
    Dialing,
    /// The called phone rings.
    Ringing,
    /// Both parties are connected.
    Talking,
    /// Connected, and put on hold.
    Held,
    /// Over.
    Released,
}

impl LegState {
    /// Connected now, held or not.
    pub const fn is_connected(self) -> bool {
        matches!(self, Self::Talking | Self::Held)
    }
}

/// Why a leg ended, where the switch says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// An ordinary hang-up.
    Normal,
    /// The called party is busy (SIP 486).
    Busy,
    /// Nobody picked up in time.
    NoAnswer,
    /// The called party refused (SIP 603).
    Declined,
    /// The caller gave up before an answer.
    Cancelled,
    /// No such number (SIP 404).
    WrongNumber,
    /// The called phone is not reachable for now (SIP 480).
    Unavailable,
    /// The network could not carry the call (SIP 503).
    Failed,
    /// The caller may not make this call (SIP 403).
    Forbidden,
}

/// One leg as it was seen at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegEvent {
    /// The leg's own id; commands address it.
    pub leg: LegId,
    /// The whole call's id, the same on all legs.
    pub call: SwitchCallId,
    /// Reference of the two-party connection; equals `CONN_ID` in the switch's CDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_ref: Option<String>,
    /// The subscriber this leg belongs to.
    pub own: Phone,
    /// The other party as this leg sees it; `None` when hidden.
    pub remote: Option<Phone>,
    /// Something was shown in place of a number that is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote_unreadable: bool,
    /// Who called whom.
    pub direction: Direction,
    /// The phase.
    pub state: LegState,
    /// When the leg was connected by the switch's clock (already UTC), repeated on `Released`.
    pub answered_at: Option<Timestamp>,
    /// A name the switch shows with the leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Why it ended, if the switch says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// What the switch connection reports upwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchEvent {
    /// Legs seen together in one frame, in the frame's order.
    Legs(Vec<LegEvent>),
    /// A frame that says nothing we know; the text is shortened and carries no secrets.
    Unknown(String),
}

/// What we may ask of the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchCommand {
    /// Ring `from`'s phone and connect it with `to`.
    Make {
        /// An internal number of ours.
        from: Phone,
        /// The number to reach.
        to: Phone,
    },
    /// Pick up an incoming leg (only phones that honour SIP-answer).
    Answer(LegId),
    /// Reject or hang up a leg.
    Release(LegId),
    /// Put a leg on hold.
    Hold(LegId),
    /// Take a leg back from hold.
    Retrieve(LegId),
    /// Hand a leg over to another number.
    Transfer {
        /// The leg to hand over.
        leg: LegId,
        /// Where it goes.
        to: Phone,
    },
}

/// The switch's answer to a command it accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// The new call's id, where the switch reports it (for [`SwitchCommand::Make`]).
    pub call: Option<SwitchCallId>,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no connection to the switch now.
    #[error("no connection to the switch")]
    Offline,
    /// Too many commands wait for the switch's answer; this one was not sent.
    #[error("too many commands wait for the switch's answer")]
    Busy,
    /// The switch did not answer in time; it may or may not have acted.
    #[error("the switch did not answer in time")]
    TimedOut,
    /// The dialect in use does not know this command.
    #[error("the switch does not offer this command")]
    Unsupported,
    /// The switch said no.
    #[error("the switch refused: {status} {message}")]
    Refused {
        /// HTTP-like status of the answer, for people.
        status: u16,
        /// What it means.
        why: SwitchRefusal,
        /// The switch's own words, may be empty.
        message: String,
    },
}

/// Why the switch refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchRefusal {
    /// It is not allowed to do this.
    Forbidden,
    /// There is no such number, call or leg.
    WrongNumber,
    /// The phone is busy.
    Busy,
    /// The phone cannot be reached, or did not answer.
    Unavailable,
    Other,
}

/// Which commands the switch is known to honour; a card shows only these.
#[expect(clippy::struct_excessive_bools, reason = "any of the commands may be honoured without the others")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// [`SwitchCommand::Make`]
    pub make: bool,
    /// [`SwitchCommand::Answer`]
    pub answer: bool,
    /// [`SwitchCommand::Release`]
    pub release: bool,
    /// [`SwitchCommand::Hold`] and [`SwitchCommand::Retrieve`]
    pub hold: bool,
    /// [`SwitchCommand::Transfer`]
    pub transfer: bool,
}
