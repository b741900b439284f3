//! Forgetting what is old.

use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// After this many new states of calls we look for companies that have too many; a call has three or four.
const GROWN: u64 = 100_000;

/// How much was written since somebody looked.
#[derive(Debug, Default)]
pub(super) struct Growth {
    states: AtomicU64,
    grown: Notify,
}

impl Growth {
    /// This many states of calls were written.
    pub(super) fn add(&self, states: usize) {
        if self.states.fetch_add(states as u64, Ordering::Relaxed) >= GROWN {
            self.states.store(0, Ordering::Relaxed);
            self.grown.notify_one();
        }
    }
}

/// Rows per transaction: calls wait for at most one such batch.
const BATCH: i64 = 200;

/// Deletes in batches, each its own transaction, until one comes short; returns how many rows went. `$1` of the
/// statement is the batch size.
macro_rules! in_batches {
    ($store:expr, $statement:literal $(, $argument:expr)*) => {{
        let mut total = 0;
        loop {
            let mut tx = $store.single_swift().await?;
            let done = sqlx::query!($statement, BATCH $(, $argument)*).execute(tx.conn()).await?.rows_affected();
            tx.commit().await?;
            total += done;
            if done < BATCH.unsigned_abs() {
                break total;
            }
        }
    }};
}

impl Store {
    /// Deletes calls that ended before `limit`, and trace, CRM names and handled events that were written before it.
    /// Works in small batches beside running calls; returns how many calls were deleted. Open calls and waiting
    /// requests are never deleted.
    pub async fn forget_before(&self, limit: Timestamp) -> Result<u64, StoreError> {
        self.catch_up().await?;
        // Ids grow with time, so the oldest rows are found without an index that every new row would have to enter.
        in_batches!(
            self,
            "DELETE FROM trace WHERE id IN (SELECT id FROM trace ORDER BY id LIMIT $1) AND at < $2",
            limit.0
        );
        in_batches!(
            self,
            "DELETE FROM lanes WHERE id IN (SELECT id FROM lanes ORDER BY id LIMIT $1) AND created_at < $2",
            limit.0
        );
        in_batches!(
            self,
            "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox ORDER BY id LIMIT $1)
               AND received_at < $2 AND handled_at IS NOT NULL",
            limit.0
        );
        in_batches!(
            self,
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT $1) AND at < $2",
            limit.0
        );
        in_batches!(
            self,
            "DELETE FROM seen_numbers WHERE (company, number) IN
               (SELECT company, number FROM seen_numbers WHERE at < $2 LIMIT $1)",
            limit.0
        );
        let calls = in_batches!(
            self,
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE ended_at < $2 ORDER BY ended_at LIMIT $1)",
            limit.0
        );
        Ok(calls)
    }

    /// Waits until much was written since the last time.
    pub async fn has_grown(&self) {
        self.0.growth.grown.notified().await;
    }

    /// Deletes these calls with their stories, whatever their age; an open one stays.
    pub async fn forget_calls(&self, company: &CompanyId, keys: &[CallKey]) -> Result<(), StoreError> {
        self.catch_up().await?;
        let (id, keys) = (company.as_str(), serde_json::to_string(keys).expect("keys are texts"));
        let mut tx = self.begin_swift().await?;
        sqlx::query!(
            "DELETE FROM trace WHERE company = $1 AND call IN
               (SELECT key FROM calls WHERE company = $1 AND ended_at IS NOT NULL AND key IN
                 (SELECT value FROM json_each($2)))",
            id,
            keys
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM calls WHERE company = $1 AND ended_at IS NOT NULL AND key IN (SELECT value FROM json_each($2))",
            id,
            keys
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Deletes the oldest calls, with their stories, of every company that has more than `most`, in small batches
    /// beside running calls; returns of each how many went. Open calls stay.
    pub async fn forget_beyond(&self, most: u32) -> Result<Vec<(CompanyId, u64)>, StoreError> {
        let large = sqlx::query_scalar!("SELECT company FROM calls GROUP BY company HAVING COUNT(*) > $1", most)
            .fetch_all(self.db())
            .await?;
        let mut gone = Vec::new();
        for company in large.into_iter().map(CompanyId::new) {
            let id = company.as_str();
            let oldest_kept = sqlx::query_scalar!(
                "SELECT id FROM calls WHERE company = $1 ORDER BY id DESC LIMIT 1 OFFSET $2",
                id,
                most
            );
            let Some(oldest_kept) = oldest_kept.fetch_optional(self.db()).await? else { continue };
            let mut total = 0;
            loop {
                let keys = sqlx::query_scalar!(
                    "SELECT key FROM calls WHERE company = $1 AND id <= $2 AND ended_at IS NOT NULL ORDER BY id LIMIT $3",
                    id,
                    oldest_kept,
                    BATCH
                );
                let keys: Vec<_> = keys.fetch_all(self.db()).await?.into_iter().map(CallKey::new).collect();
                if keys.is_empty() {
                    break;
                }
                self.forget_calls(&company, &keys).await?;
                total += keys.len() as u64;
            }
            gone.push((company, total));
        }
        Ok(gone)
    }
}
