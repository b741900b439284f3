//! The number table: which employee has which internal number.
//!
//! The dialog of the Bitrix24 tab speaks JSON with these addresses; without scripts the same table is a
//! page with a button.

use super::numbers::{FIELD, Rows, RowsFault, from_form, from_json};
use super::profile_remark::{ProfileRemark, unclear};
use super::top::{Notice, Tab, Top, overview, saved, settings};
use crate::domain::UserId;
use crate::domain::directory::Employee;
use crate::lang::{EmployeeTexts, Texts};
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::{RequestContext, text};
use crate::web::read::{FormFields, whole_body};
use crate::web::service::{Admin, Employees, Import, NumbersError};
use crate::web::show::Shell;
use crate::web::{WebState, detached};
use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "employees.html")]
struct EmployeesPage<'a> {
    shell: Shell<'a>,
    top: Top,
    rows: Vec<RowShown>,
    notes: Vec<String>,
    fault: String,
}

/// A row of the table on the page.
struct RowShown {
    id: i64,
    name: String,
    active: bool,
    numbers: String,
    fault: String,
    profile: Option<ProfileRemark>,
}

/// `GET /company/employees`: the table, with the portal's new users in it.
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
) -> Result<Response, WebError> {
    if !context.json() {
        return page(&state, &context, &admin).await;
    }
    let table = imported(&state, &admin).await?;
    let notes = notes(context.lang.texts(), &table);
    let t = &context.lang.texts().employees;
    let rows: Vec<Value> = table.rows.iter().map(|employee| row_json(t, &table, employee)).collect();
    Ok(Json(json!({ "employees": rows, "notes": notes })).into_response())
}

/// The table as a page.
pub(crate) async fn page(state: &WebState, context: &RequestContext, admin: &Admin) -> Result<Response, WebError> {
    let table = imported(state, admin).await?;
    let t = context.lang.texts();
    let rows = table.rows.iter().map(|employee| row(&t.employees, &table, employee)).collect();
    render(state, context, admin, StatusCode::OK, rows, notes(t, &table), String::new()).await
}

async fn imported(state: &WebState, admin: &Admin) -> Result<Employees, WebError> {
    let (service, company) = (state.service.clone(), admin.company.clone());
    Ok(detached(async move { service.employees(&company, true).await }).await??)
}

async fn render(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    status: StatusCode,
    rows: Vec<RowShown>,
    notes: Vec<String>,
    fault: String,
) -> Result<Response, WebError> {
    let overview = overview(state, admin).await?;
    let notice = if fault.is_empty() { Notice::None } else { Notice::NotSaved };
    let top = Top::new(state, context, &overview, admin, Tab::Employees, notice);
    Ok(settings(status, &EmployeesPage { shell: Shell::new(state, context), top, rows, notes, fault }))
}

/// The row as the dialog gets it: the employee, and what the profile says where that is worth a look.
fn row_json(t: &EmployeeTexts, table: &Employees, employee: &Employee) -> Value {
    let mut row = json!(employee);
    if let Some(remark) = ProfileRemark::of(t, table, employee) {
        row["profile"] = remark.text.into();
        row["profile_unclear"] = remark.unclear.into();
        row["profile_note"] = remark.note.into();
    }
    row
}

fn row(t: &EmployeeTexts, table: &Employees, employee: &Employee) -> RowShown {
    let numbers: Vec<&str> = employee.numbers.iter().map(crate::domain::Phone::as_str).collect();
    RowShown {
        id: employee.user.0,
        name: name(t, employee),
        active: employee.active,
        numbers: numbers.join(", "),
        fault: String::new(),
        profile: ProfileRemark::of(t, table, employee),
    }
}

fn name(t: &EmployeeTexts, employee: &Employee) -> String {
    if employee.name.is_empty() { (t.nameless)(employee.user.0) } else { employee.name.clone() }
}

fn name_of(t: &EmployeeTexts, staff: &[Employee], user: UserId) -> String {
    staff.iter().find(|e| e.user == user).map_or_else(|| (t.nameless)(user.0), |e| name(t, e))
}

/// What the admin should know about the import.
fn notes(t: &Texts, table: &Employees) -> Vec<String> {
    let t = &t.employees;
    let unclear = unclear(table);
    let mut notes = import_notes(t, table);
    notes.extend((unclear > 0).then(|| (t.profiles_unclear)(unclear)));
    notes
}

fn import_notes(t: &EmployeeTexts, table: &Employees) -> Vec<String> {
    match &table.import {
        Import::NotAsked => vec![],
        Import::Failed(why) => {
            tracing::warn!("the portal's users could not be imported: {why}");
            vec![t.import_failed.to_owned()]
        }
        Import::Refused(words) => {
            tracing::warn!("the portal refuses to list its users: {words}");
            vec![(t.import_refused)(words)]
        }
        Import::Done { taken, .. } => {
            let note = |taken: &crate::web::service::TakenNumber| {
                let (user, holder) = (name_of(t, &table.rows, taken.user), name_of(t, &table.rows, taken.holder));
                (t.import_taken)(taken.number.as_str(), &user, &holder)
            };
            taken.iter().map(note).collect()
        }
    }
}

