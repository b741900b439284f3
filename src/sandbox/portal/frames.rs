//! The application inside the portal's pages: the form that the employee's browser posts into a frame.

use super::calls::{CALLBACK, OUTGOING};
use super::handle::{holder, portal};
use super::ids;
use super::php;
use super::state::Portal;
use super::world::PortalWorld;
use serde::Serialize;
use serde_json::{Value, json};

/// A form to be posted into a frame or a new tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FramePost {
    /// Name of the tab.
    pub title: String,
    /// Handler with `DOMAIN`, `PROTOCOL`, `LANG`, `APP_SID`.
    pub url: String,
    /// The form's fields, in order.
    pub fields: Vec<(String, String)>,
}

impl FramePost {
    /// Posts the form as a browser does.
    pub async fn send(&self, client: &reqwest::Client) -> reqwest::Result<reqwest::Response> {
        client.post(&self.url).form(&self.fields).send().await
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// How the employee's browser shows the portal.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The page came by HTTPS.
    pub secure: bool,
    /// The portal's pages are in Russian for this user, else in English.
    pub russian: bool,
}

/// The application's tabs in the card on an employee's screen.
pub fn card(world: &PortalWorld, member_id: &str, user: i64, view: View) -> Vec<FramePost> {
    let tabs = world.with(|state| {
        let portal = portal(state, member_id);
        let options = portal.screens.of(user).map(|card| options(portal, &card.call.clone()));
        let tabs = portal.placements.iter().filter(|p| p.code == "CALL_CARD" && portal.app.installed);
        options.map(|o| tabs.map(|p| (p.title.clone(), p.url.clone(), o.clone())).collect::<Vec<_>>())
    });
    let post = |(title, url, options): (String, String, Value)| {
        frame(world, member_id, user, view, (&title, &url), "CALL_CARD", &options)
    };
    tabs.unwrap_or_default().into_iter().map(post).collect()
}

/// The application's own page.
pub fn app(world: &PortalWorld, member_id: &str, user: i64, view: View) -> FramePost {
    let (title, url) = world.with(|state| {
        let app = &portal(state, member_id).app;
        (app.name.clone(), app.handler_url.clone())
    });
    frame(world, member_id, user, view, (&title, &url), "DEFAULT", &json!({ "any": "6/" }))
}

fn frame(
    world: &PortalWorld,
    member_id: &str,
    user: i64,
    view: View,
    (title, url): (&str, &str),
    placement: &str,
    options: &Value,
) -> FramePost {
    let now = world.now();
    let server_endpoint = format!("{}/rest/", world.auth_url());
    world.change(|state| {
        let pair = state.grants.issue(&holder(state, member_id, user), now);
        let portal = portal(state, member_id);
        let token = portal.keys.as_ref().map(|k| k.application_token.clone()).unwrap_or_default();
        let sid = ids::hex(16);
        let protocol = if view.secure { "1" } else { "0" };
        let lang = if view.russian { "ru" } else { "en" };
        let query =
            php::query([("DOMAIN", portal.domain.as_str()), ("PROTOCOL", protocol), ("LANG", lang), ("APP_SID", &sid)]);
        let joint = if url.contains('?') { '&' } else { '?' };
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        FramePost {
            title: title.to_owned(),
            url: format!("{url}{joint}{query}"),
            fields: vec![
                field("AUTH_ID", &pair.access),
                field("AUTH_EXPIRES", "3600"),
                field("REFRESH_ID", &pair.refresh),
                field("SERVER_ENDPOINT", &server_endpoint),
                field("APPLICATION_TOKEN", &token),
                field("APPLICATION_SCOPE", &portal.app.scopes.join(",")),
                field("member_id", &portal.member_id),
                field("status", "L"),
                field("PLACEMENT", placement),
                field("PLACEMENT_OPTIONS", &options.to_string()),
            ],
        }
    })
}

/// What the card tells its tabs: all values are text, what is unknown is missing, `0` or `undefined`.
fn options(portal: &Portal, id: &str) -> Value {
    let call = portal
        .calls
        .iter()
        .find(|c| c.id == id)
        .or_else(|| portal.finished.iter().map(|end| &end.call).find(|c| c.id == id));
    let mut options = json!({
        "CALL_ID": id,
        "CRM_ENTITY_TYPE": "",
        "CRM_ENTITY_ID": "0",
        "CRM_ACTIVITY_ID": "undefined",
        "CALL_DIRECTION": "incoming",
        "CALL_STATE": "connected",
        "CALL_LIST_MODE": "false",
        "URI": "/",
    });
    let Some(call) = call else { return options };
    options["PHONE_NUMBER"] = call.number.clone().into();
    options["CALL_DIRECTION"] = direction(call.kind).into();
    if let Some(line) = &call.line {
        let name = portal.lines.get(line).map(|l| l.name.clone()).filter(|n| !n.is_empty());
        options["LINE_NUMBER"] = line.clone().into();
        options["LINE_NAME"] = name.unwrap_or_else(|| line.clone()).into();
    }
    if let Some(bound) = &call.bound {
        options["CRM_ENTITY_TYPE"] = bound.entity.clone().into();
        options["CRM_ENTITY_ID"] = bound.id.to_string().into();
        options["CRM_BINDINGS"] = json!([{ "ENTITY_TYPE": bound.entity, "ENTITY_ID": bound.id.to_string() }]);
    }
    options
}

/// How the card calls a type.
pub fn direction(kind: i64) -> &'static str {
    match kind {
        OUTGOING => "outgoing",
        CALLBACK => "callback",
        _ => "incoming",
    }
}
