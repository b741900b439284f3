//! From values to [`Settings`]: the meaning of each key, and of keys together.

use super::typed::TypedValues;
use super::url;
use super::{Budget, Networks, OpsListen, Settings};
use crate::telemetry::LogLevel;
use secrecy::SecretString;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PORTS: RangeInclusive<u32> = 1..=65535;

/// A socket's address holds 107 bytes; the name it is first bound under has four more than its own.
const LONGEST_SOCKET_PATH: usize = 103;

/// Reads every key. Faults and warnings gather in `values`; a key with a fault keeps its default.
pub fn settings(values: &mut TypedValues) -> Settings {
    let mut s = Settings::default();
    addresses(values, &mut s);
    listening(values, &mut s);
    portal(values, &mut s);
    log(values, &mut s);
    installation(values, &mut s);
    s
}

fn take<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn addresses(values: &mut TypedValues, s: &mut Settings) {
    if let Some(text) = values.text("path") {
        match url::prefix(&text) {
            Ok(prefix) => s.path = prefix,
            Err(why) => values.refuse("path", format!("{text:?} {why}"), "write / or a path such as /bitrix"),
        }
    }
    take(&mut s.dist, values.retired_path("dist"));
    if let Some(text) = values.optional_text("proxyGatewayURL") {
        match url::base_url(&text, &["http", "https"]) {
            Ok(base) => s.proxy_gateway_url = Some(base),
            Err(why) => {
                let remedy = "write the address that browsers open, such as https://crm.example.org:8802/bitrix";
                values.refuse("proxyGatewayURL", why, remedy);
            }
        }
    }
    if let Some(text) = values.text("serverHost") {
        let host = url::unbracketed(&text);
        if url::is_wildcard(host) || url::is_host(host) {
            host.clone_into(&mut s.server_host);
        } else {
            let remedy = "write a host name or an IP address alone; the port has its own key";
            values.refuse("serverHost", format!("{text:?} is no host"), remedy);
        }
    }
}

fn listening(values: &mut TypedValues, s: &mut Settings) {
    take(&mut s.use_unix_sockets, values.flag("useUnixSockets"));
    take(&mut s.http_unix_socket, socket(values, "httpUnixSocket"));
    take(&mut s.https_unix_socket, socket(values, "httpsUnixSocket"));
    take(&mut s.http_port, port(values, "httpPort"));
    take(&mut s.https_port, port(values, "httpsPort"));
    take(&mut s.ssl_key_filename, values.path("sslKeyFilename"));
    take(&mut s.ssl_cert_filename, values.path("sslCertFilename"));
    let address = values.optional_text("ops_listen").map(|text| (text.parse::<OpsListen>(), text));
    match address {
        Some((Ok(address), _)) => s.ops_listen = Some(address),
        Some((Err(e), text)) => values.refuse("ops_listen", format!("{text:?} {e}"), "write 127.0.0.1:9801 or a path"),
        None => {}
    }
}

fn port(values: &mut TypedValues, key: &str) -> Option<u16> {
    values.number(key, &PORTS).and_then(|port| u16::try_from(port).ok())
}

fn socket(values: &mut TypedValues, key: &str) -> Option<PathBuf> {
    let path = values.path(key)?;
    if is_too_long(&path) {
        let problem = format!("is longer than the {LONGEST_SOCKET_PATH} bytes that a socket's path may have");
        values.refuse(key, problem, "choose a shorter path");
        return None;
    }
    Some(path)
}

fn is_too_long(path: &Path) -> bool {
    path.as_os_str().len() > LONGEST_SOCKET_PATH
}

fn portal(values: &mut TypedValues, s: &mut Settings) {
    s.bitrix_client_id = values.optional_text("bitrixClientId");
    s.bitrix_client_secret = values.optional_text("bitrixClientSecret").map(SecretString::from);
    if let Some(text) = values.text("bitrixTokenHost") {
        let remedy = "write https:// and the host, such as https://oauth.bitrix.info";
        match url::base_url(&text, &["https"]) {
            Ok(base) if url::has_path(&base) => values.refuse("bitrixTokenHost", "has a path behind the host", remedy),
            Ok(base) => s.bitrix_token_host = base,
            Err(why) => values.refuse("bitrixTokenHost", why, remedy),
        }
    }
    take(&mut s.rebind_placement, values.flag("rebindPlacement"));
    if let Some(text) = values.text("portal_budget") {
        match text.parse::<Budget>() {
            Ok(budget) => s.portal_budget = budget,
            Err(e) => {
                let remedy = "write \"2/45\", \"5/225\" or \"unlimited\"";
                values.refuse("portal_budget", format!("{text:?} {e}"), remedy);
            }
        }
    }
}

fn networks(values: &mut TypedValues, key: &str) -> Option<Networks> {
    let text = values.text(key)?;
    let read = text.parse::<Networks>();
    read.map_err(|e| values.refuse(key, format!("{text:?} {e}"), "write one of these words")).ok()
}

/// Authorization servers of portals in the cloud (bitrix24.md §2).
const CLOUD: [&str; 2] = ["https://oauth.bitrix.info", "https://oauth.bitrix24.tech"];

/// How near portals may be where the administrator has not said it: an authorization server of their own, or portals
/// without a request limit, mean portals in a box.
fn near_portals(s: &Settings) -> Networks {
    if !CLOUD.contains(&s.bitrix_token_host.as_str()) {
        Networks::Local
    } else if s.portal_budget == Budget::Unlimited {
        Networks::Private
    } else {
        Networks::Public
    }
}

fn log(values: &mut TypedValues, s: &mut Settings) {
    if let Some(text) = values.text("logLevel") {
        match text.parse::<LogLevel>() {
            Ok(level) => s.log_level = level,
            Err(e) => values.refuse("logLevel", format!("{text:?} is not a log level"), e.to_string()),
        }
    }
    take(&mut s.default_log_file, values.path("defaultLogFile"));
    take(&mut s.error_log_file, values.path("errorLogFile"));
    take(&mut s.log_to_console, values.flag("logToConsole"));
}

fn installation(values: &mut TypedValues, s: &mut Settings) {
    take(&mut s.state_dir, values.path("state_dir"));
    s.ca_file = values.optional_path("ca_file");
    s.dialect_file = values.optional_path("dialect_file");
    if let Some(zone) = values.optional_text("switch_time_zone") {
        if jiff::tz::TimeZone::get(&zone).is_ok() {
            s.switch_time_zone = Some(zone);
        } else {
            let remedy = "write a name such as Asia/Novosibirsk, or remove the key to use this machine's zone";
            values.refuse("switch_time_zone", format!("{zone:?} is not a known time zone"), remedy);
        }
    }
    s.portal_networks = networks(values, "portal_networks").unwrap_or_else(|| near_portals(s));
    take(&mut s.switch_networks, networks(values, "switch_networks"));
    take(&mut s.retention_days, values.number("retention_days", &(1..=36_500)));
    let grace = values.number("reconnect_grace", &(0..=3600));
    take(&mut s.reconnect_grace, grace.map(|seconds| Duration::from_secs(seconds.into())));
}
