//! The portal's feed: what happened, for a person who watches the page.

use crate::domain::Timestamp;
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Story {
    /// The application finished its installation.
    Installed,
    /// The application was deleted.
    Uninstalled,
    /// Somebody was logged in to the application.
    Authorized { user: i64 },
    /// The application's tab or handler was bound.
    Bound {
        /// Event or placement.
        name: String,
    },
    /// A call came into being.
    Registered {
        /// `CALL_ID`.
        call: String,
        /// The other side.
        number: String,
        /// Type 1 to 5.
        kind: i64,
    },
    /// A number was clicked.
    Clicked { user: i64, number: String },
    /// A card appeared.
    CardShown {
        /// `CALL_ID`.
        call: String,
        /// On whose screen.
        user: i64,
    },
    /// A card went.
    CardHidden {
        /// `CALL_ID`.
        call: String,
        /// From whose screen.
        user: i64,
    },
    /// A call ended.
    Finished {
        /// `CALL_ID`.
        call: String,
        /// The other side.
        number: String,
        /// Whose call it was.
        user: i64,
        /// Seconds of talk.
        duration: i64,
        /// Status code.
        code: String,
    },
}

/// A story with its moment.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// When, Unix milliseconds.
    pub at: Timestamp,
    #[serde(flatten)]
    pub story: Story,
}
