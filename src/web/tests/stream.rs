//! The card's live state.

use super::card::ticket;
use super::fake::{COMPANY, ME, call};
use super::{Ask, NOW, Site};
use crate::domain::UserId;
use crate::domain::card::Phase;
use crate::web::guard::Ticket;
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;
use std::pin::Pin;
use std::time::Duration;

/// An open stream, read event by event.
struct Events(Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>);

impl Events {
    async fn open(site: &Site, card: &str) -> Self {
        let response = site.open(Ask::get(&format!("/call/stream?ticket={}&card={card}", ticket(site)))).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self(Box::pin(response.into_body().into_data_stream()))
    }

    /// The next event's text; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let chunk = self.0.next().await?.expect("chunk");
        Some(String::from_utf8(chunk.to_vec()).expect("UTF-8"))
    }

    /// The data of the next event.
    async fn state(&mut self) -> Value {
        let text = self.next().await.expect("the stream goes on");
        assert!(text.contains("event: calls\n") && text.contains("retry: 2000\n"), "{text}");
        let data = text.lines().find_map(|l| l.strip_prefix("data: ")).expect("data");
        serde_json::from_str(data).expect("JSON")
    }
}

#[tokio::test]
async fn the_stream_tells_the_state_and_each_change() {
    let site = Site::new();
    let mut events = Events::open(&site, "crm-1").await;
    let first = events.state().await;
    assert_eq!((&first["online"], &first["current"]), (&true.into(), &Value::Null));

    site.service.change(|w| w.calls = vec![call("c1", ME, Phase::Ringing, &["crm-1"]).into()]);
    let state = events.state().await;
    let current = &state["current"];
    assert_eq!((&current["phase"], &current["direction"]), (&"ringing".into(), &"in".into()));
    assert_eq!((&current["call"], &current["leg"]), (&"c1".into(), &"c1-leg".into()));
    assert_eq!((&current["number"], &current["name"]), (&"+79831234567".into(), &"Пётр".into()));
    assert_eq!((&current["buttons"]["answer"], &current["buttons"]["hold"]), (&true.into(), &false.into()));
    assert_eq!(state["now"], NOW.millis());

    site.service.change(|w| w.calls = vec![call("c1", ME, Phase::Talking, &["crm-1"]).into()]);
    let state = events.state().await;
    assert_eq!(state["current"]["answered_at"], NOW.millis());

    site.service.change(|w| w.online = false);
    let state = events.state().await;
    assert_eq!((&state["online"], &state["current"]["buttons"]["reject"]), (&false.into(), &false.into()));
}

#[tokio::test]
async fn what_colleagues_do_is_not_sent() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    site.service.change(|w| w.calls = vec![call("theirs", UserId(8), Phase::Ringing, &["crm"]).into()]);
    tokio::task::yield_now().await;
    site.service.change(|w| w.calls.push(call("mine", ME, Phase::Ringing, &[]).into()));
    let state = events.state().await;
    assert_eq!(state["calls"].as_array().map(Vec::len), Some(1));
    assert_eq!(state["current"]["call"], "mine");
}

#[tokio::test]
async fn the_oldest_card_of_a_ticket_is_told_that_it_gives_way_and_ends() {
    let site = Site::new();
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut events = Events::open(&site, "").await;
        events.state().await;
        streams.push(events);
    }
    let last = streams[0].next().await.expect("a last event");
    assert!(last.contains("event: gave_way\n"), "{last}");
    assert_eq!(streams[0].next().await, None);
    site.service.change(|w| w.online = false);
    assert_eq!(streams[1].state().await["online"], false, "the others go on");
}

#[tokio::test]
async fn streams_leave_room_for_everything_else() {
    let site = Site::new();
    let mut streams = Vec::new();
    for user in 0..15 {
        let word = Ticket::new(COMPANY.into(), UserId(user), NOW).sign(&site.state.key, NOW);
        let response = site.open(Ask::get(&format!("/call/stream?ticket={word}"))).await;
        assert_eq!(response.status(), StatusCode::OK, "{user}");
        streams.push(response);
    }
    let again = site.send(Ask::get(&format!("/call/stream?ticket={}", ticket(&site)))).await;
    assert_eq!((again.status, again.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "10"));
    drop(streams.pop());
    assert_eq!(site.open(Ask::get(&format!("/call/stream?ticket={}", ticket(&site)))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_stream_ends_with_the_daemon() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    site.shutdown.cancel();
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn the_stream_ends_with_its_company() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    site.service.change(|w| w.served = false);
    assert_eq!(events.next().await, None);
    let again = Ask::get(&format!("/call/stream?ticket={}", ticket(&site)));
    assert_eq!(site.send(again).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_portal_has_to_vouch_again_after_half_a_day() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    site.clock.advance(Duration::from_secs(12 * 60 * 60));
    site.service.change(|w| w.online = false);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_closed_card_leaves_nothing_behind() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    assert_eq!(site.service.watchers(), 1);
    drop(events);
    assert_eq!(site.service.watchers(), 0);
}

#[tokio::test]
async fn a_stream_that_is_not_read_keeps_one_event_and_then_tells_what_is_true_by_then() {
    let site = Site::new();
    let mut events = Events::open(&site, "").await;
    events.state().await;
    for n in 0..10_000 {
        let key = format!("c{n}");
        site.service.change(|w| w.calls = vec![call(&key, ME, Phase::Ringing, &[]).into()]);
        tokio::task::yield_now().await;
    }
    assert_eq!(events.state().await["current"]["call"], "c9999");
    site.service.change(|w| w.online = false);
    assert_eq!(events.state().await["online"], false, "nothing of what was missed comes late");
}
