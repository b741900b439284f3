//! Legs that go on in another call, under their own ids.

use super::client::{Client, short};
use super::support::Bench;
use crate::sandbox::switch::{CallId, Direction, PhoneStatus, PickUpStyle, TrueLeg};
use std::time::Duration;
use tokio::net::TcpStream;

const CLIENT: &str = "+79835551122";

/// The next frame: its legs in short, and whether all of them stand in this call.
async fn seen_in(client: &mut Client<TcpStream>, call: CallId) -> String {
    let legs = client.legs().await;
    assert!(legs.iter().all(|leg| leg["call_id"] == call.to_string()), "not all in {call}: {legs:?}");
    legs.iter().map(short).collect::<Vec<_>>().join(", ")
}

/// A client talks with 1001; the id of its leg.
async fn talking(bench: &Bench, client: &mut Client<TcpStream>) -> (CallId, String) {
    let call = bench.world.external_call(CLIENT, "1001").await;
    client.legs().await;
    bench.world.phone("1001").pick_up().await.expect("pick up");
    let legs = client.legs().await;
    (call, legs[0]["id"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn a_moved_leg_keeps_its_id_and_its_former_call_hears_no_more_of_it() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let (first, id) = talking(&bench, &mut client).await;
    bench.pass(4);
    let second = bench.world.move_call(first, true).expect("it talks");
    let moved = client.legs().await;
    assert_eq!((moved[0]["id"].as_str(), short(&moved[0]).as_str()), (Some(&*id), "1001 in 79835551122 talking+"));
    assert_eq!(moved[0]["call_id"], second.to_string());
    bench.pass(3);
    let third = bench.world.move_call(second, false).expect("it talks");
    bench.pass(2);
    bench.world.remote_hangs_up(third).await.expect("it talks");
    assert_eq!(seen_in(&mut client, third).await, "1001 in 79835551122 released+");
    let talked = |call| bench.world.call(call).expect("truth").legs_of("1001").map(TrueLeg::talked).collect::<Vec<_>>();
    let seconds = |n| vec![Some(Duration::from_secs(n))];
    assert_eq!((talked(first), talked(second), talked(third)), (seconds(4), seconds(3), seconds(2)));
    let left = bench.world.call(first).expect("truth");
    assert_eq!((left.legs.iter().all(|leg| leg.moved_to == Some(second)), left.ended.is_some()), (true, true));
    assert!(bench.world.phone("1001").state().expect("phone").legs.is_empty());
    bench.end(client).await;
}

#[tokio::test]
async fn a_leg_may_move_while_it_rings_and_move_back() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let first = bench.world.external_call(CLIENT, "1001").await;
    assert_eq!(seen_in(&mut client, first).await, "1001 in 79835551122 alerting");
    let second = bench.world.move_call(first, true).expect("it rings");
    assert_eq!(seen_in(&mut client, second).await, "1001 in 79835551122 alerting");
    assert!(bench.world.move_call_back(second, second, true).is_err(), "it is there already");
    bench.world.move_call_back(second, first, false).expect("it rings");
    bench.world.phone("1001").pick_up().await.expect("pick up");
    assert_eq!(seen_in(&mut client, first).await, "1001 in 79835551122 talking+");
    bench.pass(5);
    bench.world.phone("1001").hang_up().await.expect("hang up");
    assert_eq!(seen_in(&mut client, first).await, "1001 in 79835551122 released+");
    assert!(bench.world.calls().iter().all(|call| call.ended.is_some()));
    bench.end(client).await;
}

#[tokio::test]
async fn both_legs_of_two_colleagues_move_together() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let first = bench.world.internal_call("1001", "1002").await.expect("call");
    client.legs().await;
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    let second = bench.world.move_call(first, true).expect("they talk");
    assert_eq!(seen_in(&mut client, second).await, "1001 out 1002 talking+, 1002 in 1001 talking+");
    bench.world.phone("1002").hang_up().await.expect("hang up");
    assert_eq!(seen_in(&mut client, second).await, "1002 in 1001 released+, 1001 out 1002 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn who_is_parked_is_taken_back_by_another_telephone() {
    for tells_talking in [false, true] {
        let bench = Bench::new().await;
        bench.world.set_quirks(|quirks| quirks.park_tells_talking = tells_talking);
        let mut client = bench.client().await;
        let (first, id) = talking(&bench, &mut client).await;
        bench.pass(6);
        let parking = bench.world.phone("1001").park().await.expect("it talks");
        assert_ne!(first, parking);
        if tells_talking {
            assert_eq!(seen_in(&mut client, parking).await, "1001 in 79835551122 talking+");
        }
        let gone = client.legs().await;
        assert_eq!((gone[0]["id"].as_str(), short(&gone[0]).as_str()), (Some(&*id), "1001 in 79835551122 released+"));
        assert_eq!(gone[0]["call_id"], parking.to_string());
        bench.pass(10);
        bench.world.phone("1002").take_back("*69", parking).await.expect("somebody waits");
        let dialled = client.legs().await;
        assert_eq!(short(&dialled[0]), "1002 out *69 alerting");
        assert_ne!(dialled[0]["call_id"], parking.to_string(), "a call of its own at first");
        let taken = client.legs().await;
        assert_eq!((&taken[0]["id"], short(&taken[0]).as_str()), (&dialled[0]["id"], "1002 in 79835551122 talking+"));
        assert_eq!(taken[0]["call_id"], parking.to_string());
        bench.pass(7);
        bench.world.remote_hangs_up(parking).await.expect("they talk");
        assert_eq!(seen_in(&mut client, parking).await, "1002 in 79835551122 released+");
        let talked = |call, number| {
            let truth = bench.world.call(call).expect("truth");
            truth.legs_of(number).filter_map(TrueLeg::talked).sum::<Duration>().as_secs()
        };
        assert_eq!((talked(first, "1001"), talked(parking, "1001"), talked(parking, "1002")), (6, 0, 7));
        assert_eq!(bench.world.running_calls(), 0);
        bench.end(client).await;
    }
}

#[tokio::test]
async fn parking_and_taking_back_can_be_dialled() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    talking(&bench, &mut client).await;
    bench.world.phone("1001").dial("*68").await.expect("it talks");
    assert_eq!(client.seen().await, "1001 in 79835551122 hold+");
    assert_eq!(client.seen().await, "1001 in 79835551122 released+");
    assert_eq!(client.seen().await, "1001 out *68 alerting");
    assert_eq!(client.seen().await, "1001 out *68 talking+");
    bench.world.phone("1001").hang_up().await.expect("the announcement is over");
    assert_eq!(client.seen().await, "1001 out *68 released+");
    let call = bench.world.phone("1003").dial("*69").await.expect("somebody waits");
    assert_eq!(client.seen().await, "1003 out *69 alerting");
    assert_eq!(seen_in(&mut client, call).await, "1003 in 79835551122 talking+");
    assert!(bench.world.phone("1002").dial("*69").await.is_err(), "nobody else waits");
    bench.end(client).await;
}

