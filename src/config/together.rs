//! Checks of keys that only mean something together, and doubts about what is legal but hardly meant.

use super::typed::TypedValues;
use super::{OpsListen, Settings, url};
use crate::domain::reach::{AddressClass, literal_place};
use std::path::Path;

/// Whether a folder is there and not empty, as far as we may look.
fn holds_something(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file()
}

/// Faults of keys that contradict each other. A key that already has a fault is left alone.
pub fn contradictions(values: &mut TypedValues, s: &Settings) {
    half_a_pair(values, s);
    if s.use_unix_sockets {
        differ(values, "httpsUnixSocket", "httpUnixSocket", s.https_unix_socket == s.http_unix_socket);
    } else {
        differ(values, "httpsPort", "httpPort", s.https_port == s.http_port);
    }
    differ(values, "sslCertFilename", "sslKeyFilename", s.ssl_cert_filename == s.ssl_key_filename);
}

fn half_a_pair(values: &mut TypedValues, s: &Settings) {
    let (id, secret) = ("bitrixClientId", "bitrixClientSecret");
    if values.is_suspect(id) || values.is_suspect(secret) {
        return;
    }
    let (set, missing) = match (&s.bitrix_client_id, &s.bitrix_client_secret) {
        (Some(_), None) => (id, secret),
        (None, Some(_)) => (secret, id),
        _ => return,
    };
    let remedy = format!("set {missing} too (both stand on the application's page in Bitrix24), or remove {set}");
    values.refuse(set, format!("is set and {missing} is not, so nobody could log in"), remedy);
}

fn differ(values: &mut TypedValues, key: &str, other: &str, equal: bool) {
    if equal && !values.is_suspect(key) && !values.is_suspect(other) {
        // The default of one may equal what was written for the other.
        let (written, other) = if values.place(key).is_some() { (key, other) } else { (other, key) };
        values.refuse(written, format!("is the same as {other}"), "choose two different ones");
    }
}

/// Warnings.
pub fn doubts(values: &mut TypedValues, s: &Settings) {
    // The former package's own folder is gone with it, and its default in every old settings.js is no reason to speak.
    if !values.is_suspect("dist") && holds_something(&s.dist) {
        let problem = format!(
            "is not used since version 1.0: pages and static files are part of the program, and what stands in {} has no \
             effect",
            s.dist.display()
        );
        values.doubt("dist", problem, "remove or empty that folder");
    }
    if !values.is_suspect("serverHost") && url::is_wildcard(&s.server_host) {
        let shown = if s.server_host.is_empty() { "an empty serverHost" } else { &s.server_host };
        let remedy = "write the address at which the users' browsers reach this machine";
        let problem = match &s.proxy_gateway_url {
            None => format!("with {shown} the call card cannot be embedded in Bitrix24"),
            Some(_) => {
                format!("{shown} is no address of a call card; only proxyGatewayURL lets it be embedded in Bitrix24")
            }
        };
        values.doubt("serverHost", problem, remedy);
    }
    if let Some(base) = &s.proxy_gateway_url {
        if url::host_of(base).is_some_and(|host| url::is_wildcard(&host)) {
            let remedy = "write the address at which the users' browsers reach the gateway";
            values.doubt("proxyGatewayURL", "with this host the call card cannot be embedded in Bitrix24", remedy);
        }
        let remedy = "write the address at which the users' browsers and Bitrix24 reach the gateway";
        match url::host_of(base).and_then(|host| literal_place(&host)) {
            Some(AddressClass::ThisMachine) => {
                values.doubt("proxyGatewayURL", "only this machine itself can open this address", remedy);
            }
            Some(AddressClass::Private) => {
                let problem = "a portal in the cloud cannot send events, such as clicks, to a private address";
                values.doubt(
                    "proxyGatewayURL",
                    problem,
                    "for a portal in a box in the same network nothing needs to be done",
                );
            }
            _ => {}
        }
        if base.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:")) {
            let problem = "browsers do not show a card from http:// inside a portal on https://";
            values.doubt("proxyGatewayURL", problem, "give the gateway a certificate and write https://");
        }
    } else if s.use_unix_sockets && !values.is_suspect("proxyGatewayURL") && values.place("useUnixSockets").is_some() {
        let problem =
            format!("is on without proxyGatewayURL: links will begin with {}, where we do not listen", s.public_base());
        values.doubt("useUnixSockets", problem, "set proxyGatewayURL to the address of the gateway");
    }
    if let Some(OpsListen::Tcp(address)) = &s.ops_listen
        && !address.ip().is_loopback()
    {
        let problem = "health and metrics are shown without log-in to everybody who reaches this address";
        values.doubt("ops_listen", problem, "write 127.0.0.1, or see that a firewall stands before it");
    }
}
