//! Takes the public path prefix off a request.
//!
//! A gateway may pass `/bitrix/company` whole or as `/company`; the handler address typed into the portal
//! is `/bitrix` without a slash. All of them are answered directly: a redirect would lose a POST.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The request's address as it came, kept for the log.
#[derive(Debug, Clone)]
pub(crate) struct AsCame(pub(crate) Uri);

/// The same request without the first prefix that matches, and without a slash at its end.
pub(crate) fn strip(prefixes: &[String], mut request: Request) -> Request {
    let came = request.uri().clone();
    if let Some(uri) = stripped(prefixes, &came) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(AsCame(came));
    request
}

fn stripped(prefixes: &[String], uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let rest = prefixes
        .iter()
        .filter(|p| !p.is_empty() && *p != "/")
        .find_map(|p| {
            path.strip_prefix(p.trim_end_matches('/')).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .unwrap_or(path);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let rest = if rest.is_empty() { "/" } else { rest };
    if rest == path {
        return None;
    }
    let target = uri.query().map_or_else(|| rest.to_owned(), |query| format!("{rest}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(prefixes: &[&str], uri: &str) -> String {
        let prefixes: Vec<String> = prefixes.iter().map(|p| (*p).to_owned()).collect();
        let request = Request::builder().uri(uri).body(axum::body::Body::empty()).expect("request");
        strip(&prefixes, request).uri().to_string()
    }

    #[test]
    fn the_first_prefix_that_matches_goes() {
        for (prefixes, uri, want) in [
            (&["/bitrix"][..], "/bitrix", "/"),
            (&["/bitrix"], "/bitrix/", "/"),
            (&["/bitrix"], "/bitrix?code=1&state=a%20b", "/?code=1&state=a%20b"),
            (&["/bitrix"], "/bitrix/call/call.html?a=b", "/call/call.html?a=b"),
            (&["/bitrix"], "/call/call.html", "/call/call.html"),
            (&["/bitrix"], "/bitrixen/company", "/bitrixen/company"),
            (&["/bitrix"], "/bitrix/bitrix", "/bitrix"),
            (&["/bitrix"], "/company/", "/company"),
            (&["/one", "/two/three"], "/two/three/company", "/company"),
            (&["/one", "/two/three"], "/one/company", "/company"),
            (&[], "/company", "/company"),
            (&["", "/"], "/company?x", "/company?x"),
            (&["/bitrix/"], "/bitrix/events", "/events"),
        ] {
            assert_eq!(after(prefixes, uri), want, "{prefixes:?} {uri}");
        }
    }

    #[test]
    fn the_log_still_knows_what_came() {
        let request = Request::builder().uri("/bitrix/company").body(axum::body::Body::empty()).expect("request");
        let request = strip(&["/bitrix".to_owned()], request);
        assert_eq!(request.extensions().get::<AsCame>().expect("kept").0, "/bitrix/company");
    }
}
