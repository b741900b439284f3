//! Tabs of the application inside the portal's pages; several mistakes are answered with status 200.

use super::{Context, Method, app_method, method};
use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::php;
use crate::sandbox::portal::state::Placement;
use crate::sandbox::portal::story::Story;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    app_method("placement.bind", "placement", bind),
    app_method("placement.unbind", "placement", unbind),
    app_method("placement.get", "placement", get),
    method("placement.list", "placement", list),
];

const WORKER: &str = "PAGE_BACKGROUND_WORKER";

/// Codes with the scope that opens them.
const PLACES: &[(&str, &str)] = &[
    ("CALL_CARD", "telephony"),
    ("TELEPHONY_ANALYTICS_MENU", "telephony"),
    ("USER_PROFILE_MENU", "user"),
    ("USER_PROFILE_TOOLBAR", "user"),
    (WORKER, ""),
    ("LEFT_MENU", ""),
];

fn bind(context: &mut Context<'_>) -> Answer {
    admin(context)?;
    let code = required(context, "PLACEMENT")?.to_ascii_uppercase();
    let url = required(context, "HANDLER")?;
    let known = PLACES.iter().any(|(name, scope)| *name == code && super::granted(scope, context));
    if !known {
        return Err(Refusal::new(400, "ERROR_PLACEMENT_NOT_FOUND", "Placement not found").clients_fault());
    }
    super::events::check_url(&url)?;
    let user = context.params.int("USER_ID");
    let options = context.params.get("OPTIONS").cloned().unwrap_or_else(|| json!([]));
    if user != 0 && code != WORKER {
        return Err(Refusal::new(400, "ERROR_PLACEMENT_USER_MODE", "User mode is not available").clients_fault());
    }
    if code == WORKER {
        worker(context, &options, user)?;
    }
    let bound = &context.portal.placements;
    if bound.iter().any(|p| p.code == code && p.url == url && p.user == user) {
        return Err(Refusal::new(400, "ERROR_CORE", "Unable to set placement handler: Handler already binded"));
    }
    let title = context.params.text("TITLE").filter(|t| !t.is_empty());
    let placement = Placement {
        title: title.unwrap_or_else(|| context.portal.app.name.clone()),
        description: context.params.text("DESCRIPTION").unwrap_or_default(),
        lang_all: context.params.get("LANG_ALL").cloned().unwrap_or_else(|| json!([])),
        options,
        user,
        url,
        code: code.clone(),
    };
    context.portal.placements.push(placement);
    context.portal.add_to_feed(context.now, Story::Bound { name: code });
    Ok(Value::from(true).into())
}

fn worker(context: &Context<'_>, options: &Value, user: i64) -> Result<(), Refusal> {
    let error_handler = options.get("errorHandlerUrl").and_then(php::text).unwrap_or_default();
    if error_handler.is_empty() {
        return Err(Refusal::new(400, "EMPTY_ERROR_HANDLER_URL", "Error handler URL is empty").clients_fault());
    }
    if context.portal.placements.iter().any(|p| p.code == WORKER && p.user == user) {
        return Err(Refusal::new(200, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count"));
    }
    Ok(())
}

fn unbind(context: &mut Context<'_>) -> Answer {
    admin(context)?;
    let code = required(context, "PLACEMENT")?.to_ascii_uppercase();
    let url = context.params.text("HANDLER").filter(|url| !url.is_empty());
    let user = context.params.get("USER_ID").map(php::int);
    let before = context.portal.placements.len();
    context.portal.placements.retain(|p| {
        let hit = p.code == code && url.as_ref().is_none_or(|url| p.url == *url);
        !(hit && user.is_none_or(|user| p.user == user))
    });
    Ok(json!({ "count": before - context.portal.placements.len() }).into())
}

fn get(context: &mut Context<'_>) -> Answer {
    admin(context)?;
    let rows = context.portal.placements.iter().map(|p| {
        json!({
            "placement": p.code,
            "userId": p.user,
            "handler": p.url,
            "title": p.title,
            "description": p.description,
            "langAll": p.lang_all,
            "options": p.options,
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).into())
}

fn list(context: &mut Context<'_>) -> Answer {
    let wanted = context.params.text("SCOPE");
    let full = context.params.get("FULL").is_some_and(php::truth);
    let codes = PLACES.iter().filter(|(_, scope)| match &wanted {
        Some(wanted) => scope == wanted,
        None => full || super::granted(scope, context),
    });
    Ok(Value::from(codes.map(|(code, _)| *code).collect::<Vec<_>>()).into())
}

fn admin(context: &Context<'_>) -> Result<(), Refusal> {
    if context.is_admin() { Ok(()) } else { Err(Refusal::new(403, "ACCESS_DENIED", "Access denied!")) }
}

fn required(context: &Context<'_>, name: &'static str) -> Result<String, Refusal> {
    context.params.text(name).filter(|v| !v.trim().is_empty()).ok_or_else(|| Refusal::argument(name))
}
