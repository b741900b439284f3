//! Holding, handing over and taking calls.

use super::support::Bench;
use crate::sandbox::switch::{PhoneStatus, Refusal, Subscriber, TrueLeg};
use std::time::Duration;

#[tokio::test]
async fn hold_and_retrieve_keep_the_answer_time() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    let phone = bench.world.phone("1001");
    assert_eq!(phone.hold().await, Err(Refusal::WrongState("the phone does not talk")));
    phone.pick_up().await.expect("pick up");
    let answered = client.legs().await[0]["answer_time"].clone();
    bench.pass(3);
    phone.hold().await.expect("hold");
    assert_eq!(phone.state().expect("phone").status, PhoneStatus::Held);
    let held = client.legs().await;
    assert_eq!((&held[0]["status"], &held[0]["answer_time"]), (&"hold".into(), &answered));
    phone.retrieve().await.expect("retrieve");
    assert_eq!(client.seen().await, "1001 in 79835551122 talking+");
    bench.end(client).await;
}

#[tokio::test]
async fn a_blind_transfer_keeps_the_call_and_renews_the_legs() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.internal_call("1001", "1002").await.expect("call");
    let first = client.legs().await;
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    bench.pass(10);
    bench.world.phone("1002").transfer("1003").await.expect("transfer");
    let next = client.legs().await;
    assert!(next.iter().all(|leg| leg["call_id"] == first[0]["call_id"]));
    assert!(next.iter().all(|leg| leg["call_ref"] != first[0]["call_ref"] && leg["id"] != first[0]["id"]));
    assert_eq!(
        next.iter().map(super::client::short).collect::<Vec<_>>(),
        ["1001 out 1003 alerting", "1003 in 1001 alerting"]
    );
    assert_eq!(client.seen().await, "1002 in 1001 released+, 1001 out 1002 released+");
    bench.pass(5);
    bench.world.phone("1003").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1001 out 1003 talking+, 1003 in 1001 talking+");
    bench.pass(7);
    bench.world.phone("1001").hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1001 out 1003 released+, 1003 in 1001 released+");
    let truth = bench.world.call(call).expect("truth");
    let talked = |number| truth.legs_of(number).map(|leg| leg.talked().expect("talked")).collect::<Vec<_>>();
    let seconds = Duration::from_secs;
    assert_eq!((talked("1001"), talked("1002")), (vec![seconds(10), seconds(7)], vec![seconds(10)]));
    assert_eq!(talked("1003"), [seconds(7)]);
    bench.end(client).await;
}

#[tokio::test]
async fn a_callers_leg_may_stay_and_releases_may_come_first() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| {
        quirks.transfer_keeps_leg = true;
        quirks.transfer_releases_first = true;
    });
    let mut client = bench.client().await;
    bench.world.internal_call("1001", "1002").await.expect("call");
    client.legs().await;
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    bench.world.phone("1002").transfer("1003").await.expect("transfer");
    assert_eq!(client.seen().await, "1002 in 1001 released+");
    assert_eq!(client.seen().await, "1003 in 1001 alerting");
    bench.world.phone("1003").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1003 in 1001 talking+");
    bench.world.phone("1003").hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1003 in 1001 released+, 1001 out 1002 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn a_transfer_to_nobody_leaves_the_call_as_it_was() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    bench.world.phone("1001").pick_up().await.expect("pick up");
    client.legs().await;
    let refused = bench.world.phone("1001").transfer("77").await;
    assert_eq!(refused, Err(Refusal::CannotPerform("unassignedNumber")));
    client.silence().await;
    bench.world.remote_hangs_up(call).await.expect("hang up");
    assert_eq!(client.seen().await, "1001 in 79835551122 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn after_a_consultation_both_others_are_joined_in_the_first_call() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let first = bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    let phone = bench.world.phone("1001");
    phone.pick_up().await.expect("pick up");
    client.legs().await;
    let second = phone.dial("1002").await.expect("consult");
    let held = client.legs().await;
    assert_eq!(super::client::short(&held[0]), "1001 in 79835551122 hold+");
    assert_eq!(client.seen().await, "1001 out 1002 alerting, 1002 in 1001 alerting");
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    bench.pass(4);
    phone.transfer("1002").await.expect("transfer");
    let joined = client.legs().await;
    assert_eq!(super::client::short(&joined[0]), "1002 in 79835551122 talking+");
    assert_eq!(joined[0]["call_id"], first.to_string());
    assert_ne!(joined[0]["call_ref"], held[0]["call_ref"]);
    let gone = "1001 in 79835551122 released+, 1001 out 1002 released+, 1002 in 1001 released+";
    assert_eq!(client.seen().await, gone);
    assert!(bench.world.call(second).expect("truth").ended.is_some());
    assert_eq!(phone.state().expect("phone").status, PhoneStatus::Idle);
    bench.pass(6);
    bench.world.remote_hangs_up(first).await.expect("hang up");
    assert_eq!(client.seen().await, "1002 in 79835551122 released+");
    let truth = bench.world.call(first).expect("truth");
    assert_eq!(truth.legs_of("1002").next().and_then(TrueLeg::talked), Some(Duration::from_secs(6)));
    bench.end(client).await;
}

