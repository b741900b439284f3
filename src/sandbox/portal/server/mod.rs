//! The sockets: HTTP and HTTPS on one port, connections that can be dropped on purpose.

mod auth;
mod authorize;
mod live;
mod page;
mod phones;
mod reply;
mod rest;

pub use auth::router as auth_router;
pub use authorize::{log_in, redirect};

use super::world::PortalWorld;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A client that says nothing for this long is let go.
const HELLO: Duration = Duration::from_secs(10);
/// The first byte of a TLS handshake.
const TLS: u8 = 0x16;

/// Whether the request came by HTTPS.
#[derive(Debug, Clone, Copy)]
pub struct Secure(pub bool);

/// Put into a response's extensions, it closes the connection instead of answering.
#[derive(Debug, Clone, Copy)]
pub struct Hangup;

/// The doors of one portal, reached at `domain`; after a rename it has two, and the old one redirects.
#[derive(Clone)]
pub struct Door {
    pub world: PortalWorld,
    /// The portal.
    pub member_id: Arc<str>,
    /// This door's own address.
    pub domain: Arc<str>,
}

/// Everything a portal serves.
pub fn portal_router(world: PortalWorld, member_id: &str, domain: &str) -> Router {
    let door = Door { world, member_id: member_id.into(), domain: domain.into() };
    Router::new()
        .merge(rest::routes())
        .merge(authorize::routes())
        .merge(page::routes())
        .merge(live::routes())
        .merge(phones::routes())
        .with_state(door)
}

/// Serves until `stop`.
pub fn serve(listener: TcpListener, tls: Arc<rustls::ServerConfig>, router: Router, stop: CancellationToken) {
    let acceptor = TlsAcceptor::from(tls);
    tokio::spawn(async move {
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let Ok((stream, _)) = accepted else { continue };
            let (acceptor, router) = (acceptor.clone(), router.clone());
            let stop = stop.clone();
            tokio::spawn(async move {
                // A connection's end, however it comes, is the client's business.
                let _ = stop.run_until_cancelled(connection(stream, acceptor, router)).await;
            });
        }
    });
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, router: Router) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    let read = tokio::time::timeout(HELLO, stream.peek(&mut first)).await??;
    if read == 1 && first[0] == TLS {
        let stream = tokio::time::timeout(HELLO, acceptor.accept(stream)).await??;
        http(stream, router, Secure(true)).await
    } else {
        http(stream, router, Secure(false)).await
    }
}

async fn http<S>(stream: S, router: Router, secure: Secure) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(secure);
            let Ok(response) = router.oneshot(request).await;
            if response.extensions().get::<Hangup>().is_some() {
                return Err(io::Error::other("the connection is dropped on purpose"));
            }
            Ok(response)
        }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}
