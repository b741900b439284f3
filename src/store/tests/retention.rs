//! Forgetting.

use super::*;

pub(super) async fn step(store: &Store, company: &CompanyId, key: &str, at: i64, ended_at: Option<i64>) {
    let key = CallKey::from(key);
    let step = Record {
        trace: vec![line(&key, at, "x")],
        crm_ids: vec![(ExternalId::new(key.as_str()), "crm".into())],
        ..call(&key, "{}", ended_at)
    };
    store.record(company, &step, Timestamp(at)).await.unwrap();
}

#[tokio::test]
async fn what_is_old_and_over_goes_and_the_rest_stays() {
    let (_dir, store, id) = store().await;
    step(&store, &id, "old", 10, Some(20)).await;
    step(&store, &id, "old-but-open", 10, None).await;
    step(&store, &id, "long", 10, Some(100)).await;
    step(&store, &id, "new", 100, Some(110)).await;
    let waiting = Record { intents: vec![intent("lane", &"old".into(), "x")], ..Record::default() };
    store.record(&id, &waiting, Timestamp(10)).await.unwrap();
    let handled = store.push_event(&id, "handled", "{}", Timestamp(10)).await.unwrap().unwrap();
    store.record(&id, &Record { handled: vec![handled], ..Record::default() }, Timestamp(11)).await.unwrap();
    store.push_event(&id, "waits", "{}", Timestamp(10)).await.unwrap();

    assert_eq!(store.forget_before(Timestamp(100)).await.unwrap(), 1);
    let left: Vec<_> = store.recent_calls(&id, 9, None).await.unwrap().into_iter().map(|c| c.key.to_string()).collect();
    assert_eq!(left, ["new", "long", "old-but-open"]);
    assert!(store.trace(&id, &"old".into()).await.unwrap().is_empty());
    assert_eq!(store.trace(&id, &"new".into()).await.unwrap().len(), 1);
    assert_eq!((count(&store, "trace").await, count(&store, "lanes").await), (1, 1));
    assert_eq!(store.pending_intents(&id).await.unwrap().len(), 1);
    assert_eq!((store.pending_events(&id).await.unwrap().len(), count(&store, "inbox").await), (1, 1));
    assert_eq!(store.forget_before(Timestamp(100)).await.unwrap(), 0);
}

#[tokio::test]
async fn many_batches_are_forgotten_while_calls_go_on() {
    let (_dir, store, id) = store().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
                INSERT INTO calls (company, key, body, created_at, updated_at, ended_at)
                SELECT 'member-1', 'old-' || i, '{}', 1, 1, i FROM n";
    sql(&store, fill).await;
    let writer = async {
        for n in 0..50 {
            step(&store, &id, &format!("new-{n}"), 10_000, None).await;
        }
    };
    let (forgotten, ()) = tokio::join!(store.forget_before(Timestamp(901)), writer);
    assert_eq!(forgotten.unwrap(), 900);
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 50);
}

#[tokio::test]
async fn of_too_many_calls_the_oldest_go_with_their_stories_and_other_companies_keep_theirs() {
    let (_dir, store, id) = store().await;
    let other = new_company("member-2", "two.example");
    store.register_company(&other, &tokens(2), Timestamp(1)).await.unwrap();
    for n in 0..10 {
        step(&store, &id, &format!("c{n}"), n, (n != 1).then_some(n)).await;
    }
    for n in 0..5 {
        step(&store, &other.id, &format!("d{n}"), n, Some(n)).await;
    }
    assert_eq!(store.forget_beyond(5).await.unwrap(), [(id.clone(), 4)]);
    let keys = async |company: &CompanyId| -> Vec<String> {
        store.recent_calls(company, 99, None).await.unwrap().into_iter().map(|c| c.key.to_string()).collect()
    };
    assert_eq!(keys(&id).await, ["c9", "c8", "c7", "c6", "c5", "c1"]);
    assert_eq!(keys(&other.id).await.len(), 5);
    assert!(store.trace(&id, &"c4".into()).await.unwrap().is_empty());
    assert_eq!(store.trace(&id, &"c5".into()).await.unwrap().len(), 1);
    assert_eq!(store.forget_beyond(6).await.unwrap(), []);
}

#[tokio::test]
async fn calls_that_are_named_go_if_they_are_over() {
    let (_dir, store, id) = store().await;
    step(&store, &id, "over", 10, Some(20)).await;
    step(&store, &id, "open", 10, None).await;
    step(&store, &id, "kept", 10, Some(20)).await;
    store.forget_calls(&id, &["over".into(), "open".into(), "none".into()]).await.unwrap();
    let left: Vec<_> = store.recent_calls(&id, 9, None).await.unwrap().into_iter().map(|c| c.key.to_string()).collect();
    assert_eq!(left, ["kept", "open"]);
    assert!(store.trace(&id, &"over".into()).await.unwrap().is_empty());
    assert_eq!(store.trace(&id, &"open".into()).await.unwrap().len(), 1);
}
