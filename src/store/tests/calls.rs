//! Calls, their stories and the steps that write them.

use super::*;

#[tokio::test]
async fn a_step_is_stored_whole_and_survives_a_restart() {
    let (dir, store, id) = store().await;
    let key = CallKey::from("call-1");
    let step = Record {
        intents: vec![intent("lane-a", &key, "register"), intent("lane-b", &key, "show")],
        trace: vec![line(&key, 10, "rings"), line(&key, 11, "\"quoted\"\nсловами")],
        crm_ids: vec![("lane-a".into(), "crm-1".into())],
        ..call(&key, r#"{"n":1}"#, None)
    };
    let ids = store.record(&id, &step, Timestamp(100)).await.unwrap();
    assert_eq!(ids.len(), 2);
    let more = Record { trace: vec![line(&key, 12, "talks")], ..call(&key, r#"{"n":2}"#, None) };
    store.record(&id, &more, Timestamp(200)).await.unwrap();

    let store = reopen(&dir, store).await;
    let row = store.call(&id, &key).await.unwrap().unwrap();
    assert_eq!((row.body.as_str(), row.created_at, row.updated_at), (r#"{"n":2}"#, Timestamp(100), Timestamp(200)));
    assert_eq!(store.open_calls(&id).await.unwrap(), [row]);
    let want = [line(&key, 10, "rings"), line(&key, 11, "\"quoted\"\nсловами"), line(&key, 12, "talks")];
    assert_eq!(store.trace(&id, &key).await.unwrap(), want);
    let waiting = store.pending_intents(&id).await.unwrap();
    assert_eq!(waiting.iter().map(|i| i.id).collect::<Vec<_>>(), ids);
    assert_eq!(store.crm_id(&id, &"lane-a".into()).await.unwrap(), Some("crm-1".into()));
    assert_eq!(store.crm_id(&id, &"lane-b".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_call_that_ends_is_not_open_and_may_open_again() {
    let (_dir, store, id) = store().await;
    let key = CallKey::from("call-1");
    for (ended_at, open) in [(None, 1), (Some(50), 0), (Some(50), 0), (None, 1), (Some(70), 0)] {
        store.record(&id, &call(&key, "{}", ended_at), Timestamp(1)).await.unwrap();
        assert_eq!(store.open_calls(&id).await.unwrap().len(), open);
        assert_eq!(store.call(&id, &key).await.unwrap().unwrap().ended_at, ended_at.map(Timestamp));
    }
    let over = CallKey::from("over-before-it-was-stored");
    store.record(&id, &call(&over, "{}", Some(9)), Timestamp(1)).await.unwrap();
    assert_eq!(store.call(&id, &over).await.unwrap().unwrap().ended_at, Some(Timestamp(9)));
}

#[tokio::test]
async fn the_list_shows_the_newest_first_and_goes_on_where_it_stopped() {
    let (_dir, store, id) = store().await;
    for n in 0..5 {
        let key = CallKey::new(format!("call-{n}"));
        store.record(&id, &call(&key, "{}", (n % 2 == 0).then_some(1)), Timestamp(7)).await.unwrap();
    }
    store.record(&id, &call(&"call-0".into(), "{}", None), Timestamp(8)).await.unwrap();
    let names = |rows: &[CallRow]| rows.iter().map(|r| r.key.to_string()).collect::<Vec<_>>();
    let page = store.recent_calls(&id, 2, None).await.unwrap();
    assert_eq!(names(&page), ["call-4", "call-3"]);
    let page = store.recent_calls(&id, 9, Some(page[1].number)).await.unwrap();
    assert_eq!(names(&page), ["call-2", "call-1", "call-0"]);
    assert!(store.recent_calls(&id, 9, Some(page[2].number)).await.unwrap().is_empty());
}

#[tokio::test]
async fn companies_do_not_see_each_others_calls() {
    let (_dir, store, one) = store().await;
    let two = new_company("member-2", "two.example");
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    let key = CallKey::from("call-1");
    let ids = store
        .record(&one, &Record { intents: vec![intent("a", &key, "x")], ..call(&key, "one", None) }, Timestamp(1))
        .await
        .unwrap();
    store.record(&two.id, &Record { settled: ids, ..call(&key, "two", None) }, Timestamp(1)).await.unwrap();
    assert_eq!(store.call(&one, &key).await.unwrap().unwrap().body, "one");
    assert_eq!(store.call(&two.id, &key).await.unwrap().unwrap().body, "two");
    assert_eq!(store.pending_intents(&one).await.unwrap().len(), 1, "settled by a stranger");
    assert_eq!(store.recent_calls(&two.id, 9, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_step_is_nothing_and_a_huge_one_is_still_one() {
    let (_dir, store, id) = store().await;
    assert!(store.record(&id, &Record::default(), Timestamp(1)).await.unwrap().is_empty());
    let keys: Vec<_> = (0..300).map(|n| CallKey::new(format!("call-{n}"))).collect();
    let step = Record {
        calls: keys.iter().flat_map(|k| call(k, "{}", None).calls).collect(),
        intents: keys.iter().map(|k| intent("lane", k, "x")).collect(),
        trace: keys.iter().map(|k| line(k, 1, "x")).collect(),
        ..Record::default()
    };
    assert_eq!(store.record(&id, &step, Timestamp(1)).await.unwrap().len(), 300);
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 300);
    assert_eq!(store.trace(&id, &keys[299]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn lines_of_several_calls_stay_apart_and_in_order() {
    let (_dir, store, id) = store().await;
    let (a, b) = (CallKey::from("a"), CallKey::from("b"));
    let trace = vec![line(&a, 1, "a1"), line(&b, 2, "b1"), line(&a, 3, "a2"), line(&a, 4, "a3")];
    store.record(&id, &Record { trace, ..Record::default() }, Timestamp(1)).await.unwrap();
    let texts = |lines: Vec<TraceLine>| lines.into_iter().map(|l| l.text).collect::<Vec<_>>();
    assert_eq!(texts(store.trace(&id, &a).await.unwrap()), ["a1", "a2", "a3"]);
    assert_eq!(texts(store.trace(&id, &b).await.unwrap()), ["b1"]);
    assert!(store.trace(&id, &"c".into()).await.unwrap().is_empty());
}

#[tokio::test]
async fn texts_come_back_as_they_were_whatever_is_in_them() {
    let (_dir, store, id) = store().await;
    let odd = [
        "",
        "123",
        "null",
        "[1]",
        "'; DROP TABLE calls; --",
        "\\u0041",
        "tab\tquote\"",
        "Ё😀\u{202e}",
        "a\u{0}b",
        "?1 $1 :x",
    ];
    for text in odd {
        let key = CallKey::from(text);
        let step = Record {
            trace: vec![line(&key, i64::MAX, text), line(&key, -1, text)],
            intents: vec![intent(text, &key, text)],
            crm_ids: vec![(text.into(), text.into())],
            ..call(&key, text, Some(i64::MIN))
        };
        let ids = store.record(&id, &step, Timestamp(1)).await.unwrap();
        let row = store.call(&id, &key).await.unwrap().unwrap();
        assert_eq!((row.body.as_str(), row.ended_at), (text, Some(Timestamp(i64::MIN))));
        assert_eq!(store.trace(&id, &key).await.unwrap(), step.trace);
        assert_eq!(store.crm_id(&id, &text.into()).await.unwrap(), Some(text.into()));
        let waiting = store.pending_intents(&id).await.unwrap().remove(0);
        assert_eq!((waiting.lane.as_str(), waiting.call, waiting.body.as_str()), (text, key, text));
        store.record(&id, &Record { settled: ids, ..Record::default() }, Timestamp(1)).await.unwrap();
    }
}
