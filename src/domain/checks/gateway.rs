//! The way that browsers and portals take to the daemon: its public address, and what stands in front of it.

use super::Severity;
use crate::domain::link::LinkFault;
use crate::domain::reach::AddressClass;
use std::time::Duration;

/// Three pieces of a stream are sent 300 ms apart; a gateway that passes them on as they come keeps them apart by at least
/// this.
pub const APART: Duration = Duration::from_millis(450);

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayFinding {
    /// From where the public address can be reached.
    Address(PublicAddress),
    /// Who answers there.
    Answers(AnswerFound),
    /// Whether what is sent piece by piece arrives piece by piece.
    Stream(StreamFound),
    /// Whether what a portal posts gets through.
    Size(SizeFound),
    /// Whether pages may still be shown inside a portal behind the gateway.
    Frame(FrameFound),
}

/// The public address of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    pub base: String,
    pub place: AddressPlace,
}

/// Where a public address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressPlace {
    /// Its name or number leads to such places, the most distant first.
    Leads(AddressClass),
    /// Its name is not known here.
    Unknown(String),
}

impl PublicAddress {
    /// What it means for calls.
    pub fn severity(&self) -> Severity {
        match &self.place {
            AddressPlace::Leads(AddressClass::Internet) => Severity::Good,
            AddressPlace::Leads(AddressClass::Private) => Severity::Warning,
            AddressPlace::Leads(_) | AddressPlace::Unknown(_) => Severity::Fault,
        }
    }
}

/// Who has answered at the public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerFound {
    /// This daemon.
    Ourselves { took: Duration },
    /// Something else, by its status and the beginning of what it said.
    Somebody { status: u16, said: String },
    /// A redirect: a post does not survive it.
    Redirect { status: u16, to: String },
    /// The gateway does not reach the daemon.
    GatewayAlone { status: u16 },
    /// Nobody.
    Nobody(LinkFault),
}

/// What became of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamFound {
    /// First and last piece arrived so far apart.
    Arrived { apart: Duration },
    /// It broke off.
    BrokeOff(String),
    /// Nobody of ours answers there.
    NotTried,
}

/// What became of a large post, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SizeFound {
    Taken { bytes: u64 },
    Refused { bytes: u64, status: u16 },
    NotTried,
}

/// Headers of a page that portals show in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameFound {
    /// As the daemon sends them.
    Untouched,
    /// Something in front of it adds these, by which browsers refuse the frame.
    Added(Vec<String>),
    NotTried,
}

impl GatewayFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Address(_) => "gateway.address",
            Self::Answers(_) => "gateway.answers",
            Self::Stream(_) => "gateway.stream",
            Self::Size(_) => "gateway.post_size",
            Self::Frame(_) => "gateway.frame_headers",
        }
    }

    /// What it means for calls.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Address(address) => address.severity(),
            Self::Answers(AnswerFound::Ourselves { .. }) => Severity::Good,
            Self::Stream(StreamFound::Arrived { apart }) if *apart >= APART => Severity::Good,
            Self::Size(SizeFound::Taken { .. }) | Self::Frame(FrameFound::Untouched) => Severity::Good,
            Self::Stream(StreamFound::NotTried)
            | Self::Size(SizeFound::NotTried)
            | Self::Frame(FrameFound::NotTried) => Severity::Unknown,
            Self::Answers(_) | Self::Stream(_) | Self::Size(_) | Self::Frame(_) => Severity::Fault,
        }
    }
}