#[tokio::test]
async fn a_second_call_is_picked_up_while_the_first_is_held() {
    let bench = Bench::new().await;
    bench.world.add_subscriber("city", Subscriber::new("1001").call_waiting(true)).expect("phone");
    let mut client = bench.client().await;
    let phone = bench.world.phone("1001");
    for number in ["+79830000001", "+79830000002"] {
        bench.world.external_call(number, "1001").await;
        phone.pick_up().await.expect("pick up");
    }
    assert_eq!(client.seen().await, "1001 in 79830000001 alerting");
    assert_eq!(client.seen().await, "1001 in 79830000001 talking+");
    assert_eq!(client.seen().await, "1001 in 79830000002 alerting");
    assert_eq!(client.seen().await, "1001 in 79830000001 hold+");
    assert_eq!(client.seen().await, "1001 in 79830000002 talking+");
    phone.hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1001 in 79830000002 released+");
    assert_eq!(phone.state().expect("phone").status, PhoneStatus::Held);
    bench.end(client).await;
}

#[tokio::test]
async fn a_colleague_takes_what_rings_at_another_phone() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    let rang = client.legs().await;
    let taker = bench.world.phone("1002");
    assert!(taker.pick_up_for("1003").await.is_err());
    taker.pick_up_for("1001").await.expect("take");
    let taken = client.legs().await;
    assert_eq!(super::client::short(&taken[0]), "1002 in 79835551122 talking+");
    assert_eq!(taken[0]["call_id"], rang[0]["call_id"]);
    assert_ne!(taken[0]["call_ref"], rang[0]["call_ref"]);
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    bench.end(client).await;
}

#[tokio::test]
async fn a_transfer_nobody_takes_may_come_back() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.transfer_recalls = true);
    let mut client = bench.client().await;
    let call = bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    bench.world.phone("1001").pick_up().await.expect("pick up");
    client.legs().await;
    bench.world.phone("1001").transfer("1002").await.expect("transfer");
    client.legs().await;
    client.legs().await;
    bench.world.no_answer(call).await.expect("it rings");
    assert_eq!(client.seen().await, "1002 in 79835551122 released");
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    bench.world.no_answer(call).await.expect("it rings again");
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    bench.end(client).await;
}

#[tokio::test]
async fn three_talk_in_a_conference_until_two_have_left() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let first = bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    let phone = bench.world.phone("1001");
    phone.pick_up().await.expect("pick up");
    client.legs().await;
    assert!(phone.conference().await.is_err(), "nobody is held");
    phone.dial("1002").await.expect("consult");
    client.legs().await;
    client.legs().await;
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    phone.conference().await.expect("both are there");
    let shown = client.legs().await;
    let short: Vec<_> = shown.iter().map(super::client::short).collect();
    assert_eq!(short, ["1001 in 79835551122 talking+", "1002 in 79835551122 talking+"]);
    assert!(shown.iter().all(|leg| leg["call_id"] == first.to_string()));
    assert_eq!(client.seen().await, "1001 out 1002 released+, 1002 in 1001 released+");
    phone.hang_up().await.expect("leave");
    assert_eq!(client.seen().await, "1001 in 79835551122 released+");
    bench.world.remote_hangs_up(first).await.expect("the two others still talk");
    assert_eq!(client.seen().await, "1002 in 79835551122 released+");
    bench.end(client).await;
}
