//! The tab with the connection to Bitrix24: the grant's life, the number table, how calls are recorded.

use super::company::{not_saved, refused};
use super::status::Status;
use super::top::{Notice, Tab, Top, overview, saved};
use crate::domain::UserId;
use crate::domain::budget::Budget;
use crate::domain::company::{CallSettings, CrmCreate, InternalCalls};
use crate::domain::directory::Employee;
use crate::web::gate::error::WebError;
use crate::web::gate::headers::Policy;
use crate::web::gate::visit::Visit;
use crate::web::guard::SignedIn;
use crate::web::office::{Admin, Overview, TokenLife};
use crate::web::read::{Faults, FieldFault, Fields, FormBody};
use crate::web::show::{Moment, Shell, html, span};
use crate::web::{WebState, detached};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;

#[derive(Template)]
#[template(path = "bitrix.html")]
struct BitrixPage<'a> {
    shell: Shell<'a>,
    top: Top,
    client_id: &'a str,
    portal: Status,
    token: Option<TokenShown>,
    form: CallsForm,
    people: Vec<Person>,
    faults: Faults,
}

impl BitrixPage<'_> {
    fn fault(&self, field: &str) -> String {
        self.faults.text(field, &self.shell.t.field)
    }
}

/// The indicator of the grant's life.
struct TokenShown {
    left: u64,
    whole: u64,
    text: String,
    until: Moment,
    owner: String,
}

impl TokenShown {
    fn of(state: &WebState, visit: &Visit, token: &TokenLife) -> Self {
        let t = &visit.lang.texts().company;
        let left = token.expires_at.since(state.clock.now());
        let text = if left.is_zero() { t.token_over.to_owned() } else { (t.token_alive)(&span(visit.lang, left)) };
        Self {
            left: left.as_secs(),
            whole: token.expires_at.since(token.obtained_at).as_secs().max(1),
            text,
            until: Moment::of(token.expires_at),
            owner: token.owner.clone().unwrap_or_default(),
        }
    }
}

/// An employee in a list of choices.
struct Person {
    id: String,
    name: String,
}

/// The choices for calls as they stand on the page.
pub(crate) struct CallsForm {
    crm_create: String,
    internal: String,
    responsible: String,
    budget: String,
}

impl CallsForm {
    fn of(calls: &CallSettings) -> Self {
        let crm_create = match calls.crm_create {
            CrmCreate::None => "none",
            CrmCreate::Incoming => "incoming",
            CrmCreate::Outgoing => "outgoing",
            CrmCreate::All => "all",
        };
        let internal = match calls.internal {
            InternalCalls::Ignore => "ignore",
            InternalCalls::Card => "card",
        };
        Self {
            crm_create: crm_create.to_owned(),
            internal: internal.to_owned(),
            responsible: calls.responsible.map_or_else(String::new, |user| user.to_string()),
            budget: calls.budget.clone().unwrap_or_default(),
        }
    }

    fn typed(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            crm_create: text("crm_create"),
            internal: text("internal"),
            responsible: text("responsible"),
            budget: text("budget"),
        }
    }
}

fn read(fields: &Fields, staff: &[Employee]) -> Result<CallSettings, Faults> {
    let mut faults = Faults::none();
    let crm_create = match fields.get("crm_create") {
        "" | "none" => CrmCreate::None,
        "incoming" => CrmCreate::Incoming,
        "outgoing" => CrmCreate::Outgoing,
        "all" => CrmCreate::All,
        _ => faults.take("crm_create", Err(FieldFault::UnknownChoice)),
    };
    let internal = match fields.get("internal") {
        "" | "ignore" => InternalCalls::Ignore,
        "card" => InternalCalls::Card,
        _ => faults.take("internal", Err(FieldFault::UnknownChoice)),
    };
    let responsible = match fields.get("responsible") {
        "" => None,
        text => match text.parse().map(UserId) {
            Ok(user) if staff.iter().any(|e| e.user == user) => Some(user),
            _ => faults.take("responsible", Err(FieldFault::NotAnEmployee)),
        },
    };
    let budget = faults.take("budget", budget(fields.get("budget")));
    if faults.is_empty() { Ok(CallSettings { crm_create, internal, responsible, budget }) } else { Err(faults) }
}

