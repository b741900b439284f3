//! What can go wrong with a request, and the page, JSON or line that says so.
//!
//! Handlers return [`WebError`]; it travels to [`render`] inside the response, because only there the
//! visitor's language and the request's id are known. What happened inside is written to the log under
//! that id and never shown.

use super::headers::{FramePolicy, HeaderPolicy};
use super::request_context::{AnswerForm, RequestContext};
use super::request_span::request_span;
use crate::lang::{ErrorTexts, Lang, StateText};
use crate::web::WebState;
use crate::web::service::{LoginError, OpenError, ServiceFault};
use crate::web::show::{Shell, html};
use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use tracing::Instrument as _;

/// A request that cannot be served as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebError {
    #[error("not found")]
    NotFound,
    #[error("wrong method")]
    WrongMethod,
    #[error("body too large")]
    TooLarge,
    #[error("body too slow")]
    TooSlow,
    #[error("unreadable: {0}")]
    Unreadable(String),
    #[error("no session")]
    SessionNeeded,
    #[error("cross-site request")]
    CrossSite,
    #[error("too many log-ins")]
    TooOften,
    #[error("too much is posted")]
    Crowded,
    #[error("unknown portal")]
    UnknownPortal,
    #[error("forbidden")]
    Forbidden,
    #[error("the portal is silent: {0}")]
    PortalSilent(String),
    #[error("ticket is forged or expired")]
    StaleTicket,
    #[error("log-in failed: {0}")]
    Login(LoginError),
    #[error("the portal returned an error instead of a code: {0}")]
    AuthorizeError(String),
    #[error("the company is gone")]
    Gone,
    #[error("busy: {0}")]
    Busy(String),
    #[error("{0}")]
    Internal(String),
}

impl From<ServiceFault> for WebError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::Busy(text) => Self::Busy(text),
            ServiceFault::Broken(text) => Self::Internal(text),
        }
    }
}

impl From<OpenError> for WebError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Unreadable(text) => Self::Unreadable(text),
            OpenError::UnknownPortal => Self::UnknownPortal,
            OpenError::Forbidden => Self::Forbidden,
            OpenError::TooMany => Self::Crowded,
            OpenError::Unreachable(text) => Self::PortalSilent(text),
            OpenError::Fault(fault) => fault.into(),
        }
    }
}

impl From<LoginError> for WebError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Unreachable(text) => Self::PortalSilent(text),
            LoginError::Fault(fault) => fault.into(),
            LoginError::TooOften => Self::TooOften,
            other => Self::Login(other),
        }
    }
}

