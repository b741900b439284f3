//! Calls that ring at several phones, and calls that find nobody.

use super::support::Bench;
use crate::sandbox::switch::{Forwarding, Pace, PhoneStatus, Refusal, ReleaseCause, RemotePolicy, Subscriber};
use std::time::Duration;

#[tokio::test]
async fn a_group_rings_together_and_the_quickest_wins() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.group_call("+79835551122", &["1001", "1002", "1003"]).await.expect("call");
    let legs = client.legs().await;
    assert_eq!(legs.len(), 3);
    assert!(legs.iter().all(|leg| leg["call_id"] == call.to_string()));
    assert_ne!(legs[0]["call_ref"], legs[1]["call_ref"]);
    bench.world.phone("1002").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1002 in 79835551122 talking+");
    assert_eq!(client.seen().await, "1001 in 79835551122 released, 1003 in 79835551122 released");
    bench.world.phone("1002").hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1002 in 79835551122 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn a_colleague_who_calls_a_group_sees_its_number() {
    let bench = Bench::new().await;
    bench.world.add_group("city", "700", &["1002", "1003"]).expect("group");
    let mut client = bench.client().await;
    bench.world.phone("1001").dial("700").await.expect("dial");
    assert_eq!(client.seen().await, "1001 out 700 alerting, 1002 in 1001 alerting, 1003 in 1001 alerting");
    bench.world.phone("1003").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1001 out 700 talking+, 1003 in 1001 talking+");
    assert_eq!(client.seen().await, "1002 in 1001 released");
    bench.end(client).await;
}

#[tokio::test]
async fn a_member_who_refuses_leaves_the_others_ringing() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.group_call("+79835551122", &["1001", "1002"]).await.expect("call");
    client.legs().await;
    bench.world.phone("1001").reject().await.expect("reject");
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    assert_eq!(bench.world.phone("1002").state().expect("phone").status, PhoneStatus::Ringing);
    bench.world.remote_hangs_up(call).await.expect("the caller gives up");
    assert_eq!(client.seen().await, "1002 in 79835551122 released");
    let truth = bench.world.call(call).expect("truth");
    let causes: Vec<_> = truth.legs.iter().map(|leg| leg.cause.expect("over")).collect();
    assert_eq!(causes, [ReleaseCause::Cancelled, ReleaseCause::Declined, ReleaseCause::Cancelled]);
    bench.end(client).await;
}

#[tokio::test]
async fn a_hunt_rings_one_after_the_other() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.hunt_call("+79835551122", &["1001", "1002", "1003"]).await.expect("call");
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    bench.world.no_answer(call).await.expect("ring out");
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    assert_eq!(client.seen().await, "1002 in 79835551122 alerting");
    bench.world.phone("1002").reject().await.expect("reject");
    assert_eq!(client.seen().await, "1002 in 79835551122 released");
    assert_eq!(client.seen().await, "1003 in 79835551122 alerting");
    bench.world.no_answer(call).await.expect("ring out");
    assert_eq!(client.seen().await, "1003 in 79835551122 released");
    assert!(bench.world.call(call).expect("truth").ended.is_some());
    bench.end(client).await;
}

#[tokio::test]
async fn a_waiting_caller_goes_from_operator_to_operator_and_is_never_lost() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let call = bench.world.queue_call("+79835551122", "112", &["1001", "1002"]).await.expect("call");
    bench.world.queue_offer(call, None).await.expect("offer");
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    assert!(matches!(bench.world.queue_offer(call, None).await, Err(Refusal::WrongState(_))));
    bench.world.phone("1001").reject().await.expect("reject");
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    bench.world.queue_offer(call, None).await.expect("offer");
    assert_eq!(client.seen().await, "1002 in 79835551122 alerting");
    bench.world.phone("1002").pick_up().await.expect("pick up");
    assert_eq!(client.seen().await, "1002 in 79835551122 talking+");
    bench.world.remote_hangs_up(call).await.expect("hang up");
    assert_eq!(client.seen().await, "1002 in 79835551122 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn busy_and_wrong_numbers_end_the_callers_leg_only() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.phone("1002").dial("1003").await.expect("dial");
    client.legs().await;
    for (to, cause) in [("1002", ReleaseCause::Busy), ("77", ReleaseCause::WrongNumber)] {
        let call = bench.world.internal_call("1001", to).await.expect("call");
        assert_eq!(client.seen().await, format!("1001 out {to} alerting"));
        assert_eq!(client.seen().await, format!("1001 out {to} released"));
        assert_eq!(bench.world.call(call).expect("truth").legs[0].cause, Some(cause));
    }
    bench.world.set_quirks(|quirks| quirks.fail_unseen = true);
    bench.world.internal_call("1001", "77").await.expect("call");
    assert_eq!(client.seen().await, "1001 out 77 released");
    let call = bench.world.external_call("+79835551122", "1002").await;
    assert!(bench.world.call(call).expect("truth").ended.is_some(), "busy for a caller from outside, too");
    bench.end(client).await;
}

