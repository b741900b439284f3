//! `telephony.externalCall.finish`: one statistics row and one CRM activity for each call.

use super::Context;
use super::register::{note_misleading_flag, owner};
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::calls::FinishedCall;
use crate::sandbox::portal::php;
use serde_json::{Value, json};

/// The documented codes.
const CODES: [&str; 13] =
    ["200", "304", "402", "403", "404", "423", "480", "484", "486", "503", "603", "603-S", "OTHER"];

pub fn finish(context: &mut Context<'_>) -> Answer {
    let user = owner(context)?;
    let params = context.params;
    let Some(Value::String(id)) = params.get("CALL_ID") else {
        return Err(Refusal::new(400, "INVALID_ARGUMENT", "CALL_ID must be a string").clients_fault());
    };
    let Some(call) = context.portal.calls.iter().find(|c| c.id == *id).cloned() else {
        // The missing bracket is the portal's own.
        return Err(Refusal::business("Call is not found (call should be registered prior to finishing"));
    };
    if context.portal.active_user(user).is_none() {
        return Err(Refusal::business("User is not found or is not active"));
    }
    let duration = params.int("DURATION");
    // `$code ?: …`: "0" is no code.
    let code = params.text("STATUS_CODE").filter(|c| php::text_is_true(c));
    check_truth(context, duration, code.as_deref());
    note_misleading_flag(context, "telephony.externalcall.finish", "ADD_TO_CHAT");
    let usual = if duration > 0 { "200" } else { "304" };
    let now = context.now;
    let end = FinishedCall {
        row: context.portal.next_id(),
        activity: (!call.internal).then(|| context.portal.next_id()),
        user,
        duration,
        code: code.unwrap_or_else(|| usual.to_owned()),
        reason: params.text("FAILED_REASON").unwrap_or_default(),
        to_chat: params.get("ADD_TO_CHAT").is_some_and(php::truth),
        cost: params.text("COST").unwrap_or_else(|| "0".to_owned()),
        cost_currency: params.text("COST_CURRENCY").unwrap_or_default(),
        vote: params.int("VOTE"),
        finished: now,
        record: None,
        call,
    };
    let name = context.portal.app.name.clone();
    let app = context.portal.app_id;
    Ok(row(context.portal.finish(id, end, now), app, &name).into())
}

/// The portal believes the duration, people believe the code: they must not contradict each other.
fn check_truth(context: &mut Context<'_>, duration: i64, code: Option<&str>) {
    let method = "telephony.externalcall.finish";
    let mut note = |text: String| context.portal.log.violation(context.now, method, text);
    if duration < 0 {
        note(format!("DURATION {duration} is negative"));
    }
    let Some(code) = code else { return };
    if !CODES.contains(&code) {
        note(format!("STATUS_CODE {code} is not known"));
    }
    if (code == "200") != (duration > 0) {
        note(format!("STATUS_CODE {code} contradicts DURATION {duration}"));
    }
}

/// The row as `finish` answers it.
fn row(end: &FinishedCall, app: i64, app_name: &str) -> Value {
    let call = &end.call;
    let mut row = json!({
        "ID": end.row,
        "CALL_ID": call.id,
        "EXTERNAL_CALL_ID": call.external,
        "PORTAL_USER_ID": end.user,
        "PHONE_NUMBER": call.number,
        // `$lineNumber ?: …`: a line called "0" is not given.
        "PORTAL_NUMBER": call.line.clone().filter(|l| php::text_is_true(l)).unwrap_or_else(|| format!("REST_APP:{app}")),
        "INCOMING": call.kind.to_string(),
        "CALL_DURATION": end.duration,
        // A date object loses its content on the way to JSON.
        "CALL_START_DATE": {},
        "CALL_STATUS": i32::from(end.succeeded()),
        "CALL_VOTE": end.vote,
        "COST": end.cost.parse::<f64>().unwrap_or(0.0),
        "COST_CURRENCY": end.cost_currency,
        "CALL_FAILED_CODE": end.code,
        "CALL_FAILED_REASON": end.reason,
        "REST_APP_ID": app.to_string(),
        "REST_APP_NAME": app_name,
        "CRM_ACTIVITY_ID": end.activity,
        "COMMENT": null,
    });
    if let Some(bound) = &call.bound {
        row["CRM_ENTITY_TYPE"] = bound.entity.clone().into();
        row["CRM_ENTITY_ID"] = bound.id.to_string().into();
    }
    row
}
