//! The story of one call: why a card opened, or did not.

use super::calls::{CallShown, NameTable};
use super::top::{Notice, Tab, Top, overview, settings};
use crate::domain::CallKey;
use crate::web::WebState;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::show::{Moment, Shell};
use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

#[derive(Template)]
#[template(path = "call.html")]
struct SingleCallPage<'a> {
    shell: Shell<'a>,
    top: Top,
    call: CallShown,
    rows: Vec<TraceRow>,
}

/// A line of the story.
struct TraceRow {
    at: Moment,
    text: String,
    detail: String,
}

/// `GET /company/calls/{key}`; the key may hold slashes.
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    Path(key): Path<String>,
) -> Result<Response, WebError> {
    let key = CallKey::new(key);
    let record = state.service.call(&admin.company, &key, context.lang).await?.ok_or(WebError::NotFound)?;
    if context.json() {
        let trace = record.trace.iter().map(|l| json!({ "at": l.at.millis(), "text": l.text, "detail": l.detail }));
        return Ok(Json(json!({ "call": record.view, "trace": trace.collect::<Vec<_>>() })).into_response());
    }
    let t = context.lang.texts();
    let overview = overview(&state, &admin).await?;
    let names = NameTable::of(&state, &admin).await?;
    let page = SingleCallPage {
        shell: Shell::new(&state, &context),
        top: Top::new(&state, &context, &overview, &admin, Tab::Calls, Notice::None),
        call: CallShown::of(t, &names, &record.view),
        rows: record
            .trace
            .into_iter()
            .map(|l| TraceRow { at: Moment::of(l.at), text: l.text, detail: l.detail })
            .collect(),
    };
    Ok(settings(StatusCode::OK, &page))
}
