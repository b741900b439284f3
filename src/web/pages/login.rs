//! Logging in and out: the only way in leads through the company's portal.

use crate::domain::reach::{AddressClass, literal_place};
use crate::web::guard::{BrowserMark, SameSite, client_address, ended_cookie, session_cookie, token_of};
use crate::web::middleware::error::WebError;
use crate::web::middleware::headers::HeaderPolicy;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::{Faults, FieldFault, FormBody, FormFields, portal_domain};
use crate::web::service::{BeginError, LoginRequest, LoginReturn};
use crate::web::show::{Shell, html};
use crate::web::{WebState, detached};
use askama::Template;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde_json::json;
use std::net::IpAddr;
use url::Url;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    shell: Shell<'a>,
    domain: &'a str,
    client_id: &'a str,
    more: bool,
    /// What this server's own address will not do; empty where nothing is known against it.
    address_note: &'static str,
    faults: Faults,
}

impl LoginPage<'_> {
    fn fault(&self, field: &str) -> String {
        self.faults.text(field, &self.shell.t.field)
    }
}

/// `GET /`: the page, or the way back from the portal.
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    headers: HeaderMap,
    extensions: Extensions,
    RawQuery(query): RawQuery,
) -> Result<Response, WebError> {
    let query = FormFields::parse(query.unwrap_or_default().as_bytes());
    if query.has("error") {
        return Err(WebError::AuthorizeError(query.get("error").to_owned()));
    }
    if query.has("code") || query.has("state") {
        return complete(&state, &headers, &query, client_address(&extensions, &headers)).await;
    }
    let domain = query.get("domain");
    Ok(page(&state, &context, StatusCode::OK, &query, domain, Faults::none()))
}

async fn complete(
    state: &WebState,
    headers: &HeaderMap,
    query: &FormFields,
    source: Option<IpAddr>,
) -> Result<Response, WebError> {
    let back = LoginReturn {
        code: query.get("code").to_owned().into(),
        state: query.get("state").to_owned(),
        browser: BrowserMark::sent(headers, state).map(BrowserMark::into_text),
        member_id: Some(query.get("member_id").to_owned()).filter(|text| !text.is_empty()),
        source,
    };
    let service = state.service.clone();
    let session = detached(async move { service.complete_login(back).await }).await??;
    let jar = CookieJar::new().add(session_cookie(state, &session));
    Ok((jar, Redirect::to(&format!("{}/company", state.base))).into_response())
}

/// `POST /login`: to the portal's authorize page, or back to ours with the fault beside the field. Only from a page of
/// ours, or any page could send its visitors to a portal of its choice.
pub(crate) async fn begin(
    State(state): State<WebState>,
    context: RequestContext,
    headers: HeaderMap,
    extensions: Extensions,
    _: SameSite,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    if !state.throttle.admit(client_address(&extensions, &headers), state.clock.now()) {
        return Err(WebError::TooOften);
    }
    let browser = BrowserMark::sent_or_new(&headers, &state);
    let faults = match read(&fields, &browser) {
        Err(faults) => faults,
        Ok(login) => {
            let service = state.service.clone();
            match detached(async move { service.begin_login(login).await }).await? {
                Ok(authorize) => {
                    let jar = CookieJar::new().add(browser.cookie(&state));
                    return Ok((jar, Redirect::to(&authorize.url)).into_response());
                }
                Err(BeginError::Fault(fault)) => return Err(fault.into()),
                Err(BeginError::KeysNeeded) => Faults::one("client_id", FieldFault::KeysNeeded),
                Err(BeginError::KeysStale) => Faults::one("client_id", FieldFault::KeysStale),
            }
        }
    };
    if context.json() {
        let faults = faults.json(&context.lang.texts().field);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "ok": false, "fields": faults }))).into_response());
    }
    Ok(page(&state, &context, StatusCode::UNPROCESSABLE_ENTITY, &fields, fields.get("domain"), faults))
}

fn read(fields: &FormFields, browser: &BrowserMark) -> Result<LoginRequest, Faults> {
    let mut faults = Faults::none();
    let domain = faults.take("domain", portal_domain(fields.get("domain")));
    let client_id = faults.take("client_id", fields.line("client_id"));
    let client_secret = faults.take("client_secret", fields.line("client_secret"));
    if faults.is_empty() && client_id.is_empty() != client_secret.is_empty() {
        faults.add(if client_id.is_empty() { "client_id" } else { "client_secret" }, FieldFault::Empty);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let keys = (!client_id.is_empty()).then(|| (client_id, client_secret.into()));
    Ok(LoginRequest { domain, keys, browser: browser.clone().into_text() })
}

fn page(
    state: &WebState,
    context: &RequestContext,
    status: StatusCode,
    fields: &FormFields,
    domain: &str,
    faults: Faults,
) -> Response {
    let client_id = fields.get("client_id");
    let t = &context.lang.texts().field;
    let marked = |field| !faults.text(field, t).is_empty();
    let more = !client_id.is_empty() || marked("client_id") || marked("client_secret");
    let t = &context.lang.texts().login;
    let address_note = match Url::parse(&state.base).ok().and_then(|base| literal_place(base.host_str()?)) {
        Some(AddressClass::ThisMachine) => t.own_machine,
        Some(AddressClass::Private) => t.private_address,
        _ => "",
    };
    let mut response =
        html(status, &LoginPage { shell: Shell::new(state, context), domain, client_id, more, address_note, faults });
    response.extensions_mut().insert(HeaderPolicy { form_leads_away: true, ..HeaderPolicy::default() });
    response
}

/// `POST /logout`: ends the session here and in the browser.
pub(crate) async fn end(State(state): State<WebState>, _: SameSite, jar: CookieJar) -> Result<Response, WebError> {
    if let Some(token) = token_of(&jar) {
        let service = state.service.clone();
        detached(async move { service.end_session(&token).await }).await??;
    }
    Ok((CookieJar::new().add(ended_cookie(&state)), Redirect::to(&format!("{}/", state.base))).into_response())
}
