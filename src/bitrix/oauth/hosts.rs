//! Which authorization servers may see an application's secret.

use url::Url;

/// The two official servers: any region can be served by either.
const OFFICIAL: [&str; 2] = ["https://oauth.bitrix.info/", "https://oauth.bitrix24.tech/"];

/// The configured token host is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a host of an authorization server (expected e.g. \"oauth.bitrix.info\")")]
pub struct TokenHostFault(String);

/// The allow list.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    configured: Url,
    official: Vec<Url>,
}

impl Hosts {
    /// From the configured host: a name, `name:port`, or a whole address where it is not HTTPS (sandbox).
    pub(super) fn new(configured: &str) -> Result<Self, TokenHostFault> {
        Self::with_official(configured, &OFFICIAL)
    }

    pub(super) fn with_official(configured: &str, official: &[&str]) -> Result<Self, TokenHostFault> {
        Ok(Self {
            configured: base(configured)?,
            official: official.iter().map(|o| base(o)).collect::<Result<_, _>>()?,
        })
    }

    /// Where to ask, in order; the second only if the first cannot be connected to. `server_endpoint` is what
    /// was last heard of the server and counts only if it is on the list.
    ///
    /// A configured host that is not official is the administrator's word: nobody else is asked.
    pub(super) fn order(&self, server_endpoint: Option<&str>) -> Vec<Url> {
        if !self.is_official(&self.configured) {
            return vec![self.configured.clone()];
        }
        let seen = server_endpoint
            .and_then(|e| Url::parse(e).ok())
            .and_then(|seen| self.official.iter().find(|o| o.origin() == seen.origin()));
        let first = seen.unwrap_or(&self.configured);
        let others = self.official.iter().filter(|o| o.origin() != first.origin());
        std::iter::once(first).chain(others.take(1)).cloned().collect()
    }

    /// Whether an address that the authorization server has named can be a portal's: secrets are sent there. Without
    /// encryption only where the authorization server itself is reached without (sandbox).
    pub(super) fn may_be_portal(&self, endpoint: &str) -> bool {
        Url::parse(endpoint).is_ok_and(|url| {
            let plain = url.scheme() == "http" && self.configured.scheme() == "http";
            let clean = url.username().is_empty() && url.password().is_none();
            let bare = url.query().is_none() && url.fragment().is_none();
            (url.scheme() == "https" || plain) && url.has_host() && clean && bare
        })
    }

    fn is_official(&self, url: &Url) -> bool {
        self.official.iter().any(|o| o.origin() == url.origin())
    }
}

/// The address as a base that paths can be joined to.
fn base(text: &str) -> Result<Url, TokenHostFault> {
    let fault = || TokenHostFault(text.to_owned());
    let trimmed = text.trim().trim_end_matches('/');
    let whole = if trimmed.contains("://") { format!("{trimmed}/") } else { format!("https://{trimmed}/") };
    let url = Url::parse(&whole).map_err(|_| fault())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain && url.fragment().is_none() {
        Ok(url)
    } else {
        Err(fault())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(configured: &str, seen: Option<&str>) -> Vec<String> {
        Hosts::new(configured).expect(configured).order(seen).iter().map(Url::to_string).collect()
    }

    #[test]
    fn the_server_seen_last_goes_first_and_the_other_official_one_second() {
        assert_eq!(order("oauth.bitrix.info", None), OFFICIAL);
        assert_eq!(order("oauth.bitrix.info", Some("https://oauth.bitrix24.tech/rest/")), [OFFICIAL[1], OFFICIAL[0]]);
        assert_eq!(order("oauth.bitrix24.tech", Some("https://oauth.bitrix.info/rest/")), OFFICIAL);
    }

    #[test]
    fn an_unlisted_server_is_never_asked() {
        for seen in [
            "https://evil.example/rest/",
            "http://oauth.bitrix24.tech/rest/",
            "https://oauth.bitrix24.tech.evil.example/rest/",
            "https://oauth.bitrix24.tech:8443/rest/",
            "https://oauth.bitrix24.tech@evil.example/rest/",
            "not an address",
            "",
        ] {
            assert_eq!(order("oauth.bitrix.info", Some(seen)), OFFICIAL, "{seen}");
        }
    }

    #[test]
    fn no_address_is_taken_for_a_portals_that_would_give_secrets_away() {
        let (official, sandbox) = (Hosts::new("oauth.bitrix.info").expect("a host"), Hosts::new("http://127.0.0.1:1"));
        assert!(official.may_be_portal("https://firma.bitrix24.ru/rest/"));
        assert!(official.may_be_portal("https://box.example:8443/rest/"));
        for odd in [
            "http://firma.bitrix24.ru/rest/",
            "https://firma.bitrix24.ru@evil.example/rest/",
            "https://evil.example/?/rest/",
            "https://evil.example/#/rest/",
            "ftp://evil.example/rest/",
            "javascript:alert(1)/",
            "//evil.example/rest/",
            "rest/",
            "/",
        ] {
            assert!(!official.may_be_portal(odd), "{odd}");
        }
        assert!(sandbox.expect("a host").may_be_portal("http://127.0.0.1:2/rest/"));
    }

    #[test]
    fn a_private_server_is_never_left() {
        for seen in [None, Some("https://oauth.bitrix.info/rest/")] {
            assert_eq!(order("http://127.0.0.1:8080", seen), ["http://127.0.0.1:8080/"]);
            assert_eq!(order("auth.firma.example/bx/", seen), ["https://auth.firma.example/bx/"]);
        }
    }

    #[test]
    fn a_host_must_be_a_host() {
        for wrong in ["", "  ", "ftp://oauth.bitrix.info", "a b", "user:pw@host", "host/?x=1", "host/#x"] {
            assert!(Hosts::new(wrong).is_err(), "{wrong}");
        }
    }
}
