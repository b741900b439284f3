//! What a client may ask, and how it is refused.

use super::support::Bench;
use crate::sandbox::switch::{CommandFault, MakeStyle, PhoneStatus, Subscriber};
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_is_made_own_phone_first() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let (status, answer) = client.command("call.make", json!({"from": "1001", "to": "+79835551122"})).await;
    assert_eq!(status, 200);
    let legs = client.legs().await;
    assert_eq!(super::client::short(&legs[0]), "1001 out 79835551122 alerting");
    assert_eq!(legs[0]["call_id"], answer["call_id"]);
    let call = bench.world.wait_phone("1001", PhoneStatus::Ringing).await.expect("rings").expect("call");
    assert_eq!(answer["call_id"], call.to_string());
    assert!(bench.world.remote_answers(call).await.is_err(), "nobody is called before the own phone is picked up");
    bench.world.phone("1001").pick_up().await.expect("pick up");
    assert_eq!(bench.world.phone("1001").state().expect("phone").status, PhoneStatus::Dialing);
    bench.world.remote_answers(call).await.expect("answer");
    assert_eq!(client.seen().await, "1001 out 79835551122 talking+");
    let (status, _) = client.command("call.release", json!({"id": legs[0]["id"]})).await;
    assert_eq!(status, 200);
    assert_eq!(client.seen().await, "1001 out 79835551122 released+");
    let made = bench.world.wait_command("call.make").await.expect("command");
    assert_eq!((made.status, &made.payload["from"]), (Some(200), &json!("1001")));
    bench.end(client).await;
}

#[tokio::test]
async fn a_call_is_made_straight_out_and_may_find_a_busy_party() {
    let bench = Bench::new().await;
    bench.world.set_make_style(MakeStyle::DirectOut);
    let mut client = bench.client().await;
    let (status, _) = client.command("call.make", json!({"from": "1001", "to": "79835551122"})).await;
    assert_eq!(status, 200);
    assert_eq!(client.seen().await, "1001 out 79835551122 alerting");
    let call = bench.world.calls()[0].id;
    bench.world.remote_busy(call).await.expect("busy");
    assert_eq!(client.seen().await, "1001 out 79835551122 released");
    bench.end(client).await;
}

#[tokio::test]
async fn a_made_call_between_colleagues_rings_the_second_after_the_first() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    client.command("call.make", json!({"from": "1001", "to": "1002"})).await;
    let own = client.legs().await;
    let (status, _) = client.command("call.answer", json!({"id": own[0]["id"]})).await;
    assert_eq!(status, 200);
    assert_eq!(client.seen().await, "1002 in 1001 alerting");
    bench.world.phone("1002").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1001 out 1002 talking+, 1002 in 1001 talking+");
    bench.end(client).await;
}

#[tokio::test]
async fn the_own_phone_may_refuse_a_made_call() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    client.command("call.make", json!({"from": "1001", "to": "79835551122"})).await;
    client.legs().await;
    bench.world.phone("1001").reject().await.expect("reject");
    assert_eq!(client.seen().await, "1001 out 79835551122 released");
    bench.end(client).await;
}

#[tokio::test]
async fn every_command_works_on_its_leg() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    let leg = client.legs().await[0]["id"].clone();
    for (action, seen) in [
        ("call.answer", "1001 in 79835551122 talking+"),
        ("call.hold", "1001 in 79835551122 hold+"),
        ("call.retrieve", "1001 in 79835551122 talking+"),
    ] {
        assert_eq!(client.command(action, json!({"id": leg})).await, (200, json!({})), "{action}");
        assert_eq!(client.seen().await, seen);
    }
    assert_eq!(client.command("call.transfer", json!({"id": leg, "to": "1002"})).await.0, 200);
    assert_eq!(client.seen().await, "1002 in 79835551122 alerting");
    assert_eq!(client.seen().await, "1001 in 79835551122 released+");
    assert_eq!(client.command("call.release", json!({"id": leg})).await.0, 404, "that leg is over");
    bench.end(client).await;
}

