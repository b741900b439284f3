//! Answers of the simulated servers: JSON, HTML, redirects, and no answer at all.

use super::Hangup;
use crate::sandbox::portal::fault::{Instead, Odd};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;

/// JSON as the portal labels it.
pub fn json(status: u16, body: &Value) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (code(status), head, body.to_string()).into_response()
}

/// The same, blown up to so many bytes with white space, which JSON allows anywhere.
pub fn padded(status: u16, body: &Value, bytes: usize) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    let mut text = body.to_string();
    text.push_str(&" ".repeat(bytes.saturating_sub(text.len())));
    (code(status), head, text).into_response()
}

/// A page.
pub fn html(status: u16, body: String) -> Response {
    let head = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (code(status), head, body).into_response()
}

/// A redirect with this status.
pub fn redirect(status: u16, to: &str) -> Response {
    (code(status), [(header::LOCATION, to.to_owned())], Body::empty()).into_response()
}

/// The connection is closed without an answer.
pub fn hangup() -> Response {
    let mut response = Body::empty().into_response();
    response.extensions_mut().insert(Hangup);
    response
}

/// A page as proxies and maintenance modes send it.
pub fn proxy_page(status: u16, title: &str) -> Response {
    let page =
        format!("<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>");
    html(status, page)
}

fn odd_body(odd: Odd) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    let piece = |bytes: usize| Ok::<_, Infallible>(Bytes::from(vec![b' '; bytes]));
    match odd {
        Odd::Trickling => {
            let seconds = stream::unfold((), move |()| async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((piece(1), ()))
            });
            (head, Body::from_stream(seconds)).into_response()
        }
        Odd::Endless => (head, Body::from_stream(stream::repeat_with(move || piece(16 * 1024)))).into_response(),
        // The first bytes of what gzip says; what would follow is of no interest to a client that cannot read it.
        Odd::Compressed => {
            (head, [(header::CONTENT_ENCODING, "gzip")], &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..]).into_response()
        }
    }
}

/// What a fault answers, with the body for the log; `None` means silence. `now_s` is the world's Unix time.
pub fn instead(what: &Instead, now_s: i64) -> Option<(Response, u16, Value)> {
    match what {
        Instead::Silence => None,
        Instead::Hangup => Some((hangup(), 0, Value::Null)),
        Instead::Odd(odd) => Some((odd_body(*odd), 200, Value::Null)),
        Instead::Page(status, title) => Some((proxy_page(*status, title), *status, Value::Null)),
        Instead::Refusal(status, error, text, pause) => {
            let mut body = json!({ "error": error, "error_description": text });
            if let Some(pause) = pause {
                body["time"] = json!({ "operating_reset_at": now_s + i64::from(*pause), "operating": 480 });
            }
            Some((json(*status, &body), *status, body))
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
