//! The tab with the connection to ECSS-10: save, check, accept a certificate.

use super::company::{not_saved, refused};
use super::ecss_form::{EcssForm, read};
use super::status::Status;
use super::top::{Notice, Tab, Top, overview, saved, settings};
use crate::domain::link::{LinkFault, LinkState};
use crate::lang::Texts;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::{Faults, FieldFault, FormBody, FormFields};
use crate::web::service::{Admin, Checked, Overview, SaveError};
use crate::web::show::Shell;
use crate::web::{WebState, detached};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;

#[derive(Template)]
#[template(path = "ecss.html")]
struct EcssPage<'a> {
    shell: Shell<'a>,
    top: Top,
    form: EcssForm,
    has_key: bool,
    faults: Faults,
    link: Status,
    checked: Option<Outcome>,
    /// Fingerprint of a certificate that was shown and is not trusted, and the saved settings to trust it with.
    untrusted: Option<(String, EcssForm)>,
}

impl EcssPage<'_> {
    fn fault(&self, field: &str) -> String {
        self.faults.text(field, &self.shell.t.field)
    }

    /// A fingerprint as tools print it, to be compared by eye.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn printed(&self, sha256: &str) -> String {
        let bytes: Vec<&str> = sha256.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
        bytes.join(":").to_uppercase()
    }

    fn key_hint(&self) -> &'static str {
        let t = &self.shell.t.company;
        if self.has_key { t.api_key_kept } else { t.api_key_hint }
    }
}

/// How a check went.
enum Outcome {
    Works,
    Failed(Status),
}

impl Outcome {
    fn of(t: &'static Texts, checked: &Checked) -> Self {
        match checked {
            Checked::Works => Self::Works,
            Checked::NotConfigured => Self::Failed(Status::link(t, &LinkState::NotConfigured)),
            Checked::Failed(fault) => Self::Failed(Status::fault(t, fault)),
        }
    }
}

/// The tab with the saved settings.
pub(crate) fn page(
    state: &WebState,
    context: &RequestContext,
    status: StatusCode,
    overview: &Overview,
    top: Top,
) -> Response {
    let form = EcssForm::of(overview.switch.as_ref());
    render(state, context, status, overview, top, form, Faults::none(), None)
}

#[expect(clippy::too_many_arguments, reason = "one place puts the page together; each argument is a part of it")]
fn render(
    state: &WebState,
    context: &RequestContext,
    status: StatusCode,
    overview: &Overview,
    top: Top,
    form: EcssForm,
    faults: Faults,
    checked: Option<&Checked>,
) -> Response {
    let t = context.lang.texts();
    let shown = match (checked, &overview.link) {
        (Some(Checked::Failed(LinkFault::Untrusted { sha256, .. })), _)
        | (
            None,
            LinkState::NeedsAdmin { why: LinkFault::Untrusted { sha256, .. }, .. }
            | LinkState::Waiting { why: LinkFault::Untrusted { sha256, .. }, .. },
        ) => Some(sha256.clone()),
        _ => None,
    };
    let page = EcssPage {
        shell: Shell::new(state, context),
        top,
        form,
        has_key: overview.switch.is_some(),
        faults,
        link: Status::link(t, &overview.link),
        checked: checked.map(|c| Outcome::of(t, c)),
        untrusted: shown.zip(overview.switch.as_ref().map(|s| EcssForm::of(Some(s)))),
    };
    settings(status, &page)
}

/// `POST /company/ecss`: saves; with `then=check` tries the connection at once.
pub(crate) async fn save(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    let faults = match read(&fields) {
        Err(faults) => faults,
        Ok(input) => {
            let (service, by) = (state.service.clone(), admin.clone());
            match detached(async move { service.save_switch(&by, input).await }).await? {
                Ok(()) => return after_save(&state, &context, &admin, fields.get("then") == "check").await,
                Err(SaveError::KeyNeeded) => Faults::one("api_key", FieldFault::KeyNeeded),
                Err(other) => return Err(not_saved(other)),
            }
        }
    };
    if context.json() {
        return Ok(refused(&context, &faults));
    }
    typed_again(&state, &context, &admin, &fields, faults).await
}

async fn typed_again(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    fields: &FormFields,
    faults: Faults,
) -> Result<Response, WebError> {
    let overview = overview(state, admin).await?;
    let top = Top::new(state, context, &overview, admin, Tab::Ecss, Notice::NotSaved);
    let form = EcssForm::typed(fields);
    Ok(render(state, context, StatusCode::UNPROCESSABLE_ENTITY, &overview, top, form, faults, None))
}

async fn after_save(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    check: bool,
) -> Result<Response, WebError> {
    if check {
        return checked_page(state, context, admin, Notice::Saved).await;
    }
    if context.json() {
        return Ok(Json(json!({ "ok": true })).into_response());
    }
    Ok(Redirect::to(&saved(state, Tab::Ecss)).into_response())
}

/// `POST /company/ecss/check`: tries the saved settings now.
pub(crate) async fn check(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
) -> Result<Response, WebError> {
    checked_page(&state, &context, &admin, Notice::None).await
}

async fn checked_page(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    notice: Notice,
) -> Result<Response, WebError> {
    let (service, company) = (state.service.clone(), admin.company.clone());
    let checked = detached(async move { service.check_switch(&company).await }).await??;
    if context.json() {
        return Ok(checked_json(context, &checked));
    }
    let overview = overview(state, admin).await?;
    let top = Top::new(state, context, &overview, admin, Tab::Ecss, notice);
    let form = EcssForm::of(overview.switch.as_ref());
    Ok(render(state, context, StatusCode::OK, &overview, top, form, Faults::none(), Some(&checked)))
}

fn checked_json(context: &RequestContext, checked: &Checked) -> Response {
    let t = context.lang.texts();
    let body = match Outcome::of(t, checked) {
        Outcome::Works => json!({ "ok": true, "message": t.company.check_works }),
        Outcome::Failed(status) => {
            let mut body = match checked {
                Checked::Failed(fault) => serde_json::to_value(fault).unwrap_or_default(),
                Checked::Works | Checked::NotConfigured => json!({ "code": "not_configured" }),
            };
            body["ok"] = false.into();
            body["message"] = status.text.what.into();
            body["todo"] = status.text.todo.into();
            body
        }
    };
    Json(body).into_response()
}
