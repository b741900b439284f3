//! Serves a router to everybody who connects, until told to stop.
//!
//! No client can hold up another: handshakes and requests run beside the accepting of connections, each
//! with a deadline, and the number of connections is limited.

mod connection;
mod connection_slots;
mod host;
mod refused;
mod stream;
mod unread;
mod watched;

pub use connection_slots::{CONNECTIONS, ConnectionSlots};
pub use refused::metrics;
pub use stream::PeerAddr;

use super::bind::Listener;
use super::tls::Tls;
use axum::Router;
use connection::Shared;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// How often it is said that all connections are in use.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// What a connection may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time until the first request's head is there.
    pub first_request: Duration,
    /// Time until each further request's head is there. Longer than the 60 s for which nginx keeps unused
    /// connections, so that it never sends a request into one that we are closing.
    pub idle: Duration,
    /// Time for which a client may take nothing of what is sent to it. Longer than a laptop's Wi-Fi needs to come back.
    pub unread: Duration,
    /// Once we are told to stop: time for which a connection is still served on which nothing is being answered. Its
    /// next request may be on the way already, and a gateway sends one that changes something only once.
    pub linger: Duration,
    /// Time to finish what is being answered after that; then connections are cut.
    pub drain: Duration,
    /// Header lines of a request.
    pub headers: usize,
    /// Bytes of a request's head. A browser's is a few kilobytes; anybody can leave one unfinished.
    pub head_bytes: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(90),
            unread: Duration::from_secs(30),
            linger: Duration::from_millis(300),
            drain: Duration::from_secs(10),
            headers: 100,
            head_bytes: 16 * 1024,
        }
    }
}

/// Serves until `shutdown`, then finishes what is being answered; returns when every connection has ended. For a
/// connection that finds no place an unused one gives way; if all are in use, it waits.
///
/// Handlers find a [`PeerAddr`] among a request's extensions, and for TCP also axum's
/// `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: Listener,
    router: Router,
    tls: Option<Tls>,
    slots: Arc<ConnectionSlots>,
    shutdown: CancellationToken,
) {
    serve_within(listener, router, tls, slots, shutdown, ConnectionLimits::default()).await;
}

/// [`serve`] with other limits.
pub async fn serve_within(
    listener: Listener,
    router: Router,
    tls: Option<Tls>,
    slots: Arc<ConnectionSlots>,
    shutdown: CancellationToken,
    limits: ConnectionLimits,
) {
    let address = listener.describe();
    let scheme = if tls.is_some() { "https" } else { "http" };
    info!(%address, scheme, "listening");
    let connections = TaskTracker::new();
    let shared = Arc::new(Shared { router, tls: tls.map(|tls| tls.acceptor()), shutdown: shutdown.clone(), limits });
    let accepting = accept_all(&listener, &address, &slots, &connections, &shared);
    tokio::select! {
        () = accepting => {}
        () = shutdown.cancelled() => {}
    }
    drop(listener);
    connections.close();
    info!(%address, open = connections.len(), "no longer listening");
    connections.wait().await;
}

async fn accept_all(
    listener: &Listener,
    address: &str,
    slots: &Arc<ConnectionSlots>,
    connections: &TaskTracker,
    shared: &Arc<Shared>,
) {
    let mut logged_at = None;
    loop {
        match stream::accept(listener).await {
            Ok((stream, peer)) => {
                if slots.are_full() && logged_at.is_none_or(|at: Instant| at.elapsed() >= LOG_EVERY) {
                    logged_at = Some(Instant::now());
                    let limit = slots.connections();
                    warn!(%address, limit, "all connections are in use: unused ones give way, or new ones must wait");
                }
                if let Some(slot) = slots.admit(peer).await {
                    connections.spawn(connection::run(shared.clone(), stream, peer, slot));
                }
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                // Mostly a lack of file descriptors, which only time cures.
                warn!(%address, %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Whether accepting failed because a client was gone again.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests;
