//! Why a request to a portal did not bring what was wanted, by what the caller can do about it.

use crate::domain::Timestamp;
use crate::domain::binding::RefusalReason;
use crate::domain::link::Closed;
use std::time::Duration;

/// The fate of a request that brought no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// It was not acted on, and a later attempt may succeed.
    #[error("the portal cannot be reached for now: {why}")]
    Again {
        /// Not before this long, where there is a reason for it.
        after: Option<Duration>,
        why: String,
    },
    /// It was not acted on, because too much was asked lately.
    #[error("the portal limits requests for now: {why}")]
    Limited {
        /// When the limit ends by the portal's word; without it the caller backs off by itself.
        until: Option<Timestamp>,
        why: String,
    },
    /// This one method has used up its time in the portal; others may be called.
    #[error("the portal lets this method rest: {why}")]
    Resting {
        /// When it may be called again.
        until: Timestamp,
        why: String,
    },
    /// The portal no longer accepts our grant: an admin must log in again (or install the application again).
    #[error("the portal no longer accepts this application, an administrator must log in again: {0}")]
    NeedsLogin(String),
    /// The portal as a whole is closed to applications (subscription over, portal deleted or blocked).
    #[error("the portal is closed to applications: {why}")]
    Stopped {
        /// What stands in the way.
        because: Closed,
        /// What the portal said.
        why: String,
    },
    /// The portal understood and said no; the same request will be refused again.
    #[error("the portal refused: {} (HTTP {http})", both(code, description))]
    Refused {
        /// The portal's code; often empty in answers about calls.
        code: String,
        /// The portal's own words.
        description: String,
        /// HTTP status of the answer.
        http: u16,
    },
    /// The portal does not know the call, or no longer: a repeated finish has gone through before.
    #[error("the portal does not know this call (any more)")]
    NotFoundCall,
    /// It was sent, but no usable answer came: it may or may not have been acted on.
    #[error("it is not known whether the portal acted on the request: {why}")]
    Unclear { why: String },
}

/// What about a call a portal may object to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// The employee: dismissed, or deleted.
    Employee,
    /// The client's number.
    Number,
}

fn both<'a>(code: &'a str, description: &'a str) -> std::borrow::Cow<'a, str> {
    match (code.is_empty(), description.is_empty()) {
        (true, true) => "no reason given".into(),
        (true, false) => description.into(),
        (false, true) => code.into(),
        (false, false) => format!("{description} [{code}]").into(),
    }
}

impl ApiError {
    /// Whether sending the same request later makes sense without a person doing something first.
    ///
    /// For [`Unclear`](Self::Unclear) it does where repeating is harmless: a register with the same external
    /// id, show, hide, and finish (which then answers [`NotFoundCall`](Self::NotFoundCall)).
    pub const fn may_retry(&self) -> bool {
        matches!(self, Self::Again { .. } | Self::Limited { .. } | Self::Resting { .. } | Self::Unclear { .. })
    }

    /// Whether every other request to this portal will fail in the same way for now.
    pub const fn concerns_whole_portal(&self) -> bool {
        matches!(self, Self::Again { .. } | Self::Limited { .. } | Self::NeedsLogin(_) | Self::Stopped { .. })
    }

    /// What the portal said, in its own words, or what was seen where it said nothing.
    pub fn refusal_reason(&self) -> RefusalReason {
        match self {
            Self::Refused { code, description, .. } => RefusalReason::Words(both(code, description).into_owned()),
            Self::NeedsLogin(why)
            | Self::Limited { why, .. }
            | Self::Resting { why, .. }
            | Self::Stopped { why, .. } => RefusalReason::Words(why.clone()),
            Self::NotFoundCall => RefusalReason::Words(self.to_string()),
            Self::Again { why, .. } | Self::Unclear { why } => RefusalReason::Seen(why.clone()),
        }
    }

    /// What about a call the portal does not accept, where it says so.
    pub fn objection(&self) -> Option<Objection> {
        if self.message_contains("user is not found or is not active") {
            Some(Objection::Employee)
        } else {
            self.message_contains("phone number format").then_some(Objection::Number)
        }
    }

    /// Whether the portal's words contain this text, whatever the case.
    pub(super) fn message_contains(&self, words: &str) -> bool {
        match self {
            Self::Refused { description, .. } => description.to_ascii_lowercase().contains(&words.to_ascii_lowercase()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_faults_are_repeated() {
        let refused = ApiError::Refused { code: String::new(), description: "Unknown TYPE".into(), http: 400 };
        for (error, want) in [
            (ApiError::Again { after: None, why: String::new() }, true),
            (ApiError::Limited { until: None, why: String::new() }, true),
            (ApiError::Unclear { why: String::new() }, true),
            (ApiError::NeedsLogin(String::new()), false),
            (ApiError::Stopped { because: Closed::Payment, why: String::new() }, false),
            (ApiError::Resting { until: Timestamp(1), why: String::new() }, true),
            (refused.clone(), false),
            (ApiError::NotFoundCall, false),
        ] {
            assert_eq!(error.may_retry(), want, "{error:?}");
        }
        assert!(refused.message_contains("unknown type"));
        assert!(!refused.concerns_whole_portal());
    }

    #[test]
    fn what_a_portal_does_not_accept_about_a_call_is_told_by_its_words() {
        let refused = |description: &str| {
            ApiError::Refused { code: String::new(), description: description.into(), http: 400 }.objection()
        };
        assert_eq!(refused("User is not found or is not active"), Some(Objection::Employee));
        assert_eq!(refused("Unknown phone number format"), Some(Objection::Number));
        assert_eq!((refused("Unknown TYPE"), ApiError::NotFoundCall.objection()), (None, None));
    }

    #[test]
    fn the_portals_own_words_are_kept() {
        let error = ApiError::Refused { code: "ACCESS_DENIED".into(), description: "Access denied!".into(), http: 403 };
        assert_eq!(error.to_string(), "the portal refused: Access denied! [ACCESS_DENIED] (HTTP 403)");
        assert_eq!(
            error.refusal_reason(),
            RefusalReason::Words("Access denied! [ACCESS_DENIED]".into()),
            "the portal's own words only"
        );
        let bare = ApiError::Refused { code: String::new(), description: String::new(), http: 400 };
        assert!(bare.to_string().contains("no reason given"));
    }
}
