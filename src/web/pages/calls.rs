//! Active and recent calls of a company.

use super::top::{Notice, Tab, Top, overview, settings};
use crate::domain::card::{CallView, LegView, Phase};
use crate::domain::leg::Direction;
use crate::domain::numbers::Party;
use crate::domain::{Phone, UserId};
use crate::lang::{Texts, phase, tone};
use crate::web::WebState;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::FormFields;
use crate::web::service::{Admin, CallCursor, CallPage};
use crate::web::show::{Moment, Shell};
use askama::Template;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Calls on one page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage<'a> {
    shell: Shell<'a>,
    top: Top,
    active: Vec<CallShown>,
    recent: Vec<CallShown>,
    /// The newest calls are shown, so that the list grows while somebody looks.
    live: bool,
    /// Where the next page begins, if there may be one.
    older: Option<i64>,
}

/// A call on a page.
pub(crate) struct CallShown {
    pub(crate) key: String,
    pub(crate) started: Moment,
    pub(crate) internal: bool,
    pub(crate) crm: Vec<String>,
    pub(crate) legs: Vec<LegShown>,
}

/// A leg on a page.
pub(crate) struct LegShown {
    pub(crate) who: String,
    pub(crate) own: String,
    pub(crate) remote: String,
    /// What the other side is, where it is neither a client nor a colleague.
    pub(crate) party: &'static str,
    pub(crate) name: String,
    pub(crate) incoming: bool,
    /// Said only where the phase does not say it already.
    pub(crate) direction: &'static str,
    pub(crate) phase: &'static str,
    pub(crate) tone: &'static str,
}

/// Names of employees, to put them beside their numbers.
pub(crate) struct NameTable(BTreeMap<UserId, String>);

impl NameTable {
    /// The names of this company's employees.
    pub(crate) async fn of(state: &WebState, admin: &Admin) -> Result<Self, WebError> {
        let rows = state.service.employees(&admin.company, false).await?.rows;
        Ok(Self(rows.into_iter().filter(|e| !e.name.is_empty()).map(|e| (e.user, e.name)).collect()))
    }

    fn who(&self, t: &Texts, owner: Option<UserId>) -> String {
        owner.map_or_else(
            || t.calls.nobody.to_owned(),
            |user| self.0.get(&user).cloned().unwrap_or_else(|| (t.employees.nameless)(user.0)),
        )
    }
}

impl CallShown {
    /// The call in the visitor's words.
    pub(crate) fn of(t: &Texts, names: &NameTable, view: &CallView) -> Self {
        let written = view.click.as_ref().and_then(|click| click.facts.written.as_ref());
        let hidden = written.map_or(t.calls.hidden, |text| text.as_str());
        let leg = |leg: &LegView| LegShown {
            who: names.who(t, leg.owner),
            own: leg.own.to_string(),
            remote: leg.remote.as_ref().map_or(hidden, Phone::as_str).to_owned(),
            party: match leg.party {
                Party::Service => t.calls.service_number,
                Party::FeatureCode => t.calls.feature_code,
                Party::Emergency => t.calls.emergency,
                Party::Client | Party::Hidden | Party::Colleague(_) => "",
            },
            name: leg.display_name.clone().unwrap_or_default(),
            incoming: leg.direction == Direction::In,
            direction: match (leg.phase, leg.direction) {
                (Phase::Dialing | Phase::Ringing, _) => "",
                (_, Direction::In) => t.calls.incoming,
                (_, Direction::Out) => t.calls.outgoing,
            },
            phase: match (leg.phase, leg.answered_at) {
                (Phase::Ended, None) => t.calls.unanswered,
                _ => phase(&t.card, leg.phase, leg.direction),
            },
            tone: tone(leg.phase),
        };
        Self {
            key: view.key.to_string(),
            started: Moment::of(view.started_at),
            internal: view.internal,
            crm: view.crm.iter().map(ToString::to_string).collect(),
            legs: view.legs.iter().map(leg).collect(),
        }
    }
}

/// `GET /company/calls`
pub(crate) async fn show(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, WebError> {
    let query = FormFields::parse(query.unwrap_or_default().as_bytes());
    if !context.json() {
        return page(&state, &context, &admin, &query).await;
    }
    let (active, page) = calls(&state, &admin, before(&query)).await?;
    let active: Vec<&CallView> = active.iter().map(AsRef::as_ref).collect();
    let older = page.older.map(|cursor| cursor.0);
    Ok(Json(json!({ "active": active, "recent": page.calls, "older": older })).into_response())
}

/// The calls as a page.
pub(crate) async fn page(
    state: &WebState,
    context: &RequestContext,
    admin: &Admin,
    query: &FormFields,
) -> Result<Response, WebError> {
    let t = context.lang.texts();
    let overview = overview(state, admin).await?;
    let names = NameTable::of(state, admin).await?;
    let (active, found) = calls(state, admin, before(query)).await?;
    let page = CallsPage {
        shell: Shell::new(state, context),
        top: Top::new(state, context, &overview, admin, Tab::Calls, Notice::None),
        active: active.iter().map(|view| CallShown::of(t, &names, view)).collect(),
        live: before(query).is_none(),
        older: found.older.map(|cursor| cursor.0),
        recent: found.calls.iter().map(|view| CallShown::of(t, &names, view)).collect(),
    };
    Ok(settings(StatusCode::OK, &page))
}

fn before(query: &FormFields) -> Option<CallCursor> {
    query.get("before").parse().ok().map(CallCursor)
}

async fn calls(
    state: &WebState,
    admin: &Admin,
    before: Option<CallCursor>,
) -> Result<(Vec<Arc<CallView>>, CallPage), WebError> {
    let active = state.service.board(&admin.company).map_or_else(Vec::new, |board| board.running());
    let mut page = state.service.recent_calls(&admin.company, PAGE, before).await?;
    page.calls.retain(|call| !active.iter().any(|a| a.key == call.key));
    Ok((active, page))
}
