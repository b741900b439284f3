//! What is served over: an accepted connection, whatever it came through.

use crate::server::bind::Listener;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

/// Who is at the other end; in the extensions of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerAddr {
    /// Over TCP.
    Tcp(SocketAddr),
    /// A process on this machine, usually the gateway.
    Unix,
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// Bytes both ways.
pub trait ClientStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ClientStream for T {}

/// The next connection.
pub async fn accept(listener: &Listener) -> io::Result<(Box<dyn ClientStream>, PeerAddr)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, peer) = listener.accept().await?;
            // Answers are small and wanted at once; a failure here only costs that.
            let _ = stream.set_nodelay(true);
            Ok((Box::new(stream), PeerAddr::Tcp(peer)))
        }
        Listener::Unix { listener, .. } => {
            let (stream, _) = listener.accept().await?;
            Ok((Box::new(stream), PeerAddr::Unix))
        }
    }
}