impl WebError {
    /// The answer's status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SessionNeeded | Self::StaleTicket => StatusCode::UNAUTHORIZED,
            Self::CrossSite | Self::UnknownPortal | Self::Forbidden | Self::Login(_) | Self::AuthorizeError(_) => {
                StatusCode::FORBIDDEN
            }
            Self::TooOften | Self::Crowded => StatusCode::TOO_MANY_REQUESTS,
            Self::Gone => StatusCode::GONE,
            Self::PortalSilent(_) | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable word for scripts.
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::WrongMethod => "wrong_method",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Unreadable(_) => "unreadable",
            Self::SessionNeeded => "session_needed",
            Self::CrossSite => "cross_site",
            Self::TooOften => "too_often",
            Self::Crowded => "crowded",
            Self::UnknownPortal => "unknown_portal",
            Self::Forbidden => "forbidden",
            Self::PortalSilent(_) => "portal_silent",
            Self::StaleTicket => "stale_ticket",
            Self::Login(_) | Self::AuthorizeError(_) => "login_failed",
            Self::Gone => "gone",
            Self::Busy(_) => "busy",
            Self::Internal(_) => "internal",
        }
    }

    fn explanation(&self, t: &ErrorTexts) -> StateText {
        match self {
            Self::NotFound => t.not_found,
            Self::WrongMethod => t.wrong_method,
            Self::TooLarge => t.too_large,
            Self::TooSlow => t.too_slow,
            Self::Unreadable(_) => t.unreadable,
            Self::SessionNeeded => t.session_needed,
            Self::CrossSite => t.cross_site,
            Self::TooOften | Self::Login(LoginError::TooOften) => t.too_often,
            Self::Crowded => t.crowded,
            Self::UnknownPortal => t.unknown_portal,
            Self::Forbidden => t.forbidden,
            Self::PortalSilent(_) | Self::Login(LoginError::Unreachable(_)) => t.portal_silent,
            Self::StaleTicket => t.stale_ticket,
            Self::Login(LoginError::BadState) => t.bad_state,
            Self::Login(LoginError::CodeRefused(_)) => t.code_refused,
            Self::Login(LoginError::KeysRefused(_)) => t.keys_refused,
            Self::Login(LoginError::OtherPortal) => t.other_portal,
            Self::Login(LoginError::ScopesMissing(_)) => t.scopes_missing,
            Self::Login(LoginError::NotAdmin) => StateText { title: "", what: "", todo: "" },
            Self::AuthorizeError(_) => t.authorize_error,
            Self::Gone => t.gone,
            Self::Busy(_) => t.busy,
            Self::Internal(_) | Self::Login(LoginError::Fault(_)) => t.internal,
        }
    }

    /// The message in people's words.
    pub(crate) fn words(&self, lang: Lang) -> StateText {
        let t = lang.texts();
        if matches!(self, Self::Login(LoginError::NotAdmin)) { t.login.not_admin } else { self.explanation(&t.error) }
    }

    /// What may be shown besides: never our own insides.
    fn particulars(&self) -> String {
        match self {
            Self::Login(LoginError::ScopesMissing(scopes)) => scopes.join(", "),
            Self::AuthorizeError(text) => text.chars().take(80).collect(),
            _ => String::new(),
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell<'a>,
    explanation: StateText,
    particulars: String,
    id: &'a str,
}

/// Layer that turns a [`WebError`] into what the visitor can read.
pub(crate) async fn render(
    State(state): State<WebState>,
    context: RequestContext,
    request: Request,
    next: Next,
) -> Response {
    let span = request_span();
    let mut response = next.run(request).instrument(span.clone()).await;
    let Some(error) = response.extensions_mut().remove::<WebError>() else {
        return response;
    };
    span.in_scope(|| note(&error, &context.id));
    let explanation = error.words(context.lang);
    let mut answer = match context.form {
        AnswerForm::Page if error == WebError::SessionNeeded && context.safe => {
            return Redirect::to(&format!("{}/", state.base)).into_response();
        }
        AnswerForm::Page => {
            let shell = Shell::new(&state, &context);
            let page = ErrorPage { shell, explanation, particulars: error.particulars(), id: &context.id };
            let mut answer = html(error.status(), &page);
            let frame = if context.framed { FramePolicy::CloudPortals } else { FramePolicy::Nobody };
            answer.extensions_mut().insert(HeaderPolicy { frame, ..HeaderPolicy::default() });
            answer
        }
        AnswerForm::Json => {
            let message = format!("{} {}", explanation.what, explanation.todo);
            let body = json!({ "ok": false, "code": error.code(), "message": message, "request": context.id });
            (error.status(), Json(body)).into_response()
        }
        AnswerForm::Line => (error.status(), format!("{}\n", error.code())).into_response(),
    };
    if let Some(seconds) = retry_after(&error) {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    // The rest of such a body is not read.
    if matches!(error, WebError::TooSlow | WebError::TooLarge) {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// Seconds after which it is worth trying again, where that is known.
fn retry_after(error: &WebError) -> Option<&'static str> {
    match error {
        WebError::TooOften | WebError::Crowded => Some("60"),
        WebError::Busy(_) | WebError::PortalSilent(_) => Some("10"),
        _ => None,
    }
}

/// Writes the log line: an error only for what somebody has to look into.
fn note(error: &WebError, id: &str) {
    match error {
        WebError::Internal(text) => tracing::error!(request = id, "request {id} failed: {text}"),
        WebError::Busy(_) | WebError::PortalSilent(_) => tracing::warn!(request = id, "request {id} put off: {error}"),
        WebError::Login(_) | WebError::AuthorizeError(_) | WebError::Forbidden | WebError::CrossSite => {
            tracing::warn!(request = id, "request {id} turned away: {error}");
        }
        _ => tracing::debug!(request = id, "request {id}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<WebError> {
        let text = String::new;
        vec![
            WebError::NotFound,
            WebError::WrongMethod,
            WebError::TooLarge,
            WebError::TooSlow,
            WebError::Unreadable(text()),
            WebError::SessionNeeded,
            WebError::CrossSite,
            WebError::TooOften,
            WebError::Crowded,
            WebError::UnknownPortal,
            WebError::Forbidden,
            WebError::PortalSilent(text()),
            WebError::StaleTicket,
            WebError::Login(LoginError::BadState),
            WebError::Login(LoginError::CodeRefused(text())),
            WebError::Login(LoginError::KeysRefused(text())),
            WebError::Login(LoginError::OtherPortal),
            WebError::Login(LoginError::NotAdmin),
            WebError::Login(LoginError::ScopesMissing(vec!["call".into()])),
            WebError::AuthorizeError(text()),
            WebError::Gone,
            WebError::Busy(text()),
            WebError::Internal(text()),
        ]
    }

    #[test]
    fn every_error_says_what_happened_and_what_to_do() {
        for error in every_error() {
            for lang in [Lang::Ru, Lang::En] {
                let explanation = error.words(lang);
                assert!(![explanation.title, explanation.what, explanation.todo].contains(&""), "{error:?}");
            }
            assert!(error.status().is_client_error() || error.status().is_server_error(), "{error:?}");
        }
    }

    #[test]
    fn our_insides_are_not_shown() {
        assert_eq!(WebError::Internal("SELECT".into()).particulars(), "");
        assert_eq!(WebError::from(ServiceFault::Broken("disk".into())).particulars(), "");
        assert_eq!(WebError::Login(LoginError::ScopesMissing(vec!["call".into()])).particulars(), "call");
    }
}
