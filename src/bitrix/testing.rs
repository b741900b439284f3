//! A server on loopback that answers as the test says and remembers what it was asked.

use super::answer::RestAnswer;
use crate::domain::company::Trust;
use crate::domain::reach::Networks;
use crate::http::{ClientOptions, Guarded, Trusted, tls_config};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use url::form_urlencoded;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct FakeRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl FakeRequest {
    /// The JSON body.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request holds JSON")
    }

    /// The form body, or the query of a GET.
    pub(super) fn form(&self) -> BTreeMap<String, String> {
        let bytes = if self.method == "GET" { self.query.as_bytes() } else { &self.body };
        form_urlencoded::parse(bytes).into_owned().collect()
    }

    /// The REST method of a request to `/rest/…`.
    pub(super) fn rest(&self) -> &str {
        self.path.strip_prefix("/rest/").unwrap_or_default()
    }

    /// The access token in the JSON body.
    pub(super) fn auth(&self) -> String {
        self.json()["auth"].as_str().unwrap_or_default().to_owned()
    }
}

/// The answer of a test server.
pub(super) struct FakeAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl FakeAnswer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".into())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub(super) fn result(result: &Value) -> Self {
        Self::json(200, &json!({"result": result, "time": {"start": 1.5, "finish": 1.6}}))
    }

    pub(super) fn error(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &json!({"error": code, "error_description": description}))
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/html".into())], body: body.into() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A running server; it ends with the test's runtime.
pub(super) struct FakePortal {
    /// `http://127.0.0.1:PORT`
    pub(super) base: String,
    hits: Arc<Mutex<Vec<FakeRequest>>>,
}

impl FakePortal {
    /// Starts a server that answers every request with `answer`.
    pub(super) async fn start(answer: impl Fn(&FakeRequest) -> FakeAnswer + Send + Sync + 'static) -> Self {
        let hits = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (hits.clone(), Arc::new(answer));
        let router = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let hit = FakeRequest {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    headers: parts.headers,
                    body: axum::body::to_bytes(body, usize::MAX).await.expect("the request has a body"),
                };
                seen.lock().unwrap().push(hit.clone());
                let reply = answer(&hit);
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(axum::body::Body::from(reply.body)).expect("the answer is well formed")
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, hits }
    }

    /// Everything that was asked so far.
    pub(super) fn hits(&self) -> Vec<FakeRequest> {
        self.hits.lock().unwrap().clone()
    }

    /// How often this path was asked for.
    pub(super) fn count(&self, path: &str) -> usize {
        self.hits().iter().filter(|h| h.path == path).count()
    }
}

/// The client all tests share; only what hangs takes a minute.
pub(super) fn http() -> Guarded {
    http_with(Duration::from_secs(60))
}

/// A client with its own limit for a whole exchange.
pub(super) fn http_with(timeout: Duration) -> Guarded {
    static TRUSTED: OnceLock<Trusted> = OnceLock::new();
    let trusted = TRUSTED.get_or_init(|| Trusted::load(None).expect("the machine trusts somebody"));
    let tls = tls_config(trusted, &Trust::System).expect("system trust needs no settings");
    Guarded::new(&tls, ClientOptions { timeout, ..ClientOptions::default() }, Networks::Local)
}

/// An answer with this result and nothing else.
pub(super) fn answer(result: Value) -> RestAnswer {
    RestAnswer { result, total: None, next: None }
}
