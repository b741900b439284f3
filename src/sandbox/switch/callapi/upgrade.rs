//! From an HTTP request to an event socket.

use super::http::{Answer, failure};
use super::link;
use crate::sandbox::switch::Core;
use crate::sandbox::switch::journal::What;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Longest message taken from a client.
const MAX_MESSAGE: usize = 64 * 1024;
/// Read buffer of a socket: clients say little, and there may be thousands.
const READ_BUFFER: usize = 4 * 1024;

/// Whether the request asks for a WebSocket.
pub(super) fn wanted(request: &Request<Incoming>) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

pub(super) fn answer(core: Arc<Core>, node: usize, mut request: Request<Incoming>) -> Answer {
    let headers = request.headers();
    let version = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let Some(key) = headers.get(SEC_WEBSOCKET_KEY).filter(|_| version) else {
        core.note(node, None, What::Violation("a WebSocket request without key or of another version".into()));
        return failure(StatusCode::BAD_REQUEST, &json!("not a WebSocket handshake"));
    };
    let accept = derive_accept_key(key.as_bytes());
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer_of);
    let Some(token) = bearer else {
        core.note(node, None, What::Violation("an event socket without a bearer token".into()));
        core.note(node, None, What::Upgrade(401));
        return failure(StatusCode::UNAUTHORIZED, &json!("Unauthorized"));
    };
    let (holder, connections) = {
        let state = core.lock();
        let Some(this) = state.nodes.get(node) else { return failure(StatusCode::NOT_FOUND, &json!("gone")) };
        (this.holder(token, core.clock.now()), this.connections())
    };
    let Some(integration) = holder else {
        core.note(node, None, What::Upgrade(401));
        return failure(StatusCode::UNAUTHORIZED, &json!("Unauthorized"));
    };
    let Ok(accept) = HeaderValue::from_str(&accept) else {
        return failure(StatusCode::BAD_REQUEST, &json!("not a WebSocket handshake"));
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        link::run(core, node, integration, socket, &connections).await;
    });
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_counts() {
        assert_eq!(bearer_of("Bearer abc"), Some("abc"));
        assert_eq!(bearer_of("bearer  abc "), Some("abc"));
        assert_eq!(bearer_of("Basic abc"), None);
        assert_eq!(bearer_of("Bearer "), None);
    }
}