#[tokio::test]
async fn picking_up_with_a_code_moves_the_leg_into_the_call_it_takes_or_shows_the_client_in_its_own() {
    let styles =
        [(PickUpStyle::Moves, false, "in"), (PickUpStyle::Moves, true, "out"), (PickUpStyle::OwnCall, false, "out")];
    for (style, stays_out, direction) in styles {
        let bench = Bench::new().await;
        bench.world.set_quirks(|quirks| (quirks.pick_up, quirks.code_stays_out) = (style, stays_out));
        let mut client = bench.client().await;
        let first = bench.world.external_call(CLIENT, "1001").await;
        client.legs().await;
        let call = bench.world.phone("1002").dial("*81001").await.expect("it rings there");
        assert_eq!(call == first, style == PickUpStyle::Moves);
        let dialled = client.legs().await;
        assert_eq!(short(&dialled[0]), "1002 out *81001 alerting");
        assert_eq!(dialled[0]["call_id"] == call.to_string(), style == PickUpStyle::OwnCall);
        let taken = client.legs().await;
        assert_eq!(taken.iter().map(|leg| &leg["id"]).collect::<Vec<_>>(), [&dialled[0]["id"]]);
        assert_eq!(short(&taken[0]), format!("1002 {direction} 79835551122 talking+"));
        assert_eq!(taken[0]["call_id"], call.to_string());
        assert_eq!(seen_in(&mut client, first).await, "1001 in 79835551122 released");
        bench.pass(3);
        bench.world.remote_hangs_up(call).await.expect("they talk");
        assert_eq!(seen_in(&mut client, call).await, format!("1002 {direction} 79835551122 released+"));
        assert_eq!(bench.world.running_calls(), 0);
        bench.end(client).await;
    }
}

#[tokio::test]
async fn joining_may_move_the_consulted_leg_instead_of_making_a_new_one() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.join_moves_legs = true);
    let mut client = bench.client().await;
    let (first, _) = talking(&bench, &mut client).await;
    let phone = bench.world.phone("1001");
    phone.dial("1002").await.expect("consult");
    client.legs().await;
    let rang = client.legs().await;
    bench.world.phone("1002").pick_up().await.expect("pick up");
    client.legs().await;
    bench.pass(4);
    phone.transfer("1002").await.expect("both are there");
    let joined = client.legs().await;
    assert_eq!((&joined[0]["id"], &joined[0]["call_id"]), (&rang[1]["id"], &first.to_string().into()));
    assert_eq!(short(&joined[0]), "1002 in 79835551122 talking+");
    let gone = "1001 in 79835551122 released+, 1001 out 1002 released+";
    assert_eq!(seen_in(&mut client, first).await, gone);
    assert_eq!(bench.world.phone("1001").state().expect("phone").status, PhoneStatus::Idle);
    bench.pass(6);
    bench.world.phone("1002").hang_up().await.expect("they talk");
    assert_eq!(seen_in(&mut client, first).await, "1002 in 79835551122 released+");
    let truth = bench.world.call(first).expect("truth");
    let with_client = truth.legs_of("1002").find(|leg| leg.direction == Direction::In);
    assert_eq!(with_client.and_then(TrueLeg::talked), Some(Duration::from_secs(6)));
    bench.end(client).await;
}
