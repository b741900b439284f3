//! Identities, one type each, so that a leg can never be passed where a call is wanted.
//!
//! All textual ids are opaque: nothing is parsed out of them and nothing is assumed about their form.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it came.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// A company: the portal's `member_id`, which survives renames of the portal.
    CompanyId
}
text_id! {
    /// One party's half of a call, as the switch names it.
    LegId
}
text_id! {
    /// The switch's name for a whole call, the same on all its legs (also across IVR and queue).
    SwitchCallId
}
text_id! {
    /// Our own key of a call: the switch's call id, or `c2c/<CALL_ID>` for a click-to-call that the
    /// switch has not named yet (it keeps that key afterwards).
    CallKey
}
text_id! {
    /// What Bitrix24 calls `CALL_ID`: the CRM's name for a registered call.
    CrmCallId
}
text_id! {
    /// What we send as `EXTERNAL_CALL_ID`: unique per CRM call, and the name of its outbox lane.
    ExternalId
}

/// A Bitrix24 user within a company.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u{}", self.0)
    }
}