/// `PUT /company/employees`: replaces the numbers of the employees named, all or none.
pub(crate) async fn replace(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    request: Request,
) -> Result<Response, WebError> {
    let json = text(request.headers(), header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    store(&state, &context, &admin, whole_body(request, &state.bodies).await?, json).await
}

/// `POST /company/employees`: the same from a form, for browsers without scripts.
pub(crate) async fn save(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    request: Request,
) -> Result<Response, WebError> {
    store(&state, &context, &admin, whole_body(request, &state.bodies).await?, false).await
}

async fn store(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    body: Bytes,
    json: bool,
) -> Result<Response, WebError> {
    let fields = if json { FormFields::default() } else { FormFields::parse(&body) };
    let rows = if json { from_json(&body) } else { from_form(&fields) };
    let saved_rows = match rows {
        Ok(rows) => keep(state, admin, rows).await?,
        Err(fault) => Err(fault),
    };
    match saved_rows {
        Ok(()) if context.json() => {
            Ok(Json(json!({ "ok": true, "message": context.lang.texts().saved })).into_response())
        }
        Ok(()) => Ok(Redirect::to(&saved(state, Tab::Employees)).into_response()),
        Err(fault) => refuse(state, context, admin, &fields, &fault).await,
    }
}

async fn keep(state: &WebState, admin: &Admin, rows: Rows) -> Result<Result<(), RowsFault>, WebError> {
    let (service, by) = (state.service.clone(), admin.clone());
    match detached(async move { service.save_numbers(&by, rows).await }).await? {
        Ok(()) => Ok(Ok(())),
        Err(NumbersError::Taken(taken)) => Ok(Err(RowsFault::Taken(taken))),
        Err(NumbersError::NoSuchEmployee(user)) => Ok(Err(RowsFault::NoSuch(user))),
        Err(NumbersError::Gone) => Err(WebError::Gone),
        Err(NumbersError::Fault(fault)) => Err(fault.into()),
    }
}

async fn refuse(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    fields: &FormFields,
    fault: &RowsFault,
) -> Result<Response, WebError> {
    let table = state.service.employees(&admin.company, false).await?;
    let staff = &table.rows;
    let t = context.lang.texts();
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if context.json() {
        return Ok((status, Json(fault_json(t, staff, fault))).into_response());
    }
    let rows = staff.iter().map(|employee| {
        let mut row = row(&t.employees, &table, employee);
        let field = format!("{FIELD}{}", row.id);
        if fields.has(&field) {
            fields.get(&field).clone_into(&mut row.numbers);
        }
        if let RowsFault::Wrong { user, .. } = fault
            && *user == employee.user
        {
            row.fault = row_text(t, staff, fault);
        }
        if let RowsFault::Taken(taken) = fault
            && taken.user == employee.user
        {
            row.fault = row_text(t, staff, fault);
        }
        row
    });
    render(state, context, admin, status, rows.collect(), vec![], message(t, staff, fault)).await
}

/// The sentence beside the row.
fn row_text(t: &Texts, staff: &[Employee], fault: &RowsFault) -> String {
    match fault {
        RowsFault::Wrong { fault, .. } => fault.text(&t.field),
        RowsFault::Taken(taken) => {
            (t.employees.taken)(taken.number.as_str(), &name_of(&t.employees, staff, taken.holder))
        }
        RowsFault::Malformed | RowsFault::NoSuch(_) => String::new(),
    }
}

/// The sentence above the table, which names the row.
fn message(t: &Texts, staff: &[Employee], fault: &RowsFault) -> String {
    let e = &t.employees;
    match fault {
        RowsFault::Malformed => e.malformed.to_owned(),
        RowsFault::NoSuch(user) => (e.no_such)(user.0),
        RowsFault::Wrong { user, fault } => (e.wrong_row)(&name_of(e, staff, *user), &fault.text(&t.field)),
        RowsFault::Taken(taken) => {
            let (user, holder) = (name_of(e, staff, taken.user), name_of(e, staff, taken.holder));
            (e.taken_row)(&user, taken.number.as_str(), &holder)
        }
    }
}

fn fault_json(t: &Texts, staff: &[Employee], fault: &RowsFault) -> Value {
    let mut body =
        json!({ "ok": false, "message": message(t, staff, fault), "row_message": row_text(t, staff, fault) });
    match fault {
        RowsFault::Malformed => body["code"] = "malformed".into(),
        RowsFault::NoSuch(user) => {
            body["code"] = "no_such_employee".into();
            body["user"] = user.0.into();
        }
        RowsFault::Wrong { user, .. } => {
            body["code"] = "wrong_number".into();
            body["user"] = user.0.into();
        }
        RowsFault::Taken(taken) => {
            body["code"] = "taken".into();
            body["user"] = taken.user.0.into();
            body["number"] = taken.number.as_str().into();
            body["holder"] = taken.holder.0.into();
        }
    }
    body
}
