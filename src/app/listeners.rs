//! The sockets of a daemon, bound before anything is served on them.

use crate::config::{OpsListen, Settings};
use crate::server::bind::{BindError, Listener, tcp, unix};

/// Bound and not yet served.
#[derive(Debug)]
pub struct Listeners {
    /// Plain HTTP.
    pub http: Listener,
    /// HTTPS.
    pub https: Listener,
    /// Health and metrics.
    pub ops: Option<Listener>,
}

impl Listeners {
    /// Binds what the settings name: TCP ports, or Unix sockets for a gateway.
    pub async fn bind(settings: &Settings) -> Result<Self, BindError> {
        let (http, https) = if settings.use_unix_sockets {
            (unix(&settings.http_unix_socket)?, unix(&settings.https_unix_socket)?)
        } else {
            let host = &settings.server_host;
            (tcp(host, settings.http_port).await?, tcp(host, settings.https_port).await?)
        };
        let ops = match &settings.ops_listen {
            Some(OpsListen::Tcp(address)) => Some(tcp(&address.ip().to_string(), address.port()).await?),
            Some(OpsListen::Unix(path)) => Some(unix(path)?),
            None => None,
        };
        Ok(Self { http, https, ops })
    }
}
