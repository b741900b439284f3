//! Who did what, per company.

use super::{Store, StoreError};
use crate::domain::audit::{AuditDeed, AuditEntry};
use crate::domain::{CompanyId, Timestamp};

/// Entries that are kept of a company, at most.
const MOST: i64 = 5_000;

impl Store {
    /// Keeps a deed, on disk when this returns; nothing is kept of a company that is gone.
    pub async fn keep_deed(&self, company: &CompanyId, deed: &AuditDeed, now: Timestamp) -> Result<(), StoreError> {
        let (id, entry) = (company.as_str(), serde_json::to_string(deed).expect("a deed is plain data"));
        let mut tx = self.begin_durable().await?;
        sqlx::query!(
            "INSERT INTO audit (company, at, entry)
             SELECT id, $2, $3 FROM companies WHERE id = $1 AND deletion_began_at IS NULL",
            id,
            now.0,
            entry
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM audit WHERE company = $1 AND id <=
               (SELECT id FROM audit WHERE company = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
            id,
            MOST
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// The last deeds, the newest first. What a later version has written and this one cannot read is left out.
    pub async fn deeds(&self, company: &CompanyId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let id = company.as_str();
        let rows = sqlx::query!("SELECT at, entry FROM audit WHERE company = $1 ORDER BY id DESC LIMIT $2", id, limit)
            .fetch_all(self.db())
            .await?;
        let entry = |at, text: &str| Some(AuditEntry { at: Timestamp(at), deed: serde_json::from_str(text).ok()? });
        Ok(rows.iter().filter_map(|row| entry(row.at, &row.entry)).collect())
    }
}
