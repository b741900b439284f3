//! Admin sessions, log-ins under way, parked installs.

use super::*;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn attempt(domain: &str) -> LoginAttempt {
    LoginAttempt {
        domain: domain.to_owned(),
        client_id: "local.1".to_owned(),
        client_secret: SecretString::from("attempt-client-secret"),
    }
}

#[tokio::test]
async fn a_session_lives_from_its_log_in_to_its_end() {
    let (dir, store, id) = store().await;
    let token = store.create_session(&id, UserId(7), "Анна", Timestamp(1_000), HOUR).await.unwrap();
    let other = store.create_session(&id, UserId(8), "Борис", Timestamp(1_000), HOUR).await.unwrap();
    assert_ne!(shown(&token), shown(&other));
    let store = reopen(&dir, store).await;
    let session = store.session(&token, Timestamp(3_600_999)).await.unwrap().unwrap();
    assert_eq!((session.company, session.user, session.name.as_str()), (id, UserId(7), "Анна"));
    assert_eq!((session.created_at, session.expires_at), (Timestamp(1_000), Timestamp(3_601_000)));
    assert!(store.session(&token, Timestamp(3_601_000)).await.unwrap().is_none(), "it has expired");
    assert!(store.session(&"guess".into(), Timestamp(2_000)).await.unwrap().is_none());

    store.end_session(&token).await.unwrap();
    store.end_session(&token).await.unwrap();
    assert!(store.session(&token, Timestamp(2_000)).await.unwrap().is_none());
    assert!(store.session(&other, Timestamp(2_000)).await.unwrap().is_some());
}

#[tokio::test]
async fn sessions_end_with_their_company_and_the_dead_are_swept() {
    let (_dir, store, id) = store().await;
    let token = store.create_session(&id, UserId(7), "", Timestamp(0), HOUR).await.unwrap();
    store.create_session(&id, UserId(7), "", Timestamp(0) + 2 * HOUR, HOUR).await.unwrap();
    assert_eq!(count(&store, "admin_sessions").await, 1);
    assert!(store.session(&token, Timestamp(1)).await.unwrap().is_none());
    store.mark_uninstalled(&id, Timestamp(1)).await.unwrap();
    assert_eq!(count(&store, "admin_sessions").await, 0);
}

#[tokio::test]
async fn a_log_in_comes_back_once_and_only_in_time() {
    let (dir, store, _) = store().await;
    store.put_state("nonce-1", &attempt("one.example"), Timestamp(0)).await.unwrap();
    store.put_state("nonce-2", &attempt("two.example"), Timestamp(0)).await.unwrap();
    let store = reopen(&dir, store).await;
    let got = store.take_state("nonce-1", Timestamp(599_999)).await.unwrap().unwrap();
    assert_eq!((got.domain.as_str(), got.client_id.as_str()), ("one.example", "local.1"));
    assert_eq!(shown(&got.client_secret), "attempt-client-secret");
    assert!(store.take_state("nonce-1", Timestamp(1)).await.unwrap().is_none(), "used");
    assert!(store.take_state("nonce-2", Timestamp(600_000)).await.unwrap().is_none(), "too late");
    assert!(store.take_state("nonce-2", Timestamp(1)).await.unwrap().is_none(), "asked for, so it is gone");
    assert!(store.take_state("guess", Timestamp(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn log_ins_that_never_came_back_are_swept() {
    let (_dir, store, _) = store().await;
    store.put_state("nonce-1", &attempt("one.example"), Timestamp(0)).await.unwrap();
    store.put_state("nonce-2", &attempt("one.example"), Timestamp(600_000)).await.unwrap();
    assert_eq!(count(&store, "login_attempts").await, 1);
}

#[tokio::test]
async fn an_install_waits_for_a_day_and_the_last_notice_counts() {
    let (dir, store, _) = store().await;
    let portal = CompanyId::from("not-registered-yet");
    let day = 24 * 3_600_000;
    store.park_install(&portal, &"first".into(), Timestamp(0)).await.unwrap();
    store.park_install(&portal, &"second".into(), Timestamp(10)).await.unwrap();
    let store = reopen(&dir, store).await;
    let body = store.parked_install(&portal, Timestamp(day)).await.unwrap();
    assert_eq!(body.as_ref().map(shown), Some("second"));
    assert!(store.parked_install(&portal, Timestamp(day + 11)).await.unwrap().is_none());
    assert!(store.parked_install(&"other".into(), Timestamp(0)).await.unwrap().is_none());
    assert_eq!(store.parked_installs(Timestamp(day)).await.unwrap(), [(portal.clone(), Timestamp(10))]);
    assert!(store.parked_installs(Timestamp(day + 11)).await.unwrap().is_empty());
    store.drop_install(&portal).await.unwrap();
    assert!(store.parked_install(&portal, Timestamp(10)).await.unwrap().is_none());
}

#[tokio::test]
async fn strangers_cannot_fill_the_disk_with_installs() {
    let (_dir, store, _) = store().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
                INSERT INTO parked_installs SELECT 'm' || i, x'00', i FROM n";
    sql(&store, fill).await;
    store.park_install(&"late".into(), &"body".into(), Timestamp(5_000)).await.unwrap();
    assert_eq!(count(&store, "parked_installs").await, 4000);
    assert!(store.parked_install(&"late".into(), Timestamp(5_000)).await.unwrap().is_some());
    store.park_install(&"later".into(), &"body".into(), Timestamp(2 * 24 * 3_600_000)).await.unwrap();
    assert_eq!(count(&store, "parked_installs").await, 1, "the others are a day old");
}
