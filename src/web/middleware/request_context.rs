//! Facts about one request that pages, errors and log lines share.

use crate::lang::Lang;
use crate::web::read::accepted;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use std::convert::Infallible;

/// One request's facts.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// Names the request in the log and on error pages.
    pub(crate) id: String,
    /// The language to answer in.
    pub(crate) lang: Lang,
    pub(crate) form: AnswerForm,
    /// Reads only.
    pub(crate) safe: bool,
    /// The answer will stand in a frame of the portal.
    pub(crate) framed: bool,
}

/// In which form a request wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// A page for people.
    Page,
    /// JSON for scripts.
    Json,
    /// One line for a machine that reads the status only.
    Line,
}

impl RequestContext {
    /// Reads the facts off a request whose prefix is gone.
    pub(crate) fn of(request: &Request, id: String) -> Self {
        let path = request.uri().path();
        let from_portal = request.method() == Method::POST && path == "/";
        let framed = from_portal || path == "/call/call.html";
        let said = request.uri().query().filter(|_| framed).and_then(portal_lang);
        let lang = said.unwrap_or_else(|| accepted(text(request.headers(), header::ACCEPT_LANGUAGE)));
        let form = match path {
            "/events" => AnswerForm::Line,
            "/call/action" | "/call/stream" => AnswerForm::Json,
            "/company/employees" if !names_html(request.headers()) => AnswerForm::Json,
            _ if wants_json(request.headers()) => AnswerForm::Json,
            _ => AnswerForm::Page,
        };
        Self { id, lang, form, safe: request.method().is_safe(), framed }
    }

    /// Whether the answer should be JSON.
    pub(crate) fn json(&self) -> bool {
        self.form == AnswerForm::Json
    }
}

/// The portal's `LANG` parameter: the language of the page around the frame.
fn portal_lang(query: &str) -> Option<Lang> {
    query.split('&').find_map(|pair| pair.strip_prefix("LANG=")).and_then(Lang::of_tag)
}

/// A script asks for JSON by `Accept`, or shows by sending JSON that it speaks it; a browser's own
/// navigation always names HTML.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = text(headers, header::ACCEPT).unwrap_or_default();
    let sends = text(headers, header::CONTENT_TYPE).is_some_and(|t| t.starts_with("application/json"));
    !names_html(headers) && (accept.contains("application/json") || sends)
}

fn names_html(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// A header's text, if it is text.
pub(crate) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let context = parts.extensions.get::<Self>().expect("the access layer wraps every route").clone();
        Ok(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(method: &str, uri: &str, headers: &[(&str, &str)]) -> RequestContext {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        RequestContext::of(&request.body(axum::body::Body::empty()).expect("request"), String::new())
    }

    #[test]
    fn scripts_get_json_and_people_get_pages() {
        for (headers, want) in [
            (&[][..], AnswerForm::Page),
            (&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], AnswerForm::Page),
            (&[("accept", "application/json")], AnswerForm::Json),
            (&[("accept", "*/*")], AnswerForm::Page),
            (&[("accept", "*/*"), ("content-type", "application/json")], AnswerForm::Json),
        ] {
            assert_eq!(context("GET", "/company", headers).form, want, "{headers:?}");
        }
        assert_eq!(context("POST", "/events", &[("accept", "text/html")]).form, AnswerForm::Line);
        assert_eq!(context("GET", "/company/employees", &[]).form, AnswerForm::Json, "the table is data first");
        assert_eq!(context("GET", "/company/employees", &[("accept", "text/html")]).form, AnswerForm::Page);
    }

    #[test]
    fn the_portal_says_its_language_only_where_it_stands_around_us() {
        let ru = [("accept-language", "ru")];
        assert_eq!(context("POST", "/call/call.html?DOMAIN=x&LANG=en", &ru).lang, Lang::En);
        assert_eq!(context("POST", "/?LANG=xx", &ru).lang, Lang::Ru);
        assert_eq!(context("GET", "/company?LANG=en", &ru).lang, Lang::Ru);
    }

    #[test]
    fn only_what_the_portal_posts_is_framed() {
        assert!(context("POST", "/", &[]).framed);
        assert!(context("GET", "/call/call.html", &[]).framed);
        assert!(!context("GET", "/", &[]).framed);
        assert!(!context("POST", "/login", &[]).framed);
    }
}
