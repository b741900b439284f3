//! A client for addresses that others name: every connection is judged by the address it is made to.

use super::address_class::place_of;
use super::{ClientOptions, builder};
use crate::domain::reach::{Forbidden, Networks};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, RequestBuilder, Url};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// Of the addresses that `host` leads to those that may be contacted; with none left, the worst one is named.
pub fn admitted(networks: Networks, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Forbidden> {
    let worst = found.iter().map(|address| place_of(address.ip())).max();
    let allowed: Vec<_> = found.into_iter().filter(|address| networks.allow(place_of(address.ip()))).collect();
    match worst {
        Some(place) if allowed.is_empty() => Err(Forbidden { host: host.to_owned(), place }),
        _ => Ok(allowed),
    }
}

/// Sends only where its networks allow it. Redirects are not followed by any client of ours; a caller that follows one
/// asks again, and is judged again.
#[derive(Debug, Clone)]
pub struct Guarded {
    client: reqwest::Client,
    networks: Networks,
}

impl Guarded {
    /// A client that reaches no further than `networks`.
    pub fn new(tls: &Arc<rustls::ClientConfig>, options: ClientOptions, networks: Networks) -> Self {
        Self::looking_up(tls, options, networks, Arc::new(System))
    }

    fn looking_up(
        tls: &Arc<rustls::ClientConfig>,
        options: ClientOptions,
        networks: Networks,
        names: Arc<dyn HostNames>,
    ) -> Self {
        let resolver = Resolver { networks, proxies: proxies(std::env::vars()), names };
        let client = builder(tls, options).dns_resolver(Arc::new(resolver)).build();
        Self { client: client.expect(super::BUILT), networks }
    }

    /// Begins a request. An address written in numbers is judged here, as nobody looks it up; a name is judged whenever
    /// a connection is made.
    pub fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Forbidden> {
        // What cannot be parsed is refused where the request is sent.
        let Ok(url) = Url::parse(url) else { return Ok(self.client.request(method, url)) };
        if let Some(address) = literal(&url) {
            admitted(self.networks, &address.to_string(), vec![(address, 0).into()])?;
        }
        Ok(self.client.request(method, url))
    }
}

/// The IP address that a URL names instead of a host; the parser has read its odd spellings (hexadecimal, octal, one
/// number) already.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Where names lead.
trait HostNames: Send + Sync {
    fn addresses(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
}

/// As the machine's resolver says.
struct System;

impl HostNames for System {
    fn addresses(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> {
        // The port is filled in when the connection is made.
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) })
    }
}

struct Resolver {
    networks: Networks,
    names: Arc<dyn HostNames>,
    /// Hosts of the proxies that the environment names: the word of the people who run this server. What a proxy
    /// connects to in turn is the proxy's matter.
    proxies: Vec<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let networks = if self.proxies.contains(&host) { Networks::Local } else { self.networks };
        let found = self.names.addresses(host.clone());
        Box::pin(async move {
            let found = found.await?;
            let addresses: Addrs = Box::new(admitted(networks, &host, found)?.into_iter());
            Ok(addresses)
        })
    }
}

