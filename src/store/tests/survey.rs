//! What the administrator's command finds out, while the daemon has the database open.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn every_company_is_listed_with_its_state_and_since_when() {
    let (dir, store, one) = store().await;
    for (n, id) in ["gone", "dying"].into_iter().enumerate() {
        let company = new_company(id, &format!("{n}.example"));
        store.register_company(&company, &tokens(1), Timestamp(2_000)).await.unwrap();
    }
    sql(&store, "DELETE FROM tokens WHERE company = 'member-1'").await;
    store.mark_uninstalled(&"gone".into(), Timestamp(3_000)).await.unwrap();
    store.begin_deletion(&"dying".into(), Timestamp(4_000)).await.unwrap();
    let list = survey(dir.path()).await.unwrap();
    let listed: Vec<_> = list.iter().map(|e| (e.id.as_str(), e.state, e.since.0)).collect();
    assert_eq!(
        listed,
        [
            ("gone", CompanyStanding::Uninstalled, 3_000),
            ("dying", CompanyStanding::BeingDeleted, 4_000),
            (one.as_str(), CompanyStanding::NeedsLogin, 1_000),
        ]
    );
}

#[tokio::test]
async fn one_is_shown_with_everything_but_its_secrets() {
    let (dir, store, id) = store().await;
    store.save_switch(&id, &switch()).await.unwrap();
    store.record(&id, &call(&"c".into(), "{}", None), Timestamp(9)).await.unwrap();
    store.create_session(&id, UserId(1), "", Timestamp(1), Duration::from_secs(9)).await.unwrap();
    let shown = inspect(dir.path(), &id).await.unwrap().unwrap();
    assert_eq!((shown.calls, shown.open_calls, shown.admin_sessions), (1, 1, 1));
    assert_eq!((shown.entry.state, shown.last_call_at), (CompanyStanding::Registered, Some(Timestamp(9))));
    let text = serde_json::to_string(&shown).unwrap();
    assert!(text.contains("https://ecss2:8088") && text.contains("biysk.local"), "{text}");
    for secret in ["switch-api-key", "client-secret-of", "access-token", "refresh-token", "api_key"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(inspect(dir.path(), &"nobody".into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_deletion_ordered_from_outside_is_found_by_whoever_has_the_store_open() {
    let (dir, store, id) = store().await;
    assert!(!order_deletion(dir.path(), &"nobody".into(), Timestamp(5)).await.unwrap());
    assert!(store.deletions().await.unwrap().is_empty());
    assert!(order_deletion(dir.path(), &id, Timestamp(5)).await.unwrap());
    assert_eq!(store.deletions().await.unwrap(), std::slice::from_ref(&id));
    assert!(store.company(&id).await.unwrap().is_none() && store.tokens(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn where_there_is_no_database_or_an_older_one_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let fault = survey(dir.path()).await.unwrap_err();
    assert!(matches!(fault, SurveyError::NoDatabase(_)), "{fault:?}");
    let (dir, store, _) = store().await;
    sql(&store, "ALTER TABLE companies DROP COLUMN deletion_began_at").await;
    let fault = survey(dir.path()).await.unwrap_err();
    assert!(matches!(fault, SurveyError::Older), "{fault:?}");
}
