//! Lines of a call's trace: what was seen, what was decided and why. Structured, so that pages can tell the
//! story in the reader's language.

use super::action::{CrmStep, FinishStatus};
use super::click::ClickFacts;
use super::crm::CrmCallKind;
use super::event::DialFailure;
use crate::domain::card::Button;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::{NumberRule, Party};
use crate::domain::outbox::{RequestKind, RequestReply};
use crate::domain::{CrmCallId, ExternalId, LegId, Phone, UserId};
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// A leg was seen for the first time or in a new phase.
    Leg {
        /// The switch's id.
        leg: LegId,
        /// Its number.
        own: Phone,
        /// The other side.
        remote: Option<Phone>,
        /// Who called whom.
        direction: Direction,
        /// The phase.
        state: LegState,
        /// Whose number it is by our table.
        owner: Option<UserId>,
    },
    /// What the other side's number was taken for, and why.
    Number {
        leg: LegId,
        /// As much of the number as is kept; `None` when hidden.
        number: Option<Phone>,
        party: Party,
        #[serde(flatten)]
        rule: NumberRule,
    },
    /// The client's number became known or changed during the call; the portal cannot change a number it has.
    NumberChanged {
        leg: LegId,
        /// The number the CRM call was made with; `None` when hidden.
        from: Option<Phone>,
        /// The number now.
        to: Phone,
    },
    /// The client's number has changed too often in this call: this change makes no record any more.
    NumberNotFollowed {
        leg: LegId,
        /// The number shown now.
        to: Phone,
    },
    /// The leg is in another call of the switch now.
    LegLeft { leg: LegId },
    /// The leg has been in another call of the switch until now.
    LegCame { leg: LegId },
    /// A leg had lasted longer than any call may, without an end.
    Overdue { leg: LegId },
    /// The switch has told of more open calls than there can be: this one was heard of longest ago and was closed.
    GaveWay,
    /// The switch has told of more legs in this call than there can be: those heard of longest ago were ended.
    LegsGaveWay {
        /// How many.
        legs: usize,
    },
    /// More legs than even that: not taken in.
    LegsRefused {
        /// How many.
        legs: usize,
    },
    /// More conversations than one call can have; further ones are not recorded.
    RecordRefused { leg: LegId },
    /// Too many calls were waiting for the portal: this CRM call is not made.
    NotRecorded { lane: ExternalId },
    /// The story has become too long; what follows is not written down.
    StoryEnds,
    /// The leg's number belongs to nobody in our table: no card.
    NobodysNumber {
        /// The number.
        own: Phone,
    },
    /// Both ends are employees: by the company's setting not sent to the CRM.
    Internal,
    /// News that came too late or twice and changed nothing.
    Stale {
        leg: LegId,
        /// What it said.
        state: LegState,
    },
    /// A CRM call was opened.
    Opened { lane: ExternalId, kind: CrmCallKind, user: UserId },
    /// An employee clicked on a number.
    Clicked {
        user: UserId,
        /// The portal's call.
        crm: CrmCallId,
        /// What is dialled; `None` if nothing in what was clicked can be.
        to: Option<Phone>,
        /// What else the portal told of it.
        #[serde(default)]
        facts: ClickFacts,
    },
    /// The click was not dialled.
    DialFailed { why: DialFailure },
    /// A leg of the click's call was found.
    Matched { leg: LegId },
    /// An employee pressed a button.
    Pressed { user: UserId, button: Button },
    /// The connection to the switch broke while the call was open.
    LinkLost,
    /// A leg was not seen again after the connection came back: its end is unknown.
    EndUnknown { leg: LegId },
    /// A leg whose end had been given up as unknown was heard of again.
    GoesOn {
        leg: LegId,
        /// What it told.
        state: LegState,
    },
    /// The leg now belongs to another number: forwarded or taken over under the same id.
    Moved {
        leg: LegId,
        /// The number before.
        from: Phone,
        /// The number now.
        to: Phone,
    },
    /// The leg talked with a colleague and was handed over to somebody outside.
    HandedOver { leg: LegId },
    /// Two phones were picked up together; this one was disconnected at once.
    RaceLost { leg: LegId },
    /// The phone rang again after the call had been recorded as missed.
    RangAgain {
        leg: LegId,
        /// Seconds since the last phone had stopped ringing.
        after_s: u64,
    },
    /// The clock was put back while the call was open.
    ClockBack {
        /// By how many seconds at least.
        seconds: u64,
    },
    /// Something the portal is to be told was stored.
    Intent { lane: ExternalId, step: CrmStep },
    /// The portal was told, and answered.
    Told {
        lane: ExternalId,
        /// What was asked.
        request: RequestKind,
        /// What came of it.
        answer: RequestReply,
        /// Milliseconds between request and answer.
        took_ms: u64,
    },
    /// A CRM call was closed.
    Closed {
        lane: ExternalId,
        /// How it ended.
        status: FinishStatus,
    },
}
