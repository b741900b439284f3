//! Secrets at rest.

use super::*;
use std::fs;

/// Every secret the store can hold, as it was given in.
async fn store_with_secrets() -> (TempDir, Store, Vec<String>) {
    let (dir, store, id) = store().await;
    store.save_switch(&id, &switch()).await.unwrap();
    store.save_application_token(&id, &"application-token".into()).await.unwrap();
    store.park_install(&"other".into(), &"parked-install-body".into(), Timestamp(1)).await.unwrap();
    let attempt = LoginAttempt {
        domain: "one.example".to_owned(),
        client_id: "local.1".to_owned(),
        client_secret: "attempt-client-secret".into(),
    };
    store.put_state("the-nonce", &attempt, Timestamp(1)).await.unwrap();
    let lifetime = std::time::Duration::from_secs(9);
    let session = store.create_session(&id, UserId(1), "Анна", Timestamp(1), lifetime).await.unwrap();
    let mut secrets: Vec<String> = "client-secret-of-member-1 switch-api-key application-token parked-install-body \
                                    attempt-client-secret the-nonce access-token-1 refresh-token-1"
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    secrets.push(shown(&session).to_owned());
    (dir, store, secrets)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

/// All files of the state directory, one after the other.
fn bytes_on_disk(dir: &TempDir) -> Vec<u8> {
    fs::read_dir(dir).unwrap().flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn no_secret_can_be_read_from_the_disk() {
    let (dir, store, secrets) = store_with_secrets().await;
    let running = bytes_on_disk(&dir);
    store.close().await;
    let closed = bytes_on_disk(&dir);
    assert!(holds(&running, "one.example") && holds(&closed, "one.example"), "the search itself must work");
    for secret in secrets {
        assert!(!holds(&running, &secret) && !holds(&closed, &secret), "{secret}");
    }
}

#[tokio::test]
async fn a_database_with_another_key_is_refused_in_plain_words() {
    let (dir, store, _) = store_with_secrets().await;
    store.close().await;
    drop(store);
    let key = dir.path().join("key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, "ab".repeat(32)).unwrap();
    let fault = Store::open_with(dir.path(), None).await.err().unwrap();
    assert!(matches!(fault, StoreError::Sealed(SealFault::Mismatch)), "{fault:?}");
    assert!(fault.to_string().contains("does not fit the database"), "{fault}");
    fs::remove_file(&key).unwrap();
    let fault = Store::open_with(dir.path(), None).await.err().unwrap();
    assert!(matches!(fault, StoreError::Sealed(SealFault::Missing)), "{fault:?}");
    fs::write(&key, right).unwrap();
    open(dir.path()).await;
}

#[tokio::test]
async fn a_changed_or_moved_secret_is_named_and_hurts_nobody_else() {
    let (_dir, store, one) = store().await;
    let two = new_company("member-2", "two.example");
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    sql(&store, "UPDATE companies SET client_secret = (SELECT client_secret FROM companies WHERE id = 'member-2')")
        .await;
    let fault = store.company(&one).await.err().unwrap();
    let want = ("companies", "client_secret", "member-1");
    assert!(
        matches!(&fault, StoreError::Corrupt { table, column, row } if (*table, *column, row.as_str()) == want),
        "{fault:?}"
    );
    let (companies, faults) = store.companies().await.unwrap();
    assert_eq!((companies.len(), &companies[0].id, faults.len()), (1, &two.id, 1));

    sql(&store, "UPDATE tokens SET access = refresh WHERE company = 'member-1'").await;
    assert!(matches!(store.tokens(&one).await, Err(StoreError::Corrupt { column: "access", .. })));
    sql(&store, "UPDATE tokens SET refresh = x'01' WHERE company = 'member-2'").await;
    assert!(matches!(store.tokens(&two.id).await, Err(StoreError::Corrupt { column: "refresh", .. })));
    store.save_tokens(&one, &tokens(3)).await.unwrap();
    assert_eq!(shown(&store.tokens(&one).await.unwrap().unwrap().access), "access-token-3");
}

#[tokio::test]
async fn settings_and_lines_that_make_no_sense_are_named() {
    let (_dir, store, id) = store().await;
    store.save_switch(&id, &switch()).await.unwrap();
    let step = Record { trace: vec![line(&"c".into(), 1, "x")], ..Record::default() };
    store.record(&id, &step, Timestamp(1)).await.unwrap();
    sql(&store, "UPDATE trace SET lines = '[[1,2,3]]'").await;
    assert!(matches!(store.trace(&id, &"c".into()).await, Err(StoreError::Corrupt { table: "trace", .. })));
    sql(&store, "UPDATE switches SET backend = '\"smoke-signals\"'").await;
    let fault = store.company(&id).await.err().unwrap();
    assert!(matches!(fault, StoreError::Corrupt { table: "switches", column: "backend", .. }), "{fault:?}");
    store.save_switch(&id, &switch()).await.unwrap();
    sql(&store, "UPDATE companies SET call_settings = '[]x'").await;
    let fault = store.company(&id).await.err().unwrap();
    assert!(matches!(fault, StoreError::Corrupt { column: "call_settings", .. }), "{fault:?}");
}

#[tokio::test]
async fn a_key_for_other_uses_is_the_same_after_a_restart() {
    let (dir, store, _) = store().await;
    let before = store.key().derive("cookies");
    let store = reopen(&dir, store).await;
    assert_eq!(store.key().derive("cookies"), before);
    assert_ne!(store.key().derive("tickets"), before);
}
