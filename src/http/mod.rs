//! The only constructor of HTTP clients, what outgoing TLS trusts, and what addresses mean.

mod address_class;
mod guard;
mod source;
mod tls_configs;
mod tls_fault;
mod trust;

pub(crate) use address_class::place_of;
pub(crate) use guard::{Guarded, admitted};
pub use tls_configs::TlsConfigs;
pub(crate) use tls_fault::{TlsFault, causes, tls_fault};
pub(crate) use trust::RefusedCertificate;
pub use trust::{TrustError, Trusted, tls_config};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What differs between the clients we build.
#[derive(Debug, Clone, Copy)]
pub struct ClientOptions {
    /// Limit for a whole exchange, body included.
    pub timeout: Duration,
    /// How long an unused connection is kept; zero keeps none.
    pub keep_alive: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), keep_alive: Duration::from_secs(90) }
    }
}

/// A client that goes wherever it is told, for the sandbox and for tests, which choose the addresses themselves.
/// The product's own requests go through [`Guarded`] and [`client_at`].
pub fn client(tls: &Arc<rustls::ClientConfig>, options: ClientOptions) -> reqwest::Client {
    builder(tls, options).build().expect(BUILT)
}

/// A client for one host at addresses that were looked up and judged before; it looks nothing up and asks no proxy.
pub(crate) fn client_at(
    tls: &Arc<rustls::ClientConfig>,
    options: ClientOptions,
    host: &str,
    at: &[SocketAddr],
) -> reqwest::Client {
    builder(tls, options).no_proxy().resolve_to_addrs(host, at).build().expect(BUILT)
}

const BUILT: &str = "the TLS configuration was checked when it was built";

/// What all clients have in common: they never follow redirects (a redirected POST would become a GET and carry secrets
/// to another host), and speak HTTP/1.1. None unpacks compressed answers, so that an answer is as long as it is.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
fn builder(tls: &Arc<rustls::ClientConfig>, options: ClientOptions) -> reqwest::ClientBuilder {
    let mut tls = (**tls).clone();
    tls.alpn_protocols.clear();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(options.timeout)
        .pool_idle_timeout(options.keep_alive)
        .pool_max_idle_per_host(if options.keep_alive.is_zero() { 0 } else { 8 })
        .user_agent(concat!("ecss-crm-server/", env!("CARGO_PKG_VERSION")))
}