/// `requests per second / burst`, `unlimited`, or nothing for the installation's own.
fn budget(text: &str) -> Result<Option<String>, FieldFault> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse::<Budget>().map(|budget| Some(budget.to_string())).map_err(|_| FieldFault::NotABudget)
}

/// The tab; with what was typed and what is wrong with it after a form that was not taken.
pub(crate) async fn page(
    state: &WebState,
    visit: &Visit,
    status: StatusCode,
    overview: &Overview,
    admin: &Admin,
    top: Top,
    typed: Option<(CallsForm, Faults)>,
) -> Result<Response, WebError> {
    let t = visit.lang.texts();
    let staff = state.office.employees(&admin.company, false).await?.rows;
    let people = staff.into_iter().filter(|e| e.active || overview.calls.responsible == Some(e.user)).map(|e| Person {
        id: e.user.to_string(),
        name: if e.name.is_empty() { (t.employees.nameless)(e.user.0) } else { e.name },
    });
    let (form, faults) = typed.unwrap_or_else(|| (CallsForm::of(&overview.calls), Faults::none()));
    let page = BitrixPage {
        shell: Shell::new(state, visit),
        top,
        client_id: &overview.client_id,
        portal: Status::portal(t, &overview.portal),
        token: overview.token.as_ref().map(|token| TokenShown::of(state, visit, token)),
        form,
        people: people.collect(),
        faults,
    };
    let mut response = html(status, &page);
    response.extensions_mut().insert(Policy { form_leads_away: true, ..Policy::default() });
    Ok(response)
}

/// `POST /company/calls`: how calls are recorded.
pub(crate) async fn save_calls(
    State(state): State<WebState>,
    visit: Visit,
    SignedIn(admin): SignedIn,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    let staff = state.office.employees(&admin.company, false).await?.rows;
    match read(&fields, &staff) {
        Ok(calls) => {
            let (office, company) = (state.office.clone(), admin.company.clone());
            detached(async move { office.save_calls(&company, calls).await }).await?.map_err(not_saved)?;
            if visit.json() {
                return Ok(Json(json!({ "ok": true })).into_response());
            }
            Ok(Redirect::to(&saved(&state, Tab::Bitrix)).into_response())
        }
        Err(faults) if visit.json() => Ok(refused(&visit, &faults)),
        Err(faults) => {
            let overview = overview(&state, &admin).await?;
            let top = Top::new(visit.lang.texts(), &overview, &admin, Tab::Bitrix, Notice::NotSaved);
            let typed = Some((CallsForm::typed(&fields), faults));
            page(&state, &visit, StatusCode::UNPROCESSABLE_ENTITY, &overview, &admin, top, typed).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<CallSettings, Faults> {
        let employee = Employee { user: UserId(7), name: String::new(), active: true, numbers: vec![] };
        read(&Fields::parse(body.as_bytes()), &[employee])
    }

    #[test]
    fn choices_are_read_and_shown_again() {
        let calls = parse("crm_create=all&internal=card&responsible=7&budget=5+/+225").expect("good");
        let want = CallSettings {
            crm_create: CrmCreate::All,
            internal: InternalCalls::Card,
            responsible: Some(UserId(7)),
            budget: Some("5/225".to_owned()),
        };
        assert_eq!(calls, want);
        let form = CallsForm::of(&calls);
        assert_eq!([&*form.crm_create, &form.internal, &form.responsible, &form.budget], ["all", "card", "7", "5/225"]);
        assert_eq!(parse("").expect("good"), CallSettings::default());
    }

    #[test]
    fn wrong_choices_are_all_told() {
        let faults = parse("crm_create=x&internal=y&responsible=8&budget=fast").unwrap_err();
        let mut want = Faults::one("crm_create", FieldFault::UnknownChoice);
        want.add("internal", FieldFault::UnknownChoice);
        want.add("responsible", FieldFault::NotAnEmployee);
        want.add("budget", FieldFault::NotABudget);
        assert_eq!(faults, want);
    }

    #[test]
    fn a_budget_is_a_rate_and_a_burst() {
        for bad in ["2", "2/", "/45", "0/45", "-1/45", "2/45/1", "inf/1", "NaN/1", "Unlimited!"] {
            assert_eq!(budget(bad), Err(FieldFault::NotABudget), "{bad}");
        }
        assert_eq!(budget("unlimited"), Ok(Some("unlimited".to_owned())));
    }
}
