//! Tests of the whole store, by what people rely on.

mod admin;
mod audit;
mod calls;
mod companies;
mod concurrency;
mod copy;
mod deletion;
mod employees;
mod evidence;
mod faults;
mod journal;
mod opening;
mod outbox;
mod poorer;
mod retention;
mod secrets;
mod survey;
mod timing;

use super::*;
use crate::domain::company::{Backend, SwitchSettings, Trust};
use crate::domain::{CallKey, CompanyId, ExternalId, Phone, Timestamp, Tokens, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::SqliteConnection;
use std::path::Path;
use tempfile::TempDir;

/// A store in a directory of its own, with one company.
pub(super) async fn store() -> (TempDir, Store, CompanyId) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let company = new_company("member-1", "one.example");
    store.register_company(&company, &tokens(1), Timestamp(1_000)).await.unwrap();
    (dir, store, company.id)
}

pub(super) async fn open(dir: &Path) -> Store {
    Store::open_with(dir, None).await.unwrap()
}

/// Closes and opens again: whatever a test looks at afterwards has come from the disk.
async fn reopen(dir: &TempDir, store: Store) -> Store {
    store.close().await;
    drop(store);
    open(dir.path()).await
}

pub(super) fn new_company(id: &str, domain: &str) -> NewCompany {
    NewCompany {
        id: CompanyId::from(id),
        domain: domain.to_owned(),
        client_endpoint: format!("https://{domain}/rest/"),
        client_id: "local.123".to_owned(),
        client_secret: SecretString::from(format!("client-secret-of-{id}")),
        application_token: None,
        language: None,
    }
}

pub(super) fn tokens(n: i64) -> Tokens {
    Tokens {
        access: SecretString::from(format!("access-token-{n}")),
        refresh: SecretString::from(format!("refresh-token-{n}")),
        expires_at: Timestamp(3_600_000 + n),
        previous: None,
        refresh_obtained_at: Timestamp(n),
        user_id: Some(UserId(n)),
        server_endpoint: Some("https://oauth.example/rest/".to_owned()),
        scope: "telephony,user".to_owned(),
    }
}

fn switch() -> SwitchSettings {
    SwitchSettings {
        backend: Backend::Csta,
        client_id: "integration".to_owned(),
        api_key: SecretString::from("switch-api-key"),
        addresses: vec!["https://ecss1:8088".to_owned(), "https://ecss2:8088".to_owned()],
        domain: "biysk.local".to_owned(),
        trust: Trust::Pinned { sha256: "ab".repeat(32) },
    }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).unwrap()
}

pub(super) fn line(call: &CallKey, at: i64, text: &str) -> TraceLine {
    TraceLine { call: call.clone(), at: Timestamp(at), text: text.to_owned() }
}

fn intent(lane: &str, call: &CallKey, body: &str) -> NewIntent {
    NewIntent { lane: ExternalId::from(lane), call: call.clone(), body: body.to_owned() }
}

/// A record that says only this about one call.
pub(super) fn call(key: &CallKey, body: &str, ended_at: Option<i64>) -> Record {
    let update = CallUpdate { key: key.clone(), body: body.to_owned(), ended_at: ended_at.map(Timestamp) };
    Record { calls: vec![update], ..Record::default() }
}

/// Reaches behind the store's back.
async fn sql(store: &Store, statement: &'static str) -> u64 {
    let mut tx = store.single_durable().await.unwrap();
    let done = sqlx::query(statement).execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    done.rows_affected()
}

async fn count(store: &Store, table: &str) -> i64 {
    let text = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    sqlx::query_scalar(text).fetch_one(store.db()).await.unwrap()
}

/// Sets a pragma on the connection that calls are written on.
async fn pragma(store: &Store, statement: &'static str) {
    let mut tx = store.single_swift().await.unwrap();
    let conn: &mut SqliteConnection = tx.conn();
    sqlx::query(statement).fetch_all(conn).await.unwrap();
    tx.commit().await.unwrap();
}

fn shown(secret: &SecretString) -> &str {
    secret.expose_secret()
}
