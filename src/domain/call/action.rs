//! Everything a call may want done.

use super::crm::CrmCallKind;
use super::event::DialFailure;
use super::note::Note;
use crate::domain::card::CommandRefused;
use crate::domain::leg::SwitchCommand;
use crate::domain::{CrmCallId, ExternalId, LegId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// To be stored, then told to the portal, in order within its lane.
    Crm(Intent),
    /// To be asked of the switch; its answer goes to whoever pressed the button.
    Switch(SwitchCommand),
    /// The pressed button cannot be honoured.
    Refuse(CommandRefused),
    /// Call back with [`Event::Tick`](super::Event::Tick) at this time. A later `Wake` replaces it.
    Wake(Timestamp),
    Note(Note),
    /// Nothing of this leg is remembered in this call any more.
    LegForgotten(LegId),
}

/// What the portal should be told, durable and replayed until it has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Steps of one CRM call keep their order.
    pub lane: ExternalId,
    pub step: CrmStep,
}

/// The portal's vocabulary in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum CrmStep {
    /// Make the CRM call.
    Register {
        user: UserId,
        /// The client's number; `None` when hidden.
        number: Option<Phone>,
        /// Direction as the CRM counts it.
        kind: CrmCallKind,
        /// When it began.
        started_at: Timestamp,
        /// Make a CRM item if the portal finds none.
        create: bool,
        /// Open the card for `user` at once.
        show: bool,
    },
    /// The portal has made the CRM call itself (click-to-call).
    Adopt {
        /// Its name there.
        crm: CrmCallId,
    },
    /// Open the card for these.
    Show {
        /// Never empty.
        users: Vec<UserId>,
    },
    /// Close the card for these.
    Hide {
        /// Never empty.
        users: Vec<UserId>,
    },
    /// The CRM call is over.
    Finish {
        /// Who talked, or who is answerable for a missed call. His card closes with it.
        user: UserId,
        /// Seconds of conversation; 0 if nobody answered, else at least 1.
        duration_s: u32,
        /// How it ended.
        status: FinishStatus,
        /// For people, where the status alone says too little.
        reason: Option<Reason>,
        /// When the last leg ended, long before this was decided perhaps; unknown for a click that became no call, and
        /// in steps stored by former versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at: Option<Timestamp>,
    },
}

/// What a status code does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The connection to the switch was lost; the end was not seen.
    EndUnknown,
    /// The client's number became known or changed: the call goes on in the next record.
    NumberChanged,
    /// The click was dialled, but no phone began to ring.
    NoLeg,
    /// The click could not be dialled.
    Dial(DialFailure),
}

/// How a CRM call ended, in the codes of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FinishStatus {
    /// 200: somebody talked.
    #[serde(rename = "200")]
    Answered,
    /// 304: nobody answered.
    #[serde(rename = "304")]
    Missed,
    /// 603: the called employee refused.
    #[serde(rename = "603")]
    Declined,
    /// 603-S: the caller gave up.
    #[serde(rename = "603-S")]
    Cancelled,
    /// 403: not allowed.
    #[serde(rename = "403")]
    Forbidden,
    /// 404: no such number.
    #[serde(rename = "404")]
    WrongNumber,
    /// 486: busy.
    #[serde(rename = "486")]
    Busy,
    /// 480: not reachable for now.
    #[serde(rename = "480")]
    Unavailable,
    /// 503: the network could not do it.
    #[serde(rename = "503")]
    Failed,
    /// OTHER: neither answered nor missed, the call goes on in another record.
    #[serde(rename = "OTHER")]
    GoesOnElsewhere,
}

impl FinishStatus {
    /// The code as the portal writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Answered => "200",
            Self::Missed => "304",
            Self::Declined => "603",
            Self::Cancelled => "603-S",
            Self::Forbidden => "403",
            Self::WrongNumber => "404",
            Self::Busy => "486",
            Self::Unavailable => "480",
            Self::Failed => "503",
            Self::GoesOnElsewhere => "OTHER",
        }
    }
}
