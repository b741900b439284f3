//! One connection: handshake, requests, the end.

use super::connection_slots::{ConnectionActivity, ConnectionSlot};
use super::stream::{ClientStream, PeerAddr};
use super::unread::GivesUp;
use super::watched::Watched;
use super::{ConnectionLimits, host, refused};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Body as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::debug;

/// Everything that connections of one listener share.
pub struct Shared {
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
    pub shutdown: CancellationToken,
    pub limits: ConnectionLimits,
}

/// Serves a connection to its end, or until it has to give way.
pub async fn run(shared: Arc<Shared>, stream: Box<dyn ClientStream>, peer: PeerAddr, slot: ConnectionSlot) {
    let (cut, slot) = (slot.cut().clone(), Arc::new(slot));
    // On the heap, as each future around it would hold its kilobytes twice: thousands of connections are only held.
    let served = Box::pin(served(shared, stream, peer, slot));
    if cut.run_until_cancelled(served).await.is_none() {
        debug!(%peer, "gave way to another connection");
    }
}

async fn served(shared: Arc<Shared>, stream: Box<dyn ClientStream>, peer: PeerAddr, slot: Arc<ConnectionSlot>) {
    if let Some(stream) = shaken(&shared, stream, peer).await {
        requests(&shared, stream, peer, &slot).await;
    }
}

/// The stream behind the handshake, if there is one to make and it comes about. Apart from what follows, so that nothing
/// of it is held for as long as the connection lasts.
async fn shaken(shared: &Shared, stream: Box<dyn ClientStream>, peer: PeerAddr) -> Option<Box<dyn ClientStream>> {
    let Some(tls) = &shared.tls else { return Some(stream) };
    let shaken = tokio::select! {
        shaken = timeout(shared.limits.handshake, tls.accept(stream)) => shaken,
        () = long_enough_after_shutdown(&shared.shutdown, shared.limits.linger) => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(Box::new(stream)),
        Ok(Err(error)) => debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => debug!(%peer, "TLS handshake took too long"),
    }
    None
}

async fn requests(shared: &Shared, stream: Box<dyn ClientStream>, peer: PeerAddr, slot: &Arc<ConnectionSlot>) {
    let limits = &shared.limits;
    let asked = AtomicBool::new(false);
    let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(peer);
        if let PeerAddr::Tcp(address) = peer {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        let clear = host::is_clear(&request);
        slot.now(if request.body().is_end_stream() {
            ConnectionActivity::Answering
        } else {
            ConnectionActivity::Receiving
        });
        let (arriving, sent) = (slot.clone(), slot.clone());
        let request = request.map(|body| Body::new(Watched::new(body, move || arriving.arrived())));
        async move {
            let answer = if clear { shared.router.clone().oneshot(request).await? } else { unclear() };
            let mut answer =
                answer.map(|body| Body::new(Watched::new(body, move || sent.now(ConnectionActivity::Waiting))));
            if shared.shutdown.is_cancelled() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // Also ends connections that are kept open and not used.
            .header_read_timeout(limits.idle)
            .max_headers(limits.headers)
            .max_buf_size(limits.head_bytes)
            .serve_connection(TokioIo::new(GivesUp::new(stream, limits.unread)), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = long_enough_after_shutdown(&shared.shutdown, limits.linger) => None,
        () = first_request_overdue(limits.first_request, &asked) => {
            debug!(%peer, "no request came in time");
            return;
        }
    };
    let ended = if ended.is_some() {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        timeout(limits.drain, connection).await.ok()
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => debug!(%peer, %error, "connection ended"),
        None => debug!(%peer, "cut off in the middle of a request"),
    }
}

/// Nothing more is read from somebody whose requests can be read in two ways.
fn unclear() -> Response {
    refused::unclear_host();
    let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
    (StatusCode::BAD_REQUEST, close, "the Host header is missing or unclear\n").into_response()
}

async fn long_enough_after_shutdown(shutdown: &CancellationToken, time: Duration) {
    shutdown.cancelled().await;
    sleep(time).await;
}

async fn first_request_overdue(limit: Duration, asked: &AtomicBool) {
    sleep(limit).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_only_held_takes_little_memory() {
        const fn bytes<A, B, C, D, F>(_: fn(A, B, C, D) -> F) -> usize {
            size_of::<F>()
        }
        // What is spawned holds the outer one twice and the inner one once.
        let (outer, inner) = (bytes(run), bytes(served));
        assert!(2 * outer + inner <= 2560, "{outer} {inner}");
    }
}
