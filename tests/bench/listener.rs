//! TLS servers of the far side: plain hyper, nothing between socket and answer.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An answer of the far side.
pub type Answer = Response<Full<Bytes>>;

/// Connections that wait to be accepted: all companies may come back in the same moment.
const BACKLOG: u32 = 4096;

/// Listens on a free port of this machine until the bench ends; the address.
pub fn serve<A, F>(tls: Arc<rustls::ServerConfig>, answer: A) -> anyhow::Result<String>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?.to_string();
    let acceptor = TlsAcceptor::from(tls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, acceptor.clone(), answer.clone()));
        }
    });
    Ok(address)
}

async fn connection<A, F>(stream: TcpStream, acceptor: TlsAcceptor, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| {
        let answered = answer(request);
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Whoever closes it in whatever way: what matters was written into the ledger.
    let _ = connection.with_upgrades().await;
}

/// JSON with this status.
pub fn json(status: u16, body: impl Into<Bytes>) -> Answer {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(Full::new(body.into())).unwrap_or_default()
}
