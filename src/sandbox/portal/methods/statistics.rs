//! `voximplant.statistic.get`: finished calls, all values as text.

use super::users::PAGE;
use super::{Context, Method, method};
use crate::sandbox::portal::answer::{Answer, Done, Refusal};
use crate::sandbox::portal::calls::FinishedCall;
use crate::sandbox::portal::{php, timing};
use serde_json::{Map, Value, json};

pub const METHODS: &[Method] = &[method("voximplant.statistic.get", "telephony", get)];

fn get(context: &mut Context<'_>) -> Answer {
    if !context.is_admin() {
        return Err(Refusal::new(403, "ACCESS_DENIED", "Access denied!"));
    }
    let start = context.params.int("start");
    let filter = match context.params.get("FILTER") {
        Some(Value::Object(filter)) => filter.clone(),
        _ => Map::new(),
    };
    let app = context.portal.app_id;
    let mut rows: Vec<Value> = context.portal.finished.iter().map(|end| row(end, app)).collect();
    rows.retain(|row| filter.iter().all(|(name, wanted)| holds(row, name, wanted)));
    if context.params.text("ORDER").is_some_and(|o| o.eq_ignore_ascii_case("desc")) {
        rows.reverse();
    }
    let offset = usize::try_from(start).unwrap_or(0);
    let total = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(offset).take(PAGE).collect();
    let counted = start >= 0 && !page.is_empty();
    let next = (counted && offset + PAGE < total).then_some(offset + PAGE);
    Ok(Done { result: page.into(), total: counted.then_some(total), next })
}

fn row(end: &FinishedCall, app: i64) -> Value {
    let call = &end.call;
    json!({
        "ID": end.row.to_string(),
        "PORTAL_USER_ID": end.user.to_string(),
        "PORTAL_NUMBER": call.line.clone().unwrap_or_else(|| format!("REST_APP:{app}")),
        "PHONE_NUMBER": call.number,
        "CALL_ID": call.id,
        "EXTERNAL_CALL_ID": call.external,
        "CALL_CATEGORY": "external",
        "CALL_DURATION": end.duration.to_string(),
        "CALL_START_DATE": timing::written(call.started),
        "CALL_VOTE": end.vote.to_string(),
        "COST": end.cost,
        "COST_CURRENCY": end.cost_currency,
        "CALL_FAILED_CODE": end.code,
        "CALL_FAILED_REASON": end.reason,
        "CRM_ENTITY_TYPE": call.bound.as_ref().map(|b| b.entity.clone()),
        "CRM_ENTITY_ID": call.bound.as_ref().map(|b| b.id.to_string()),
        "CRM_ACTIVITY_ID": end.activity.map(|id| id.to_string()),
        "REST_APP_ID": app.to_string(),
        "RECORD_FILE_ID": end.record.map(|id| id.to_string()),
        "CALL_TYPE": call.kind.to_string(),
    })
}

/// Text comparison, with `!`, `>`, `>=`, `<`, `<=` before the name and lists of values.
fn holds(row: &Value, name: &str, wanted: &Value) -> bool {
    let field = name.trim_start_matches(['!', '=', '>', '<', '@']);
    let sign = &name[..name.len() - field.len()];
    let value = row.get(field).and_then(php::text).unwrap_or_default();
    let any = |test: &dyn Fn(&str) -> bool| match wanted {
        Value::Array(list) => list.iter().filter_map(php::text).any(|w| test(&w)),
        one => php::text(one).is_some_and(|w| test(&w)),
    };
    match sign {
        ">" => any(&|w| value.as_str() > w),
        ">=" => any(&|w| value.as_str() >= w),
        "<" => any(&|w| value.as_str() < w),
        "<=" => any(&|w| value.as_str() <= w),
        "!" | "!=" => !any(&|w| value == w),
        _ => any(&|w| value == w),
    }
}
