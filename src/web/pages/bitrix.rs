//! The tab with the connection to Bitrix24: the grant's life, the number table, how calls are recorded.

use super::company::{not_saved, refused};
use super::status::{GrantLine, Status};
use super::top::{Notice, Tab, Top, overview, saved, settings};
use crate::domain::UserId;
use crate::domain::budget::Budget;
use crate::domain::company::{CallSettings, CrmCreate, InternalCalls, LONGEST_CALL_H, LONGEST_CALL_RANGE_H};
use crate::domain::directory::Employee;
use crate::domain::link::PortalState;
use crate::domain::numbers::NumberPattern;
use crate::lang::EmployeeTexts;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::{Faults, FieldFault, FormBody, FormFields};
use crate::web::service::{Admin, Overview, TokenLife};
use crate::web::show::{Moment, Shell, span};
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
    /// The banner says the rest.
    well: bool,
    /// The grant is refused, whatever life its tokens have left.
    dead: bool,
    token: Option<TokenShown>,
    grant: Option<GrantLine>,
    form: CallsForm,
    people: Vec<Person>,
    /// The responsible employee does not work there any more.
    gone: bool,
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
    fn of(state: &WebState, context: &RequestContext, token: &TokenLife) -> Self {
        let t = &context.lang.texts().company;
        let left = token.expires_at.since(state.clock.now());
        let text = if left.is_zero() { t.token_over.to_owned() } else { (t.token_alive)(&span(context.lang, left)) };
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

/// Who can be chosen: those who work there, and the one who is chosen already.
fn people(t: &EmployeeTexts, staff: &[Employee], chosen: Option<UserId>) -> Vec<Person> {
    let named = |e: &Employee| if e.name.is_empty() { (t.nameless)(e.user.0) } else { e.name.clone() };
    let mut people: Vec<Person> =
        staff.iter().filter(|e| e.active).map(|e| Person { id: e.user.to_string(), name: named(e) }).collect();
    if let Some(user) = chosen.filter(|user| !staff.iter().any(|e| e.user == *user && e.active)) {
        let name = staff.iter().find(|e| e.user == user).map_or_else(|| (t.nameless)(user.0), named);
        people.push(Person { id: user.to_string(), name: format!("{name} ({})", t.dismissed) });
    }
    people
}

/// The choices for calls as they stand on the page.
pub(crate) struct CallsForm {
    crm_create: String,
    internal: String,
    responsible: String,
    budget: String,
    service_numbers: String,
    feature_codes: String,
    longest_call_h: String,
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
            service_numbers: calls.service_numbers.join(", "),
            feature_codes: calls.feature_codes.join(", "),
            longest_call_h: calls.longest_call_h.to_string(),
        }
    }

    fn typed(fields: &FormFields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            crm_create: text("crm_create"),
            internal: text("internal"),
            responsible: text("responsible"),
            budget: text("budget"),
            service_numbers: text("service_numbers"),
            feature_codes: text("feature_codes"),
            longest_call_h: text("longest_call_h"),
        }
    }
}

fn read(fields: &FormFields, staff: &[Employee], chosen: Option<UserId>) -> Result<CallSettings, Faults> {
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
            Ok(user) if chosen == Some(user) || staff.iter().any(|e| e.user == user && e.active) => Some(user),
            _ => faults.take("responsible", Err(FieldFault::NotAnEmployee)),
        },
    };
    let budget = faults.take("budget", budget(fields.get("budget")));
    let service_numbers = faults.take("service_numbers", patterns(fields.get("service_numbers")));
    let feature_codes = faults.take("feature_codes", patterns(fields.get("feature_codes")));
    let longest_call_h = faults.take("longest_call_h", longest_call(fields.get("longest_call_h")));
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(CallSettings { crm_create, internal, responsible, budget, service_numbers, feature_codes, longest_call_h })
}

fn patterns(text: &str) -> Result<Vec<String>, FieldFault> {
    let patterns = NumberPattern::parse_list(text).map_err(|_| FieldFault::NotNumbers)?;
    Ok(patterns.iter().map(ToString::to_string).collect())
}

fn longest_call(text: &str) -> Result<u16, FieldFault> {
    match text {
        "" => Ok(LONGEST_CALL_H),
        text => text.parse().ok().filter(|hours| LONGEST_CALL_RANGE_H.contains(hours)).ok_or(FieldFault::NotHours),
    }
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
    context: &RequestContext,
    status: StatusCode,
    overview: &Overview,
    admin: &Admin,
    top: Top,
    typed: Option<(CallsForm, Faults)>,
) -> Result<Response, WebError> {
    let t = context.lang.texts();
    let staff = state.service.employees(&admin.company, false).await?.rows;
    let dead = overview.token.is_some() && matches!(overview.portal, PortalState::NeedsLogin { .. });
    let people = people(&t.employees, &staff, overview.calls.responsible);
    let (form, faults) = typed.unwrap_or_else(|| (CallsForm::of(&overview.calls), Faults::none()));
    let works = |user: &str| staff.iter().any(|e| e.active && e.user.to_string() == user);
    let gone = !works(&form.responsible) && people.iter().any(|p| p.id == form.responsible);
    let page = BitrixPage {
        shell: Shell::new(state, context),
        top,
        client_id: &overview.client_id,
        portal: Status::portal(t, &overview.portal),
        well: matches!(overview.portal, PortalState::Ok | PortalState::NotAsked),
        dead,
        token: overview.token.as_ref().map(|token| TokenShown::of(state, context, token)),
        grant: overview
            .token
            .as_ref()
            .filter(|_| !dead)
            .map(|token| GrantLine::of(context.lang, token, state.clock.now())),
        gone,
        form,
        people,
        faults,
    };
    Ok(settings(status, &page))
}

