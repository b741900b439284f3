//! Whether a request says clearly whom it is for: one `Host`, well formed, and not at odds with its target
//! (RFC 9112, section 3.2). What is unclear may be read otherwise by the gateway before us.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request, Uri, Version, header};

/// Whether the request can be taken. HTTP/1.0 knows no `Host`; health checks of load balancers still speak it.
pub fn is_clear<B>(request: &Request<B>) -> bool {
    match host(request.headers()) {
        HostHeader::None => request.version() <= Version::HTTP_10,
        HostHeader::One(authority) => agrees(&authority, request.uri()),
        HostHeader::Unclear => false,
    }
}

enum HostHeader {
    None,
    One(Authority),
    Unclear,
}

fn host(headers: &HeaderMap) -> HostHeader {
    let mut values = headers.get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (None, _) => HostHeader::None,
        (Some(value), None) => value.to_str().ok().and_then(authority).map_or(HostHeader::Unclear, HostHeader::One),
        (Some(_), Some(_)) => HostHeader::Unclear,
    }
}

/// A host and perhaps a port, and nothing else that the grammar of addresses would allow.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let numbered = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    let port = text.strip_prefix(host)?;
    let port_is_fine = port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok());
    ((named || numbered) && port_is_fine).then_some(authority)
}

/// Whether a target that names a host (`GET http://host/ HTTP/1.1`) names the same one.
fn agrees(host: &Authority, target: &Uri) -> bool {
    let Some(named) = target.authority() else { return true };
    let usual = if target.scheme_str() == Some("https") { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(usual);
    host.host().eq_ignore_ascii_case(named.host()) && port(host) == port(named) && !named.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clear(version: Version, target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        is_clear(&request.body(()).expect("a request"))
    }

    #[test]
    fn one_well_formed_host_is_wanted() {
        for host in
            ["x", "crm.example.org", "crm.example.org:8802", "ecss_crm", "127.0.0.1:9801", "[::1]:80", "[fd00::1]"]
        {
            assert!(clear(Version::HTTP_11, "/company", &[host]), "{host}");
        }
        for host in [
            "", " ", "a b", "a/b", "user@a", "a:", "a:b", "a:70000", ":80", "a,b", "[::1", "[x]", "a:1:2", "http://a",
            "a#b",
        ] {
            assert!(!clear(Version::HTTP_11, "/company", &[host]), "{host:?}");
        }
        assert!(!clear(Version::HTTP_11, "/", &[]));
        assert!(clear(Version::HTTP_10, "/", &[]), "there was no such header then");
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(!clear(version, "/", &["a", "a"]) && !clear(version, "/", &["a", "b"]));
        }
    }

    #[test]
    fn a_target_that_names_a_host_names_the_same() {
        for (target, host, want) in [
            ("http://a.example/x", "a.example", true),
            ("http://A.example:80/x", "a.example", true),
            ("https://a.example/x", "a.example:443", true),
            ("http://a.example:8801/x", "a.example:8801", true),
            ("http://a.example/x", "b.example", false),
            ("http://a.example:81/x", "a.example", false),
            ("http://user@a.example/x", "a.example", false),
        ] {
            assert_eq!(clear(Version::HTTP_11, target, &[host]), want, "{target} {host}");
        }
    }
}
