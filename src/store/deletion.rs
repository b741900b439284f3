//! Deleting a company with everything of it: secrets at once, the bulk in batches, nothing readable left in the file.
//!
//! The mark in the company's row is the only memory of a deletion under way. It is taken up wherever it is found: by
//! this process after a restart, or by the daemon when the administrator's command has set it from outside.

use super::{Conflict, Store, StoreError, journal};
use crate::domain::{CompanyId, Timestamp};
use sqlx::SqliteConnection;

/// Rows per transaction: everybody else's writing waits for at most one such batch.
const BATCH: i64 = 200;
/// At most this many bytes of a database are written again while others are served: they wait less than a second for
/// it.
const REWRITTEN_BESIDE_OTHERS: i64 = 16 << 20;

/// Deletes a company's rows of one table in batches, each its own transaction. Each asks for the mark again, so that a
/// company that has come back in between loses nothing.
macro_rules! delete_rows {
    ($store:expr, $id:expr, $progress:expr, $statement:literal) => {
        loop {
            let mut tx = $store.single_swift().await?;
            let done = sqlx::query!(
                $statement + " AND EXISTS (SELECT 1 FROM companies WHERE id = $2 AND deletion_began_at IS NOT NULL)",
                BATCH,
                $id
            )
            .execute(tx.conn())
            .await?
            .rows_affected();
            tx.commit().await?;
            $progress(done);
            if done == 0 {
                break;
            }
        }
    };
}

impl Store {
    /// Begins to delete a company: from now on it is unknown to everybody but [`Self::deletions`], and its secrets,
    /// sessions and log-ins are gone, on disk, when this returns. `false`: there is no such company.
    pub async fn begin_deletion(&self, company: &CompanyId, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin_durable().await?;
        let known = mark(tx.conn(), company.as_str(), now.0).await?;
        tx.commit().await?;
        Ok(known)
    }

    /// Begins to delete the companies that were uninstalled before `limit` and have not returned; returns their ids.
    pub async fn begin_deletion_of_uninstalled(
        &self,
        limit: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CompanyId>, StoreError> {
        let mut tx = self.begin_durable().await?;
        let due = sqlx::query_scalar!(
            "SELECT id FROM companies WHERE uninstalled_at < $1 AND deletion_began_at IS NULL ORDER BY id",
            limit.0
        )
        .fetch_all(tx.conn())
        .await?;
        for id in &due {
            mark(tx.conn(), id, now.0).await?;
        }
        tx.commit().await?;
        Ok(due.into_iter().map(CompanyId::new).collect())
    }

    /// The companies whose deletion has begun and is not finished.
    pub async fn deletions(&self) -> Result<Vec<CompanyId>, StoreError> {
        let ids = sqlx::query_scalar!("SELECT id FROM companies WHERE deletion_began_at IS NOT NULL ORDER BY id")
            .fetch_all(self.db())
            .await?;
        Ok(ids.into_iter().map(CompanyId::new).collect())
    }

    /// Goes on with a deletion that has begun, to its end; does nothing to other companies. `progress` gets how many rows
    /// each batch took. May be interrupted at any moment, and may run twice at once.
    ///
    /// In a large database pieces of the company may stay readable, see [`Self::delete_company_alone`].
    pub async fn delete_company(&self, company: &CompanyId, progress: impl FnMut(u64)) -> Result<(), StoreError> {
        self.delete_all_of(company, progress, Some(REWRITTEN_BESIDE_OTHERS)).await
    }

    /// Like [`Self::delete_company`], where nobody waits for the database: also a large one is written again, so that
    /// nothing readable is left between the rows of others.
    pub async fn delete_company_alone(&self, company: &CompanyId) -> Result<(), StoreError> {
        self.delete_all_of(company, |_| (), None).await
    }

    async fn delete_all_of(
        &self,
        company: &CompanyId,
        mut progress: impl FnMut(u64),
        rewritten: Option<i64>,
    ) -> Result<(), StoreError> {
        self.catch_up().await?;
        journal::forget_set_aside(&self.0.dir, company)?;
        let id = company.as_str();
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM outbox WHERE company = $2 AND id IN (SELECT id FROM outbox WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM lanes WHERE id IN (SELECT id FROM lanes WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM employee_numbers WHERE rowid IN
                 (SELECT rowid FROM employee_numbers WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM employees WHERE rowid IN (SELECT rowid FROM employees WHERE company = $2 LIMIT $1)"
        );
        delete_rows!(
            self,
            id,
            progress,
            "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE company = $2 LIMIT $1)"
        );
        if self.deletions().await?.contains(company) {
            self.rewrite(company, rewritten).await?;
        }
        // Whatever came late goes with its company by the schema's cascades.
        let mut tx = self.single_durable().await?;
        sqlx::query!("DELETE FROM companies WHERE id = $1 AND deletion_began_at IS NOT NULL", id)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// What is deleted is overwritten, but SQLite also leaves copies of what it moves to another page, in the unused
    /// parts of pages that companies share.
    async fn rewrite(&self, company: &CompanyId, most: Option<i64>) -> Result<(), StoreError> {
        match self.0.db.rewrite(most).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                tracing::warn!(%company, "the database is too large to be rewritten meanwhile: pieces of the company may stay readable in unused parts of it");
                Ok(())
            }
            // The rows are gone all the same.
            Err(StoreError::Full) => {
                tracing::warn!(%company, "no room to rewrite the database: pieces of the company may stay readable in unused parts of it");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Empties SQLite's log, which still holds what was deleted from the database. `false`: somebody else reads the
    /// database just now; to be tried again.
    pub async fn wipe_log(&self) -> Result<bool, StoreError> {
        self.0.db.wipe_log().await
    }

    /// Refuses what is said about a company that is not installed: an answer may arrive after its secrets are gone.
    pub(super) async fn must_be_installed(conn: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
        sqlx::query_scalar!("SELECT id FROM companies WHERE id = $1 AND uninstalled_at IS NULL", id)
            .fetch_optional(conn)
            .await?
            .map(drop)
            .ok_or_else(|| Conflict::UnknownCompany.into())
    }
}

/// Marks a company and deletes its secrets, within the caller's transaction; `false` if there is none.
pub(super) async fn mark(conn: &mut SqliteConnection, id: &str, now: i64) -> Result<bool, StoreError> {
    // A log-in under way holds the secret of the same application.
    sqlx::query!(
        "DELETE FROM login_attempts
         WHERE EXISTS (SELECT 1 FROM companies c WHERE c.id = $1
                       AND (c.domain = login_attempts.domain OR c.client_id = login_attempts.client_id))",
        id
    )
    .execute(&mut *conn)
    .await?;
    for statement in [
        "DELETE FROM tokens WHERE company = $1",
        "DELETE FROM switches WHERE company = $1",
        "DELETE FROM admin_sessions WHERE company = $1",
        "DELETE FROM parked_installs WHERE member_id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(&mut *conn).await?;
    }
    let marked = sqlx::query!(
        "UPDATE companies SET
             uninstalled_at = COALESCE(uninstalled_at, $2),
             deletion_began_at = COALESCE(deletion_began_at, $2),
             application_token = NULL,
             client_secret = x'',
             call_settings = '{}'
         WHERE id = $1",
        id,
        now
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() > 0)
}
