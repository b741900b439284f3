//! The witness itself is judged here: over real sockets it must show the portal's documented behaviour.

mod cards;
mod delivery;
mod faults;
mod listing;
mod oauth;
mod page;
mod php;
mod protocol;
mod telephony;
mod values;

use super::world::{PortalWorld, WorldOptions};
use super::{PortalSpec, SimPortal};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::http::{ClientOptions, Trusted};
use crate::sandbox::certs::Certs;
use axum::Router;
use axum::routing::any;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// 1 January 2026, 12:00 UTC.
const NOON: Timestamp = Timestamp(1_767_268_800_000);
const IVANOV: i64 = 7;
const PETROV: i64 = 8;
const ADMIN: i64 = 1;
const NUMBER: &str = "+79835551122";
const CALL_NOT_FOUND: &str = "Call is not found (call should be registered prior to finishing";

/// A world with one portal and somebody who calls it.
struct Stage {
    world: PortalWorld,
    portal: SimPortal,
    client: reqwest::Client,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        Self::of(PortalSpec::default()).await
    }

    async fn of(spec: PortalSpec) -> Self {
        let certs = Certs::new().expect("certificates");
        let dir = tempfile::tempdir().expect("a directory");
        let trusted = Trusted::load(Some(&certs.write_ca(dir.path()).expect("a file"))).expect("trust");
        let options = ClientOptions { timeout: Duration::from_secs(60), ..ClientOptions::default() };
        let client = certs.client(&trusted, options).expect("a client");
        let clock = Clock::manual(NOON);
        let options = WorldOptions { certs, client: client.clone(), clock, auth_port: 0 };
        let world = PortalWorld::start(options).await.expect("a world");
        let portal = world.add_portal(spec).await.expect("a portal");
        let token = portal.issue(ADMIN).access;
        Self { world, portal, client, token }
    }

    /// Calls a method as the admin who installed the application.
    async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        self.call_with(&self.token, method, params).await
    }

    async fn call_with(&self, token: &str, method: &str, mut params: Value) -> (u16, Value) {
        params["auth"] = token.into();
        let url = format!("{}{method}", self.portal.rest_url());
        let response = self.client.post(url).json(&params).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// The result of a call that must succeed.
    async fn get(&self, method: &str, params: Value) -> Value {
        let (status, mut body) = self.call(method, params).await;
        assert_eq!(status, 200, "{body}");
        body["result"].take()
    }

    /// Status, code and text of a call that must be refused.
    async fn refused(&self, method: &str, params: Value) -> (u16, String, String) {
        let (status, body) = self.call(method, params).await;
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        (status, text("error"), text("error_description"))
    }

    async fn register(&self, extra: Value) -> String {
        let mut params = json!({ "USER_ID": IVANOV, "PHONE_NUMBER": NUMBER, "TYPE": 2 });
        merge(&mut params, extra);
        let result = self.get("telephony.externalCall.register", params).await;
        result["CALL_ID"].as_str().expect("a CALL_ID").to_owned()
    }

    async fn finish(&self, call: &str, user: i64, duration: i64) -> Value {
        let code = if duration > 0 { "200" } else { "304" };
        let params = json!({ "CALL_ID": call, "USER_ID": user, "DURATION": duration, "STATUS_CODE": code });
        self.get("telephony.externalCall.finish", params).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/oauth/token/", self.world.auth_url());
        let response = self.client.post(url).form(form).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }
}

fn merge(into: &mut Value, extra: Value) {
    if let (Some(into), Value::Object(extra)) = (into.as_object_mut(), extra) {
        into.extend(extra);
    }
}

fn violations(stage: &Stage) -> Vec<String> {
    stage.portal.violations().into_iter().map(|v| v.text).collect()
}

/// An application's address that keeps what is posted to it.
struct Inbox {
    url: String,
    posts: mpsc::UnboundedReceiver<Vec<(String, String)>>,
}

impl Inbox {
    async fn open() -> Self {
        let (sender, posts) = mpsc::unbounded_channel();
        let router = Router::new().route(
            "/{*any}",
            any(move |body: String| {
                let _ = sender.send(super::php::pairs(&body));
                async { "ok" }
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/events", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let io = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
            }
        });
        Self { url, posts }
    }

    fn take(&mut self) -> Option<Vec<(String, String)>> {
        self.posts.try_recv().ok()
    }
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}
