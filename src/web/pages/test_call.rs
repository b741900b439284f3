//! `/company/test-call`: an administrator has a phone ring, and sees what reaches this server.

use super::finding::ShownFinding;
use super::top::{Notice, Tab, Top, overview, settings};
use crate::domain::Phone;
use crate::domain::checks::Finding;
use crate::domain::checks::setup::SetupStep;
use crate::lang::dial_failure;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::{Faults, FieldFault, FormBody, FormFields};
use crate::web::service::{Admin, TestCallError};
use crate::web::show::Shell;
use crate::web::{WebState, detached};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

#[derive(Template)]
#[template(path = "test_call.html")]
struct TestCallPage<'a> {
    shell: Shell<'a>,
    top: Top,
    from: &'a str,
    to: &'a str,
    faults: Faults,
    outcome: Option<TestCallOutcome>,
    /// What is known of calls and cards.
    seen: Vec<ShownFinding>,
}

impl TestCallPage<'_> {
    fn fault(&self, field: &str) -> String {
        self.faults.text(field, &self.shell.t.field)
    }
}

/// What became of the last attempt.
enum TestCallOutcome {
    Rings(String),
    Failed(String),
}

/// `GET /company/test-call`
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
) -> Result<Response, WebError> {
    let employees = state.service.employees(&admin.company, false).await?;
    let own = employees.rows.iter().find(|row| row.user == admin.user).and_then(|row| row.numbers.first());
    let from = own.map(|number| number.as_str().to_owned()).unwrap_or_default();
    page(&state, &context, &admin, (&from, ""), Faults::none(), None).await
}

/// `POST /company/test-call` (`from`, `to`)
pub(crate) async fn begin(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    let typed = (fields.get("from"), fields.get("to"));
    let (from, to) = match read(&fields) {
        Ok(numbers) => numbers,
        Err(faults) => return page(&state, &context, &admin, typed, faults, None).await,
    };
    let (service, by, rings) = (state.service.clone(), admin.clone(), from.as_str().to_owned());
    let begun = detached(async move { service.test_call(&by, &from, &to).await }).await?;
    let t = &context.lang.texts().setup.test;
    let outcome = match begun {
        Ok(()) => TestCallOutcome::Rings((t.rings)(&rings)),
        Err(TestCallError::NotDialled(why)) => {
            TestCallOutcome::Failed((t.not_dialled)(dial_failure(why, context.lang)))
        }
        Err(TestCallError::NoAnswer) => TestCallOutcome::Failed(t.no_answer.to_owned()),
        Err(TestCallError::NobodysNumber) => {
            let faults = Faults::one("from", FieldFault::NobodysNumber);
            return page(&state, &context, &admin, typed, faults, None).await;
        }
        Err(TestCallError::Fault(fault)) => return Err(fault.into()),
    };
    if context.json() {
        let (ok, message) = match outcome {
            TestCallOutcome::Rings(message) => (true, message),
            TestCallOutcome::Failed(message) => (false, message),
        };
        return Ok(Json(json!({ "ok": ok, "message": message })).into_response());
    }
    page(&state, &context, &admin, typed, Faults::none(), Some(outcome)).await
}

fn read(fields: &FormFields) -> Result<(Phone, Phone), Faults> {
    let number = |field| Phone::parse(fields.get(field)).map_err(FieldFault::Number);
    match (number("from"), number("to")) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        (from, to) => {
            let mut faults = Faults::none();
            from.err().into_iter().for_each(|fault| faults.add("from", fault));
            to.err().into_iter().for_each(|fault| faults.add("to", fault));
            Err(faults)
        }
    }
}

async fn page(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    (from, to): (&str, &str),
    faults: Faults,
    outcome: Option<TestCallOutcome>,
) -> Result<Response, WebError> {
    if context.json() && !faults.is_empty() {
        return Ok(super::company::refused(context, &faults));
    }
    let overview = overview(state, admin).await?;
    let findings = state.service.findings(&admin.company).await?.ok_or(WebError::Gone)?;
    let concerned = |finding: &Finding| {
        let step = SetupStep::concerned(finding).map(|(step, _)| step);
        matches!(step, Some(SetupStep::Switch | SetupStep::FirstCall | SetupStep::FirstCard))
    };
    let seen: Vec<Finding> = findings.into_iter().filter(concerned).collect();
    let (good, open) = ShownFinding::sorted(context.lang, &seen, state.clock.now());
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = TestCallPage {
        shell: Shell::new(state, context),
        top: Top::new(state, context, &overview, admin, Tab::Diagnostics, Notice::None),
        from,
        to,
        faults,
        outcome,
        seen: open.into_iter().chain(good).collect(),
    };
    Ok(settings(status, &page))
}
