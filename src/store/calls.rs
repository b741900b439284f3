//! Calls as the call logic left them.

use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};
use serde::{Deserialize, Serialize};

/// The new state of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallUpdate {
    pub key: CallKey,
    /// Its state, JSON.
    pub body: String,
    /// When it ended; `None` while it is open.
    pub ended_at: Option<Timestamp>,
}

/// A stored call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// Grows with each new call of the installation; the place to go on reading a list from.
    pub number: i64,
    pub key: CallKey,
    /// Its state, JSON.
    pub body: String,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was stored last.
    pub updated_at: Timestamp,
    /// When it ended; `None` while it is open.
    pub ended_at: Option<Timestamp>,
}

struct CallColumns {
    id: i64,
    key: String,
    body: String,
    created_at: i64,
    updated_at: i64,
    ended_at: Option<i64>,
}

impl From<CallColumns> for CallRow {
    fn from(row: CallColumns) -> Self {
        Self {
            number: row.id,
            key: CallKey::new(row.key),
            body: row.body,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            ended_at: row.ended_at.map(Timestamp),
        }
    }
}

impl Store {
    /// The calls that have not ended, oldest first.
    pub async fn open_calls(&self, company: &CompanyId) -> Result<Vec<CallRow>, StoreError> {
        self.catch_up().await?;
        let id = company.as_str();
        let rows = sqlx::query_as!(
            CallColumns,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls
             WHERE company = $1 AND ended_at IS NULL ORDER BY id",
            id
        );
        Ok(rows.fetch_all(self.db()).await?.into_iter().map(CallRow::from).collect())
    }

    /// Calls that have ended since `since`, the latest first, at most `limit`.
    pub async fn ended_calls(
        &self,
        company: &CompanyId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        self.catch_up().await?;
        let id = company.as_str();
        let rows = sqlx::query_as!(
            CallColumns,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls INDEXED BY calls_ended
             WHERE ended_at > $2 AND company = $1 ORDER BY ended_at DESC LIMIT $3",
            id,
            since.0,
            limit
        );
        Ok(rows.fetch_all(self.db()).await?.into_iter().map(CallRow::from).collect())
    }

    /// The latest calls, open or ended, newest first; `before` is the [`CallRow::number`] of the last one shown.
    pub async fn recent_calls(
        &self,
        company: &CompanyId,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<CallRow>, StoreError> {
        // Where the disk fails, what is stored is shown all the same.
        let _ = self.catch_up().await;
        let (id, before) = (company.as_str(), before.unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            CallColumns,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls
             WHERE company = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            id,
            before,
            limit
        );
        Ok(rows.fetch_all(self.db()).await?.into_iter().map(CallRow::from).collect())
    }

    /// The last state of the call with this key, JSON, whether open or over; `None` if there is none. Waits for no disk
    /// where that state has just come.
    pub async fn call_state(&self, company: &CompanyId, key: &CallKey) -> Result<Option<String>, StoreError> {
        if let Some(waiting) = self.waiting_call(company, key) {
            return Ok(Some(waiting));
        }
        let (id, key) = (company.as_str(), key.as_str());
        let row = sqlx::query_scalar!("SELECT body FROM calls WHERE company = $1 AND key = $2", id, key);
        Ok(row.fetch_optional(self.db()).await?)
    }

    /// The call with this key, whether open or over; `None` if it is not stored.
    pub async fn call(&self, company: &CompanyId, key: &CallKey) -> Result<Option<CallRow>, StoreError> {
        let _ = self.catch_up().await;
        let (id, key) = (company.as_str(), key.as_str());
        let row = sqlx::query_as!(
            CallColumns,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls WHERE company = $1 AND key = $2",
            id,
            key
        );
        Ok(row.fetch_optional(self.db()).await?.map(CallRow::from))
    }
}

/// Adds the new state of a call; `first` counts where nothing is stored of it yet.
pub(super) fn put(batch: &mut BulkWrite, company: &CompanyId, call: &CallUpdate, first: Timestamp, last: Timestamp) {
    batch.add(BulkRows::Calls, &(company, &call.key, &call.body, first, last, call.ended_at));
}

statement! {
    /// Rows: company, key, body, first and last moment, end or null.
    PUT = "INSERT INTO calls (company, key, body, created_at, updated_at, ended_at)
           SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE TRUE
           ON CONFLICT (company, key) DO UPDATE SET
               body = excluded.body, updated_at = excluded.updated_at, ended_at = excluded.ended_at"
}
