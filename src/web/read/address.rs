//! Addresses that people type in, and which of them are ours to call.
//!
//! The daemon calls what an administrator names, from inside a network they may not be in. Addresses that
//! can only be this machine's surroundings in a data centre (link-local, metadata services, "any
//! address") are refused; private networks and loopback are where a switch usually stands.

use super::fault::FieldFault;
use super::fields::MAX_FIELD;
use crate::domain::company::Backend;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

/// Names of metadata services of cloud providers.
const METADATA_NAMES: [&str; 3] = ["metadata", "metadata.google.internal", "instance-data"];
/// Metadata service of a cloud provider outside the link-local range.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// A base address of the switch, without a slash at its end.
pub(crate) fn switch_address(backend: Backend, text: &str) -> Result<String, FieldFault> {
    if text.len() > MAX_FIELD {
        return Err(FieldFault::TooLong(MAX_FIELD));
    }
    let typed = || text.to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(|| FieldFault::WrongScheme(typed()))?;
    let scheme = scheme.to_ascii_lowercase();
    let known = match backend {
        Backend::CallApi => matches!(scheme.as_str(), "https" | "http"),
        Backend::Csta => matches!(scheme.as_str(), "https" | "http" | "tls" | "tcp"),
    };
    if !known {
        return Err(FieldFault::WrongScheme(typed()));
    }
    // Read as an HTTP address whatever the scheme, so that every spelling of an IP address is understood.
    let url = Url::parse(&format!("https://{rest}")).map_err(|_| FieldFault::NotAnAddress(typed()))?;
    if !url.username().is_empty() || url.password().is_some() || rest.contains(['@', '?', '#']) {
        return Err(FieldFault::NotPlain(typed()));
    }
    if !host_is_ours(&url) {
        return Err(FieldFault::NotOurs(typed()));
    }
    if rest.starts_with('/') || rest.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(FieldFault::NotAnAddress(typed()));
    }
    Ok(format!("{scheme}://{}", rest.trim_end_matches('/')))
}

/// The host (and port) of a portal, from whatever was copied out of the browser's address line.
pub(crate) fn portal_domain(text: &str) -> Result<String, FieldFault> {
    if text.is_empty() {
        return Err(FieldFault::Empty);
    }
    if text.len() > MAX_FIELD {
        return Err(FieldFault::TooLong(MAX_FIELD));
    }
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|s| text.get(..s.len()).filter(|t| t.eq_ignore_ascii_case(s)).map(|_| &text[s.len()..]))
        .unwrap_or(text);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.chars().any(|c| c.is_whitespace() || matches!(c, '@' | '\\' | '%' | '<' | '>'))
    {
        return Err(FieldFault::NotAHost);
    }
    let url = Url::parse(&format!("https://{authority}/")).map_err(|_| FieldFault::NotAHost)?;
    let host = url.host_str().ok_or(FieldFault::NotAHost)?;
    let named = host.parse::<Ipv4Addr>().is_ok() || host.starts_with('[') || host == "localhost" || host.contains('.');
    if !named
        || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
    {
        return Err(FieldFault::NotAHost);
    }
    if !host_is_ours(&url) {
        return Err(FieldFault::NotOurs(text.to_owned()));
    }
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn host_is_ours(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip_is_ours(ip),
        Err(_) => !METADATA_NAMES.contains(&bare.trim_end_matches('.')),
    }
}

