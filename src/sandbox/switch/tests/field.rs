//! What the field does beside: codes, numbers that change, ends that are never reported.

use super::support::Bench;
use crate::sandbox::switch::{HiddenStyle, PhoneStatus, RemotePolicy};
use std::time::Duration;

const CLIENT: &str = "+79835551122";
const CODES: [&str; 6] =
    ["*160*1001*4321#", "#160", "*71#", "*21*89161234567#", "**62*+79161234567#", "*6789161234567"];

#[tokio::test]
async fn a_dialled_code_looks_like_a_call_with_everything_that_was_dialled() {
    for code in CODES {
        let bench = Bench::new().await;
        let mut client = bench.client().await;
        bench.world.phone("1001").dial(code).await.expect("the phone is free");
        assert_eq!(client.seen().await, format!("1001 out {code} alerting"));
        assert_eq!(client.seen().await, format!("1001 out {code} talking+"));
        bench.world.phone("1001").hang_up().await.expect("an announcement");
        assert_eq!(client.seen().await, format!("1001 out {code} released+"));
        bench.end(client).await;
    }
}

#[tokio::test]
async fn a_code_may_be_refused_or_ring_for_ever() {
    let bench = Bench::new().await;
    bench.world.set_remote_policy_for("city", "*71#", RemotePolicy::WrongNumber).expect("the domain is there");
    bench.world.set_remote_policy_for("city", "#160", RemotePolicy::NoAnswer).expect("the domain is there");
    let mut client = bench.client().await;
    bench.world.phone("1001").dial("*71#").await.expect("the phone is free");
    assert_eq!(client.seen().await, "1001 out *71# alerting");
    assert_eq!(client.seen().await, "1001 out *71# released");
    bench.world.phone("1001").dial("#160").await.expect("the phone is free");
    assert_eq!(client.seen().await, "1001 out #160 alerting");
    bench.world.phone("1001").hang_up().await.expect("it rings");
    assert_eq!(client.seen().await, "1001 out #160 released");
    bench.end(client).await;
}

#[tokio::test]
async fn the_emergency_services_can_be_dialled_and_an_unknown_short_number_cannot() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.phone("1001").dial("112").await.expect("the phone is free");
    assert_eq!(client.seen().await, "1001 out 112 alerting");
    bench.world.remote_answers(call).await.expect("it rings there");
    assert_eq!(client.seen().await, "1001 out 112 talking+");
    bench.world.phone("1002").dial("113").await.expect("the phone is free");
    assert_eq!(client.seen().await, "1002 out 113 alerting");
    assert_eq!(client.seen().await, "1002 out 113 released");
    bench.end(client).await;
}

#[tokio::test]
async fn the_other_number_may_change_at_once_or_with_the_next_news() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.external_call("91201", "1001").await;
    assert_eq!(client.seen().await, "1001 in 91201 alerting");
    let phone = bench.world.phone("1001");
    let old = phone.picture().expect("it rings");
    phone.remote_will_be(CLIENT).expect("it rings");
    phone.pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1001 in 79835551122 talking+");
    bench.world.report_late(old);
    assert_eq!(client.seen().await, "1001 in 91201 alerting");
    bench.pass(3);
    phone.remote_becomes("+73832000010").expect("it talks");
    assert_eq!(client.seen().await, "1001 in 73832000010 talking+");
    bench.world.remote_hangs_up(call).await.expect("they talk");
    assert_eq!(client.seen().await, "1001 in 73832000010 released+");
    let truth = bench.world.call(call).expect("truth");
    let leg = truth.legs_of("1001").next().expect("a leg");
    let before: Vec<&str> = leg.earlier_remotes.iter().map(|(_, number)| number.as_str()).collect();
    assert_eq!((before, leg.remote.as_str()), (vec!["91201", CLIENT], "+73832000010"));
    bench.end(client).await;
}

#[tokio::test]
async fn a_whole_group_learns_the_number_while_it_rings() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.group_call("", &["1001", "1002"]).await.expect("both are free");
    assert_eq!(client.seen().await, "1001 in - alerting, 1002 in - alerting");
    bench.world.remote_becomes(call, CLIENT).expect("it rings");
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting, 1002 in 79835551122 alerting");
    bench.end(client).await;
}

#[tokio::test]
async fn a_hidden_number_is_written_as_the_installation_does() {
    let styles = [
        (HiddenStyle::Null, serde_json::Value::Null),
        (HiddenStyle::Empty, "".into()),
        (HiddenStyle::Word, "anonymous".into()),
    ];
    for (style, written) in styles {
        let bench = Bench::new().await;
        bench.world.set_quirks(|quirks| quirks.hidden = style);
        let mut client = bench.client().await;
        bench.world.external_call("", "1001").await;
        assert_eq!(client.legs().await[0]["remote_digits"], written);
        bench.end(client).await;
    }
}

#[tokio::test]
async fn a_forgotten_leg_is_never_told_of_again_until_somebody_remembers() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.replay_on_connect = true);
    let mut client = bench.client().await;
    let call = bench.world.internal_call("1001", "1002").await.expect("call");
    client.legs().await;
    bench.world.phone("1001").forget().expect("it dials");
    bench.world.phone("1002").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1002 in 1001 talking+");
    bench.world.forget_call(call).expect("they talk");
    let mut second = bench.client().await;
    bench.pass(40_000);
    bench.world.phone("1002").hang_up().await.expect("they talk");
    client.silence().await;
    second.silence().await;
    assert_eq!(bench.world.phone("1002").state().expect("phone").status, PhoneStatus::Idle);
    bench.world.remember_call(call).expect("known");
    assert_eq!(client.seen().await, "1001 out 1002 released+, 1002 in 1001 released+");
    let truth = bench.world.call(call).expect("truth");
    assert!(truth.legs.iter().all(|leg| leg.talked() == Some(Duration::from_secs(40_000))), "{truth:?}");
    bench.end(client).await;
}
