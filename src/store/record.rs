//! One step of the call logic, written as a whole: this is the hot path.

use super::bulk_write::BulkWrite;
use super::calls::{self, CallUpdate};
use super::inbox::{self, EventId};
use super::outbox::{self, IntentId, NewIntent};
use super::trace::{self, TraceLine};
use super::{Store, StoreError};
use crate::domain::{CompanyId, CrmCallId, ExternalId, Timestamp};

/// Everything one step has changed. It is stored completely or not at all.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// New states of calls.
    pub calls: Vec<CallUpdate>,
    /// Requests to the portal, in the order they are to be sent.
    pub intents: Vec<NewIntent>,
    /// Lines of the calls' stories, in order.
    pub trace: Vec<TraceLine>,
    /// Requests that are over, whether well or for good.
    pub settled: Vec<IntentId>,
    /// What the CRM calls a lane, learnt from a registration.
    pub crm_ids: Vec<(ExternalId, CrmCallId)>,
    /// Portal events that have had their effect.
    pub handled: Vec<EventId>,
}

/// A step that can wait for the database: it knows when it was taken, and its requests have their ids.
#[derive(Debug, Clone)]
pub struct TimedRecord {
    /// When it was taken.
    pub at: Timestamp,
    /// What it has changed.
    pub record: Record,
    /// The ids of its requests, in their order.
    pub ids: Vec<IntentId>,
}

impl Store {
    /// Ids for new requests, never given before.
    pub fn intent_ids(&self, count: usize) -> Vec<IntentId> {
        (0..count).map(|_| self.0.intents.next()).collect()
    }

    /// Stores one step in one transaction; returns the ids of the new requests in their order. It survives the end of
    /// the process (not a power loss) once this returns, and waits for no disk.
    pub async fn record(
        &self,
        company: &CompanyId,
        record: &Record,
        now: Timestamp,
    ) -> Result<Vec<IntentId>, StoreError> {
        let ids = self.intent_ids(record.intents.len());
        self.write(company, [(record, &ids[..], now)], now).await?;
        Ok(ids)
    }

    /// Stores steps that have waited, in one transaction, with the care of [`Self::record`]. No request may be both
    /// made and settled by them, and no call be named twice.
    pub async fn record_late(
        &self,
        company: &CompanyId,
        steps: &[TimedRecord],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(company, steps.iter().map(|s| (&s.record, &s.ids[..], s.at)), now).await
    }

    async fn write(
        &self,
        company: &CompanyId,
        steps: impl IntoIterator<Item = (&Record, &[IntentId], Timestamp)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = BulkWrite::default();
        for (record, ids, at) in steps {
            add(&mut batch, company, record, ids, at);
            self.0.growth.add(record.calls.len());
        }
        self.noted(self.0.steps.write(&self.0.db, batch).await, now)
    }
}

fn add(batch: &mut BulkWrite, company: &CompanyId, record: &Record, ids: &[IntentId], now: Timestamp) {
    for call in &record.calls {
        calls::put(batch, company, call, now);
    }
    trace::put(batch, company, &record.trace);
    for id in &record.settled {
        outbox::settle(batch, company, *id);
    }
    for (lane, crm_id) in &record.crm_ids {
        outbox::name_lane(batch, company, lane, crm_id, now);
    }
    for id in &record.handled {
        inbox::handle(batch, company, *id, now);
    }
    for (intent, id) in record.intents.iter().zip(ids) {
        outbox::put(batch, company, *id, intent, now);
    }
}

#[cfg(test)]
impl Store {
    /// For tests elsewhere: from now on no writer is heard, or all are again.
    pub(crate) async fn break_disk(&self, broken: bool) {
        self.0.db.refuse(broken).await;
    }
}
