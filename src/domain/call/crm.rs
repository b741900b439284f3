//! What the CRM knows of a call.

use crate::domain::{CrmCallId, ExternalId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Direction of a CRM call as the portal counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrmCallKind {
    /// An employee called.
    Outgoing,
    /// An employee was called.
    Incoming,
    /// An employee took over a call that somebody else had answered.
    Redirected,
}

/// One CRM call: made by a register (or by the portal itself), ended by exactly one finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmCall {
    /// Unique per CRM call; sent as the external call id.
    pub lane: ExternalId,
    /// Direction.
    pub kind: CrmCallKind,
    /// For whom it was opened: the first who rang, or the caller.
    pub user: UserId,
    /// The client's number; `None` when hidden.
    pub number: Option<Phone>,
    /// When it began.
    pub started_at: Timestamp,
    /// The portal's name for it, once known.
    pub crm: Option<CrmCallId>,
    /// The portal has been told of it, or made it itself.
    pub told: bool,
    /// Who has been told to see a card and not yet to close it.
    pub visible: BTreeSet<UserId>,
    /// When an unanswered call counts as over, if nobody else rings until then.
    pub linger_until: Option<Timestamp>,
    /// Set once, with the finish.
    pub closed: bool,
    /// It was made with another number than the client's, and has given the call to the one after it.
    #[serde(default)]
    pub replaced: bool,
    /// The portal will not have it: nothing more is told of its legs.
    #[serde(default)]
    pub refused: bool,
}

impl CrmCall {
    /// A CRM call that has not been told to anybody yet.
    pub fn new(
        lane: ExternalId,
        kind: CrmCallKind,
        user: UserId,
        number: Option<Phone>,
        started_at: Timestamp,
    ) -> Self {
        Self {
            lane,
            kind,
            user,
            number,
            started_at,
            crm: None,
            told: false,
            visible: BTreeSet::new(),
            linger_until: None,
            closed: false,
            replaced: false,
            refused: false,
        }
    }
}
