//! Requests to the portal that are decided but not settled, and the CRM's names of their lanes.

use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, CrmCallId, ExternalId, Timestamp};
use sqlx::SqliteConnection;

/// A stored request; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub i64);

/// A request to be stored before it is sent.
#[derive(Debug, Clone)]
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
pub struct Intent {
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
    /// How often it was tried in vain.
    pub attempts: u32,
    /// What was seen at the last attempt.
    pub trouble: Option<String>,
}

impl Store {
    /// All requests that wait, in the order they were decided.
    pub async fn pending_intents(&self, company: &CompanyId) -> Result<Vec<Intent>, StoreError> {
        let id = company.as_str();
        let rows = sqlx::query!(
            r#"SELECT id, lane, call, body, created_at, attempts AS "attempts: u32", trouble
               FROM outbox WHERE company = $1 ORDER BY id"#,
            id
        )
        .fetch_all(self.db())
        .await?;
        let intent = rows.into_iter().map(|row| Intent {
            id: IntentId(row.id),
            lane: ExternalId::new(row.lane),
            call: CallKey::new(row.call),
            body: row.body,
            created_at: Timestamp(row.created_at),
            attempts: row.attempts,
            trouble: row.trouble,
        });
        Ok(intent.collect())
    }

    /// Notes that a request was tried in vain and goes on waiting.
    pub async fn postpone(&self, company: &CompanyId, id: IntentId, trouble: &str) -> Result<(), StoreError> {
        let company = company.as_str();
        let mut tx = self.single_swift().await?;
        sqlx::query!(
            "UPDATE outbox SET attempts = attempts + 1, trouble = $3 WHERE company = $1 AND id = $2",
            company,
            id.0,
            trouble
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// What the CRM calls a lane, once it is registered.
    pub async fn crm_id(&self, company: &CompanyId, lane: &ExternalId) -> Result<Option<CrmCallId>, StoreError> {
        let (id, lane) = (company.as_str(), lane.as_str());
        let row = sqlx::query_scalar!("SELECT crm_id FROM lanes WHERE company = $1 AND lane = $2", id, lane);
        Ok(row.fetch_optional(self.db()).await?.map(CrmCallId::new))
    }
}

/// Stores a request.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    intent: &NewIntent,
    now: Timestamp,
) -> Result<IntentId, StoreError> {
    let (id, lane, call) = (company.as_str(), intent.lane.as_str(), intent.call.as_str());
    let row = sqlx::query_scalar!(
        "INSERT INTO outbox (company, lane, call, body, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id AS \"id!\"",
        id,
        lane,
        call,
        intent.body,
        now.0
    );
    Ok(IntentId(row.fetch_one(conn).await?))
}

/// Removes a request that is over; one that is gone already is no fault.
pub(super) async fn settle(conn: &mut SqliteConnection, company: &CompanyId, id: IntentId) -> Result<(), StoreError> {
    let company = company.as_str();
    sqlx::query!("DELETE FROM outbox WHERE company = $1 AND id = $2", company, id.0).execute(conn).await?;
    Ok(())
}

/// Notes what the CRM calls a lane; the last word counts.
pub(super) async fn name_lane(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    lane: &ExternalId,
    crm_id: &CrmCallId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (id, lane, crm_id) = (company.as_str(), lane.as_str(), crm_id.as_str());
    sqlx::query!(
        "INSERT INTO lanes (company, lane, crm_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (company, lane) DO UPDATE SET crm_id = excluded.crm_id",
        id,
        lane,
        crm_id,
        now.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
