//! Checks of addresses: URLs, hosts, prefixes.

use std::net::IpAddr;
use url::Url;

/// A base URL with one of `schemes`: the text as written (an internationalised host in its ASCII form),
/// without trailing slashes. The error is the problem, as the end of a sentence.
pub fn base_url(text: &str, schemes: &[&str]) -> Result<String, String> {
    let wanted = || schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
    let has_scheme = schemes.iter().any(|s| {
        text.get(..s.len()).is_some_and(|head| head.eq_ignore_ascii_case(s)) && text[s.len()..].starts_with("://")
    });
    if !has_scheme {
        return Err(format!("does not begin with {}", wanted()));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("holds a space".to_owned());
    }
    let url = Url::parse(text).map_err(|e| format!("is not a URL ({e})"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a part behind ? or #".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password".to_owned());
    }
    let written = if text.is_ascii() { text } else { url.as_str() };
    Ok(written.trim_end_matches('/').to_owned())
}

/// Whether a base URL has a path behind its host.
pub fn has_path(base: &str) -> bool {
    Url::parse(base).is_ok_and(|url| url.path() != "/")
}

/// The host of a base URL, without brackets.
pub fn host_of(base: &str) -> Option<String> {
    let url = Url::parse(base).ok()?;
    Some(unbracketed(url.host_str()?).to_owned())
}

/// An IPv6 address as sockets want it.
pub fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether this is a host name or an address.
pub fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.trim_end_matches('.').split('.').all(label))
}

/// Whether nobody can call this host: it stands for all addresses of the machine, or is missing.
pub fn is_wildcard(host: &str) -> bool {
    host.is_empty() || host == "*" || host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

/// A path prefix without trailing slash: empty, or like `/bitrix`.
pub fn prefix(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    if inner.is_empty() {
        return Ok(String::new());
    }
    let good = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(c);
        !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
    };
    if inner.split('/').all(good) { Ok(format!("/{inner}")) } else { Err("is not a path such as /bitrix".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &[&str] = &["http", "https"];

    #[test]
    fn a_base_url_keeps_its_spelling_without_the_last_slash() {
        assert_eq!(
            base_url("https://192.168.116.130:8802/bitrix/", WEB).unwrap(),
            "https://192.168.116.130:8802/bitrix"
        );
        assert_eq!(base_url("HTTPS://Host:443//", WEB).unwrap(), "HTTPS://Host:443");
        assert_eq!(base_url("https://звонки.рф/b", WEB).unwrap(), "https://xn--b1ajehof.xn--p1ai/b");
    }

    #[test]
    fn what_is_no_base_url_says_why() {
        for (text, why) in [
            ("ftp://h", "does not begin with http:// or https://"),
            ("h:8802/bitrix", "does not begin"),
            ("", "does not begin"),
            ("https://", "is not a URL"),
            ("https://h:99999", "is not a URL"),
            ("https://h/b?x=1", "? or #"),
            ("https://h/b#x", "? or #"),
            ("https://u:p@h/", "user name"),
            ("https://h /b", "space"),
        ] {
            let reported = base_url(text, WEB).unwrap_err();
            assert!(reported.contains(why), "{text}: {reported}");
        }
        assert!(base_url("http://h", &["https"]).is_err());
    }

    #[test]
    fn hosts_and_wildcards() {
        for host in ["a", "crm.example.org", "192.168.1.1", "fd00::1", "my_host"] {
            assert!(is_host(host) && !is_wildcard(host), "{host}");
        }
        for host in ["a b", "http://a", "a/b", "a:80", "-a", "a..b"] {
            assert!(!is_host(host), "{host}");
        }
        for host in ["", "0.0.0.0", "::", "*", "0:0:0:0:0:0:0:0"] {
            assert!(is_wildcard(host), "{host}");
        }
        assert_eq!(host_of("https://[fd00::1]:8802/b").as_deref(), Some("fd00::1"));
    }

    #[test]
    fn prefixes_lose_their_outer_slashes_only() {
        for (text, wanted) in [("/", ""), ("", ""), ("/bitrix", "/bitrix"), ("bitrix/", "/bitrix"), ("/a/b/", "/a/b")] {
            assert_eq!(prefix(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in ["/a?b", "/a b", "/../a", "/a//b", "/путь"] {
            assert!(prefix(text).is_err(), "{text}");
        }
    }
}
