//! Requests to the portal that are decided but not settled, and the CRM's names of their lanes.

use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::db::Db;
use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, CrmCallId, ExternalId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};

/// A stored request; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub i64);

/// Gives ids to new requests. Made here and not by the database, so that a step is written without waiting for
/// answers in between. No id comes twice while the process lives: a late answer cannot settle a younger request.
pub(super) struct IntentIds(AtomicI64);

impl IntentIds {
    /// Goes on behind what waits in the database and before it.
    pub(super) async fn load(db: &Db, before: Option<IntentId>) -> Result<Self, StoreError> {
        let last = sqlx::query_scalar!(r#"SELECT MAX(id) AS "id: i64" FROM outbox"#).fetch_one(db.reader()).await?;
        let last = last.max(before.map(|id| id.0));
        Ok(Self(AtomicI64::new(last.unwrap_or(0))))
    }

    pub(super) fn next(&self) -> IntentId {
        IntentId(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A request to be stored before it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewIntent {
    /// Requests of one lane are sent one after the other.
    pub lane: ExternalId,
    /// The call it belongs to.
    pub call: CallKey,
    /// What to ask, JSON.
    pub body: String,
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIntent {
    /// Its id; requests of one company are to be sent in this order.
    pub id: IntentId,
    /// Requests of one lane are sent one after the other.
    pub lane: ExternalId,
    /// The call it belongs to.
    pub call: CallKey,
    /// What to ask, JSON.
    pub body: String,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What the CRM calls its lane, once that is registered.
    pub crm: Option<CrmCallId>,
}

impl Store {
    /// All requests that wait, in the order they were decided.
    pub async fn pending_intents(&self, company: &CompanyId) -> Result<Vec<StoredIntent>, StoreError> {
        self.catch_up().await?;
        let id = company.as_str();
        let rows = sqlx::query!(
            r#"SELECT o.id, o.lane, o.call, o.body, o.created_at, l.crm_id AS "crm?"
               FROM outbox AS o LEFT JOIN lanes AS l ON l.company = o.company AND l.lane = o.lane
               WHERE o.company = $1 ORDER BY o.id"#,
            id
        )
        .fetch_all(self.db())
        .await?;
        let intent = rows.into_iter().map(|row| StoredIntent {
            id: IntentId(row.id),
            lane: ExternalId::new(row.lane),
            call: CallKey::new(row.call),
            body: row.body,
            created_at: Timestamp(row.created_at),
            crm: row.crm.map(CrmCallId::new),
        });
        Ok(intent.collect())
    }

    /// What the CRM calls a lane, once it is registered.
    pub async fn crm_id(&self, company: &CompanyId, lane: &ExternalId) -> Result<Option<CrmCallId>, StoreError> {
        if let Some(waiting) = self.waiting_crm_id(company, lane) {
            return Ok(Some(waiting));
        }
        let (id, lane) = (company.as_str(), lane.as_str());
        let row = sqlx::query_scalar!("SELECT crm_id FROM lanes WHERE company = $1 AND lane = $2", id, lane);
        Ok(row.fetch_optional(self.db()).await?.map(CrmCallId::new))
    }
}

/// Adds a request under an id that was never used.
pub(super) fn put(batch: &mut BulkWrite, company: &CompanyId, id: IntentId, intent: &NewIntent, now: Timestamp) {
    batch.add(BulkRows::Intents, &(id.0, company, &intent.lane, &intent.call, &intent.body, now));
}

/// Removes a request that is over; one that is gone already is no fault.
pub(super) fn settle(batch: &mut BulkWrite, company: &CompanyId, id: IntentId) {
    batch.add(BulkRows::Settled, &(company, id.0));
}

/// Notes what the CRM calls a lane; the last word counts.
pub(super) fn name_lane(
    batch: &mut BulkWrite,
    company: &CompanyId,
    lane: &ExternalId,
    crm_id: &CrmCallId,
    now: Timestamp,
) {
    batch.add(BulkRows::CrmIds, &(company, lane, crm_id, now));
}

statement! {
    /// Rows: id, company, lane, call, body, now. One that is there was put there by a move that came to no end: no id is
    /// given twice.
    PUT = "INSERT INTO outbox (id, company, lane, call, body, created_at)
           SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE TRUE
           ON CONFLICT (company, id) DO NOTHING"
}

statement! {
    /// Rows: company, id.
    SETTLE = "DELETE FROM outbox WHERE (company, id) IN (SELECT value->>0, value->>1 FROM json_each(?))"
}

statement! {
    /// Rows: company, lane, the CRM's name, now.
    NAME_LANES = "INSERT INTO lanes (company, lane, crm_id, created_at)
                  SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE TRUE
                  ON CONFLICT (company, lane) DO UPDATE SET crm_id = excluded.crm_id"
}
