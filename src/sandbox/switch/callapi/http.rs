//! The HTTP side: which path does what, and errors in the form of the framework the real adapter is built on.

use super::{register, upgrade};
use crate::sandbox::switch::Core;
use crate::sandbox::switch::journal::What;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) type Answer = Response<Full<Bytes>>;

/// The page an administrator opens once to accept the certificate.
const PAGE: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><title>ECSS Call API</title></head>\
    <body><h1>ECSS Call API</h1><p>Сервис работает. The service is running.</p></body></html>";

pub(super) async fn answer(core: Arc<Core>, node: usize, request: Request<Incoming>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/integration/register") => register::answer(core, node, request).await,
        (&Method::GET, "/") if upgrade::wanted(&request) => upgrade::answer(core, node, request),
        (&Method::GET, "/") => html(StatusCode::OK, PAGE),
        (method, path) => {
            let what = format!("Cannot {method} {path}");
            core.note(node, None, What::Violation(format!("unknown path: {method} {path}")));
            failure(StatusCode::NOT_FOUND, &json!(what))
        }
    }
}

/// `{"statusCode":404,"message":"Cannot GET /x","error":"Not Found"}`
pub(super) fn failure(status: StatusCode, message: &Value) -> Answer {
    let error = status.canonical_reason().unwrap_or("Error");
    with_json(status, &json!({"statusCode": status.as_u16(), "message": message, "error": error}))
}

pub(super) fn with_json(status: StatusCode, body: &Value) -> Answer {
    with_type(status, "application/json; charset=utf-8", body.to_string().into())
}

pub(super) fn html(status: StatusCode, page: &'static str) -> Answer {
    with_type(status, "text/html; charset=utf-8", Bytes::from_static(page.as_bytes()))
}

fn with_type(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

impl Core {
    /// Writes into the journal and wakes those who wait for such an entry.
    pub(super) fn note(&self, node: usize, client_id: Option<String>, what: What) {
        let at = self.clock.now();
        self.lock().journal.note(at, node, client_id, what);
        self.touch();
    }
}
