//! A change is taken only from our own pages.
//!
//! Browsers say with `Sec-Fetch-Site` or `Origin` where a request comes from; a client that sends neither is no
//! browser and carries no cookie it did not mean to send.

use crate::web::WebState;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::text;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Proof that the request reads only, or comes from a page of ours.
pub(crate) struct SameSite;

impl FromRequestParts<WebState> for SameSite {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebError> {
        if parts.method.is_safe() || is_own(&parts.headers, state.origin()) {
            Ok(Self)
        } else {
            Err(WebError::CrossSite)
        }
    }
}

fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let said = text(headers, header::ORIGIN);
    match (headers.contains_key(SEC_FETCH_SITE), text(headers, SEC_FETCH_SITE)) {
        (true, Some("same-origin" | "none")) => true,
        // A page opened under another name of this server posts to the public one.
        (true, Some("same-site")) => said == Some(origin),
        (true, _) => false,
        (false, _) => match said {
            None if headers.contains_key(header::ORIGIN) => false,
            // Old browsers name no origin, but the page.
            None if headers.contains_key(header::REFERER) => {
                text(headers, header::REFERER).is_some_and(|page| is_page_of(page, headers, origin))
            }
            None => true,
            Some(said) => said == origin || names_host(said, scheme(origin), text(headers, header::HOST)),
        },
    }
}

/// Whether a page's address begins with our origin, or with that of the very host the browser believes to talk to.
fn is_page_of(page: &str, headers: &HeaderMap, origin: &str) -> bool {
    let Some((scheme_of, rest)) = page.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let said = format!("{scheme_of}://{authority}");
    said == origin || names_host(&said, scheme(origin), text(headers, header::HOST))
}

/// Whether an origin is the very host the browser believes to talk to, by the public address's scheme: what another
/// service shows on the same port number without encryption, or with, is no page of ours.
fn names_host(origin: &str, ours: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").filter(|(scheme, _)| *scheme == ours).map(|(_, authority)| authority);
    authority.is_some_and(|a| !a.is_empty()) && authority == host
}

fn scheme(origin: &str) -> &str {
    origin.split_once("://").map_or("", |(scheme, _)| scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let headers: HeaderMap =
            pairs.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().expect("value"))).collect();
        is_own(&headers, "https://pbx.example:8802")
    }

    #[test]
    fn our_own_pages_may_change_things() {
        assert!(own(&[]));
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://pbx.example:8802")]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(own(&[("referer", "https://pbx.example:8802/company?tab=calls")]));
        assert!(own(&[("referer", "https://10.0.0.5:8802/"), ("host", "10.0.0.5:8802")]));
        assert!(own(&[("origin", "https://pbx.example:8802")]));
        assert!(own(&[("origin", "https://10.0.0.5:8802"), ("host", "10.0.0.5:8802")]));
        assert!(own(&[("sec-fetch-site", "same-site"), ("origin", "https://pbx.example:8802")]));
    }

    #[test]
    fn other_pages_may_not() {
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site"), ("origin", "https://other.example:8802")]));
        assert!(!own(&[("sec-fetch-site", "strange")]));
        assert!(!own(&[("referer", "https://evil.example/https://pbx.example:8802/")]));
        assert!(!own(&[("referer", "https://pbx.example:8802.evil.example/")]));
        assert!(!own(&[("referer", "about:blank")]));
        assert!(!own(&[("origin", "https://evil.example"), ("host", "pbx.example:8802")]));
        assert!(!own(&[("origin", "null"), ("host", "null")]));
        assert!(!own(&[("origin", "http://10.0.0.5:8802"), ("host", "10.0.0.5:8802")]));
        assert!(!own(&[("origin", "https://pbx.example"), ("host", "pbx.example:8802")]));
    }
}
