//! The tab that says how everything is, and what to do where it is not well.

use super::status::Status;
use super::top::Top;
use crate::web::WebState;
use crate::web::gate::visit::Visit;
use crate::web::office::Overview;
use crate::web::show::{Moment, Shell, html};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "diagnostics.html")]
struct DiagnosticsPage<'a> {
    shell: Shell<'a>,
    top: Top,
    overview: &'a Overview,
    link: Status,
    portal: Status,
    token_until: Option<Moment>,
    version: &'static str,
}

/// The tab.
pub(crate) fn page(state: &WebState, visit: &Visit, status: StatusCode, overview: &Overview, top: Top) -> Response {
    let t = visit.lang.texts();
    let page = DiagnosticsPage {
        shell: Shell::new(state, visit),
        top,
        overview,
        link: Status::link(t, &overview.link),
        portal: Status::portal(t, &overview.portal),
        token_until: overview.token.as_ref().map(|token| Moment::of(token.expires_at)),
        version: env!("CARGO_PKG_VERSION"),
    };
    html(status, &page)
}
