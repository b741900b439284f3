//! Forgetting what is old.

use super::{Store, StoreError};
use crate::domain::Timestamp;

/// Rows per transaction: calls wait for at most one such batch.
const BATCH: i64 = 200;

/// Deletes in batches, each its own transaction, until one comes short; tells how many rows went. `$1` of the
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
    /// Works in small batches beside running calls; tells how many calls were deleted. Open calls and waiting requests
    /// are never deleted.
    pub async fn forget_before(&self, limit: Timestamp) -> Result<u64, StoreError> {
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
        let calls = in_batches!(
            self,
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE ended_at < $2 ORDER BY ended_at LIMIT $1)",
            limit.0
        );
        Ok(calls)
    }
}
