//! What admins set for their company, and what the portal says about itself.

use super::companies::TABLE;
use super::seal::SealContext;
use super::{Conflict, Store, StoreError};
use crate::domain::CompanyId;
use crate::domain::company::{CallSettings, SwitchSettings};
use secrecy::SecretString;
use serde::Serialize;

impl Store {
    /// Sets the name shown to people.
    pub async fn rename_company(&self, id: &CompanyId, name: &str) -> Result<(), StoreError> {
        let (id, mut tx) = (id.as_str(), self.single_durable().await?);
        let done = sqlx::query!("UPDATE companies SET name = $2 WHERE id = $1", id, name).execute(tx.conn()).await?;
        tx.commit().await?;
        known(done.rows_affected())
    }

    /// Sets how the switch is reached.
    pub async fn save_switch(&self, id: &CompanyId, s: &SwitchSettings) -> Result<(), StoreError> {
        let id = id.as_str();
        let api_key = self.seal().seal(SealContext::new("switches", "api_key", id), &s.api_key);
        let (backend, addresses, trust) = (json(&s.backend), json(&s.addresses), json(&s.trust));
        let mut tx = self.single_durable().await?;
        sqlx::query!(
            "INSERT INTO switches (company, backend, client_id, api_key, addresses, domain, trust)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (company) DO UPDATE SET
                 backend = excluded.backend,
                 client_id = excluded.client_id,
                 api_key = excluded.api_key,
                 addresses = excluded.addresses,
                 domain = excluded.domain,
                 trust = excluded.trust",
            id,
            backend,
            s.client_id,
            api_key,
            addresses,
            s.domain,
            trust
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Sets the choices for calls.
    pub async fn save_call_settings(&self, id: &CompanyId, settings: &CallSettings) -> Result<(), StoreError> {
        let (id, settings) = (id.as_str(), json(settings));
        let mut tx = self.single_durable().await?;
        let done = sqlx::query!("UPDATE companies SET call_settings = $2 WHERE id = $1", id, settings)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        known(done.rows_affected())
    }

    /// Sets what authenticates the portal's events.
    pub async fn save_application_token(&self, id: &CompanyId, token: &SecretString) -> Result<(), StoreError> {
        let id = id.as_str();
        let token = self.seal().seal(SealContext::new(TABLE, "application_token", id), token);
        let mut tx = self.single_durable().await?;
        let done = sqlx::query!("UPDATE companies SET application_token = $2 WHERE id = $1", id, token)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        known(done.rows_affected())
    }

    /// Keeps the portal's language where none is known; returns whether that was news.
    pub async fn learn_language(&self, id: &CompanyId, language: &str) -> Result<bool, StoreError> {
        let (id, mut tx) = (id.as_str(), self.single_durable().await?);
        let done = sqlx::query!("UPDATE companies SET language = $2 WHERE id = $1 AND language IS NULL", id, language)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Sets where the portal is, after it has moved.
    pub async fn save_endpoint(&self, id: &CompanyId, domain: &str, client_endpoint: &str) -> Result<(), StoreError> {
        let (id, domain) = (id.as_str(), domain.to_ascii_lowercase());
        let mut tx = self.single_durable().await?;
        let done = sqlx::query!(
            "UPDATE companies SET domain = $2, client_endpoint = $3 WHERE id = $1",
            id,
            domain,
            client_endpoint
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        known(done.rows_affected())
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("settings are plain values with text keys")
}

/// An update that met no row was meant for a company that is not there.
fn known(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(Conflict::UnknownCompany.into()) } else { Ok(()) }
}
