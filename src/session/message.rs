//! What may be said to a company's actor.

use crate::domain::call::Click;
use crate::domain::card::CardCommand;
use crate::domain::company::CallSettings;
use crate::domain::directory::Employee;
use crate::domain::leg::CommandError;
use crate::domain::{CallKey, LegId, Phone, UserId};
use crate::store::EventId;
use tokio::sync::oneshot;

/// Where the answer to a button goes.
pub(super) type ActionReply = oneshot::Sender<Result<(), ActError>>;

pub(super) enum ActorMessage {
    /// A click on a number; the actor fills in the phone.
    Dial { click: Click, event: Option<EventId> },
    /// A click in a portal that leaves the registering to us.
    DialPlain { user: UserId, to: Phone },
    /// A button on a card.
    Press { user: UserId, call: CallKey, leg: Option<LegId>, command: CardCommand, reply: ActionReply },
    /// The company's choices and number table, read anew.
    Settings { calls: CallSettings, employees: Vec<Employee> },
    /// A person has mended the portal's side: what rests may be tried again.
    PortalMended,
}

/// Why a button did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The call is over or was never ours.
    #[error("there is no such call")]
    NoSuchCall,
    /// No leg of this employee in the call.
    #[error("the leg belongs to somebody else")]
    NotYours,
    /// The call has moved on.
    #[error("the call is no longer in that phase")]
    WrongPhase,
    /// Too much is going on.
    #[error("too many commands at once")]
    Busy,
    /// The switch did not do it.
    #[error(transparent)]
    Switch(CommandError),
}
