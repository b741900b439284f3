//! What may be said to a company's actor.

use crate::domain::call::Click;
use crate::domain::card::{CardCommand, CommandRefused};
use crate::domain::company::CallSettings;
use crate::domain::directory::Employee;
use crate::domain::leg::CommandError;
use crate::domain::{CallKey, LegId, Phone, UserId};
use crate::store::EventId;
use tokio::sync::oneshot;

/// Where the answer to a button goes.
pub(super) type ActionReply = oneshot::Sender<Result<(), CommandRefused>>;

/// Where the switch's answer to a number to dial goes.
pub(super) type DialReply = oneshot::Sender<Result<(), CommandError>>;

/// What is large stands in boxes: each company keeps room for thirty-two messages.
pub(super) enum ActorMessage {
    /// A click on a number; the actor fills in the phone.
    Dial { click: Box<Click>, event: Option<EventId> },
    /// A click in a portal that leaves the registering to us.
    DialPlain { user: UserId, to: Phone },
    /// An administrator tries out how a number rings and shows its card.
    TestCall { from: Phone, to: Phone, reply: DialReply },
    /// A button on a card.
    Press { user: UserId, call: CallKey, leg: Option<LegId>, command: CardCommand, reply: ActionReply },
    /// The company's choices and number table, read again.
    Settings { calls: Box<CallSettings>, employees: Vec<Employee> },
    /// A person has mended the portal's side: what rests may be tried again.
    PortalMended,
}
