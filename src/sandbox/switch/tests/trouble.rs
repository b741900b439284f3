//! Nodes, sockets and clients that fail.

use super::client::{Client, register};
use super::support::Bench;
use crate::sandbox::switch::{Heartbeat, HeartbeatStyle, LegStatus, SwitchWorld, What};
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn tokens_belong_to_one_node() {
    let bench = Bench::new().await;
    let second = bench.world.listen("127.0.0.1:0".parse().expect("address"), None).await.expect("listen");
    let other = bench.world.node_addr(second).expect("address");
    let token = bench.token().await;
    assert_eq!(Client::open(other, &token).await.err(), Some(401));
    let mut here = bench.client().await;
    let (_, body) = register(other, "crm", bench.key.expose_secret(), "city").await;
    let mut there = Client::open(other, body["token"].as_str().expect("token")).await.expect("socket");
    there.frame().await;
    bench.world.external_call("+79835551122", "1001").await;
    assert_eq!(here.seen().await, there.seen().await, "every socket of the integration gets it");
    assert_eq!((bench.world.links(), bench.world.links_on(second)), (2, 1));
    assert_eq!(bench.world.base_urls().len(), 2);
}

#[tokio::test]
async fn a_restart_forgets_tokens_and_sockets_but_not_calls() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let token = bench.token().await;
    bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    bench.world.restart();
    assert_eq!(bench.world.links(), 0);
    assert!(client.message().await.is_none());
    assert_eq!(Client::open(bench.addr, &token).await.err(), Some(401));
    bench.world.phone("1001").pick_up().await.expect("the call goes on, unheard");
    let mut client = bench.client().await;
    bench.world.wait_linked(1).await.expect("linked again");
    bench.world.phone("1001").hang_up().await.expect("hang up");
    assert_eq!(client.seen().await, "1001 in 79835551122 released+");
    bench.end(client).await;
}

#[tokio::test]
async fn a_stopped_node_is_not_there_until_it_starts() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.stop_node(0).await;
    assert!(client.message().await.is_none());
    assert!(TcpStream::connect(bench.addr).await.is_err());
    bench.world.start_node(0).await.expect("the same address");
    bench.world.start_node(0).await.expect("starting twice is fine");
    bench.end(bench.client().await).await;
}

#[tokio::test]
async fn dropped_links_keep_their_tokens_and_evicted_ones_hear_why() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let mut client = Client::open(bench.addr, &token).await.expect("socket");
    client.frame().await;
    bench.world.drop_links();
    assert!(client.message().await.is_none());
    bench.world.wait_unlinked().await.expect("gone");
    let mut client = Client::open(bench.addr, &token).await.expect("the token is still good");
    client.frame().await;
    bench.world.evict("crm");
    assert!(matches!(client.message().await, Some(Message::Close(Some(frame))) if u16::from(frame.code) == 4001));
    bench.world.set_quirks(|quirks| quirks.evict_older = true);
    let mut older = bench.client().await;
    let newer = bench.client().await;
    assert!(matches!(older.message().await, Some(Message::Close(Some(_)))));
    assert_eq!((bench.world.links(), bench.world.links_of("crm")), (1, 1));
    bench.end(newer).await;
}

#[tokio::test]
async fn pings_are_answered_in_either_style() {
    let bench = Bench::new().await;
    bench.world.set_heartbeat(Heartbeat { every: None, style: HeartbeatStyle::Both, misses: 1 });
    let mut client = bench.client().await;
    bench.world.ping_now();
    assert!(matches!(client.message().await, Some(Message::Ping(_))));
    assert_eq!(client.frame().await["event"], "ping");
    client.send(r#"{"event":"pong"}"#).await;
    bench.world.wait_pongs(2).await.expect("the library answers the other");
}

#[tokio::test]
async fn who_does_not_answer_pings_is_closed() {
    let bench = Bench::new().await;
    let every = Some(Duration::from_millis(10));
    bench.world.set_heartbeat(Heartbeat { every, style: HeartbeatStyle::Text, misses: 2 });
    let mut client = bench.client().await;
    let mut pings = 0;
    while let Some(message) = client.message().await {
        pings += u32::from(message.is_text());
        assert!(pings <= 2, "the socket should have been closed");
    }
    assert_eq!(pings, 2);
    bench.world.wait_unlinked().await.expect("gone");
    let ended =
        |entry: &crate::sandbox::switch::Entry| matches!(&entry.what, What::Unlinked(why) if why.contains("pings"));
    assert!(bench.world.journal().iter().any(ended));
}

#[tokio::test]
async fn a_frozen_link_stays_open_and_says_nothing() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.freeze_links();
    bench.world.external_call("+79835551122", "1001").await;
    client.send(r#"{"event":"ping"}"#).await;
    let silence = tokio::time::timeout(Duration::from_millis(100), client.message()).await;
    assert!(silence.is_err(), "nothing comes, not even an end");
    assert_eq!(bench.world.links(), 1);
    bench.world.drop_links();
    assert!(client.message().await.is_none());
}

#[tokio::test]
async fn senseless_frames_can_be_sent() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    bench.world.send_raw("<html>");
    assert!(matches!(client.message().await, Some(Message::Text(text)) if text.as_str() == "<html>"));
}

