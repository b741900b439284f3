//! Calls as the call logic left them.

use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};
use sqlx::SqliteConnection;

/// The new state of a call.
#[derive(Debug, Clone)]
pub struct CallUpdate {
    /// Which call.
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
    /// Which call.
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

struct Row {
    id: i64,
    key: String,
    body: String,
    created_at: i64,
    updated_at: i64,
    ended_at: Option<i64>,
}

impl From<Row> for CallRow {
    fn from(row: Row) -> Self {
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
        let id = company.as_str();
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls
             WHERE company = $1 AND ended_at IS NULL ORDER BY id",
            id
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
        let (id, before) = (company.as_str(), before.unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls
             WHERE company = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            id,
            before,
            limit
        );
        Ok(rows.fetch_all(self.db()).await?.into_iter().map(CallRow::from).collect())
    }

    /// One call.
    pub async fn call(&self, company: &CompanyId, key: &CallKey) -> Result<Option<CallRow>, StoreError> {
        let (id, key) = (company.as_str(), key.as_str());
        let row = sqlx::query_as!(
            Row,
            "SELECT id, key, body, created_at, updated_at, ended_at FROM calls WHERE company = $1 AND key = $2",
            id,
            key
        );
        Ok(row.fetch_optional(self.db()).await?.map(CallRow::from))
    }
}

/// Inserts or updates a call.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    call: &CallUpdate,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (id, key, ended_at) = (company.as_str(), call.key.as_str(), call.ended_at.map(|t| t.0));
    if ended_at.is_none() && write_open(conn, company, call, now).await? {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO calls (company, key, body, created_at, updated_at, ended_at) VALUES ($1, $2, $3, $4, $4, $5)
         ON CONFLICT (company, key) DO UPDATE SET
             body = excluded.body, updated_at = excluded.updated_at, ended_at = excluded.ended_at",
        id,
        key,
        call.body,
        now.0,
        ended_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The common case, an open call that stays open: leaves `ended_at` and with it all indexes alone.
/// `false` if the stored call has ended, so that it must be opened again.
async fn write_open(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    call: &CallUpdate,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (id, key) = (company.as_str(), call.key.as_str());
    let done = sqlx::query!(
        "INSERT INTO calls (company, key, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (company, key) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at
         WHERE calls.ended_at IS NULL",
        id,
        key,
        call.body,
        now.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
