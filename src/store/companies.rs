//! Companies and what their admins have set.

use super::seal::{Place, Seal};
use super::{Conflict, Store, StoreError, tokens};
use crate::domain::company::{CallSettings, Company, SwitchSettings};
use crate::domain::{CompanyId, Timestamp, Tokens};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

const TABLE: &str = "companies";

/// What a log-in or an install tells us about a company.
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
    /// Its secret.
    pub client_secret: SecretString,
    /// What authenticates the portal's events, if it came along; a known one is kept otherwise.
    pub application_token: Option<SecretString>,
}

/// A company with its switch as the tables hold it.
struct Row {
    id: String,
    name: String,
    domain: String,
    client_endpoint: String,
    client_id: String,
    client_secret: Vec<u8>,
    application_token: Option<Vec<u8>>,
    call_settings: String,
    created_at: i64,
    backend: Option<String>,
    switch_client_id: Option<String>,
    api_key: Option<Vec<u8>>,
    addresses: Option<String>,
    switch_domain: Option<String>,
    trust: Option<String>,
}

/// The same columns for every way to look.
macro_rules! select {
    ($condition:literal $(, $argument:expr)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.name, c.domain, c.client_endpoint, c.client_id, c.client_secret, c.application_token,
                      c.call_settings, c.created_at, s.backend AS "backend?", s.client_id AS "switch_client_id?",
                      s.api_key AS "api_key?", s.addresses AS "addresses?", s.domain AS "switch_domain?",
                      s.trust AS "trust?"
               FROM companies c LEFT JOIN switches s ON s.company = c.id
               WHERE c.uninstalled_at IS NULL "# + $condition
            $(, $argument)?
        )
    };
}

impl Store {
    /// All installed companies. One that cannot be read is left out and reported beside the others, so that it does
    /// not keep them from working.
    pub async fn companies(&self) -> Result<(Vec<Company>, Vec<StoreError>), StoreError> {
        let rows = select!("ORDER BY c.id").fetch_all(self.db()).await?;
        let (mut companies, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match row.read(self.seal()) {
                Ok(company) => companies.push(company),
                Err(fault) => faults.push(fault),
            }
        }
        Ok((companies, faults))
    }

    /// One company; `None` if it is unknown or uninstalled.
    pub async fn company(&self, id: &CompanyId) -> Result<Option<Company>, StoreError> {
        let id = id.as_str();
        let row = select!("AND c.id = $1", id).fetch_optional(self.db()).await?;
        row.map(|r| r.read(self.seal())).transpose()
    }

    /// The company that registered last with this portal host, in any case.
    pub async fn company_by_domain(&self, domain: &str) -> Result<Option<Company>, StoreError> {
        let domain = domain.to_ascii_lowercase();
        let row = select!("AND c.domain = $1 ORDER BY c.registered_at DESC, c.id LIMIT 1", domain)
            .fetch_optional(self.db())
            .await?;
        row.map(|r| r.read(self.seal())).transpose()
    }
}

impl Row {
    fn read(self, seal: &Seal) -> Result<Company, StoreError> {
        let place = |column| Place::new(TABLE, column, &self.id);
        let client_secret = seal.open(place("client_secret"), &self.client_secret)?;
        let token = self.application_token.as_deref();
        let application_token = token.map(|t| seal.open(place("application_token"), t)).transpose()?;
        let calls = parse(place("call_settings"), &self.call_settings)?;
        let switch = self.switch(seal)?;
        Ok(Company {
            id: CompanyId::new(self.id),
            name: self.name,
            domain: self.domain,
            client_endpoint: self.client_endpoint,
            client_id: self.client_id,
            client_secret,
            application_token,
            switch,
            calls,
            created_at: Timestamp(self.created_at),
        })
    }

    fn switch(&self, seal: &Seal) -> Result<Option<SwitchSettings>, StoreError> {
        let place = |column| Place::new("switches", column, &self.id);
        let (Some(backend), Some(client_id), Some(api_key), Some(addresses), Some(domain), Some(trust)) =
            (&self.backend, &self.switch_client_id, &self.api_key, &self.addresses, &self.switch_domain, &self.trust)
        else {
            return Ok(None);
        };
        Ok(Some(SwitchSettings {
            backend: parse(place("backend"), backend)?,
            client_id: client_id.clone(),
            api_key: seal.open(place("api_key"), api_key)?,
            addresses: parse(place("addresses"), addresses)?,
            domain: domain.clone(),
            trust: parse(place("trust"), trust)?,
        }))
    }
}

fn parse<T: DeserializeOwned>(place: Place<'_>, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| place.corrupt())
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("settings are plain values with text keys")
}

impl Store {
    /// Registers a company with its tokens, in one transaction. A known `member_id` gets the new keys, domain and
    /// tokens and is installed again; its name, settings, employees and (unless given) application token stay.
    pub async fn register_company(&self, c: &NewCompany, tokens: &Tokens, now: Timestamp) -> Result<(), StoreError> {
        let id = c.id.as_str();
        let secret = self.seal().seal(Place::new(TABLE, "client_secret", id), &c.client_secret);
        let token = c.application_token.as_ref();
        let token = token.map(|t| self.seal().seal(Place::new(TABLE, "application_token", id), t));
        let domain = c.domain.to_ascii_lowercase();
        let mut tx = self.begin_durable().await?;
        sqlx::query!(
            "INSERT INTO companies
                 (id, domain, client_endpoint, client_id, client_secret, application_token, created_at, registered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             ON CONFLICT (id) DO UPDATE SET
                 domain = excluded.domain,
                 client_endpoint = excluded.client_endpoint,
                 client_id = excluded.client_id,
                 client_secret = excluded.client_secret,
                 application_token = COALESCE(excluded.application_token, companies.application_token),
                 registered_at = excluded.registered_at,
                 uninstalled_at = NULL",
            id,
            domain,
            c.client_endpoint,
            c.client_id,
            secret,
            token,
            now.0
        )
        .execute(tx.conn())
        .await?;
        tokens::write(self.seal(), tx.conn(), &c.id, tokens).await?;
        tx.commit().await
    }

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
        let api_key = self.seal().seal(Place::new("switches", "api_key", id), &s.api_key);
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
        let token = self.seal().seal(Place::new(TABLE, "application_token", id), token);
        let mut tx = self.single_durable().await?;
        let done = sqlx::query!("UPDATE companies SET application_token = $2 WHERE id = $1", id, token)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        known(done.rows_affected())
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

    /// Takes a company out of work: tokens, application token, admin sessions and waiting events go; settings,
    /// employees, calls and waiting requests stay for its return. Unknown companies are no fault: the portal may say it twice.
    pub async fn mark_uninstalled(&self, id: &CompanyId, now: Timestamp) -> Result<(), StoreError> {
        let id = id.as_str();
        let mut tx = self.begin_durable().await?;
        sqlx::query!("UPDATE companies SET uninstalled_at = $2, application_token = NULL WHERE id = $1", id, now.0)
            .execute(tx.conn())
            .await?;
        sqlx::query!("DELETE FROM tokens WHERE company = $1", id).execute(tx.conn()).await?;
        sqlx::query!("DELETE FROM admin_sessions WHERE company = $1", id).execute(tx.conn()).await?;
        sqlx::query!("DELETE FROM inbox WHERE company = $1 AND handled_at IS NULL", id).execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// An update that met no row was meant for a company that is not there.
fn known(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(Conflict::UnknownCompany.into()) } else { Ok(()) }
}
