//! Everything that can be set, typed and checked.

use super::{Budget, Networks, OpsListen};
use crate::telemetry::{LogLevel, LogSettings};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of one installation. [`Default`] is what the product does without any file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HTTP prefix: empty, or like `/bitrix`.
    pub path: String,
    /// Folder of pages and static files of the former package; not used.
    pub dist: PathBuf,
    /// Public base URL at the gateway, without a trailing slash.
    pub proxy_gateway_url: Option<String>,
    /// Listen on the two Unix sockets; the two ports are then not bound.
    pub use_unix_sockets: bool,
    /// Socket for HTTP, `/…`.
    pub http_unix_socket: PathBuf,
    /// Socket for HTTPS, `/…`.
    pub https_unix_socket: PathBuf,
    /// Address to listen on, and the host of our links if there is no gateway; without brackets.
    pub server_host: String,
    /// TCP port for HTTP.
    pub http_port: u16,
    /// TCP port for HTTPS.
    pub https_port: u16,
    /// Private key (PEM).
    pub ssl_key_filename: PathBuf,
    /// Certificate chain (PEM).
    pub ssl_cert_filename: PathBuf,
    /// Application id for installations of one company; set together with the secret or not at all.
    pub bitrix_client_id: Option<String>,
    /// Application secret for installations of one company.
    pub bitrix_client_secret: Option<SecretString>,
    /// OAuth host, `https://…` without a trailing slash.
    pub bitrix_token_host: String,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Log of everything up to the level.
    pub default_log_file: PathBuf,
    /// Log of errors only.
    pub error_log_file: PathBuf,
    /// Log to standard output too.
    pub log_to_console: bool,
    /// Unbind and bind the call card once at start.
    pub rebind_placement: bool,
    /// Folder of the database and its key file.
    pub state_dir: PathBuf,
    /// CA certificates (PEM) trusted for outgoing TLS beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Replaces the built-in Call API dialect.
    pub dialect_file: Option<PathBuf>,
    /// Where health and metrics are served.
    pub ops_listen: Option<OpsListen>,
    /// IANA zone of the switch's clock; `None`: this machine's.
    pub switch_time_zone: Option<String>,
    /// Request budget of a portal for which its company has set none.
    pub portal_budget: Budget,
    /// How far the addresses of portals and of the OAuth host may lead.
    pub portal_networks: Networks,
    /// How far the Call API addresses that companies type in may lead.
    pub switch_networks: Networks,
    /// Days for which calls and traces are kept.
    pub retention_days: u32,
    /// How long a call may be missing after a reconnect to the switch before it counts as ended.
    pub reconnect_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: String::new(),
            dist: "/usr/share/ecss/ecss-crm-server/frontend/dist".into(),
            proxy_gateway_url: None,
            use_unix_sockets: true,
            http_unix_socket: "/var/lib/ecss/ecss-crm-server/http".into(),
            https_unix_socket: "/var/lib/ecss/ecss-crm-server/https".into(),
            server_host: "127.0.0.1".to_owned(),
            http_port: 8801,
            https_port: 8802,
            ssl_key_filename: "/usr/share/ecss/ecss-crm-server/key.pem".into(),
            ssl_cert_filename: "/usr/share/ecss/ecss-crm-server/cert.pem".into(),
            bitrix_client_id: None,
            bitrix_client_secret: None,
            bitrix_token_host: "https://oauth.bitrix.info".to_owned(),
            log_level: LogLevel::Warn,
            default_log_file: "/var/log/ecss/ecss-crm-server/default.log".into(),
            error_log_file: "/var/log/ecss/ecss-crm-server/error.log".into(),
            log_to_console: false,
            rebind_placement: false,
            state_dir: "/var/lib/ecss/ecss-crm-server/db".into(),
            ca_file: None,
            dialect_file: None,
            ops_listen: None,
            switch_time_zone: None,
            portal_budget: Budget::default(),
            // Portals are in the cloud; a boxed one in the house needs the administrator's word.
            portal_networks: Networks::Public,
            // A switch is usually in the house, and in the manual's own installation on this machine.
            switch_networks: Networks::Local,
            retention_days: 90,
            reconnect_grace: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// What every link and the card's address begin with; no trailing slash.
    ///
    /// With a gateway this is its address as configured; otherwise our own HTTPS address and `path`.
    pub fn public_base(&self) -> String {
        match &self.proxy_gateway_url {
            Some(url) => url.clone(),
            None => format!("https://{}:{}{}", bracketed(&self.server_host), self.https_port, self.path),
        }
    }

    /// Prefixes a request's path may begin with, in the order in which they are tried; the first that fits
    /// is stripped. A request that begins with none is taken as it is (the gateway has stripped it already).
    pub fn prefixes(&self) -> Vec<String> {
        let gateway = self.proxy_gateway_url.as_deref().map(path_of).unwrap_or_default();
        let mut prefixes: Vec<String> = Vec::with_capacity(2);
        for prefix in [self.path.as_str(), gateway] {
            if !prefix.is_empty() && !prefixes.iter().any(|known| known == prefix) {
                prefixes.push(prefix.to_owned());
            }
        }
        prefixes
    }

    /// What the log needs to know. `journal` says that standard output is read by the system's journal.
    pub fn log_settings(&self, journal: bool) -> LogSettings {
        LogSettings {
            level: self.log_level,
            default_file: self.default_log_file.clone(),
            error_file: self.error_log_file.clone(),
            console: self.log_to_console,
            journal,
        }
    }
}

/// The path part of a URL, without a trailing slash.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |slash| rest[slash..].trim_end_matches('/'))
}

/// A host as a URL spells it: IPv6 addresses stand in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(path: &str, gateway: Option<&str>) -> Settings {
        Settings { path: path.to_owned(), proxy_gateway_url: gateway.map(str::to_owned), ..Settings::default() }
    }

    #[test]
    fn links_begin_with_the_gateway_or_with_our_own_address() {
        assert_eq!(with("/x", Some("https://a:8802/bitrix")).public_base(), "https://a:8802/bitrix");
        assert_eq!(with("", None).public_base(), "https://127.0.0.1:8802");
        assert_eq!(with("/x", None).public_base(), "https://127.0.0.1:8802/x");
        let v6 = Settings { server_host: "fd00::1".to_owned(), ..Settings::default() };
        assert_eq!(v6.public_base(), "https://[fd00::1]:8802");
    }

    #[test]
    fn prefixes_are_tried_in_order_and_only_once() {
        assert_eq!(with("", None).prefixes(), Vec::<String>::new());
        assert_eq!(with("/x", Some("https://a/bitrix")).prefixes(), ["/x", "/bitrix"]);
        assert_eq!(with("/bitrix", Some("https://a:1/bitrix")).prefixes(), ["/bitrix"]);
        assert_eq!(with("", Some("https://a")).prefixes(), Vec::<String>::new());
        assert_eq!(with("", Some("https://a/b/c")).prefixes(), ["/b/c"]);
    }
}
