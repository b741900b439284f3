//! Methods about the application itself.

use super::{Context, Method, method};
use crate::sandbox::portal::answer::Answer;
use crate::sandbox::portal::php;
use crate::sandbox::portal::timing;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    method("app.info", "", info),
    method("scope", "", scope),
    method("events", "", events),
    method("server.time", "", time),
];

fn info(context: &mut Context<'_>) -> Answer {
    let code = context.portal.keys.as_ref().map(|k| k.client_id.clone());
    let scope: Vec<&str> = context.portal.app.scopes.iter().map(String::as_str).collect();
    let info = json!({
        "ID": context.portal.app_id.to_string(),
        "CODE": code,
        "VERSION": 1,
        "STATUS": "L",
        "INSTALLED": context.portal.app.installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": null,
        "LANGUAGE_ID": context.portal.language,
        "LICENSE": "ru_project",
        "SCOPE": scope.join(","),
    });
    Ok(info.into())
}

fn scope(context: &mut Context<'_>) -> Answer {
    if context.params.get("full").is_some_and(php::truth) {
        let all =
            ["calendar", "call", "crm", "im", "log", "placement", "telephony", "user", "user_basic", "user_brief"];
        return Ok(json!(all).into());
    }
    Ok(json!(context.portal.app.scopes).into())
}

fn events(context: &mut Context<'_>) -> Answer {
    let names = super::events::available(context);
    Ok(Value::from(names).into())
}

fn time(context: &mut Context<'_>) -> Answer {
    Ok(Value::from(timing::written(context.now)).into())
}
