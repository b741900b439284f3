//! What all pages share: language, links, and the way from a template to an answer.

use super::assets::named;
use crate::lang::Texts;
use crate::web::WebState;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// The frame of a page.
#[derive(Clone, Copy)]
pub(crate) struct Shell<'a> {
    /// Value of the `lang` attribute.
    pub(crate) lang: &'static str,
    pub(crate) t: &'static Texts,
    /// Public base address without a slash at its end: every link starts with it.
    pub(crate) base: &'a str,
}

impl<'a> Shell<'a> {
    /// The frame for this visitor.
    pub(crate) fn new(state: &'a WebState, context: &RequestContext) -> Self {
        Self { lang: context.lang.code(), t: context.lang.texts(), base: &state.base }
    }

    /// The address of a static file.
    pub(crate) fn file(&self, plain: &str) -> String {
        format!("{}/static/{}", self.base, named(plain))
    }
}

/// A rendered page as an answer.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => WebError::Internal(format!("a page cannot be rendered: {error}")).into_response(),
    }
}
