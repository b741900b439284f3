//! Other ways to say the same.

use super::support::Bench;
use crate::sandbox::switch::{Aliases, CauseStyle};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn one_leg_per_frame_without_a_list() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.single_object = true);
    let mut client = bench.client().await;
    bench.world.internal_call("1001", "1002").await.expect("call");
    assert_eq!(client.frame().await["data"]["digits"], "1001");
    assert_eq!(client.frame().await["data"]["digits"], "1002");
}

#[tokio::test]
async fn json_within_a_string() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.string_payload = true);
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    let frame = client.frame().await;
    let legs: Value = serde_json::from_str(frame["data"].as_str().expect("a string")).expect("JSON");
    assert_eq!(legs[0]["digits"], "1001");
}

#[tokio::test]
async fn other_names_for_everything() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| {
        quirks.aliases = Aliases { token: false, ..Aliases::all() };
        quirks.has_answer_time = true;
        quirks.keep_plus = true;
        quirks.answer_skew_ms = 61_000;
    });
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    let frame = client.frame().await;
    assert_eq!(frame["type"], "conversations_event");
    let leg = &frame["payload"][0];
    assert_eq!((&leg["status"], &leg["remoteDigits"]), (&json!("ringing"), &json!("+79835551122")));
    assert_eq!(leg["hasAnswerTime"], false);
    bench.world.phone("1001").pick_up().await.expect("pick up");
    let leg = client.frame().await["payload"][0].clone();
    assert_eq!((&leg["status"], &leg["answerTime"]), (&json!("connected"), &json!("2026/09/03 15:44:47")));
    bench.world.phone("1001").hold().await.expect("hold");
    assert_eq!(client.frame().await["payload"][0]["status"], "held");
    bench.world.phone("1001").hang_up().await.expect("hang up");
    assert_eq!(client.frame().await["payload"][0]["status"], "terminated");
}

#[tokio::test]
async fn a_hidden_caller_has_no_number() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.external_call("", "1001").await;
    assert_eq!(client.legs().await[0]["remote_digits"], Value::Null);
}

#[tokio::test]
async fn causes_as_words_or_numbers() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    for (style, cause) in [
        (CauseStyle::Absent, Value::Null),
        (CauseStyle::Words, json!("unassignedNumber")),
        (CauseStyle::Sip, json!(404)),
    ] {
        bench.world.set_quirks(|quirks| quirks.cause = style);
        bench.world.internal_call("1001", "77").await.expect("call");
        assert_eq!(client.legs().await[0]["cause"], Value::Null, "only released legs have one");
        assert_eq!(client.legs().await[0]["cause"], cause);
    }
}

#[tokio::test]
async fn every_event_twice() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.duplicate_events = true);
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    assert_eq!(client.frame().await, client.frame().await);
    bench.end(client).await;
}

#[tokio::test]
async fn neighbours_change_places_and_a_lonely_frame_still_comes() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.reorder = true);
    let mut client = bench.client().await;
    let (phone, other) = (bench.world.phone("1002"), bench.world.phone("1001"));
    bench.world.internal_call("1001", "1002").await.expect("call");
    phone.pick_up().await.expect("pick up");
    other.hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1002 in 1001 talking+, 1001 out 1002 talking+");
    assert_eq!(client.seen().await, "1002 in 1001 alerting, 1001 out 1002 alerting");
    assert_eq!(client.seen().await, "1002 in 1001 released+, 1001 out 1002 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn late_events_come_after_the_answer_and_in_order() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| {
        quirks.late_events = Some(Duration::from_millis(20));
        quirks.events_before_answer = true;
    });
    let mut client = bench.client().await;
    let make = json!({"action": "call.make", "requestId": 1, "payload": {"from": "1001", "to": "1002"}});
    client.send(&make.to_string()).await;
    assert_eq!(client.frame().await["status"], 200);
    bench.world.phone("1001").reject().await.expect("reject");
    assert_eq!(client.seen().await, "1001 out 1002 alerting");
    assert_eq!(client.seen().await, "1001 out 1002 released");
}

#[tokio::test]
async fn a_newcomer_may_or_may_not_hear_of_running_calls() {
    let bench = Bench::new().await;
    bench.world.internal_call("1001", "1002").await.expect("call");
    let mut client = bench.client().await;
    client.silence().await;
    bench.world.set_quirks(|quirks| quirks.replay_on_connect = true);
    let mut second = bench.client().await;
    assert_eq!(second.seen().await, "1001 out 1002 alerting, 1002 in 1001 alerting");
    bench.world.set_quirks(|quirks| {
        quirks.replay_on_connect = false;
        quirks.no_open_message = true;
    });
    let mut third = super::client::Client::open(bench.addr, &bench.token().await).await.expect("socket");
    third.silence().await;
}

#[tokio::test]
async fn without_csta_only_calls_that_a_command_began_are_told() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.csta_off = true);
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    client.command("call.make", json!({ "from": "1002", "to": "+79835551133" })).await;
    assert_eq!(client.legs().await[0]["digits"], "1002");
}
