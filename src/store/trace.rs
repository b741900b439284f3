//! The readable story of each call.

use super::seal::Place;
use super::{Store, StoreError};
use crate::domain::{CallKey, CompanyId, Timestamp};
use sqlx::SqliteConnection;

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// Which call it tells about.
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
        let mut story = Vec::new();
        for row in rows {
            let lines: Vec<(i64, String)> =
                serde_json::from_str(&row).map_err(|_| Place::new("trace", "lines", key).corrupt())?;
            story.extend(lines.into_iter().map(|(at, text)| TraceLine { call: call.clone(), at: Timestamp(at), text }));
        }
        Ok(story)
    }
}

/// Appends lines; neighbours about the same call share a row.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    lines: &[TraceLine],
) -> Result<(), StoreError> {
    let id = company.as_str();
    for group in lines.chunk_by(|a, b| a.call == b.call) {
        let (key, at) = (group[0].call.as_str(), group[0].at.0);
        let pairs: Vec<(i64, &str)> = group.iter().map(|l| (l.at.0, l.text.as_str())).collect();
        let text = serde_json::to_string(&pairs).expect("numbers and texts are JSON");
        sqlx::query!("INSERT INTO trace (company, call, at, lines) VALUES ($1, $2, $3, $4)", id, key, at, text)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
