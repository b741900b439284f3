//! The readable story of each call.

use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::seal::SealContext;
use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Adds lines; neighbours about the same call share a row.
pub(super) fn put(batch: &mut BulkWrite, company: &CompanyId, lines: &[TraceLine]) {
    for group in lines.chunk_by(|a, b| a.call == b.call) {
        let pairs: Vec<(Timestamp, &str)> = group.iter().map(|l| (l.at, l.text.as_str())).collect();
        batch.add(BulkRows::Trace, &(company, &group[0].call, group[0].at, pairs));
    }
}

statement! {
    /// Rows: company, call, time of the first line, array of [time, text].
    PUT = "INSERT INTO trace (company, call, at, lines)
           SELECT value->>0, value->>1, value->>2, value->3 FROM json_each(?)"
}
