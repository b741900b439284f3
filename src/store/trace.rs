//! The readable story of each call.

use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::seal::SealContext;
use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// The call it is about.
    pub call: CallKey,
    /// When it happened.
    pub at: Timestamp,
    /// What happened; mostly JSON, nothing is assumed.
    pub text: String,
}

impl Store {
    /// The story of one call in the order it was written; empty if there is none.
    pub async fn trace(&self, company: &CompanyId, call: &CallKey) -> Result<Vec<TraceLine>, StoreError> {
        // Where the disk fails, what is stored is shown all the same.
        let _ = self.catch_up().await;
        let (id, key) = (company.as_str(), call.as_str());
        let rows = sqlx::query_scalar!("SELECT lines FROM trace WHERE company = $1 AND call = $2 ORDER BY id", id, key)
            .fetch_all(self.db())
            .await?;
        let mut found = Vec::new();
        for row in rows {
            let lines: Vec<(i64, String)> =
                serde_json::from_str(&row).map_err(|_| SealContext::new("trace", "lines", key).corrupt())?;
            found.extend(lines.into_iter().map(|(at, text)| TraceLine { call: call.clone(), at: Timestamp(at), text }));
        }
        Ok(found)
    }
}

/// Adds lines of one call as a row.
pub(super) fn put(batch: &mut BulkWrite, company: &CompanyId, call: &CallKey, lines: &[&TraceLine]) {
    let pairs: Vec<(Timestamp, &str)> = lines.iter().map(|line| (line.at, line.text.as_str())).collect();
    if let Some((first, _)) = pairs.first() {
        batch.add(BulkRows::Trace, &(company, call, first, &pairs));
    }
}

statement! {
    /// Rows: company, call, time of the first line, array of [time, text].
    PUT = "INSERT INTO trace (company, call, at, lines)
           SELECT value->>0, value->>1, value->>2, value->3 FROM json_each(?)"
}
