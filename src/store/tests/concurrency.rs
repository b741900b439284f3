//! Many at once, and futures dropped half-way.

use super::*;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_both_kinds_do_not_lose_or_hinder_each_other() {
    let (_dir, store, id) = store().await;
    let calls = (0..4).map(|writer| {
        let (store, id) = (store.clone(), id.clone());
        tokio::spawn(async move {
            for n in 0..100 {
                let step = call(&CallKey::new(format!("c{writer}-{n}")), "{}", None);
                store.record(&id, &step, Timestamp(1)).await.unwrap();
            }
        })
    });
    let settings = (0..2).map(|writer| {
        let (store, id) = (store.clone(), id.clone());
        tokio::spawn(async move {
            for n in 0..20 {
                store.save_tokens(&id, &tokens(writer * 100 + n)).await.unwrap();
            }
        })
    });
    for task in join_all(calls.chain(settings)).await {
        task.unwrap();
    }
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 400);
    let last = store.tokens(&id).await.unwrap().unwrap();
    let n = shown(&last.access).trim_start_matches("access-token-").to_owned();
    assert_eq!(shown(&last.refresh), format!("refresh-token-{n}"), "a pair stays a pair");
}

#[tokio::test]
async fn a_refused_change_keeps_nobody_from_writing() {
    let (_dir, store, id) = store().await;
    let step = |n: i32| call(&CallKey::new(format!("c{n}")), "{}", None);
    let (first, second) = (step(1), step(2));
    store.record(&id, &first, Timestamp(1)).await.unwrap();
    store.save_numbers(&id, &[(UserId(404), vec![phone("1001")])]).await.unwrap_err();
    // Far less than SQLite waits here for a lock of somebody else.
    pragma(&store, "PRAGMA busy_timeout = 600000").await;
    let recorded = tokio::time::timeout(std::time::Duration::from_secs(60), store.record(&id, &second, Timestamp(1)));
    recorded.await.expect("at once").unwrap();
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_log_in_is_given_to_one_only() {
    let (_dir, store, _) = store().await;
    for round in 0..20 {
        let nonce = format!("nonce-{round}");
        let attempt = LoginAttempt { domain: "d".to_owned(), client_id: "c".to_owned(), client_secret: "s".into() };
        store.put_state(&nonce, &attempt, Timestamp(0)).await.unwrap();
        let takers = (0..8).map(|_| {
            let (store, nonce) = (store.clone(), nonce.clone());
            tokio::spawn(async move { store.take_state(&nonce, Timestamp(1)).await.unwrap().is_some() })
        });
        let lucky = join_all(takers).await.into_iter().filter(|got| *got.as_ref().unwrap()).count();
        assert_eq!(lucky, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_event_delivered_at_once_is_new_once() {
    let (_dir, store, id) = store().await;
    let pushes = (0..16).map(|_| {
        let (store, id) = (store.clone(), id.clone());
        tokio::spawn(async move { store.push_event(&id, "k", "{}", Timestamp(1)).await.unwrap().is_some() })
    });
    let new = join_all(pushes).await.into_iter().filter(|got| *got.as_ref().unwrap()).count();
    assert_eq!(new, 1);
}

/// A client that hangs up drops the future that works for it, at any point.
#[tokio::test]
async fn a_dropped_future_leaves_all_or_nothing_and_the_next_one_works() {
    let (_dir, store, id) = store().await;
    for polls in 0..40 {
        let key = CallKey::new(format!("c{polls}"));
        let step = Record {
            intents: vec![intent("lane", &key, "x")],
            trace: vec![line(&key, 1, "x")],
            ..call(&key, "{}", None)
        };
        let mut future = Box::pin(store.record(&id, &step, Timestamp(1)));
        for _ in 0..polls {
            if future.as_mut().now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(future);
        let mut numbers = Box::pin(store.save_numbers(&id, &[]));
        let _ = numbers.as_mut().now_or_never();
    }
    store.record(&id, &call(&"last".into(), "{}", None), Timestamp(1)).await.unwrap();
    store.save_tokens(&id, &tokens(2)).await.unwrap();
    let waiting = store.pending_intents(&id).await.unwrap();
    for call in store.open_calls(&id).await.unwrap().iter().filter(|c| c.key.as_str() != "last") {
        assert!(waiting.iter().any(|i| i.call == call.key), "{}: call without request", call.key);
        assert_eq!(store.trace(&id, &call.key).await.unwrap().len(), 1);
    }
    assert_eq!(waiting.len() + 1, store.open_calls(&id).await.unwrap().len());
}
