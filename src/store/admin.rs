//! Sessions of the admin pages and log-ins under way.
//!
//! Tokens and nonces are stored as SHA-256: who reads the database cannot use them. They are random words of 256 bits,
//! so that a plain hash is enough.

use super::seal::SealContext;
use super::{Store, StoreError};
use crate::clock::random_token;
use crate::domain::{CompanyId, Timestamp, UserId};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How long the portal's authorize page may take.
const ATTEMPT_LIFETIME: Duration = Duration::from_secs(600);
/// Anybody can begin a log-in, so the oldest give way.
const MOST_ATTEMPTS: i64 = 10_000;

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSession {
    pub company: CompanyId,
    /// As which portal user.
    pub user: UserId,
    /// Name of the administrator, as the portal gives it.
    pub name: String,
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What must be remembered while the admin is at the portal's authorize page.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    /// Portal host as it was typed and checked.
    pub domain: String,
    /// `client_id` of the portal's application.
    pub client_id: String,
    pub client_secret: SecretString,
}

impl Store {
    /// Begins a session and returns the token for its cookie; it is stored as a hash only.
    pub async fn create_session(
        &self,
        company: &CompanyId,
        user: UserId,
        name: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<SecretString, StoreError> {
        let token = random_token();
        let (hash, id, expires_at) = (sha256(&token), company.as_str(), (now + lifetime).0);
        let mut tx = self.begin_durable().await?;
        sqlx::query!("DELETE FROM admin_sessions WHERE expires_at <= $1", now.0).execute(tx.conn()).await?;
        sqlx::query!(
            "INSERT INTO admin_sessions (token_hash, company, user_id, name, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            hash,
            id,
            user.0,
            name,
            now.0,
            expires_at
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(token.into())
    }

    /// The session with this token, unless it has ended or its company is gone.
    pub async fn session(&self, token: &SecretString, now: Timestamp) -> Result<Option<AdminSession>, StoreError> {
        let hash = sha256(token.expose_secret());
        let row = sqlx::query!(
            "SELECT company, user_id, name, created_at, expires_at FROM admin_sessions
             WHERE token_hash = $1 AND expires_at > $2
               AND company IN (SELECT id FROM companies WHERE uninstalled_at IS NULL)",
            hash,
            now.0
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| AdminSession {
            company: CompanyId::new(row.company),
            user: UserId(row.user_id),
            name: row.name,
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        }))
    }

    /// Ends a session; an unknown one is no fault.
    pub async fn end_session(&self, token: &SecretString) -> Result<(), StoreError> {
        let hash = sha256(token.expose_secret());
        let mut tx = self.single_durable().await?;
        sqlx::query!("DELETE FROM admin_sessions WHERE token_hash = $1", hash).execute(tx.conn()).await?;
        tx.commit().await
    }

    /// Remembers a log-in under its nonce for ten minutes. It does not wait for the disk: anybody can begin one, and
    /// after a power loss it is begun again.
    pub async fn put_state(&self, nonce: &str, attempt: &LoginAttempt, now: Timestamp) -> Result<(), StoreError> {
        let (hash, expires_at) = (sha256(nonce), (now + ATTEMPT_LIFETIME).0);
        let secret = self.seal().seal(attempt_place(&attempt.domain), &attempt.client_secret);
        let mut tx = self.begin_swift().await?;
        sqlx::query!("DELETE FROM login_attempts WHERE expires_at <= $1", now.0).execute(tx.conn()).await?;
        sqlx::query!(
            "DELETE FROM login_attempts WHERE nonce_hash IN
                 (SELECT nonce_hash FROM login_attempts ORDER BY expires_at DESC LIMIT 1000000 OFFSET $1)",
            MOST_ATTEMPTS
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO login_attempts (nonce_hash, domain, client_id, client_secret, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            hash,
            attempt.domain,
            attempt.client_id,
            secret,
            expires_at
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Gives a remembered log-in back, once: to the first that asks, within its ten minutes.
    pub async fn take_state(&self, nonce: &str, now: Timestamp) -> Result<Option<LoginAttempt>, StoreError> {
        let hash = sha256(nonce);
        let mut tx = self.single_swift().await?;
        let row = sqlx::query!(
            "DELETE FROM login_attempts WHERE nonce_hash = $1
             RETURNING domain, client_id, client_secret, expires_at",
            hash
        )
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        let Some(row) = row.filter(|r| r.expires_at > now.0) else { return Ok(None) };
        let client_secret = self.seal().open(attempt_place(&row.domain), &row.client_secret)?;
        Ok(Some(LoginAttempt { domain: row.domain, client_id: row.client_id, client_secret }))
    }
}

/// The row's key comes from a nonce, which must not show in an error, so the domain stands for it.
fn attempt_place(domain: &str) -> SealContext<'_> {
    SealContext::new("login_attempts", "client_secret", domain)
}

fn sha256(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