#[tokio::test]
async fn refusals_say_why_in_the_switchs_words() {
    let bench = Bench::new().await;
    bench.world.add_subscriber("city", Subscriber::new("1004").api_enabled(false)).expect("phone");
    let mut client = bench.client().await;
    let make = |from: &str| json!({"from": from, "to": "79835551122"});
    for stranger in ["1009", "1004", "4711"] {
        let (status, answer) = client.command("call.make", make(stranger)).await;
        assert_eq!((status, &answer["message"]), (403, &json!("You are not allowed for this command")), "{stranger}");
    }
    assert_eq!(client.command("call.hold", json!({"id": "0651aa00c0ffee01"})).await.0, 404);

    bench.world.external_call("+79835551122", "1005").await;
    let leg = client.legs().await[0]["id"].clone();
    assert_eq!(client.command("call.hold", json!({"id": leg})).await.0, 409, "it does not talk yet");
    let (status, answer) = client.command("call.answer", json!({"id": leg})).await;
    assert_eq!(status, 500, "this phone cannot be picked up from afar");
    let inner: Value = serde_json::from_str(answer.as_str().expect("a string")).expect("JSON in a string");
    assert_eq!((&inner["cmd"], &inner["reason"]), (&json!("call_answer"), &json!("cannot_perform_cmd")));
    let (status, answer) = client.command("call.make", make("1005")).await;
    let text = r#"{"body":"busy","cmd":"make_call","reason":"cannot_perform_cmd"}"#;
    assert_eq!((status, answer), (500, json!(text)));

    assert_eq!(client.command("call.make", make("1001")).await.0, 200);
    client.legs().await;
    assert_eq!(client.command("call.make", make("1001")).await.0, 409, "the same command is running");
    bench.end(client).await;
}

#[tokio::test]
async fn legs_of_others_are_not_there() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1009").await;
    client.silence().await;
    let hidden = bench.world.calls()[0].legs[1].id.to_string();
    assert_eq!(client.command("call.release", json!({"id": hidden})).await.0, 404);
    assert!(!bench.world.calls()[0].legs[1].visible);
    bench.end(client).await;
}

#[tokio::test]
async fn what_no_good_client_sends_is_answered_and_written_down() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    client.send("hello").await;
    assert_eq!(client.frame().await["status"], 400);
    assert_eq!(client.command("call.fly", json!({})).await.0, 404);
    assert_eq!(client.command("call.make", json!({"from": "1001"})).await.0, 400);
    client.send(r#"{"action":"call.hold","requestId":1,"payload":{"id":"x"}}"#).await;
    assert_eq!(client.frame().await["status"], 404);
    let violations = bench.world.violations();
    assert_eq!(violations.len(), 4, "{violations:?}");
    assert!(violations[1].contains("call.fly") && violations[3].contains("used before"), "{violations:?}");
}

#[tokio::test]
async fn commands_go_wrong_when_told() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let payload = json!({"from": "1001", "to": "79835551122"});
    bench.world.next_command(CommandFault::Refuse { status: 503, message: "later".into() });
    assert_eq!(client.command("call.make", payload.clone()).await, (503, json!({"message": "later"})));
    let raw = |id: u64| json!({"action": "call.make", "requestId": id, "payload": payload}).to_string();
    bench.world.next_command(CommandFault::Ignore);
    client.send(&raw(90)).await;
    bench.world.next_command(CommandFault::ActSilently);
    client.send(&raw(91)).await;
    assert_eq!(client.seen().await, "1001 out 79835551122 alerting");
    assert_eq!(bench.world.calls().len(), 1);
    assert_eq!(bench.world.commands().iter().map(|c| c.status).collect::<Vec<_>>(), [Some(503), None, None]);
    bench.end(client).await;
}

#[tokio::test]
async fn events_may_overtake_the_answer() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.events_before_answer = true);
    let mut client = bench.client().await;
    client
        .send(&json!({"action": "call.make", "requestId": 5, "payload": {"from": "1001", "to": "1002"}}).to_string())
        .await;
    assert_eq!(client.seen().await, "1001 out 1002 alerting");
    assert_eq!(client.frame().await["requestId"], 5);
    bench.end(client).await;
}
