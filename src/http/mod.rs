//! The only constructor of HTTP clients, and what outgoing TLS trusts.

mod trust;

pub use trust::{TrustError, Trusted, tls_config, untrusted_fingerprint};

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

/// A client that never follows redirects (a redirected POST would become a GET and carry secrets to
/// another host), speaks HTTP/1.1 and asks no proxy on loopback's behalf.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
pub fn client(tls: &Arc<rustls::ClientConfig>, options: ClientOptions) -> reqwest::Client {
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
        .build()
        .expect("the TLS configuration was checked when it was built")
}
