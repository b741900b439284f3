//! A switch that talks and does not listen.

use super::rig::{Far, Rig};
use crate::domain::link::LinkFault;
use crate::ecss::Connection;
use tokio_tungstenite::tungstenite::Message;

/// Sends without end and reads nothing, until the other side is gone.
async fn only_talks(connection: &mut Connection, far: &mut Far, what: Message) -> String {
    let talking = async {
        loop {
            far.send(what.clone()).await;
        }
    };
    let receiving = async {
        loop {
            match connection.next().await {
                Ok(event) => drop(event),
                Err(LinkFault::Lost(why)) => return why,
                Err(other) => panic!("{other:?}"),
            }
        }
    };
    tokio::select! {
        why = receiving => why,
        () = talking => unreachable!("it talks without end"),
    }
}

#[tokio::test]
async fn a_switch_that_pings_and_never_reads_our_pongs_is_given_up() {
    let long = format!(r#"{{"event":"ping","n":"{}"}}"#, "x".repeat(900));
    for ping in [Message::Ping(vec![b'x'; 125].into()), Message::text(long)] {
        let (mut connection, mut far) = Rig::pair("[heartbeat]\nidle_seconds = 0.5").await;
        let why = only_talks(&mut connection, &mut far, ping).await;
        assert!(why.starts_with("the switch has not read anything for 0.5 s"), "{why}");
    }
}

#[tokio::test]
async fn a_ping_of_a_megabyte_is_answered_in_a_few_bytes() {
    let (mut connection, mut far) = Rig::pair("").await;
    let talking = async {
        far.send(Message::text(format!(r#"{{"event":"ping","n":"{}"}}"#, "x".repeat(1_000_000)))).await;
        assert_eq!(far.receive().await, Some(Message::text(r#"{"event":"pong"}"#)));
    };
    tokio::select! {
        () = talking => {}
        event = connection.next() => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_frame_that_would_take_a_hundred_times_its_size_is_not_read() {
    let (mut connection, mut far) = Rig::pair("").await;
    far.send(Message::text(format!("[{}0]", r#"{"":0},"#.repeat(140_000)))).await;
    let received = connection.next().await.expect("the connection holds").event;
    assert!(format!("{received:?}").contains("far more parts"), "{received:?}");
}
