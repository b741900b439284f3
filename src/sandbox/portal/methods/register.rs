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
    let started = match params.text("CALL_START_DATE").filter(|d| !d.is_empty()) {
        None => None,
        Some(date) => Some(
            timing::read(&date).ok_or_else(|| Context::mistake("CALL_START_DATE should be in the ISO-8601 format"))?,
        ),
    };
    let number = cleaned(&params.text("PHONE_NUMBER").unwrap_or_default());
    if number.is_empty() {
        return Err(Context::mistake("Unsupported phone number format"));
    }
    if context.portal.active_user(user).is_none() {
        return Err(Refusal::business("User is not found or is not active"));
    }
    let new = Registration {
        by_portal: false,
        user,
        number,
        kind,
        line: line(context),
        external: params.text("EXTERNAL_CALL_ID").filter(|id| !id.is_empty()),
        started,
        entity: entity(context),
        create: params.get("CRM_CREATE").is_some_and(php::truth),
        show: params.get("SHOW").is_none_or(php::truth),
    };
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

fn line(context: &mut Context<'_>) -> Option<String> {
    let line = context.params.text("LINE_NUMBER")?.trim().to_owned();
    if line.chars().count() > LINE_LENGTH {
        let text = format!("LINE_NUMBER is longer than {LINE_LENGTH} characters and is cut");
        context.portal.log.violation(context.now, "telephony.externalcall.register", text);
    }
    Some(line.chars().take(LINE_LENGTH).collect::<String>()).filter(|l| !l.is_empty())
}

/// Both or neither; taken as given.
fn entity(context: &mut Context<'_>) -> Option<(String, i64)> {
    let kind = context.params.text("CRM_ENTITY_TYPE").filter(|t| !t.is_empty());
    let id = context.params.get("CRM_ENTITY_ID").map(php::int).filter(|id| *id != 0);
    if let (Some(kind), Some(id)) = (&kind, id) {
        if !ENTITIES.contains(&kind.as_str()) {
            let text = format!("CRM_ENTITY_TYPE {kind} is not known");
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