/// `POST /company/calls`: how calls are recorded.
pub(crate) async fn save_calls(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    FormBody(fields): FormBody,
) -> Result<Response, WebError> {
    let staff = state.service.employees(&admin.company, false).await?.rows;
    let chosen = overview(&state, &admin).await?.calls.responsible;
    match read(&fields, &staff, chosen) {
        Ok(calls) => {
            let (service, by) = (state.service.clone(), admin.clone());
            detached(async move { service.save_calls(&by, calls).await }).await?.map_err(not_saved)?;
            if context.json() {
                return Ok(Json(json!({ "ok": true })).into_response());
            }
            Ok(Redirect::to(&saved(&state, Tab::Bitrix)).into_response())
        }
        Err(faults) if context.json() => Ok(refused(&context, &faults)),
        Err(faults) => {
            let overview = overview(&state, &admin).await?;
            let top = Top::new(&state, &context, &overview, &admin, Tab::Bitrix, Notice::NotSaved);
            let typed = Some((CallsForm::typed(&fields), faults));
            page(&state, &context, StatusCode::UNPROCESSABLE_ENTITY, &overview, &admin, top, typed).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn employee(user: i64, active: bool) -> Employee {
        Employee { user: UserId(user), name: String::new(), active, numbers: vec![] }
    }

    fn parse(body: &str) -> Result<CallSettings, Faults> {
        read(&FormFields::parse(body.as_bytes()), &[employee(7, true), employee(9, false)], Some(UserId(10)))
    }

    #[test]
    fn choices_are_read_and_shown_again() {
        let body = "crm_create=all&internal=card&responsible=7&budget=5+/+225\
                    &service_numbers=200,+20x%0A2000-2009&feature_codes=99x&longest_call_h=8";
        let calls = parse(body).expect("good");
        let want = CallSettings {
            crm_create: CrmCreate::All,
            internal: InternalCalls::Card,
            responsible: Some(UserId(7)),
            budget: Some("5/225".to_owned()),
            service_numbers: vec!["200".into(), "20x".into(), "2000-2009".into()],
            feature_codes: vec!["99x".into()],
            longest_call_h: 8,
        };
        assert_eq!(calls, want);
        let form = CallsForm::of(&calls);
        assert_eq!([&*form.crm_create, &form.internal, &form.responsible, &form.budget], ["all", "card", "7", "5/225"]);
        assert_eq!((&*form.service_numbers, &*form.longest_call_h), ("200, 20x, 2000-2009", "8"));
        assert_eq!(parse("").expect("good"), CallSettings::default());
    }

    #[test]
    fn wrong_choices_are_all_told() {
        let body = "crm_create=x&internal=y&responsible=8&budget=fast&service_numbers=queue&feature_codes=9-8\
                    &longest_call_h=0";
        let faults = parse(body).unwrap_err();
        let mut want = Faults::one("crm_create", FieldFault::UnknownChoice);
        want.add("internal", FieldFault::UnknownChoice);
        want.add("responsible", FieldFault::NotAnEmployee);
        want.add("budget", FieldFault::NotABudget);
        want.add("service_numbers", FieldFault::NotNumbers);
        want.add("feature_codes", FieldFault::NotNumbers);
        want.add("longest_call_h", FieldFault::NotHours);
        assert_eq!(faults, want);
    }

    #[test]
    fn whoever_has_left_is_kept_but_not_chosen_anew() {
        assert!(parse("responsible=9").is_err());
        assert_eq!(parse("responsible=10").expect("stays").responsible, Some(UserId(10)));
        let t = &crate::lang::Lang::En.texts().employees;
        let staff = [employee(7, true), employee(9, false), employee(10, false)];
        let shown = |chosen| people(t, &staff, chosen).into_iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(shown(Some(UserId(10))), ["User 7", "User 10 (dismissed)"]);
        assert_eq!(shown(Some(UserId(99))), ["User 7", "User 99 (dismissed)"]);
        assert_eq!(shown(None), ["User 7"]);
    }

    #[test]
    fn a_budget_is_a_rate_and_a_burst() {
        for bad in ["2", "2/", "/45", "0/45", "-1/45", "2/45/1", "inf/1", "NaN/1", "Unlimited!"] {
            assert_eq!(budget(bad), Err(FieldFault::NotABudget), "{bad}");
        }
        assert_eq!(budget("unlimited"), Ok(Some("unlimited".to_owned())));
    }
}