/// Hosts of the proxies that an environment names, in the way the HTTP library reads it.
fn proxies(environment: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let names = ["http_proxy", "https_proxy", "all_proxy"];
    let named = environment.filter(|(name, _)| names.contains(&name.to_ascii_lowercase().as_str()));
    named
        .filter_map(|(_, value)| {
            let whole = if value.contains("://") { value } else { format!("http://{value}") };
            Url::parse(&whole).ok()?.host_str().map(str::to_owned)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::Trust;
    use crate::domain::reach::AddressClass;
    use crate::http::{Trusted, tls_config};
    use std::collections::VecDeque;
    use std::error::Error;
    use std::sync::Mutex;
    use tokio::net::TcpListener;

    fn client(networks: Networks) -> Guarded {
        let tls = tls_config(&Trusted::load(None).expect("CAs"), &Trust::System).expect("TLS");
        Guarded::new(&tls, ClientOptions::default(), networks)
    }

    fn forbidden(error: &(dyn Error + 'static)) -> Option<Forbidden> {
        let mut next = Some(error);
        while let Some(e) = next {
            if let Some(found) = e.downcast_ref::<Forbidden>() {
                return Some(found.clone());
            }
            next = e.source();
        }
        None
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_contacted_only_where_that_is_allowed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://localhost:{}/rest/", listener.local_addr().expect("bound").port());
        for networks in [Networks::Public, Networks::Private] {
            let request = client(networks).request(Method::POST, &url).expect("a name is judged when it is reached");
            let error = request.send().await.expect_err("nothing is sent");
            assert!(error.is_connect(), "{error:?}");
            let want = Forbidden { host: "localhost".to_owned(), place: AddressClass::ThisMachine };
            assert_eq!(forbidden(&error), Some(want), "{error:?}");
        }
        let request = client(Networks::Local).request(Method::POST, &url).expect("allowed");
        let sending = tokio::spawn(request.send());
        let reached = listener.accept().await;
        assert!(reached.is_ok(), "the first connection is that of the client that may");
        sending.abort();
    }

    /// A name that leads elsewhere at each look-up.
    struct Fickle(Mutex<VecDeque<&'static str>>);

    impl HostNames for Fickle {
        fn addresses(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> {
            assert_eq!(host, "portal.example");
            let next = self.0.lock().expect("not poisoned").pop_front().expect("nobody looks this often");
            let found = next.split(' ').map(|ip| (ip.parse::<IpAddr>().expect(ip), 0).into()).collect();
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_is_judged_at_each_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://portal.example:{}/rest/", listener.local_addr().expect("bound").port());
        let (connected, mut connections) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = connected.send(());
                // One answer for each connection, so that the next request has to connect again.
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 4096]).await;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, answer).await;
            }
        });
        // What is allowed at the check and forbidden at the connection, the reverse, and both at once.
        let turns = ["127.0.0.1", "169.254.169.254", "127.0.0.1", "169.254.169.254 127.0.0.1", "fd00:ec2::254"];
        let tls = tls_config(&Trusted::load(None).expect("CAs"), &Trust::System).expect("TLS");
        let names = Arc::new(Fickle(Mutex::new(turns.into())));
        let client = Guarded::looking_up(&tls, ClientOptions::default(), Networks::Local, names.clone());
        for (n, turn) in turns.into_iter().enumerate() {
            let outcome = client.request(Method::POST, &url).expect("a name").body("auth=hush").send().await;
            let allowed = turn.contains("127.0.0.1");
            assert_eq!(outcome.is_ok(), allowed, "{n}: {turn}: {outcome:?}");
            assert_eq!(connections.try_recv().is_ok(), allowed, "{n}: {turn}");
            let place = outcome.err().and_then(|error| forbidden(&error)).map(|forbidden| forbidden.place);
            assert_eq!(place, (!allowed).then_some(AddressClass::Metadata), "{n}: {turn}");
        }
        assert!(names.0.lock().expect("not poisoned").is_empty(), "each request has looked the name up itself");
    }

    #[test]
    fn addresses_in_numbers_are_judged_however_they_are_spelt() {
        for url in [
            "http://127.0.0.1/",
            "https://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1:80/",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/",
            "http://user@192.168.0.1/",
        ] {
            assert!(client(Networks::Public).request(Method::GET, url).is_err(), "{url}");
        }
        for url in ["http://93.184.216.34/", "https://[2a00:1450::1]/", "https://firma.bitrix24.ru/rest/"] {
            assert!(client(Networks::Public).request(Method::GET, url).is_ok(), "{url}");
        }
    }

    #[test]
    fn of_a_names_addresses_the_allowed_ones_are_left_and_of_none_the_worst_is_told() {
        let all =
            |text: &str| text.split(' ').map(|ip| (ip.parse::<IpAddr>().expect(ip), 0).into()).collect::<Vec<_>>();
        let mixed = all("169.254.169.254 1.1.1.1 10.0.0.1");
        assert_eq!(admitted(Networks::Public, "x", mixed.clone()), Ok(all("1.1.1.1")));
        assert_eq!(admitted(Networks::Private, "x", mixed), Ok(all("1.1.1.1 10.0.0.1")));
        let refused = admitted(Networks::Public, "x", all("10.0.0.1 127.0.0.1")).expect_err("none is left");
        assert_eq!(refused, Forbidden { host: "x".to_owned(), place: AddressClass::ThisMachine });
        assert_eq!(admitted(Networks::Public, "x", Vec::new()), Ok(Vec::new()));
    }

    #[test]
    fn the_proxy_of_the_environment_is_its_administrators_word() {
        let set = [
            ("HTTPS_PROXY", "http://u:p@proxy.corp:3128"),
            ("all_proxy", "squid:3128"),
            ("NO_PROXY", "a"),
            ("http_proxy", ""),
        ];
        let named = proxies(set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(named, ["proxy.corp", "squid"]);
    }
}