#[tokio::test]
async fn domains_do_not_see_each_other() {
    let bench = Bench::new().await;
    bench.world.add_domain("town");
    bench.world.add_integration("town", "crm", "").expect("the same client id in another domain");
    bench.world.add_subscriber("town", crate::sandbox::switch::Subscriber::new("1001")).expect("phone");
    let client = bench.client().await;
    let town = bench.world.domain("town");
    town.external_call("+79835551122", "1001").await;
    assert_eq!(town.phones()[0].status.word(), "ringing");
    assert_eq!(bench.world.phone("1001").state().expect("phone").status.word(), "idle");
    bench.end(client).await;
}

#[tokio::test]
async fn a_dropped_world_closes_everything() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let addr = bench.addr;
    drop(bench);
    assert!(client.message().await.is_none());
    super::client::soon("the address to be free", async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_demonstration_is_furnished_soundly() {
    let world = SwitchWorld::new(crate::clock::Clock::system());
    world.furnish_demo().expect("furnished");
    assert_eq!(world.phones().len(), 5);
    world.external_call("+79835551122", "600").await;
    assert!(world.phones().iter().all(|phone| phone.status.word() == "ringing"));
    assert!(world.furnish_demo().is_err(), "once only");
}

#[tokio::test]
async fn a_crash_takes_the_calls_with_it_and_nobody_hears_of_them_again() {
    let bench = Bench::new().await;
    bench.world.set_quirks(|quirks| quirks.replay_on_connect = true);
    let mut client = bench.client().await;
    let call = bench.world.external_call("+79835551122", "1001").await;
    client.legs().await;
    bench.world.crash();
    assert!(client.message().await.is_none());
    assert!(bench.world.call(call).is_some_and(|call| call.ended.is_some()));
    assert!(bench.world.phone("1001").pick_up().await.is_err(), "the telephone is on the hook");
    let mut client = bench.client().await;
    bench.world.external_call("+79835551122", "1001").await;
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    bench.end(client).await;
}

#[tokio::test]
async fn the_world_remembers_what_each_socket_was_sent() {
    let bench = Bench::new().await;
    bench.world.keep_shown();
    let call = bench.world.external_call("+79835551122", "1001").await;
    let legs = || bench.world.call(call).expect("the call").legs;
    let shown = || legs().into_iter().find(|leg| leg.own == "1001").expect("the phone's leg").shown;
    assert_eq!(shown(), [], "nobody listened");
    let mut client = bench.client().await;
    bench.world.phone("1001").pick_up().await.expect("it rings");
    client.legs().await;
    bench.pass(2);
    bench.world.drop_links();
    assert!(client.message().await.is_none());
    let ended = |_: &SwitchWorld| shown().first().and_then(|shown| shown.socket_ended);
    bench.world.wait_for("the end of the socket", ended).await.expect("it is noted");
    bench.world.phone("1001").hang_up().await.expect("it talks");
    let [talking] = shown()[..] else { panic!("{:?}", shown()) };
    assert_eq!(talking.status, LegStatus::Talking);
    assert!(talking.survived(Duration::from_secs(2)) && !talking.survived(Duration::from_secs(3)));
}

#[tokio::test]
async fn raw_frames_can_be_sent_to_one_integration_alone() {
    let bench = Bench::new().await;
    let other = bench.world.add_integration("city", "other", "").expect("an integration");
    let (_, body) = register(bench.addr, "other", other.expose_secret(), "city").await;
    let mut stranger = Client::open(bench.addr, body["token"].as_str().expect("token")).await.expect("socket");
    stranger.frame().await;
    let mut client = bench.client().await;
    assert!(bench.world.send_raw_to("crm", r#"{"event":"weather"}"#));
    assert_eq!(client.frame().await["event"], "weather");
    bench.world.external_call("+79835551122", "1009").await;
    assert_eq!(stranger.seen().await, "1009 in 79835551122 alerting", "the first thing it gets");
    bench.end(client).await;
}
