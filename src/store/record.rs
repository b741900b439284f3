//! One step of the call logic, stored as a whole: this is the hot path.

use super::calls::CallUpdate;
use super::inbox::EventId;
use super::outbox::{IntentId, NewIntent};
use super::trace::TraceLine;
use crate::domain::{CrmCallId, ExternalId, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything one step has changed. It is stored completely or not at all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Record {
    /// New states of calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallUpdate>,
    /// Requests to the portal, in the order they are to be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<NewIntent>,
    /// Lines of the calls' stories, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<TraceLine>,
    /// Requests that are over, whether well or for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<IntentId>,
    /// What the CRM calls a lane, learnt from a registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crm_ids: Vec<(ExternalId, CrmCallId)>,
    /// Portal events that have had their effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handled: Vec<EventId>,
}

impl Record {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        let Self { calls, intents, trace, settled, crm_ids, handled } = self;
        calls.is_empty()
            && intents.is_empty()
            && trace.is_empty()
            && settled.is_empty()
            && crm_ids.is_empty()
            && handled.is_empty()
    }
}

/// A step on its way to the database: it knows when it was taken, and its requests have their ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TimedRecord {
    /// When it was taken.
    pub at: Timestamp,
    /// The ids of its requests, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<IntentId>,
    /// What it has changed.
    pub record: Record,
}

#[cfg(test)]
impl super::Store {
    /// Stores a step and moves it into the database at once.
    pub(crate) async fn record(
        &self,
        company: &crate::domain::CompanyId,
        record: &Record,
        now: Timestamp,
    ) -> Result<Vec<IntentId>, super::StoreError> {
        let ids = self.keep(company, record.clone(), now);
        self.catch_up().await.map(|()| ids)
    }

    /// For tests elsewhere: from now on no writer is heard, or all are again.
    pub(crate) async fn break_disk(&self, broken: bool) {
        self.0.db.refuse(broken).await;
    }
}
