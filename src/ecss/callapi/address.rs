//! The address an administrator types in, taken apart once.

use crate::domain::link::LinkFault;
use crate::domain::reach::Networks;
use crate::http::admitted;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// A resolver that takes longer is as good as none.
const RESOLVE_WITHIN: Duration = Duration::from_secs(10);

/// Where the Call API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// TLS or, only where the administrator typed `http://`, not.
    pub(super) secure: bool,
    /// Name or IP address without brackets.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    authority: String,
    path: String,
}

impl Address {
    /// Reads `https://host:port/base`; a missing scheme means https, `ws`/`wss` are taken for `http`/`https`.
    pub(super) fn parse(text: &str) -> Result<Self, LinkFault> {
        let odd = |why: &str| LinkFault::Protocol(format!("the address `{text}` {why}; write https://host:8089"));
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&with_scheme).map_err(|e| odd(&format!("cannot be read ({e})")))?;
        let secure = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(odd("begins with an unknown scheme")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(odd("holds a user name or password"));
        }
        let shown = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| odd("has no host"))?;
        let port = url.port().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self {
            secure,
            host: shown.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: format!("{shown}:{port}"),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The URL of an HTTP request; `path` is appended to the base.
    pub(super) fn http(&self, path: &str) -> String {
        format!("{}://{}{}", if self.secure { "https" } else { "http" }, self.authority, self.join(path))
    }

    /// The URL of the socket.
    pub(super) fn socket(&self, path: &str) -> String {
        format!("{}://{}{}", if self.secure { "wss" } else { "ws" }, self.authority, self.join(path))
    }

    fn join(&self, path: &str) -> String {
        let path = path.trim_start_matches('/');
        format!("{}/{path}", self.path)
    }

    /// Looks the name up, so that a wrong name is told apart from a silent host, and leaves only those of its addresses
    /// that may be contacted. Whatever is said at this address afterwards goes to one of these, so that the name cannot
    /// lead elsewhere meanwhile.
    pub(super) async fn resolve(&self, networks: Networks) -> Result<Vec<SocketAddr>, LinkFault> {
        let unknown = |why: String| LinkFault::UnknownHost(format!("{}: {why}", self.host));
        let lookup = tokio::net::lookup_host((self.host.as_str(), self.port));
        let found: Vec<_> = match tokio::time::timeout(RESOLVE_WITHIN, lookup).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(e)) => return Err(unknown(e.to_string())),
            Err(_) => return Err(unknown("the resolver does not answer".to_owned())),
        };
        if found.is_empty() {
            return Err(unknown("the name has no address".to_owned()));
        }
        admitted(networks, &self.host, found).map_err(LinkFault::Forbidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        for (text, http, socket) in [
            ("https://ecss.example:8089", "https://ecss.example:8089/r", "wss://ecss.example:8089/"),
            (" https://ecss.example/ ", "https://ecss.example:443/r", "wss://ecss.example:443/"),
            ("ecss.example:8089/base/", "https://ecss.example:8089/base/r", "wss://ecss.example:8089/base/"),
            ("wss://ecss.example:1", "https://ecss.example:1/r", "wss://ecss.example:1/"),
            ("http://[::1]:8089", "http://[::1]:8089/r", "ws://[::1]:8089/"),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.http("/r"), http);
            assert_eq!(address.socket("/"), socket);
        }
        assert_eq!(Address::parse("https://[::1]:9").expect("v6").host, "::1");
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in ["", "ftp://x", "https://u:p@host", "https://", "http://a b"] {
            let fault = Address::parse(text).expect_err(text);
            assert!(fault.to_string().contains("https://host:8089"), "{fault}");
        }
    }

    #[tokio::test]
    async fn an_ip_address_needs_no_resolver_and_a_reserved_name_is_unknown() {
        let ip =
            Address::parse("http://127.0.0.1:9").expect("address").resolve(Networks::Local).await.expect("loopback");
        assert_eq!(ip, ["127.0.0.1:9".parse().expect("socket address")]);
        let name = Address::parse("http://switch.invalid:9").expect("address").resolve(Networks::Local).await;
        assert!(matches!(name, Err(LinkFault::UnknownHost(_))), "{name:?}");
    }

    #[tokio::test]
    async fn where_an_address_leads_is_judged_for_names_and_for_numbers_in_any_spelling() {
        for (text, networks) in [
            ("http://localhost:1", Networks::Private),
            ("https://127.1", Networks::Private),
            ("https://[::1]", Networks::Private),
            ("https://10.0.0.1", Networks::Public),
            ("https://0x64646464", Networks::Public),
            ("https://169.254.169.254", Networks::Local),
            ("https://2852039166", Networks::Local),
            ("https://[::ffff:169.254.169.254]", Networks::Local),
            ("https://100.100.100.200", Networks::Local),
            ("https://0.0.0.0", Networks::Local),
            ("https://224.0.0.1", Networks::Local),
        ] {
            let refused = Address::parse(text).expect(text).resolve(networks).await;
            assert!(matches!(refused, Err(LinkFault::Forbidden(_))), "{text}: {refused:?}");
        }
    }
}
