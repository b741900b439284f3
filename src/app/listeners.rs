//! The sockets of a daemon, taken over from the run before or bound, before anything is served on them.

use crate::config::{OpsListen, Settings};
use crate::lifecycle::{Handed, ListeningSocket, forget_sockets, keep_socket};
use crate::server::bind::{BindError, Listener, tcp, unix};
use crate::server::inherit;
use std::path::PathBuf;

/// Listening and not yet served.
#[derive(Debug)]
pub struct Listeners {
    /// Plain HTTP.
    pub http: Listener,
    pub https: Listener,
    /// Health and metrics.
    pub ops: Option<Listener>,
}

/// Where one of them is to listen, and the name under which the service manager keeps it.
struct WantedListener {
    name: &'static str,
    place: ListenPlace,
}

enum ListenPlace {
    Unix(PathBuf),
    Tcp(String, u16),
}

/// Names that only we give. Other sockets belong to a `.socket` unit, and the service manager keeps them by itself.
const OWN_NAMES: [&str; 6] = ["http", "https", "ops", "tcp-http", "tcp-https", "tcp-ops"];

impl Listeners {
    /// Binds what the settings name (TCP ports, or Unix sockets for a gateway), or takes a socket of the run before where
    /// name and address still fit. Those that fit no longer are closed for good: clients would wait in them for an answer
    /// that nobody gives.
    pub async fn take_or_bind(settings: &Settings, handed: Vec<Handed>) -> Result<Self, BindError> {
        let (http, https, ops) = wanted(settings);
        let mut rest = handed;
        let http_taken = http.take(&mut rest).await;
        let https_taken = https.take(&mut rest).await;
        let ops_taken = match &ops {
            Some(ops) => ops.take(&mut rest).await,
            None => None,
        };
        // Before anything new is bound and kept under the same names.
        for left in rest {
            retire(left).await;
        }
        let ops = match ops {
            Some(ops) => Some(ops.keep(ops_taken).await?),
            None => None,
        };
        Ok(Self { http: http.keep(http_taken).await?, https: https.keep(https_taken).await?, ops })
    }
}

/// The socket at which the command line asks a running daemon, in the private folder of the state: whoever may read that
/// may ask.
pub fn control_socket(settings: &Settings) -> PathBuf {
    settings.state_dir.join("control")
}

/// Listens there. Nothing is lost with it, so that no service manager need keep it.
pub fn control(settings: &Settings) -> Result<Listener, BindError> {
    unix(&control_socket(settings))
}

fn wanted(settings: &Settings) -> (WantedListener, WantedListener, Option<WantedListener>) {
    let unix = |name, path: &PathBuf| WantedListener { name, place: ListenPlace::Unix(path.clone()) };
    let tcp = |name, host: &str, port| WantedListener { name, place: ListenPlace::Tcp(host.to_owned(), port) };
    let (http, https) = if settings.use_unix_sockets {
        (unix("http", &settings.http_unix_socket), unix("https", &settings.https_unix_socket))
    } else {
        let host = &settings.server_host;
        (tcp("tcp-http", host, settings.http_port), tcp("tcp-https", host, settings.https_port))
    };
    let ops = settings.ops_listen.as_ref().map(|listen| match listen {
        OpsListen::Tcp(address) => tcp("tcp-ops", &address.ip().to_string(), address.port()),
        OpsListen::Unix(path) => unix("ops", path),
    });
    (http, https, ops)
}

impl WantedListener {
    /// The socket among `handed` that is this one.
    async fn take(&self, handed: &mut Vec<Handed>) -> Option<Handed> {
        for index in 0..handed.len() {
            let candidate = &handed[index];
            let may_be = candidate.name == self.name || !OWN_NAMES.contains(&candidate.name.as_str());
            if may_be && self.is(&candidate.socket).await {
                return Some(handed.swap_remove(index));
            }
        }
        None
    }

    async fn is(&self, socket: &ListeningSocket) -> bool {
        match (&self.place, socket) {
            (ListenPlace::Unix(path), ListeningSocket::Unix(socket)) => inherit::is_unix_of(socket, path).await,
            (ListenPlace::Tcp(host, port), ListeningSocket::Tcp(socket)) => {
                inherit::is_tcp_of(socket, host, *port).await
            }
            _ => false,
        }
    }

    /// The taken socket, or a new one; in both cases the service manager keeps it for the next run.
    async fn keep(&self, taken: Option<Handed>) -> Result<Listener, BindError> {
        let (listener, ours) = match taken {
            Some(Handed { name, socket }) => match self.inherited(socket) {
                Ok(listener) => {
                    tracing::info!(address = listener.describe(), "taking over the socket of the run before");
                    (listener, name == self.name)
                }
                Err(error) => {
                    tracing::warn!(%error, name, "the socket of the run before cannot be used, binding a new one");
                    forget_sockets(&name);
                    (self.bind().await?, true)
                }
            },
            None => (self.bind().await?, true),
        };
        if ours {
            keep_socket(self.name, &listener);
        }
        Ok(listener)
    }

    fn inherited(&self, socket: ListeningSocket) -> std::io::Result<Listener> {
        match (&self.place, socket) {
            (ListenPlace::Unix(path), ListeningSocket::Unix(socket)) => Listener::inherited_unix(socket, path.clone()),
            (_, ListeningSocket::Unix(_)) => Err(std::io::ErrorKind::InvalidInput.into()),
            (_, ListeningSocket::Tcp(socket)) => Listener::inherited_tcp(socket),
        }
    }

    async fn bind(&self) -> Result<Listener, BindError> {
        match &self.place {
            ListenPlace::Unix(path) => unix(path),
            ListenPlace::Tcp(host, port) => tcp(host, *port).await,
        }
    }
}

/// Gives up a socket that the settings ask for no longer.
async fn retire(Handed { name, socket }: Handed) {
    if !OWN_NAMES.contains(&name.as_str()) {
        tracing::warn!(
            name,
            "a socket unit of this name listens where the settings name no socket; correct one of them"
        );
        return;
    }
    // Removes all of that name; one of them that fits is kept again a moment later.
    forget_sockets(&name);
    let address = match socket {
        ListeningSocket::Unix(socket) => inherit::retire_unix(socket).await.map(|path| path.display().to_string()),
        ListeningSocket::Tcp(socket) => socket.local_addr().ok().map(|address| address.to_string()),
    };
    tracing::warn!(name, address, "a socket of the run before is no longer in the settings and was closed");
}
