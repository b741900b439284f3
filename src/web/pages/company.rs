//! `/company`: the tabs of the settings, and the company's name.

use super::top::{Notice, Tab, Top, overview, saved};
use super::{bitrix, calls, diagnostics, ecss, employees};
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::{Faults, FormBody, FormFields};
use crate::web::service::{Admin, Overview, SaveError};
use crate::web::{WebState, detached};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;

/// `GET /company?tab=…`
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, WebError> {
    let query = FormFields::parse(query.unwrap_or_default().as_bytes());
    let tab = Tab::of(&query);
    match tab {
        Tab::Employees => return employees::page(&state, &context, &admin).await,
        Tab::Calls => return calls::page(&state, &context, &admin, &query).await,
        Tab::Ecss | Tab::Bitrix | Tab::Diagnostics => {}
    }
    let overview = overview(&state, &admin).await?;
    let top = Top::new(&state, &context, &overview, &admin, tab, Notice::of(&query));
    settings_tab(&state, &context, StatusCode::OK, &overview, &admin, top).await
}

async fn settings_tab(
    state: &WebState,
    context: &RequestContext,
    status: StatusCode,
    overview: &Overview,
    admin: &Admin,
    top: Top,
) -> Result<Response, WebError> {
    match top.tab {
        Tab::Bitrix => bitrix::page(state, context, status, overview, admin, top, None).await,
        Tab::Diagnostics => {
            let findings = state.service.findings(&admin.company).await?.ok_or(WebError::Gone)?;
            let deeds = state.service.deeds(&admin.company).await?;
            Ok(diagnostics::page(state, context, status, overview, (&findings, &deeds), top))
        }
        Tab::Ecss | Tab::Employees | Tab::Calls => Ok(ecss::page(state, context, status, overview, top)),
    }
}

/// `POST /company` (`name`)
pub(crate) async fn rename(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    let tab = Tab::of(&fields);
    match fields.line("name") {
        Ok(name) => {
            let (service, by) = (state.service.clone(), admin.clone());
            detached(async move { service.rename(&by, &name).await }).await?.map_err(not_saved)?;
            if context.json() {
                return Ok(Json(json!({ "ok": true })).into_response());
            }
            Ok(Redirect::to(&saved(&state, tab)).into_response())
        }
        Err(fault) => {
            let faults = Faults::one("name", fault);
            let t = context.lang.texts();
            if context.json() {
                return Ok(refused(&context, &faults));
            }
            let overview = overview(&state, &admin).await?;
            let mut top = Top::new(&state, &context, &overview, &admin, tab, Notice::NotSaved);
            top.name_fault = faults.text("name", &t.field);
            fields.get("name").clone_into(&mut top.name);
            settings_tab(&state, &context, StatusCode::UNPROCESSABLE_ENTITY, &overview, &admin, top).await
        }
    }
}

/// Faults of a form, for scripts.
pub(crate) fn refused(context: &RequestContext, faults: &Faults) -> Response {
    let t = context.lang.texts();
    let body = json!({ "ok": false, "message": t.not_saved, "fields": faults.json(&t.field) });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

/// Why something without a key was not saved.
pub(crate) fn not_saved(error: SaveError) -> WebError {
    match error {
        SaveError::Gone => WebError::Gone,
        SaveError::Fault(fault) => fault.into(),
        SaveError::KeyNeeded => WebError::Internal(format!("a save without a key field says: {error}")),
    }
}
