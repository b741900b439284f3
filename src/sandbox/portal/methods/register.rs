//! `telephony.externalCall.register`: the checks in the portal's order.

use super::Context;
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::calls::{OpenCall, Registration, cleaned};
use crate::sandbox::portal::{php, timing};
use serde_json::{Value, json};

/// Longer line numbers are cut.
const LINE_LENGTH: usize = 50;
const ENTITIES: [&str; 4] = ["CONTACT", "COMPANY", "LEAD", "DEAL"];

pub fn register(context: &mut Context<'_>) -> Answer {
    let user = owner(context)?;
    let params = context.params;
    let kind = params.get("TYPE").map_or(0, php::int);
    let kind_text = params.text("TYPE").unwrap_or_default();
    if !(1..=5).contains(&kind) || kind_text.trim() != kind.to_string() {
        return Err(Context::mistake("Unknown TYPE"));
    }
    // `isset(…) && … !== ''`: a false or a zero is a date that cannot be read.
    let started = match params.get("CALL_START_DATE") {
        None => None,
        Some(Value::String(empty)) if empty.is_empty() => None,
        Some(date) => Some(
            php::text(date)
                .and_then(|date| timing::read(&date))
                .ok_or_else(|| Context::mistake("CALL_START_DATE should be in the ISO-8601 format"))?,
        ),
    };
    let Some(number) = cleaned(&params.text("PHONE_NUMBER").unwrap_or_default()) else {
        return Err(Context::mistake("Unsupported phone number format"));
    };
    if context.portal.active_user(user).is_none() {
        return Err(Refusal::business("User is not found or is not active"));
    }
    let new = Registration {
        by_portal: false,
        user,
        number,
        kind,
        line: line(context),
        // `isset(…)`: an empty id is an id, and so is "0".
        external: params.text("EXTERNAL_CALL_ID"),
        started,
        entity: entity(context),
        create: ["CRM", "CRM_CREATE"].into_iter().any(|name| params.get(name).is_some_and(php::truth)),
        show: params.get("SHOW").is_none_or(php::truth),
    };
    for name in ["CRM_CREATE", "SHOW", "ADD_TO_CHAT"] {
        note_misleading_flag(context, "telephony.externalcall.register", name);
    }
    let now = context.now;
    note_second_name(context, &new);
    Ok(result(context.portal.register(&new, now)).into())
}

/// What `register` answers, also to the portal's own click-to-call.
pub fn result(call: &OpenCall) -> Value {
    let created = call.bound.as_ref().filter(|b| b.created);
    let lead = created.filter(|b| b.entity == "LEAD").map(|b| b.id);
    let entities = created.map(|b| json!({ "ENTITY_TYPE": b.entity, "ENTITY_ID": b.id }));
    json!({
        "CALL_ID": call.id,
        "CRM_CREATED_LEAD": lead,
        "CRM_CREATED_ENTITIES": entities.into_iter().collect::<Vec<_>>(),
        "CRM_ENTITY_TYPE": call.bound.as_ref().map_or("", |b| &b.entity),
        "CRM_ENTITY_ID": call.bound.as_ref().map(|b| b.id),
    })
}

/// The employee by id, else by the profile's internal number.
pub fn owner(context: &Context<'_>) -> Result<i64, Refusal> {
    let user = context.params.int("USER_ID");
    if user != 0 {
        return Ok(user);
    }
    let inner = context.params.text("USER_PHONE_INNER").unwrap_or_default();
    let found = context.portal.user_by_inner(&inner).map(|u| u.id);
    found.ok_or_else(|| Context::mistake("USER_ID or USER_PHONE_INNER should be set"))
}

/// A flag that a person reads as no and PHP as yes: `"N"`, `"false"`, `"no"`.
pub fn note_misleading_flag(context: &mut Context<'_>, method: &str, name: &str) {
    let Some(Value::String(text)) = context.params.get(name) else { return };
    if ["n", "no", "false", "off"].contains(&text.to_ascii_lowercase().as_str()) {
        let text = format!("{name} \"{text}\" means yes: PHP takes every text but \"\" and \"0\" for true");
        context.portal.log.violation(context.now, method, text);
    }
}

/// `trim`, `!= ''`, `substr(…, 0, 50)`: "0" is a line, and what is cut is counted in bytes.
fn line(context: &mut Context<'_>) -> Option<String> {
    let line = context.params.text("LINE_NUMBER")?.trim().to_owned();
    if line.len() > LINE_LENGTH {
        let text = format!("LINE_NUMBER is longer than {LINE_LENGTH} bytes and is cut");
        context.portal.log.violation(context.now, "telephony.externalcall.register", text);
    }
    let cut = String::from_utf8_lossy(&line.as_bytes()[..line.len().min(LINE_LENGTH)]).into_owned();
    Some(cut).filter(|l| !l.is_empty())
}

/// `isset` of both or neither; taken as given, so that two empty ones bind the call to nobody.
fn entity(context: &mut Context<'_>) -> Option<(String, i64)> {
    let kind = context.params.text("CRM_ENTITY_TYPE");
    let id = context.params.get("CRM_ENTITY_ID").map(php::int);
    if let (Some(kind), Some(id)) = (&kind, id) {
        if !ENTITIES.contains(&kind.as_str()) || id == 0 {
            let text = format!("CRM_ENTITY_TYPE {kind} with CRM_ENTITY_ID {id} is nobody");
            context.portal.log.violation(context.now, "telephony.externalcall.register", text);
        }
        return Some((kind.clone(), id));
    }
    if kind.is_some() || id.is_some() {
        let text = "CRM_ENTITY_TYPE and CRM_ENTITY_ID belong together";
        context.portal.log.violation(context.now, "telephony.externalcall.register", text);
    }
    None
}

/// A click on a number was registered by the portal; a registration under an external id beside it makes a
/// second call and a second CRM record of the same conversation.
fn note_second_name(context: &mut Context<'_>, new: &Registration) {
    let clicked = context
        .portal
        .calls
        .iter()
        .find(|call| call.by_portal && call.user == new.user && call.number == new.number && call.kind == new.kind);
    if let Some(call) = clicked.filter(|_| new.external.is_some()) {
        let text = format!("the click-to-call {} is registered a second time", call.id);
        context.portal.log.violation(context.now, "telephony.externalcall.register", text);
    }
}
