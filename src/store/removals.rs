//! Removals of the application that were announced and wait for the portal's confirmation.

use super::{Store, StoreError};
use crate::domain::{CompanyId, Timestamp};

impl Store {
    /// Keeps a removal that was told, and whether the data are to be deleted; `None` forgets it.
    pub async fn keep_removal(&self, id: &CompanyId, reported: Option<(Timestamp, bool)>) -> Result<(), StoreError> {
        let (id, at, clean) = (id.as_str(), reported.map(|(at, _)| at.0), reported.map(|(_, clean)| clean));
        let mut tx = self.single_durable().await?;
        sqlx::query!("UPDATE companies SET removal_told_at = $2, removal_clean = $3 WHERE id = $1", id, at, clean)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// The removals that wait, with the companies they are about.
    pub async fn kept_removals(&self) -> Result<Vec<(CompanyId, Timestamp, bool)>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, removal_told_at AS \"told_at!\", COALESCE(removal_clean, 0) AS \"clean!: bool\" FROM companies
             WHERE removal_told_at IS NOT NULL AND uninstalled_at IS NULL ORDER BY id"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(|row| (CompanyId::new(row.id), Timestamp(row.told_at), row.clean)).collect())
    }
}
