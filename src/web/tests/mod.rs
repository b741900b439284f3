//! Handlers through the real router, with a service that lives in memory.

mod admin;
mod card;
mod employees;
mod fake;
mod front;
mod login;
mod ops;
mod pages;
mod portal;
mod self_check;
mod setup;
mod state;
mod stream;

use super::{OpsDoor, WebState, ops_router, router};
use crate::clock::Clock;
use crate::domain::Timestamp;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use fake::FakeOffice;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const BASE: &str = "https://pbx.example:8802/bitrix";
const NOW: Timestamp = Timestamp(1_770_000_000_000);

/// The whole web layer over a [`FakeOffice`].
pub(super) struct Site {
    router: Router,
    ops: Router,
    service: Arc<FakeOffice>,
    state: WebState,
    clock: Clock,
    shutdown: CancellationToken,
}

impl Site {
    pub(super) fn new() -> Self {
        Self::under(BASE, &["/bitrix"])
    }

    fn under(base: &str, prefixes: &[&str]) -> Self {
        let service = Arc::new(FakeOffice::new());
        let clock = Clock::manual(NOW);
        let shutdown = CancellationToken::new();
        let prefixes = prefixes.iter().map(|p| (*p).to_owned()).collect();
        let state = WebState::new(service.clone(), base, prefixes, [7; 32], clock.clone(), shutdown.clone(), 40);
        Self {
            router: router(state.clone()),
            ops: ops_router(state.clone(), OpsDoor::Port),
            service,
            state,
            clock,
            shutdown,
        }
    }

    async fn open(&self, ask: Ask) -> Response {
        self.router.clone().oneshot(ask.request()).await.expect("the router does not fail")
    }

    async fn send(&self, ask: Ask) -> Reply {
        Reply::of(self.open(ask).await).await
    }

    pub(super) async fn get(&self, uri: &str) -> Reply {
        self.send(Ask::get(uri)).await
    }

    async fn post(&self, uri: &str, form: &str) -> Reply {
        self.send(Ask::post(uri, form)).await
    }
}

/// A request.
struct Ask {
    builder: axum::http::request::Builder,
    body: Body,
}

impl Ask {
    fn new(method: &str, uri: &str, body: impl Into<Body>) -> Self {
        Self { builder: Request::builder().method(method).uri(uri), body: body.into() }
    }

    fn get(uri: &str) -> Self {
        Self::new("GET", uri, Body::empty())
    }

    fn post(uri: &str, form: &str) -> Self {
        Self::new("POST", uri, form.to_owned()).header("content-type", "application/x-www-form-urlencoded")
    }

    fn put(uri: &str, json: &str) -> Self {
        Self::new("PUT", uri, json.to_owned()).header("content-type", "application/json")
    }

    fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// With the session of the fake's administrator.
    fn admin(self) -> Self {
        self.header("cookie", "other=1; ecss_crm_session=good")
    }

    fn json(self) -> Self {
        self.header("accept", "application/json")
    }

    /// As a browser navigates.
    fn html(self) -> Self {
        self.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    }

    fn english(self) -> Self {
        self.header("accept-language", "en")
    }

    fn request(self) -> Request<Body> {
        self.builder.body(self.body).expect("request")
    }
}

/// An answer, read whole.
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("body");
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.into()).expect("UTF-8") }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("text"))
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// Asserts that the page holds all of these.
    #[track_caller]
    fn shows(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.body.contains(text), "{text:?} is not in\n{}", self.body);
        }
    }

    #[track_caller]
    fn hides(&self, texts: &[&str]) {
        for text in texts {
            assert!(!self.body.contains(text), "{text:?} is in\n{}", self.body);
        }
    }
}