fn ip_is_ours(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !(v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0),
        IpAddr::V6(v6) => match v6.to_ipv4() {
            Some(v4) if !v6.is_loopback() => ip_is_ours(IpAddr::V4(v4)),
            _ => {
                let link_local = v6.segments()[0] & 0xffc0 == 0xfe80;
                !(v6.is_unspecified() || v6.is_multicast() || link_local || v6 == METADATA_V6)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callapi(text: &str) -> Result<String, FieldFault> {
        switch_address(Backend::CallApi, text)
    }

    #[test]
    fn ordinary_addresses_pass() {
        for (text, want) in [
            ("https://10.0.3.90:8088", "https://10.0.3.90:8088"),
            ("https://ecss.example:8088/", "https://ecss.example:8088"),
            ("HTTP://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://[2001:db8::1]:8088", "https://[2001:db8::1]:8088"),
            ("https://gateway/call-api/", "https://gateway/call-api"),
            ("https://атс.рф:8088", "https://атс.рф:8088"),
        ] {
            assert_eq!(callapi(text).as_deref(), Ok(want));
        }
        assert_eq!(switch_address(Backend::Csta, "tls://10.0.3.90:4722").as_deref(), Ok("tls://10.0.3.90:4722"));
    }

    #[test]
    fn what_is_no_address_is_told_apart() {
        for text in ["10.0.3.90:8088", "ftp://a", "file:///etc/passwd", "javascript:alert(1)", "tcp://a:1"] {
            assert_eq!(callapi(text), Err(FieldFault::WrongScheme(text.into())), "{text}");
        }
        for text in ["https://", "https://:8088", "https://a b", "https://a:port", "https:///a", "https://a:99999"] {
            assert_eq!(callapi(text), Err(FieldFault::NotAnAddress(text.into())), "{text}");
        }
        for text in ["https://user@a", "https://u:p@a", "https://a?x", "https://a/#x", "https://@a"] {
            assert_eq!(callapi(text), Err(FieldFault::NotPlain(text.into())), "{text}");
        }
        assert_eq!(callapi(&format!("https://{}", "a".repeat(250))), Err(FieldFault::TooLong(255)));
    }

    #[test]
    fn addresses_that_are_not_ours_to_call() {
        for text in [
            "http://169.254.169.254",
            "http://169.254.169.254:80/latest",
            "http://2852039166",
            "http://0xa9fea9fe",
            "http://0251.0376.0251.0376",
            "http://0.0.0.0:8088",
            "http://0",
            "http://255.255.255.255",
            "http://224.0.0.1",
            "http://[::]",
            "http://[fe80::1]:8088",
            "http://[::ffff:169.254.169.254]",
            "http://[::ffff:0.0.0.0]",
            "http://[fd00:ec2::254]",
            "http://metadata.google.internal",
            "http://metadata.google.internal.",
        ] {
            assert_eq!(callapi(text), Err(FieldFault::NotOurs(text.into())), "{text}");
        }
    }

    #[test]
    fn a_portal_is_what_people_copy_from_the_address_line() {
        for (text, want) in [
            ("firma.bitrix24.ru", "firma.bitrix24.ru"),
            ("https://Firma.Bitrix24.ru/crm/?x=1#y", "firma.bitrix24.ru"),
            ("http://box.local:8080/", "box.local:8080"),
            ("127.0.0.1:9001", "127.0.0.1:9001"),
            ("localhost:9001", "localhost:9001"),
            ("портал.рф", "xn--80awijig.xn--p1ai"),
            ("firma.bitrix24.ru:443", "firma.bitrix24.ru"),
        ] {
            let got = portal_domain(text);
            assert!(got.is_ok(), "{text}: {got:?}");
            if want.starts_with("xn--") {
                assert!(got.expect("domain").starts_with("xn--"));
            } else {
                assert_eq!(got.as_deref(), Ok(want));
            }
        }
    }

    #[test]
    fn what_is_no_portal_is_refused() {
        for text in
            ["firma", "https://", "a b.ru", "user@firma.ru", "firma.ru\\x", "<script>.ru", "ftp://x.ru", "a..%2f"]
        {
            assert_eq!(portal_domain(text), Err(FieldFault::NotAHost), "{text}");
        }
        assert_eq!(portal_domain(""), Err(FieldFault::Empty));
        assert_eq!(portal_domain(&"a.".repeat(200)), Err(FieldFault::TooLong(255)));
        assert_eq!(portal_domain("169.254.169.254"), Err(FieldFault::NotOurs("169.254.169.254".into())));
    }
}
