//! Tests of the whole store.

mod timing;

use super::*;
use crate::domain::{CompanyId, Timestamp, Tokens, UserId};
use secrecy::SecretString;
use tempfile::TempDir;

/// A store in a directory of its own, with one company.
async fn store() -> (TempDir, Store, CompanyId) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_with(dir.path(), None).await.unwrap();
    let company = new_company("member-1", "one.example");
    store.register_company(&company, &tokens(1), Timestamp(1_000)).await.unwrap();
    (dir, store, company.id)
}

fn new_company(id: &str, domain: &str) -> NewCompany {
    NewCompany {
        id: CompanyId::from(id),
        domain: domain.to_owned(),
        client_endpoint: format!("https://{domain}/rest/"),
        client_id: "local.123".to_owned(),
        client_secret: SecretString::from(format!("client-secret-of-{id}")),
        application_token: None,
    }
}

fn tokens(n: i64) -> Tokens {
    Tokens {
        access: SecretString::from(format!("access-{n}")),
        refresh: SecretString::from(format!("refresh-{n}")),
        expires_at: Timestamp(3_600_000 + n),
        refresh_obtained_at: Timestamp(n),
        user_id: Some(UserId(n)),
        server_endpoint: Some("https://oauth.example/rest/".to_owned()),
        scope: "telephony,user".to_owned(),
    }
}
