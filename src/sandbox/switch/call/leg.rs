//! One party's half of a call.

use crate::domain::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A call; written as 16 lower-case hex digits on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(in crate::sandbox::switch) u64);

/// A leg; written as 16 lower-case hex digits on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub(in crate::sandbox::switch) u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for CallId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for LegId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl CallId {
    /// The id as it is written on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        sixteen_hex(text).map(Self)
    }
}

impl LegId {
    /// The id as a command names it.
    pub fn parse(text: &str) -> Option<Self> {
        sixteen_hex(text).map(Self)
    }
}

fn sixteen_hex(text: &str) -> Option<u64> {
    (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// Who stands at a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A phone of the domain.
    Phone,
    /// Somebody outside of the switch; such a leg is never shown.
    Outside,
}

/// From the point of view of the leg's own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is called.
    In,
    /// It calls.
    Out,
}

/// The phase of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegStatus {
    /// Ringing, or hearing the other side ring.
    Alerting,
    /// Connected.
    Talking,
    /// Connected, and this party has put the other on hold.
    Held,
    /// Over.
    Released,
}

/// Why a leg ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseCause {
    /// Somebody hung up after talking.
    Normal,
    /// The called party is busy.
    Busy,
    /// It rang and nobody picked up.
    NoAnswer,
    /// The called party refused.
    Declined,
    /// The caller gave up.
    Cancelled,
    /// Another phone was quicker.
    AnsweredElsewhere,
    /// No such number.
    WrongNumber,
    /// Not reachable for now.
    Unavailable,
    /// Handed over.
    Transferred,
}

impl ReleaseCause {
    /// In the words of the switch's records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normalClearing",
            Self::Busy => "busy",
            Self::NoAnswer => "callNotAnswered",
            Self::Declined => "callRejected",
            Self::Cancelled | Self::AnsweredElsewhere => "callCancelled",
            Self::WrongNumber => "unassignedNumber",
            Self::Unavailable => "destNotObtainable",
            Self::Transferred => "transfer",
        }
    }

    /// As a SIP status.
    pub const fn sip(self) -> u16 {
        match self {
            Self::Normal | Self::Transferred => 200,
            Self::Busy => 486,
            Self::NoAnswer => 408,
            Self::Declined => 603,
            Self::Cancelled | Self::AnsweredElsewhere => 487,
            Self::WrongNumber => 404,
            Self::Unavailable => 480,
        }
    }
}

/// A leg as it stands.
#[derive(Debug, Clone)]
pub(in crate::sandbox::switch) struct Leg {
    pub(in crate::sandbox::switch) id: LegId,
    pub(in crate::sandbox::switch) call: CallId,
    pub(in crate::sandbox::switch) call_ref: u64,
    pub(in crate::sandbox::switch) party: Party,
    pub(in crate::sandbox::switch) direction: Direction,
    pub(in crate::sandbox::switch) own: Arc<str>,
    pub(in crate::sandbox::switch) remote: Arc<str>,
    pub(in crate::sandbox::switch) name: Option<Arc<str>>,
    pub(in crate::sandbox::switch) status: LegStatus,
    /// An outgoing leg whose own phone still has to be picked up (`call.make`).
    pub(in crate::sandbox::switch) summoned: bool,
    /// The switch tells nothing of this leg any more.
    pub(in crate::sandbox::switch) silent: bool,
    /// When it began to ring or dial, or came into its present call.
    pub(in crate::sandbox::switch) joined: Timestamp,
    /// Where it went on, in the picture that its former call keeps.
    pub(in crate::sandbox::switch) moved_to: Option<CallId>,
    /// Other numbers that it has shown before, each with the moment until which.
    pub(in crate::sandbox::switch) earlier_remotes: Vec<(Timestamp, Arc<str>)>,
    pub(in crate::sandbox::switch) answered: Option<Timestamp>,
    /// `answered` as the switch writes it, made once.
    pub(in crate::sandbox::switch) answer_text: Option<Arc<str>>,
    pub(in crate::sandbox::switch) ended: Option<Timestamp>,
    pub(in crate::sandbox::switch) cause: Option<ReleaseCause>,
    /// Indexes of the integrations that see this leg.
    pub(in crate::sandbox::switch) viewers: Arc<[usize]>,
}

impl Leg {
    pub(in crate::sandbox::switch) const fn is_connected(&self) -> bool {
        matches!(self.status, LegStatus::Talking | LegStatus::Held)
    }

    pub(in crate::sandbox::switch) const fn is_over(&self) -> bool {
        matches!(self.status, LegStatus::Released)
    }

    /// Whether a bell can be heard at this party.
    pub(in crate::sandbox::switch) const fn rings(&self) -> bool {
        matches!(self.status, LegStatus::Alerting) && (matches!(self.direction, Direction::In) || self.summoned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sixteen_lower_case_hex_digits_and_read_back() {
        let id = LegId(0x0651_aa00_c0ff_ee01);
        assert_eq!(id.to_string(), "0651aa00c0ffee01");
        assert_eq!(LegId::parse("0651aa00c0ffee01"), Some(id));
        assert_eq!(LegId::parse("651aa00c0ffee01"), None);
        assert_eq!(LegId::parse("not a hex number"), None);
        assert_eq!(serde_json::to_string(&CallId(255)).expect("JSON"), "\"00000000000000ff\"");
        assert_eq!(CallId::parse("00000000000000ff"), Some(CallId(255)));
    }
}
