//! What the page shows, sent again whenever it changes.

use super::{Door, phones};
use crate::sandbox::portal::calls::{FinishedCall, OpenCall};
use crate::sandbox::portal::frames::direction;
use crate::sandbox::portal::handle::portal;
use crate::sandbox::portal::state::Portal;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::sync::watch;

/// Newest records first, this many of them.
const RECORDS: usize = 30;

pub fn routes() -> Router<Door> {
    Router::new().route("/sandbox/view", get(once)).route("/sandbox/live", get(live))
}

#[derive(Deserialize)]
struct Who {
    user: i64,
}

async fn once(State(door): State<Door>, Query(who): Query<Who>) -> Response {
    super::reply::json(200, &view(&door, who.user))
}

struct Watching {
    door: Door,
    user: i64,
    world: watch::Receiver<u64>,
    phones: Option<watch::Receiver<u64>>,
    last: Value,
    first: bool,
}

impl Watching {
    /// The next view that differs from the last one; `None` when the world stops.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if !self.first {
                self.changed().await?;
            }
            self.first = false;
            let now = view(&self.door, self.user);
            if now != self.last {
                self.last.clone_from(&now);
                return Some((Ok(Event::default().event("view").data(now.to_string())), self));
            }
        }
    }

    async fn changed(&mut self) -> Option<()> {
        if self.phones.is_none() {
            self.phones = self.door.world.phones().map(|p| p.changes());
        }
        let stopped = self.door.world.stopped().clone();
        tokio::select! {
            changed = self.world.changed() => changed.ok(),
            changed = async {
                match &mut self.phones {
                    Some(phones) => phones.changed().await,
                    None => std::future::pending().await,
                }
            } => {
                if changed.is_err() {
                    self.phones = None;
                }
                Some(())
            }
            () = stopped.cancelled() => None,
        }
    }
}

async fn live(State(door): State<Door>, Query(who): Query<Who>) -> Response {
    let watching = Watching {
        world: door.world.changes(),
        phones: door.world.phones().map(|p| p.changes()),
        door,
        user: who.user,
        last: Value::Null,
        first: true,
    };
    let mut response =
        Sse::new(stream::unfold(watching, Watching::next)).keep_alive(KeepAlive::default()).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn view(door: &Door, user: i64) -> Value {
    let phones = phones::all(door);
    door.world.with(|state| {
        let portal = portal(state, &door.member_id);
        let users = portal.users.iter().filter(|u| u.kind.is_real() && u.active).map(|u| {
            let busy = portal.screens.of(u.id).is_some();
            json!({ "id": u.id, "name": u.full_name(), "inner": u.inner, "admin": u.admin, "busy": busy })
        });
        let clients = portal
            .clients
            .iter()
            .map(|c| json!({ "id": c.id, "name": c.name, "number": c.number, "entity": c.entity }));
        let tabs = portal.placements.iter().filter(|p| p.code == "CALL_CARD" && portal.app.installed);
        json!({
            "title": portal.title,
            "domain": portal.domain,
            "app": {
                "name": portal.app.name,
                "present": portal.keys.is_some(),
                "installed": portal.app.installed,
                "outgoing": portal.handlers.iter().any(|h| h.event == "ONEXTERNALCALLSTART"),
            },
            "users": users.collect::<Vec<_>>(),
            "clients": clients.collect::<Vec<_>>(),
            "tabs": tabs.map(|p| p.title.clone()).collect::<Vec<_>>(),
            "card": card(portal, user),
            "open": portal.calls.iter().map(|c| open(portal, c)).collect::<Vec<_>>(),
            "records": portal.finished.iter().rev().take(RECORDS).map(|end| record(portal, end)).collect::<Vec<_>>(),
            "missed": portal.missed.len(),
            "feed": portal.feed().iter().rev().collect::<Vec<_>>(),
            "phones": phones,
        })
    })
}

fn card(portal: &Portal, user: i64) -> Value {
    let Some(card) = portal.screens.of(user) else { return Value::Null };
    let running = portal.calls.iter().find(|c| c.id == card.call);
    let call = running.or_else(|| portal.finished.iter().map(|end| &end.call).find(|c| c.id == card.call));
    let mut shown = json!({ "call": card.call, "since": card.since, "finished": running.is_none() });
    if let Some(call) = call {
        shown["about"] = open(portal, call);
    }
    shown
}

fn open(portal: &Portal, call: &OpenCall) -> Value {
    let line = call.line.as_ref().map(|number| {
        portal.lines.get(number).map(|l| l.name.clone()).filter(|n| !n.is_empty()).unwrap_or_else(|| number.clone())
    });
    json!({
        "call": call.id,
        "number": call.number,
        "kind": call.kind,
        "direction": direction(call.kind),
        "user": call.user,
        "line": line,
        "started": call.started,
        "internal": call.internal,
        "client": portal.client(&call.number).map(|c| c.name.clone()),
        "entity": call.bound.as_ref().map(|b| json!({ "type": b.entity, "id": b.id, "created": b.created })),
    })
}

fn record(portal: &Portal, end: &FinishedCall) -> Value {
    json!({
        "row": end.row,
        "user": end.user,
        "duration": end.duration,
        "code": end.code,
        "reason": end.reason,
        "ok": end.succeeded(),
        "finished": end.finished,
        "activity": end.activity,
        "about": open(portal, &end.call),
    })
}
