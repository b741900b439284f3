//! Cards, recordings and the search for a caller.

use super::finish::finish;
use super::register::register;
use super::{Context, Method, app_method, method};
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::php;
use crate::sandbox::portal::state::same_number;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    app_method("telephony.externalcall.register", "telephony", register),
    app_method("telephony.externalcall.finish", "telephony", finish),
    method("telephony.externalcall.show", "telephony", show),
    method("telephony.externalcall.hide", "telephony", hide),
    method("telephony.externalcall.searchcrmentities", "telephony", search),
    method("telephony.externalcall.attachrecord", "telephony", attach),
];

fn show(context: &mut Context<'_>) -> Answer {
    let (call, users) = addressed(context, "telephony.externalcall.show");
    let now = context.now;
    Ok(Value::from(context.portal.show(&call, users, now)).into())
}

fn hide(context: &mut Context<'_>) -> Answer {
    let (call, users) = addressed(context, "telephony.externalcall.hide");
    let now = context.now;
    Ok(Value::from(context.portal.hide(&call, users, now)).into())
}

/// One user or several; nobody named means the employee of the call.
fn addressed(context: &mut Context<'_>, method: &str) -> (String, Option<Vec<i64>>) {
    let call = context.params.text("CALL_ID").unwrap_or_default();
    let users = match context.params.get("USER_ID") {
        None => None,
        Some(Value::Array(list)) => Some(list.iter().map(php::int).collect::<Vec<_>>()),
        Some(Value::Object(map)) => Some(map.values().map(php::int).collect()),
        Some(one) => Some(vec![php::int(one)]),
    };
    let mut note = |text: String| context.portal.log.violation(context.now, method, text);
    if call.is_empty() {
        note("CALL_ID is missing".to_owned());
    }
    let unknown: Vec<i64> = users.iter().flatten().copied().filter(|u| *u <= 0).collect();
    if !unknown.is_empty() || users.as_ref().is_some_and(Vec::is_empty) {
        note(format!("USER_ID names nobody: {unknown:?}"));
    }
    (call, users)
}

fn search(context: &mut Context<'_>) -> Answer {
    let number = context.params.text("PHONE_NUMBER").unwrap_or_default();
    if number.is_empty() {
        return Err(Context::mistake("PHONE_NUMBER is empty"));
    }
    let found = context.portal.clients.iter().filter(|client| same_number(&client.number, &number)).map(|client| {
        let inner = context.portal.user(client.assigned).and_then(|u| u.inner.clone());
        json!({
            "CRM_ENTITY_TYPE": client.entity,
            "CRM_ENTITY_ID": client.id,
            "ASSIGNED_BY_ID": client.assigned,
            "NAME": client.name,
            "ASSIGNED_BY": {
                "ID": client.assigned,
                "TIMEMAN_STATUS": "OPENED",
                "USER_PHONE_INNER": inner,
                "WORK_PHONE": "",
                "PERSONAL_PHONE": "",
                "PERSONAL_MOBILE": "",
            },
        })
    });
    Ok(Value::from(found.collect::<Vec<_>>()).into())
}

fn attach(context: &mut Context<'_>) -> Answer {
    let params = context.params;
    let (name, url) = (params.text("FILENAME"), params.text("RECORD_URL"));
    if name.is_none() && url.is_none() {
        let text = "Required parameters are not set. Request should contain or URL or FILENAME parameter";
        return Err(Context::mistake(text));
    }
    let call = params.text("CALL_ID").unwrap_or_default();
    let Some(at) = context.portal.finished.iter().position(|end| end.call.id == call) else {
        let text = "Call is not found in the statistic table. Looks like it is not finished yet.";
        return Err(Refusal::business(text));
    };
    if url.is_none() {
        let name = name.unwrap_or_default();
        let Some(content) = params.text("FILE_CONTENT") else {
            let upload = format!("https://{}/rest/upload?callId={call}", context.portal.domain);
            return Ok(json!({ "uploadUrl": upload, "fieldName": "file" }).into());
        };
        check_file(&name, &content)?;
    }
    let id = context.portal.next_id();
    context.portal.finished[at].record = Some(id);
    Ok(json!({ "FILE_ID": id }).into())
}

fn check_file(name: &str, content: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Context::mistake("File name is empty"));
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if !matches!(extension.as_deref(), Some("wav" | "mp3")) {
        return Err(Context::mistake("Wrong file extension. Only wav and mp3 are allowed"));
    }
    match STANDARD.decode(content) {
        Ok(bytes) if bytes.is_empty() => Err(Context::mistake("File content is empty.")),
        Ok(_) => Ok(()),
        Err(_) => Err(Context::mistake("File content is not properly encoded. Base64 encoding is expected.")),
    }
}
