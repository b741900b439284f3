//! The token pair of a company.

use super::seal::{Seal, SealContext};
use super::{Store, StoreError};
use crate::domain::{CompanyId, Timestamp, Tokens, UserId};
use sqlx::SqliteConnection;

const TABLE: &str = "tokens";

impl Store {
    /// The pair granted last; `None` before the first log-in and after an uninstall.
    pub async fn tokens(&self, company: &CompanyId) -> Result<Option<Tokens>, StoreError> {
        let id = company.as_str();
        let row = sqlx::query!(
            "SELECT access, refresh, previous, expires_at, refresh_obtained_at, user_id, server_endpoint, scope
             FROM tokens WHERE company = $1",
            id
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Tokens {
            access: self.seal().open(SealContext::new(TABLE, "access", id), &row.access)?,
            refresh: self.seal().open(SealContext::new(TABLE, "refresh", id), &row.refresh)?,
            previous: match &row.previous {
                Some(sealed) => Some(self.seal().open(SealContext::new(TABLE, "previous", id), sealed)?),
                None => None,
            },
            expires_at: Timestamp(row.expires_at),
            refresh_obtained_at: Timestamp(row.refresh_obtained_at),
            user_id: row.user_id.map(UserId),
            server_endpoint: row.server_endpoint,
            scope: row.scope,
        }))
    }

    /// Stores a new pair; it is on disk when this returns, as the old one may be worthless already. A
    /// company that was uninstalled meanwhile gets none.
    pub async fn save_tokens(&self, company: &CompanyId, tokens: &Tokens) -> Result<(), StoreError> {
        let mut tx = self.begin_durable().await?;
        Self::must_be_installed(tx.conn(), company.as_str()).await?;
        write(self.seal(), tx.conn(), company, tokens).await?;
        tx.commit().await
    }
}

/// Inserts or replaces the pair, and keeps what is known beside it where the new one says nothing, on a connection that
/// may be within a transaction.
pub(super) async fn write(
    seal: &Seal,
    conn: &mut SqliteConnection,
    company: &CompanyId,
    tokens: &Tokens,
) -> Result<(), StoreError> {
    let id = company.as_str();
    let access = seal.seal(SealContext::new(TABLE, "access", id), &tokens.access);
    let refresh = seal.seal(SealContext::new(TABLE, "refresh", id), &tokens.refresh);
    let previous = tokens.previous.as_ref().map(|p| seal.seal(SealContext::new(TABLE, "previous", id), p));
    let user = tokens.user_id.map(|u| u.0);
    sqlx::query!(
        "INSERT INTO tokens (company, access, refresh, expires_at, refresh_obtained_at, user_id, server_endpoint, scope,
                             previous)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (company) DO UPDATE SET
             access = excluded.access,
             refresh = excluded.refresh,
             expires_at = excluded.expires_at,
             refresh_obtained_at = excluded.refresh_obtained_at,
             user_id = COALESCE(excluded.user_id, tokens.user_id),
             server_endpoint = COALESCE(excluded.server_endpoint, tokens.server_endpoint),
             scope = CASE WHEN excluded.scope = '' THEN tokens.scope ELSE excluded.scope END,
             previous = excluded.previous",
        id,
        access,
        refresh,
        tokens.expires_at.0,
        tokens.refresh_obtained_at.0,
        user,
        tokens.server_endpoint,
        tokens.scope,
        previous
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{store, tokens};
    use crate::domain::Tokens;

    #[tokio::test]
    async fn the_refresh_token_before_is_kept_sealed_until_it_is_taken_back() {
        let (_dir, store, id) = store().await;
        let renewed = Tokens { previous: Some("refresh-token-1".to_owned().into()), ..tokens(2) };
        store.save_tokens(&id, &renewed).await.unwrap();
        let found = store.tokens(&id).await.unwrap().unwrap();
        assert_eq!(found.previous.as_ref().map(secrecy::ExposeSecret::expose_secret), Some("refresh-token-1"));
        assert!(found.is_pair(&renewed) && !found.is_pair(&tokens(1)));
        let sealed: Vec<u8> = sqlx::query_scalar("SELECT previous FROM tokens").fetch_one(store.db()).await.unwrap();
        assert!(!sealed.windows(7).any(|bytes| bytes == b"refresh"), "readable in the file");
        store.save_tokens(&id, &Tokens { previous: None, ..found }).await.unwrap();
        assert!(store.tokens(&id).await.unwrap().unwrap().previous.is_none());
    }
}
