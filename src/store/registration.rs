//! Companies come and go: log-in, install, uninstall.

use super::companies::TABLE;
use super::seal::SealContext;
use super::{Conflict, Store, StoreError, tokens};
use crate::domain::company::Company;
use crate::domain::{CompanyId, Timestamp, Tokens};
use secrecy::{ExposeSecret as _, SecretString};

/// What a log-in or an install says about a company.
#[derive(Debug, Clone)]
pub struct NewCompany {
    /// `member_id`.
    pub id: CompanyId,
    /// Portal host, with port if not 443.
    pub domain: String,
    /// Base for REST calls.
    pub client_endpoint: String,
    /// `client_id` of the portal's application.
    pub client_id: String,
    /// `client_secret` of the portal's application.
    pub client_secret: SecretString,
    /// What authenticates the portal's events, if it came along; otherwise a known one is kept as long as the keys
    /// stay the same.
    pub application_token: Option<SecretString>,
    /// The portal's language, e.g. `ru`, if it came along; otherwise a known one is kept.
    pub language: Option<String>,
}

/// See [`Store::proof_of_removal`].
#[derive(Debug)]
pub struct RemovalProof {
    /// Portal host.
    pub domain: String,
    /// What the portal shows; unknown until it has said it once.
    pub application_token: Option<SecretString>,
    /// The application was removed before.
    pub removed: bool,
}

impl Store {
    /// Registers a company with its tokens, in one transaction. A known `member_id` gets the new keys, domain and
    /// tokens and is installed again; its name, settings and employees stay, and so does what the notice does not say.
    /// Other keys are another application's, so that the application token known until then proves nothing any more.
    /// Refused with [`Conflict::BeingDeleted`] while a former registration is being deleted.
    pub async fn register_company(&self, c: &NewCompany, tokens: &Tokens, now: Timestamp) -> Result<(), StoreError> {
        let id = c.id.as_str();
        let secret = self.seal().seal(SealContext::new(TABLE, "client_secret", id), &c.client_secret);
        let token = c.application_token.as_ref();
        let token = token.map(|t| self.seal().seal(SealContext::new(TABLE, "application_token", id), t));
        let domain = c.domain.to_ascii_lowercase();
        let same_keys = self.company(&c.id).await?.is_some_and(|old| has_keys_of(&old, c));
        let mut tx = self.begin_durable().await?;
        let dying = sqlx::query_scalar!("SELECT id FROM companies WHERE id = $1 AND deletion_began_at IS NOT NULL", id)
            .fetch_optional(tx.conn())
            .await?;
        if dying.is_some() {
            tx.commit().await?;
            return Err(Conflict::BeingDeleted.into());
        }
        sqlx::query!(
            "INSERT INTO companies
                 (id, domain, client_endpoint, client_id, client_secret, application_token, created_at, registered_at,
                  language)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $9)
             ON CONFLICT (id) DO UPDATE SET
                 domain = CASE WHEN excluded.domain = '' THEN companies.domain ELSE excluded.domain END,
                 client_endpoint =
                     CASE WHEN excluded.client_endpoint = '' THEN companies.client_endpoint
                          ELSE excluded.client_endpoint END,
                 language = COALESCE(excluded.language, companies.language),
                 client_id = excluded.client_id,
                 client_secret = excluded.client_secret,
                 application_token =
                     COALESCE(excluded.application_token, CASE WHEN $8 THEN companies.application_token END),
                 registered_at = excluded.registered_at,
                 created_at = CASE WHEN companies.uninstalled_at IS NULL THEN companies.created_at
                                   ELSE excluded.created_at END,
                 uninstalled_at = NULL",
            id,
            domain,
            c.client_endpoint,
            c.client_id,
            secret,
            token,
            now.0,
            same_keys,
            c.language
        )
        .execute(tx.conn())
        .await?;
        tokens::write(self.seal(), tx.conn(), &c.id, tokens).await?;
        tx.commit().await
    }

    /// What proves that a portal tells of the removal of its application: also of one that was removed before and is to
    /// be deleted now. `None` where the company is unknown or being deleted.
    pub async fn proof_of_removal(&self, id: &CompanyId) -> Result<Option<RemovalProof>, StoreError> {
        let id = id.as_str();
        let row = sqlx::query!(
            "SELECT domain, application_token, uninstalled_at FROM companies WHERE id = $1 AND deletion_began_at IS NULL",
            id
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let token = row.application_token.as_deref();
        let place = || SealContext::new(TABLE, "application_token", id);
        Ok(Some(RemovalProof {
            domain: row.domain,
            application_token: token.map(|t| self.seal().open(place(), t)).transpose()?,
            removed: row.uninstalled_at.is_some(),
        }))
    }

    /// Takes a company out of work: tokens, admin sessions and waiting events go; settings, employees, calls and
    /// waiting requests stay for its return, and the application token for [`Self::proof_of_removal`]. Unknown
    /// companies are no fault: the portal may say it twice.
    pub async fn mark_uninstalled(&self, id: &CompanyId, now: Timestamp) -> Result<(), StoreError> {
        let id = id.as_str();
        let mut tx = self.begin_durable().await?;
        sqlx::query!("UPDATE companies SET uninstalled_at = COALESCE(uninstalled_at, $2) WHERE id = $1", id, now.0)
            .execute(tx.conn())
            .await?;
        sqlx::query!("DELETE FROM tokens WHERE company = $1", id).execute(tx.conn()).await?;
        sqlx::query!("DELETE FROM admin_sessions WHERE company = $1", id).execute(tx.conn()).await?;
        sqlx::query!("DELETE FROM inbox WHERE company = $1 AND handled_at IS NULL", id).execute(tx.conn()).await?;
        tx.commit().await
    }
}

fn has_keys_of(known: &Company, c: &NewCompany) -> bool {
    known.client_id == c.client_id && known.client_secret.expose_secret() == c.client_secret.expose_secret()
}
