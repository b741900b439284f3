//! Calls, their stories, and commands to them.

use crate::domain::Timestamp;
use crate::domain::card::CallView;

/// Where a further page of calls begins; opaque to people and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCursor(pub i64);

#[derive(Debug, Clone, Default)]
pub struct CallPage {
    /// The calls, newest first.
    pub calls: Vec<CallView>,
    /// Where the next page begins, if there may be one.
    pub older: Option<CallCursor>,
}

/// A call and its story.
#[derive(Debug, Clone)]
pub struct CallRecord {
    pub view: CallView,
    /// What happened, oldest first.
    pub trace: Vec<TraceText>,
}

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceText {
    pub at: Timestamp,
    /// What, in people's words.
    pub text: String,
    /// Particulars for an engineer (a request, an answer, a frame), may be empty.
    pub detail: String,
}
