//! One step of the call logic, written as a whole: this is the hot path.

use super::batch::Batch;
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

impl Store {
    /// Stores one step in one transaction; tells the ids of the new requests in their order. It survives the end of
    /// the process (not a power loss) once this returns, and waits for no disk.
    pub async fn record(
        &self,
        company: &CompanyId,
        record: &Record,
        now: Timestamp,
    ) -> Result<Vec<IntentId>, StoreError> {
        let mut batch = Batch::default();
        for call in &record.calls {
            calls::put(&mut batch, company, call, now);
        }
        trace::put(&mut batch, company, &record.trace);
        for id in &record.settled {
            outbox::settle(&mut batch, company, *id);
        }
        for (lane, crm_id) in &record.crm_ids {
            outbox::name_lane(&mut batch, company, lane, crm_id, now);
        }
        for id in &record.handled {
            inbox::handle(&mut batch, company, *id, now);
        }
        let mut ids = Vec::with_capacity(record.intents.len());
        for intent in &record.intents {
            let id = self.0.intents.next();
            outbox::put(&mut batch, company, id, intent, now);
            ids.push(id);
        }
        self.0.steps.write(&self.0.db, batch).await?;
        Ok(ids)
    }
}
