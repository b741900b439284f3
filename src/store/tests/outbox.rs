//! Requests that wait, and events of the portal.

use super::*;

async fn bodies(store: &Store, company: &CompanyId) -> Vec<String> {
    store.pending_intents(company).await.unwrap().into_iter().map(|i| i.body).collect()
}

#[tokio::test]
async fn requests_wait_in_their_order_until_they_are_settled() {
    let (dir, store, id) = store().await;
    let key = CallKey::from("call-1");
    let step = Record { intents: ["1", "2", "3"].map(|b| intent("lane", &key, b)).into(), ..Record::default() };
    let ids = store.record(&id, &step, Timestamp(5)).await.unwrap();
    let answer = Record {
        settled: vec![ids[1]],
        crm_ids: vec![("lane".into(), "crm-1".into())],
        intents: vec![intent("lane", &key, "4")],
        ..call(&key, "{}", None)
    };
    store.record(&id, &answer, Timestamp(6)).await.unwrap();
    let store = reopen(&dir, store).await;
    assert_eq!(bodies(&store, &id).await, ["1", "3", "4"]);
    let first = store.pending_intents(&id).await.unwrap().remove(0);
    assert_eq!((first.id, first.lane.as_str(), first.call, first.created_at), (ids[0], "lane", key, Timestamp(5)));
    assert_eq!(first.crm, Some("crm-1".into()));
    assert_eq!(store.crm_id(&id, &"lane".into()).await.unwrap(), Some("crm-1".into()));

    let twice = Record { settled: vec![ids[0], ids[0], IntentId(999)], ..Record::default() };
    store.record(&id, &twice, Timestamp(7)).await.unwrap();
    assert_eq!(bodies(&store, &id).await, ["3", "4"]);
}

#[tokio::test]
async fn no_id_is_given_twice_while_somebody_may_remember_it() {
    let (dir, store, id) = store().await;
    let one = |body| Record { intents: vec![intent("lane", &"c".into(), body)], ..Record::default() };
    let first = store.record(&id, &one("a"), Timestamp(1)).await.unwrap();
    store.record(&id, &Record { settled: first.clone(), ..Record::default() }, Timestamp(1)).await.unwrap();
    let second = store.record(&id, &one("b"), Timestamp(1)).await.unwrap();
    assert!(second > first);
    let store = reopen(&dir, store).await;
    assert!(store.record(&id, &one("c"), Timestamp(1)).await.unwrap() > second);
    assert_eq!(bodies(&store, &id).await, ["b", "c"]);
}

#[tokio::test]
async fn a_request_that_waits_knows_the_crms_name_of_its_lane() {
    let (dir, store, id) = store().await;
    let intents = ["known", "new"].map(|lane| intent(lane, &"c".into(), "1")).into();
    let step = Record { intents, crm_ids: vec![("known".into(), "crm-1".into())], ..Record::default() };
    store.record(&id, &step, Timestamp(1)).await.unwrap();
    let store = reopen(&dir, store).await;
    let waiting = store.pending_intents(&id).await.unwrap();
    assert_eq!(waiting.into_iter().map(|i| i.crm).collect::<Vec<_>>(), [Some("crm-1".into()), None]);
}

#[tokio::test]
async fn a_lane_goes_by_the_last_name_the_crm_gave_it() {
    let (_dir, store, id) = store().await;
    for name in ["crm-1", "crm-2"] {
        let step = Record { crm_ids: vec![("lane".into(), name.into())], ..Record::default() };
        store.record(&id, &step, Timestamp(1)).await.unwrap();
    }
    assert_eq!(store.crm_id(&id, &"lane".into()).await.unwrap(), Some("crm-2".into()));
}

#[tokio::test]
async fn a_repeated_event_is_recognised_even_after_its_effect() {
    let (dir, store, id) = store().await;
    let first = store.push_event(&id, "k1", r#"{"n":1}"#, Timestamp(1)).await.unwrap().unwrap();
    assert_eq!(store.push_event(&id, "k1", r#"{"n":2}"#, Timestamp(2)).await.unwrap(), None);
    let second = store.push_event(&id, "k2", "{}", Timestamp(3)).await.unwrap().unwrap();
    let store = reopen(&dir, store).await;
    let waiting = store.pending_events(&id).await.unwrap();
    let want =
        PortalEvent { id: first, key: "k1".to_owned(), body: r#"{"n":1}"#.to_owned(), received_at: Timestamp(1) };
    assert_eq!((waiting.len(), &waiting[0], waiting[1].id), (2, &want, second));

    let done = Record { handled: vec![first], ..call(&"c2c/1".into(), "{}", None) };
    store.record(&id, &done, Timestamp(4)).await.unwrap();
    assert_eq!(store.pending_events(&id).await.unwrap().len(), 1);
    assert_eq!(store.push_event(&id, "k1", "{}", Timestamp(5)).await.unwrap(), None);
    assert_eq!(store.pending_events(&id).await.unwrap().len(), 1);
}
