//! Install notices of portals that are not registered yet.

use super::seal::SealContext;
use super::{Store, StoreError};
use crate::domain::{CompanyId, Timestamp};
use secrecy::SecretString;
use std::time::Duration;

/// A notice is of no use after that: the tokens in it are dead.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Anybody can send notices, so the oldest give way.
const MOST: i64 = 4000;

const TABLE: &str = "parked_installs";

impl Store {
    /// Keeps an install notice (sealed) until the portal's admin logs in or a day has passed; a repeated one replaces
    /// the former.
    pub async fn park_install(
        &self,
        member: &CompanyId,
        body: &SecretString,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, dead) = (member.as_str(), (now - LIFETIME).0);
        let body = self.seal().seal(SealContext::new(TABLE, "body", id), body);
        let mut tx = self.begin_durable().await?;
        sqlx::query!(
            "INSERT INTO parked_installs (member_id, body, parked_at) VALUES ($1, $2, $3)
             ON CONFLICT (member_id) DO UPDATE SET body = excluded.body, parked_at = excluded.parked_at",
            id,
            body,
            now.0
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!("DELETE FROM parked_installs WHERE parked_at < $1", dead).execute(tx.conn()).await?;
        sqlx::query!(
            "DELETE FROM parked_installs WHERE member_id IN
                 (SELECT member_id FROM parked_installs ORDER BY parked_at DESC, member_id LIMIT 1000000 OFFSET $1)",
            MOST
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// The notice of this portal, if it came within the last day.
    pub async fn parked_install(&self, member: &CompanyId, now: Timestamp) -> Result<Option<SecretString>, StoreError> {
        let (id, dead) = (member.as_str(), (now - LIFETIME).0);
        let body =
            sqlx::query_scalar!("SELECT body FROM parked_installs WHERE member_id = $1 AND parked_at >= $2", id, dead)
                .fetch_optional(self.db())
                .await?;
        body.map(|b| self.seal().open(SealContext::new(TABLE, "body", id), &b)).transpose()
    }

    /// Portals whose notice came within the last day, and when it came; the oldest first.
    pub async fn parked_installs(&self, now: Timestamp) -> Result<Vec<(CompanyId, Timestamp)>, StoreError> {
        let dead = (now - LIFETIME).0;
        let rows = sqlx::query!(
            "SELECT member_id, parked_at FROM parked_installs WHERE parked_at >= $1 ORDER BY parked_at, member_id",
            dead
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(|row| (CompanyId::new(row.member_id), Timestamp(row.parked_at))).collect())
    }

    /// Forgets the notice, after the company has been registered.
    pub async fn drop_install(&self, member: &CompanyId) -> Result<(), StoreError> {
        let (id, mut tx) = (member.as_str(), self.single_durable().await?);
        sqlx::query!("DELETE FROM parked_installs WHERE member_id = $1", id).execute(tx.conn()).await?;
        tx.commit().await
    }
}
