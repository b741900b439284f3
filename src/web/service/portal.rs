//! What the portal, or a browser on its behalf, posts to us.

use super::ServiceFault;
use crate::domain::{CompanyId, CrmCallId, UserId};
use bytes::Bytes;
use std::net::IpAddr;

/// A form as it was posted, unread.
#[derive(Debug, Clone, Default)]
pub struct PortalRequest {
    /// Query string without `?`.
    pub query: String,
    /// Body, at most 64 KiB.
    pub body: Bytes,
    /// Where it came from, as far as that is known.
    pub source: Option<IpAddr>,
    /// It was posted where only events are taken: a page is not opened there.
    pub events_only: bool,
}

/// What became of a post by the portal.
#[derive(Debug, Clone)]
pub enum PortalAnswer {
    /// Stored; the work goes on by itself.
    Accepted,
    /// The application was opened inside the portal by somebody whose identity is proved.
    Opened(PortalOpened),
}

/// The application opened inside the portal.
#[derive(Debug, Clone)]
pub struct PortalOpened {
    /// Portal host as registered, with port if it has one.
    pub domain: String,
    /// The portal was opened over plain HTTP (`PROTOCOL=0`).
    pub plain_http: bool,
    /// The user's name, may be empty.
    pub name: String,
    /// The user is an administrator of the portal. That opens no session here: anybody's browser can be made to post
    /// anybody's form.
    pub admin: bool,
}

/// The card opened in the portal.
#[derive(Debug, Clone)]
pub struct CardOpened {
    pub company: CompanyId,
    /// Who opened it.
    pub user: UserId,
    /// Portal host as registered, with port if it has one.
    pub domain: String,
    /// The portal was opened over plain HTTP (`PROTOCOL=0`).
    pub plain_http: bool,
    /// `CALL_ID` of the card, if the form names one.
    pub call: Option<CrmCallId>,
    /// The other party's number as the portal shows it.
    pub number: Option<String>,
}

/// Why a post by the portal was turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The form lacks what it needs, or cannot be read.
    #[error("the form cannot be read: {0}")]
    Unreadable(String),
    /// No such portal is registered here.
    #[error("the portal is not registered here")]
    UnknownPortal,
    /// The application token or the user's token is wrong.
    #[error("the token is wrong")]
    Forbidden,
    /// More is posted than can be looked at.
    #[error("too much is posted")]
    TooMany,
    /// The portal could not be asked who the user is.
    #[error("the portal cannot be reached: {0}")]
    Unreachable(String),
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}
