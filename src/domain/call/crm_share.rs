//! A leg's share in a CRM call.

use super::crm::CrmIndex;
use super::stored::StoredCrmShare;
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Which CRM call a leg is part of, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredCrmShare", into = "StoredCrmShare")]
pub(super) enum CrmShare {
    /// None: it concerns no CRM call, or has not been given one yet.
    Outside {
        /// Since when it will count, where that is known already; what it did before, it did elsewhere.
        since: Option<Timestamp>,
    },
    /// Part of this one.
    In {
        crm: CrmIndex,
        /// Since when (a consultation becomes a client's call by a transfer).
        since: Timestamp,
    },
}

impl CrmShare {
    /// The CRM call.
    pub(super) const fn crm(self) -> Option<CrmIndex> {
        match self {
            Self::Outside { .. } => None,
            Self::In { crm, .. } => Some(crm),
        }
    }

    /// Since when the leg counts.
    pub(super) const fn since(self) -> Option<Timestamp> {
        match self {
            Self::Outside { since } => since,
            Self::In { since, .. } => Some(since),
        }
    }

    /// Leaves its CRM call; the leg counts from the same moment wherever it goes.
    pub(super) const fn leave(&mut self) {
        *self = Self::Outside { since: self.since() };
    }

    /// Becomes part of this CRM call: the leg counts from the moment known before, else from this one.
    pub(super) fn join(&mut self, crm: CrmIndex, since: Timestamp) {
        *self = Self::In { crm, since: self.since().unwrap_or(since) };
    }
}
