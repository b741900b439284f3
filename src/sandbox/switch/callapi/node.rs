//! The nodes: several addresses of one switch, each with its own memory of tokens.

use super::http;
use super::token::{Minted, mint};
use crate::domain::Timestamp;
use crate::sandbox::switch::{Core, SwitchWorld};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A client that has not finished the TLS handshake by then is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// One address of the switch.
pub(in crate::sandbox::switch) struct Node {
    addr: SocketAddr,
    tls: Option<Arc<rustls::ServerConfig>>,
    tokens: HashMap<String, (usize, Timestamp)>,
    /// Ends every connection of this node.
    connections: CancellationToken,
    /// The accept loop and what ends it; `None` while the node is stopped.
    accepting: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Node {
    pub(super) fn issue(&mut self, integration: usize, client_id: &str, domain: &str, now: Timestamp) -> String {
        let Minted { text, expires } = mint(client_id, domain, now);
        self.tokens.insert(text.clone(), (integration, expires));
        text
    }

    /// The integration a token was given to by this node, if it is still good.
    pub(super) fn holder(&self, token: &str, now: Timestamp) -> Option<usize> {
        self.tokens.get(token).filter(|(_, expires)| now < *expires).map(|(integration, _)| *integration)
    }

    /// Ends every connection of this node when it breaks.
    pub(super) fn connections(&self) -> CancellationToken {
        self.connections.clone()
    }

    pub(in crate::sandbox::switch) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }
}

impl SwitchWorld {
    /// Opens one more node at `addr` (port 0: any), HTTPS and WSS if `tls` is given; its index.
    /// The TLS configuration must not offer HTTP/2.
    pub async fn listen(&self, addr: SocketAddr, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<usize> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let mut state = self.core.lock();
        let index = state.nodes.len();
        let connections = self.core.stop.child_token();
        state.nodes.push(Node { addr, tls, tokens: HashMap::new(), connections, accepting: None });
        state.nodes[index].accepting = Some(spawn_accepting(&self.core, index, listener));
        Ok(index)
    }

    /// Where a node listens, also while it is stopped; `None` if there is no such node.
    pub fn node_addr(&self, node: usize) -> Option<SocketAddr> {
        self.core.lock().nodes.get(node).map(|node| node.addr)
    }

    /// What an administrator types in as the Call API address: `https://127.0.0.1:PORT`, without a slash.
    /// Empty if there is no such node.
    pub fn base_url(&self, node: usize) -> String {
        let state = self.core.lock();
        let Some(node) = state.nodes.get(node) else { return String::new() };
        let scheme = if node.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", node.addr)
    }

    /// [`SwitchWorld::base_url`] of every node.
    pub fn base_urls(&self) -> Vec<String> {
        let nodes = self.core.lock().nodes.len();
        (0..nodes).map(|node| self.base_url(node)).collect()
    }

    /// The service on every node restarts: tokens are forgotten, connections break, calls go on. The addresses
    /// take new connections at once.
    pub fn restart(&self) {
        let nodes = self.core.lock().nodes.len();
        for node in 0..nodes {
            self.restart_node(node);
        }
    }

    /// The service on one node restarts.
    pub fn restart_node(&self, node: usize) {
        self.core.break_node(node);
    }

    /// The service on one node stops: nobody listens there until [`SwitchWorld::start_node`].
    pub async fn stop_node(&self, node: usize) {
        let accepting = self.core.lock().nodes.get_mut(node).and_then(|node| node.accepting.take());
        if let Some((stop, task)) = accepting {
            stop.cancel();
            // Only a panic in the loop could fail here, and then the address is free as well.
            let _ended = task.await;
        }
        self.core.break_node(node);
    }

    /// A stopped node starts again at the same address, with an empty memory.
    pub async fn start_node(&self, node: usize) -> io::Result<()> {
        let Some(addr) = self.node_addr(node) else { return Err(io::ErrorKind::NotFound.into()) };
        if self.core.lock().nodes[node].accepting.is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(addr).await?;
        let accepting = spawn_accepting(&self.core, node, listener);
        self.core.lock().nodes[node].accepting = Some(accepting);
        Ok(())
    }
}

impl Core {
    /// How a new connection is served, and what ends it.
    fn terms(&self, index: usize) -> (Option<Arc<rustls::ServerConfig>>, CancellationToken) {
        let state = self.lock();
        let node = &state.nodes[index];
        (node.tls.clone(), node.connections.clone())
    }

    /// A node loses its connections and its memory.
    fn break_node(&self, index: usize) {
        if let Some(node) = self.lock().nodes.get_mut(index) {
            node.forget_tokens();
            std::mem::replace(&mut node.connections, self.stop.child_token()).cancel();
        }
        self.cut(|_, socket| socket.node == index);
    }
}

fn spawn_accepting(core: &Arc<Core>, node: usize, listener: TcpListener) -> (CancellationToken, JoinHandle<()>) {
    let stop = core.stop.child_token();
    let (core, stopped) = (Arc::clone(core), stop.clone());
    let task = tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stopped.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            // A failed accept concerns that one client only.
            if let Ok((stream, _)) = accepted {
                // Taken here and not in the task: what was accepted before a break must end with it.
                let (tls, broken) = core.terms(node);
                tokio::spawn(connection(Arc::clone(&core), node, stream, tls, broken));
            }
        }
    });
    (stop, task)
}

async fn connection(
    core: Arc<Core>,
    node: usize,
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    broken: CancellationToken,
) {
    // Small frames must leave at once; a socket without this option still works.
    let _nodelay = stream.set_nodelay(true);
    let talk = async {
        match tls {
            None => talk_http(core, node, stream).await,
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls).accept(stream);
                if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, handshake).await {
                    talk_http(core, node, stream).await;
                }
            }
        }
    };
    tokio::select! {
        () = broken.cancelled() => {}
        () = talk => {}
    }
}

async fn talk_http<S>(core: Arc<Core>, node: usize, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let core = Arc::clone(&core);
        async move { Ok::<_, std::convert::Infallible>(http::answer(core, node, request).await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    // A client that breaks off is its own business.
    let _served = serving.await;
}
