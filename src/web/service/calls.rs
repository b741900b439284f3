//! Calls, their stories, and commands to them.

use crate::domain::Timestamp;
use crate::domain::card::CallView;

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
