//! Calls, their stories, and commands to them.

use crate::domain::Timestamp;
use crate::domain::card::CallView;
use crate::domain::leg::CommandError;

/// A call and its story.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The call.
    pub view: CallView,
    /// What happened, oldest first.
    pub trace: Vec<TraceLine>,
}

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// When.
    pub at: Timestamp,
    /// What, in people's words.
    pub text: String,
    /// Particulars for an engineer (a request, an answer, a frame), may be empty.
    pub detail: String,
}

/// Why a command from the card was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The leg is somebody else's.
    #[error("the leg belongs to somebody else")]
    NotYours,
    /// The call is over or was never ours.
    #[error("there is no such call")]
    NoSuchCall,
    /// Too much is going on.
    #[error("too many commands at once")]
    Busy,
    /// The switch did not do it.
    #[error(transparent)]
    Switch(#[from] CommandError),
}
