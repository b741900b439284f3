//! Subscriptions to the portal's events.

use super::{Context, Method, app_method};
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::state::{Handler, TestEvent};
use crate::sandbox::portal::story::Story;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    app_method("event.bind", "", bind),
    app_method("event.get", "", get),
    app_method("event.unbind", "", unbind),
    app_method("event.test", "", test),
];

/// Event names with the scope that opens them.
const EVENTS: &[(&str, &str)] = &[
    ("ONAPPINSTALL", ""),
    ("ONAPPUPDATE", ""),
    ("ONAPPUNINSTALL", ""),
    ("ONAPPPAYMENT", ""),
    ("ONAPPTEST", ""),
    ("ONAPPMETHODCONFIRM", ""),
    ("ONOFFLINEEVENT", ""),
    ("ONUSERADD", "user"),
    ("ONEXTERNALCALLSTART", "telephony"),
    ("ONEXTERNALCALLBACKSTART", "telephony"),
    ("ONVOXIMPLANTCALLINIT", "telephony"),
    ("ONVOXIMPLANTCALLSTART", "telephony"),
    ("ONVOXIMPLANTCALLEND", "telephony"),
];

/// The names an application may subscribe to.
pub fn available(context: &Context<'_>) -> Vec<&'static str> {
    EVENTS.iter().filter(|(_, scope)| super::granted(scope, context)).map(|(name, _)| *name).collect()
}

/// The URL checks of handlers: a web address with a dot in its host.
pub fn check_url(url: &str) -> Result<(), Refusal> {
    let parsed = url::Url::parse(url)
        .map_err(|_| Refusal::new(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL").clients_fault())?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(
            Refusal::new(400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol").clients_fault()
        );
    }
    if !parsed.host_str().is_some_and(|host| host.contains('.')) {
        return Err(Refusal::new(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL").clients_fault());
    }
    Ok(())
}

fn bind(context: &mut Context<'_>) -> Answer {
    let event = required(context, "event")?.to_ascii_uppercase();
    let url = required(context, "handler")?;
    let auth_type = context.params.int("auth_type");
    let offline = context.params.text("event_type").is_some_and(|t| t.eq_ignore_ascii_case("offline"));
    if !available(context).contains(&event.as_str()) {
        return Err(Refusal::new(400, "ERROR_EVENT_NOT_FOUND", "Event not found").clients_fault());
    }
    check_url(&url)?;
    let mut auth_type = auth_type;
    if !context.is_admin() {
        if offline {
            return Err(Refusal::new(403, "ACCESS_DENIED", "Offline events are available for administrators only"));
        }
        if auth_type != 0 && auth_type != context.caller.user {
            return Err(Refusal::new(403, "ACCESS_DENIED", "Access denied!"));
        }
        auth_type = context.caller.user;
    }
    let same = |h: &Handler| h.event == event && h.url == url && h.auth_type == auth_type && h.offline == offline;
    if context.portal.handlers.iter().any(same) {
        return Err(Refusal::new(400, "ERROR_CORE", "Unable to set event handler: Handler already binded"));
    }
    let id = context.portal.next_id();
    context.portal.add_to_feed(context.now, Story::Bound { name: event.clone() });
    context.portal.handlers.push(Handler { id, event, url, auth_type, offline });
    Ok(Value::from(true).into())
}

fn get(context: &mut Context<'_>) -> Answer {
    let own = own_only(context);
    let rows: Vec<Value> = context
        .portal
        .handlers
        .iter()
        .filter(|h| own.is_none_or(|user| h.auth_type == user))
        .map(|h| {
            json!({
                "event": h.event,
                "handler": h.url,
                "auth_type": h.auth_type.to_string(),
                "offline": i32::from(h.offline),
            })
        })
        .collect();
    Ok(Value::from(rows).into())
}

fn unbind(context: &mut Context<'_>) -> Answer {
    let event = required(context, "event")?.to_ascii_uppercase();
    let url = required(context, "handler")?;
    let auth_type = context.params.get("auth_type").map(|_| context.params.int("auth_type"));
    let own = own_only(context);
    let before = context.portal.handlers.len();
    context.portal.handlers.retain(|h| {
        let hit = h.event == event && h.url == url;
        let allowed = own.is_none_or(|user| h.auth_type == user);
        !(hit && allowed && auth_type.is_none_or(|a| a == h.auth_type))
    });
    Ok(json!({ "count": before - context.portal.handlers.len() }).into())
}

/// Whatever was sent comes back in an event, to the handlers that are bound to it by now (test-handler.md).
fn test(context: &mut Context<'_>) -> Answer {
    let handlers = context.portal.handlers.iter().filter(|h| h.event == "ONAPPTEST" && !h.offline);
    let (handlers, query) = (handlers.cloned().collect(), context.params.shown());
    context.portal.test_events.push(TestEvent { caller: context.caller.user, handlers, query });
    Ok(Value::from(true).into())
}

/// Users who are no admins see and remove only what was bound for themselves.
fn own_only(context: &Context<'_>) -> Option<i64> {
    (!context.is_admin()).then_some(context.caller.user)
}

/// Event methods take their names in either case.
fn required(context: &Context<'_>, name: &'static str) -> Result<String, Refusal> {
    let upper = name.to_ascii_uppercase();
    let value = context.params.text_of([name, &upper]).filter(|v| !v.trim().is_empty());
    value.ok_or_else(|| Refusal { http: 400, ..Refusal::argument(name) })
}
