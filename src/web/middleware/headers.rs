//! The security headers of every answer, and who may put a page into a frame.

use crate::web::WebState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Portals in the cloud, for the few words said before we know which portal asks.
const CLOUD_PORTALS: &str = "https://*.bitrix24.ru https://*.bitrix24.com https://*.bitrix24.by https://*.bitrix24.kz \
     https://*.bitrix24.eu https://*.bitrix24.de https://*.bitrix24.fr https://*.bitrix24.es https://*.bitrix24.it \
     https://*.bitrix24.pl https://*.bitrix24.ua https://*.bitrix24.in https://*.bitrix24.com.br \
     https://*.bitrix24.com.tr https://*.bitrix24.uk https://*.bitrix24.mx https://*.bitrix24.id https://*.bitrix24.vn \
     https://*.bitrix24.jp https://*.bitrix24.cn https://*.bitrix24.tech";

/// What differs from the rule that nobody may frame a page and forms come back to us. A handler puts it
/// among the extensions of its response.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderPolicy {
    /// Who may frame the page.
    pub(crate) frame: FramePolicy,
    /// The page's form leads on to a portal (browsers apply `form-action` to redirects as well).
    pub(crate) form_leads_away: bool,
}

/// Who may put a page into a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum FramePolicy {
    #[default]
    Nobody,
    /// Any portal in the cloud: for pages without secrets and buttons.
    CloudPortals,
    Portal {
        /// Its host, with port if it has one.
        domain: String,
        /// It was opened over plain HTTP.
        plain_http: bool,
    },
}

impl FramePolicy {
    fn sources(&self) -> String {
        match self {
            Self::Portal { domain, plain_http } if is_host(domain) => {
                let https = format!("https://{domain}");
                if *plain_http { format!("{https} http://{domain}") } else { https }
            }
            Self::CloudPortals => CLOUD_PORTALS.to_owned(),
            Self::Nobody | Self::Portal { .. } => "'none'".to_owned(),
        }
    }
}

/// A host with or without port, and nothing that could end the directive it stands in.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_'))
}

/// Adds the headers.
pub(crate) async fn add(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = response.extensions_mut().remove::<HeaderPolicy>().unwrap_or_default();
    let headers = response.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, &content_policy(&policy, state.origin()));
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if policy.frame == FramePolicy::Nobody {
        set(headers, header::X_FRAME_OPTIONS, "DENY");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    response
}

/// Scripts and styles come from our own files only; nothing runs that stands in a page.
fn content_policy(policy: &HeaderPolicy, origin: &str) -> String {
    let own = format!("'self' {origin}");
    let forms = if policy.form_leads_away { "https: http:" } else { own.as_str() };
    format!(
        "default-src 'none'; script-src {own}; style-src {own}; img-src {own}; connect-src {own}; \
         base-uri 'none'; form-action {forms}; frame-ancestors {}",
        policy.frame.sources()
    )
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal(domain: &str, plain_http: bool) -> String {
        FramePolicy::Portal { domain: domain.to_owned(), plain_http }.sources()
    }

    #[test]
    fn a_frame_is_open_to_its_portal_only() {
        assert_eq!(portal("firma.bitrix24.ru", false), "https://firma.bitrix24.ru");
        assert_eq!(portal("box.local:8443", true), "https://box.local:8443 http://box.local:8443");
        assert_eq!(FramePolicy::Nobody.sources(), "'none'");
    }

    #[test]
    fn a_hostile_domain_cannot_write_policy() {
        for domain in ["", "*", "a; script-src *", "a https://evil.example", "a'b", "портал.рф", "a/b"] {
            assert_eq!(portal(domain, true), "'none'", "{domain}");
        }
    }

    #[test]
    fn nothing_runs_from_within_a_page() {
        let text = content_policy(&HeaderPolicy::default(), "https://host:8802");
        assert!(text.starts_with("default-src 'none'"));
        assert!(!text.contains("unsafe") && !text.contains("https: http:"));
        assert!(text.ends_with("frame-ancestors 'none'"));
    }
}
