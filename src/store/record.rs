//! One step of the call logic, written as a whole: this is the hot path.

use super::calls::{self, CallUpdate};
use super::inbox::{self, EventId};
use super::outbox::{self, IntentId, NewIntent};
use super::trace::{self, TraceLine};
use super::{Store, StoreError};
use crate::domain::{CompanyId, CrmCallId, ExternalId, Timestamp};
use sqlx::SqliteConnection;

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

impl Record {
    /// Nothing to write.
    pub const fn is_empty(&self) -> bool {
        self.statements() == 0
    }

    const fn statements(&self) -> usize {
        self.calls.len()
            + self.intents.len()
            + self.trace.len()
            + self.settled.len()
            + self.crm_ids.len()
            + self.handled.len()
    }
}

impl Store {
    /// Stores one step in one transaction; tells the ids of the new intents in their order. It survives the end of
    /// the process (not a power loss) once this returns, and waits for no disk.
    pub async fn record(
        &self,
        company: &CompanyId,
        record: &Record,
        now: Timestamp,
    ) -> Result<Vec<IntentId>, StoreError> {
        if record.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = if record.statements() == 1 { self.single_swift().await? } else { self.begin_swift().await? };
        let ids = write(tx.conn(), company, record, now).await?;
        tx.commit().await?;
        Ok(ids)
    }
}

async fn write(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    record: &Record,
    now: Timestamp,
) -> Result<Vec<IntentId>, StoreError> {
    for call in &record.calls {
        calls::write(conn, company, call, now).await?;
    }
    trace::write(conn, company, &record.trace).await?;
    for id in &record.settled {
        outbox::settle(conn, company, *id).await?;
    }
    for (lane, crm_id) in &record.crm_ids {
        outbox::name_lane(conn, company, lane, crm_id, now).await?;
    }
    for id in &record.handled {
        inbox::handle(conn, company, *id, now).await?;
    }
    let mut ids = Vec::with_capacity(record.intents.len());
    for intent in &record.intents {
        ids.push(outbox::put(conn, company, intent, now).await?);
    }
    Ok(ids)
}
