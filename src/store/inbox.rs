//! Events of the portal: stored before they are answered, worked on afterwards.

use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::{Store, StoreError};
use crate::domain::{CompanyId, Timestamp};
use serde::{Deserialize, Serialize};

/// A stored event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub i64);

/// An event that has not had its effect yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalEvent {
    /// Its id, in order of arrival.
    pub id: EventId,
    /// What it was recognised by.
    pub key: String,
    /// The event, JSON.
    pub body: String,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Store {
    /// Stores an event unless one with the same `key` is known (the portal may deliver twice); returns its id if it
    /// is new. `body` must not hold tokens: it is stored as it is.
    pub async fn push_event(
        &self,
        company: &CompanyId,
        key: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<EventId>, StoreError> {
        let id = company.as_str();
        let mut tx = self.single_swift().await?;
        let event = sqlx::query_scalar!(
            "INSERT INTO inbox (company, key, body, received_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (company, key) DO NOTHING RETURNING id AS \"id!\"",
            id,
            key,
            body,
            now.0
        )
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(event.map(EventId))
    }

    /// The events that wait, in order of arrival.
    pub async fn pending_events(&self, company: &CompanyId) -> Result<Vec<PortalEvent>, StoreError> {
        self.catch_up().await?;
        let id = company.as_str();
        let rows = sqlx::query!(
            "SELECT id, key, body, received_at FROM inbox WHERE company = $1 AND handled_at IS NULL ORDER BY id",
            id
        )
        .fetch_all(self.db())
        .await?;
        let event = rows.into_iter().map(|row| PortalEvent {
            id: EventId(row.id),
            key: row.key,
            body: row.body,
            received_at: Timestamp(row.received_at),
        });
        Ok(event.collect())
    }
}

/// Marks an event as handled; the row stays to recognise repetitions.
pub(super) fn handle(batch: &mut BulkWrite, company: &CompanyId, id: EventId, now: Timestamp) {
    batch.add(BulkRows::Handled, &(company, id.0, now));
}

statement! {
    /// Rows: company, id, now.
    HANDLE = "UPDATE inbox SET handled_at = done.at
              FROM (SELECT value->>0 AS company, value->>1 AS id, value->>2 AS at FROM json_each(?)) AS done
              WHERE inbox.company = done.company AND inbox.id = done.id AND inbox.handled_at IS NULL"
}