#[tokio::test]
async fn forwarding_leads_elsewhere_at_once_when_busy_or_when_nobody_answers() {
    let bench = Bench::new().await;
    let forwarded = |number: &str, forward| {
        bench.world.add_subscriber("city", Subscriber::new(number).forwarding(forward)).expect("phone");
    };
    forwarded("1001", Forwarding { always: Some("1002".into()), ..Forwarding::default() });
    forwarded("1002", Forwarding { busy: Some("1003".into()), ..Forwarding::default() });
    forwarded("1003", Forwarding { no_answer: Some("1004".into()), ..Forwarding::default() });
    let mut client = bench.client().await;
    bench.world.external_call("+79830000001", "1001").await;
    assert_eq!(client.seen().await, "1002 in 79830000001 alerting");
    let second = bench.world.external_call("+79830000002", "1001").await;
    assert_eq!(client.seen().await, "1003 in 79830000002 alerting");
    bench.world.no_answer(second).await.expect("ring out");
    assert_eq!(client.seen().await, "1003 in 79830000002 released");
    assert_eq!(client.seen().await, "1004 in 79830000002 alerting");
    forwarded("1005", Forwarding { always: Some("1005".into()), ..Forwarding::default() });
    bench.world.external_call("+79830000003", "1005").await;
    assert_eq!(client.seen().await, "1005 in 79830000003 alerting", "a loop ends after some rounds");
    bench.end(client).await;
}

#[tokio::test]
async fn numbers_outside_do_what_they_are_told() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.set_remote_policy(RemotePolicy::AnswerAfter(Duration::ZERO));
    bench.world.set_remote_policy_for("city", "+79830000404", RemotePolicy::WrongNumber).expect("policy");
    let phone = bench.world.phone("1001");
    phone.dial("+79835551122").await.expect("dial");
    assert_eq!(client.seen().await, "1001 out 79835551122 alerting");
    assert_eq!(client.seen().await, "1001 out 79835551122 talking+");
    phone.hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1001 out 79835551122 released+");
    let call = phone.dial("79830000404").await.expect("dial");
    client.legs().await;
    assert_eq!(client.seen().await, "1001 out 79830000404 released");
    assert_eq!(bench.world.call(call).expect("truth").legs[0].cause, Some(ReleaseCause::WrongNumber));
    bench.world.set_remote_policy(RemotePolicy::Manual);
    let call = phone.dial("+79835551122").await.expect("dial");
    client.legs().await;
    assert!(bench.world.remote_hangs_up(call).await.is_ok(), "the called party may refuse");
    assert_eq!(client.seen().await, "1001 out 79835551122 released");
    bench.end(client).await;
}

#[tokio::test]
async fn lifelike_phones_stop_ringing_by_themselves() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let tick = Some(Duration::from_millis(1));
    bench.world.set_pace(Pace { ring_timeout: tick, hunt_step: tick, queue_offer: tick });
    bench.world.add_queue("city", "112", &["1001"]).expect("queue");
    bench.world.external_call("+79835551122", "112").await;
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    assert_eq!(client.seen().await, "1001 in 79835551122 released");
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting", "the queue offers again");
    let truth = &bench.world.calls()[0];
    assert!(truth.ended.is_none());
    assert_eq!(bench.world.running_calls(), 1);
}
