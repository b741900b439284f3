//! Events, commands and heartbeats over an open socket.

use super::rig::{Far, Rig, ids, ringing};
use crate::domain::Phone;
use crate::domain::leg::{Accepted, CommandError, SwitchCommand, SwitchEvent, SwitchRefusal};
use crate::domain::link::LinkFault;
use crate::ecss::Connection;
use serde_json::json;
use std::future::Future;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

fn make() -> SwitchCommand {
    let phone = |text| Phone::parse(text).expect("number");
    SwitchCommand::Make { from: phone("2001"), to: phone("+74951112233") }
}

/// Awaits `work` while the connection is driven; events are not expected.
async fn driven<T>(connection: &mut Connection, work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        event = connection.next() => panic!("{event:?}"),
    }
}

async fn lost(connection: &mut Connection) -> String {
    match connection.next().await {
        Err(LinkFault::Lost(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_sent_and_its_answer_found() {
    let (mut connection, mut far) = Rig::pair("").await;
    let commander = connection.commander();
    let switch = async {
        let asked = far.json().await;
        assert_eq!(asked["action"], "call.make");
        assert_eq!(asked["payload"], json!({"from": "2001", "to": "+74951112233"}));
        let id = asked["requestId"].as_u64().expect("a number");
        far.send_event(&json!({"action": "call.make", "requestId": id + 1000, "status": 500})).await;
        far.send_event(&json!({"action": "call.make", "requestId": id, "status": 200, "payload": {"call_id": "c9"}}))
            .await;
        let asked = far.json().await;
        let refusal = json!({"message": "not registered on a phone"});
        far.send_event(
            &json!({"action": "call.make", "requestId": asked["requestId"], "status": 403, "payload": refusal}),
        )
        .await;
    };
    let person = async { (commander.send(make()).await, commander.send(make()).await) };
    let (answers, ()) = driven(&mut connection, async { tokio::join!(person, switch) }).await;
    assert_eq!(answers.0, Ok(Accepted { call: Some("c9".into()) }));
    let message = "not registered on a phone".to_owned();
    assert_eq!(answers.1, Err(CommandError::Refused { status: 403, why: SwitchRefusal::Forbidden, message }));
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_awaited_for_ever() {
    let (mut connection, _far) = Rig::pair("[commands]\ntimeout_seconds = 0.02").await;
    let commander = connection.commander();
    let outcome = driven(&mut connection, commander.send(make())).await;
    assert_eq!(outcome, Err(CommandError::TimedOut));
}

#[tokio::test]
async fn a_command_whose_sender_gave_up_is_never_sent() {
    let (mut connection, mut far) = Rig::pair("[commands]\ntimeout_seconds = 0.01").await;
    let commander = connection.commander();
    // Nobody drives the connection, so the command waits here until it is stale.
    assert_eq!(commander.send(make()).await, Err(CommandError::TimedOut));
    let second = commander.send(SwitchCommand::Release("l".into()));
    let (first_received, _) = driven(&mut connection, async { tokio::join!(far.json(), second) }).await;
    assert_eq!(first_received["action"], "call.release");
}

#[tokio::test]
async fn a_broken_connection_tells_everybody_who_waits() {
    let (mut connection, mut far) = Rig::pair("").await;
    let commander = connection.commander();
    let sent = tokio::spawn({
        let commander = commander.clone();
        async move { commander.send(make()).await }
    });
    driven(&mut connection, far.json()).await;
    drop(far);
    let why = lost(&mut connection).await;
    assert_eq!(sent.await.expect("no panic"), Err(CommandError::TimedOut), "it may have been carried out");
    assert_eq!(commander.send(make()).await, Err(CommandError::Offline), "this one certainly was not");
    assert_eq!(lost(&mut connection).await, why, "the end stays the end");
}

#[tokio::test]
async fn letting_go_of_the_connection_tells_everybody_too() {
    let (mut connection, mut far) = Rig::pair("").await;
    let commander = connection.commander();
    let sent = tokio::spawn({
        let commander = commander.clone();
        async move { commander.send(make()).await }
    });
    driven(&mut connection, far.json()).await;
    connection.close().await;
    assert_eq!(sent.await.expect("no panic"), Err(CommandError::TimedOut));
    assert_eq!(commander.send(make()).await, Err(CommandError::Offline));
    assert!(matches!(far.receive().await, Some(Message::Close(_))), "a polite end");
}

#[tokio::test]
async fn every_kind_of_ping_is_answered_without_being_an_event() {
    let (mut connection, mut far) = Rig::pair("").await;
    driven(&mut connection, async {
        far.send(Message::Ping(b"x".to_vec().into())).await;
        assert_eq!(far.receive().await, Some(Message::Pong(b"x".to_vec().into())));
        far.send_event(&json!({"event": "ping"})).await;
        assert_eq!(far.json().await, json!({"event": "pong"}));
        far.send(Message::text("ping")).await;
        assert_eq!(far.receive().await, Some(Message::text("pong")));
        far.send(Message::binary(br#"{"type":"ping"}"#.to_vec())).await;
        assert_eq!(far.json().await, json!({"type": "pong"}));
        far.send_event(&json!({"event": "pong"})).await;
    })
    .await;
}

#[tokio::test]
async fn silence_is_asked_and_an_answer_keeps_the_connection() {
    let dialect = "[heartbeat]\nidle_seconds = 0.02\nmisses = 5\nmessage = '{\"event\":\"ping\"}'";
    let (mut connection, mut far) = Rig::pair(dialect).await;
    driven(&mut connection, async {
        // The socket library answers control pings of its own accord; ten rounds are far more than five misses.
        for _ in 0..10 {
            assert!(matches!(far.receive().await, Some(Message::Ping(_))));
            assert_eq!(far.json().await, json!({"event": "ping"}));
        }
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_stays_silent_is_dead() {
    let (mut connection, far) = Rig::pair("[heartbeat]\nidle_seconds = 0.01\nmisses = 3").await;
    // It is not polled, so it reads nothing and answers nothing, while the socket stays open.
    assert_eq!(lost(&mut connection).await, "no sign of life for 0.04 s");
    drop(far);
}

#[tokio::test]
async fn the_switchs_reason_for_closing_is_kept() {
    let (mut connection, mut far) = Rig::pair("").await;
    far.close(4001, "token expired").await;
    // Reading goes on at the far end, as a real one does.
    let (why, _) = tokio::join!(async { lost(&mut connection).await }, far.receive());
    assert_eq!(why, "the switch closed the connection: 4001 token expired");
}

#[tokio::test]
async fn a_frame_too_large_ends_the_connection_and_nothing_else() {
    let (mut connection, mut far) = Rig::pair("").await;
    let sending = async {
        let _ = tokio::time::timeout(Duration::from_secs(5), far.send_event(&json!("x".repeat(2 << 20)))).await;
    };
    let (why, ()) = tokio::join!(async { lost(&mut connection).await }, async {
        tokio::select! { () = sending => {} }
    });
    assert!(why.contains("too long") || why.contains("large"), "{why}");
}

#[tokio::test]
async fn odd_frames_come_up_as_unknown_and_without_secrets() {
    let (mut connection, mut far) = Rig::pair("").await;
    far.send_event(&json!({"event": "news", "token": "very-secret", "from": "84951112233"})).await;
    match connection.next().await.expect("an event").event {
        SwitchEvent::Unknown(text) => assert_eq!(text, r#"{"event":"news","from":"8495…33","token":"***"}"#),
        other @ SwitchEvent::Legs(_) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_switch_with_a_wrong_clock_does_not_make_long_conversations() {
    let (mut connection, mut far) = Rig::pair("").await;
    far.send_event(&ringing("a")).await;
    connection.next().await.expect("ringing");
    let mut talking = ringing("a");
    talking["data"][0]["status"] = json!("talking");
    talking["data"][0]["answer_time"] = json!("2026/09/21 21:13:20");
    far.send_event(&talking).await;
    match connection.next().await.expect("talking").event {
        SwitchEvent::Legs(legs) => assert_eq!(legs[0].answered_at, Some(crate::domain::Timestamp(1_790_000_000_000))),
        SwitchEvent::Unknown(text) => panic!("{text}"),
    }
}

/// Drops `next` all the time, at every point it can wait, while frames and commands pass.
#[tokio::test]
async fn next_can_be_dropped_anywhere_without_losing_anything() {
    const MANY: usize = 300;
    let (mut connection, mut far) = Rig::pair("").await;
    let commander = connection.commander();
    let switch = tokio::spawn(async move {
        for n in 0..MANY {
            far.send_event(&ringing(&n.to_string())).await;
            if n % 10 == 0 {
                let asked = far.json().await;
                far.send_event(&json!({"requestId": asked["requestId"], "status": 200})).await;
            }
        }
        far
    });
    let person = tokio::spawn(async move {
        let mut carried_out = 0;
        for _ in 0..MANY / 10 {
            carried_out += usize::from(commander.send(make()).await.is_ok());
        }
        carried_out
    });
    let mut seen = Vec::new();
    while seen.len() < MANY {
        tokio::select! {
            biased;
            event = connection.next() => seen.extend(ids(&event.expect("an event").event)),
            () = tokio::task::yield_now() => {}
        }
    }
    let want: Vec<String> = (0..MANY).map(|n| n.to_string()).collect();
    assert_eq!(seen, want);
    let _far: Far = switch.await.expect("no panic");
    assert_eq!(person.await.expect("no panic"), MANY / 10);
}
