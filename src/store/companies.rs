//! Companies as they are read; see `registration` and `settings` for how they change.

use super::seal::{Seal, SealContext};
use super::{Store, StoreError};
use crate::domain::company::{Company, SwitchSettings};
use crate::domain::{CompanyId, Timestamp};
use serde::de::DeserializeOwned;

/// Table whose secrets [`SealContext`] names.
pub(super) const TABLE: &str = "companies";

/// A company with its switch as the tables hold it.
struct CompanyColumns {
    id: String,
    name: String,
    domain: String,
    client_endpoint: String,
    client_id: String,
    client_secret: Vec<u8>,
    application_token: Option<Vec<u8>>,
    call_settings: String,
    created_at: i64,
    language: Option<String>,
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
            CompanyColumns,
            r#"SELECT c.id, c.name, c.domain, c.client_endpoint, c.client_id, c.client_secret, c.application_token,
                      c.call_settings, c.created_at, c.language, s.backend AS "backend?", s.client_id AS "switch_client_id?",
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

impl CompanyColumns {
    fn read(self, seal: &Seal) -> Result<Company, StoreError> {
        let place = |column| SealContext::new(TABLE, column, &self.id);
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
            language: self.language,
        })
    }

    fn switch(&self, seal: &Seal) -> Result<Option<SwitchSettings>, StoreError> {
        let place = |column| SealContext::new("switches", column, &self.id);
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

fn parse<T: DeserializeOwned>(place: SealContext<'_>, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| place.corrupt())
}
