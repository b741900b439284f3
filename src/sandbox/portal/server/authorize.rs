//! `/oauth/authorize/`: who is asking, then back to the application's handler with a code.

use super::{Door, Secure, reply};
use crate::domain::Timestamp;
use crate::sandbox::portal::handle::{holder, portal};
use crate::sandbox::portal::ids;
use crate::sandbox::portal::php;
use crate::sandbox::portal::spec::User;
use crate::sandbox::portal::story::Story;
use crate::sandbox::portal::world::PortalWorld;
use askama::Template;
use axum::Router;
use axum::extract::{Extension, Form, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

pub fn routes() -> Router<Door> {
    Router::new()
        .route("/oauth/authorize/", get(authorize))
        .route("/oauth/authorize", get(authorize))
        .route("/sandbox/login", post(login))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html><html lang="{% if ru %}ru{% else %}en{% endif %}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{ title }}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/sandbox/assets/page.css"></head>
<body class="plain"><main><p class="mark">{{ portal }}</p><h1>{{ title }}</h1><p>{{ text }}</p>
{% if !users.is_empty() %}<form method="post" action="/sandbox/login" class="people"><input type="hidden" name="back" value="{{ back }}">
{% for user in users %}<button name="user" value="{{ user.id }}">{{ user.full_name() }}{% if user.admin %} <small>{% if ru %}администратор{% else %}administrator{% endif %}</small>{% endif %}</button>
{% endfor %}</form>{% endif %}</main></body></html>"#
)]
struct Plain<'a> {
    ru: bool,
    portal: &'a str,
    title: &'a str,
    text: &'a str,
    back: &'a str,
    users: Vec<User>,
}

/// Whether the reader gets Russian: unless English (or another language) is asked for first.
pub fn russian(headers: &HeaderMap) -> bool {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("ru");
    wanted.trim_start().get(..2).is_none_or(|lang| lang.eq_ignore_ascii_case("ru") || lang.starts_with('*'))
}

async fn authorize(State(door): State<Door>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let ru = russian(&headers);
    let value = |name: &str| php::pairs(&query).into_iter().find(|(n, _)| n == name).map(|(_, v)| v);
    let (title, known, user, users) = door.world.with(|state| {
        let portal = portal(state, &door.member_id);
        let client_id = value("client_id").unwrap_or_default();
        let known = portal.app.installed && portal.keys.as_ref().is_some_and(|k| k.client_id == client_id);
        let user = session(&headers, &door).and_then(|cookie| portal.sessions.get(&cookie).copied());
        let users: Vec<_> = portal.users.iter().filter(|u| u.active && u.kind.is_real()).cloned().collect();
        (portal.title.clone(), known, user, users)
    });
    if !known {
        return refused(&title, ru);
    }
    let Some(user) = user else {
        let back = format!("/oauth/authorize/?{query}");
        let (head, text) = if ru {
            ("Вход в Битрикс24", "Приложение просит доступ. Войти как:")
        } else {
            ("Log in to Bitrix24", "An application asks for access. Log in as:")
        };
        let page = Plain { ru, portal: &title, title: head, text, back: &back, users };
        return reply::html(200, page.render().unwrap_or_default());
    };
    match redirect(&door.world, &door.member_id, user, &value("state").unwrap_or_default()) {
        Some(to) => reply::redirect(302, &to),
        None => refused(&title, ru),
    }
}

/// The portal keeps its errors to itself: nothing of it reaches the application.
fn refused(portal: &str, ru: bool) -> Response {
    let (title, text) = if ru {
        ("Приложение не найдено", "Проверьте код приложения (client_id) и то, что приложение установлено.")
    } else {
        ("Application not found", "Check the application code (client_id) and that the application is installed.")
    };
    let page = Plain { ru, portal, title, text, back: "", users: Vec::new() };
    reply::html(404, page.render().unwrap_or_default())
}

/// Where the browser goes next: always the form's handler, whatever return address was asked for.
pub fn redirect(world: &PortalWorld, member_id: &str, user: i64, opaque: &str) -> Option<String> {
    let now: Timestamp = world.now();
    world.change(|state| {
        let portal = portal(state, member_id);
        portal.active_user(user)?;
        let may_open = portal.app.allowed.as_ref().is_none_or(|allowed| allowed.contains(&user));
        if !may_open || portal.keys.is_none() || !portal.app.installed {
            return None;
        }
        portal.add_to_feed(now, Story::Authorized { user });
        let (url, domain, scope) = (portal.app.handler_url.clone(), portal.domain.clone(), portal.app.scopes.join(","));
        let code = state.grants.issue_code(holder(state, member_id, user), now);
        let query = php::query([
            ("code", code.as_str()),
            ("state", opaque),
            ("domain", &domain),
            ("member_id", member_id),
            ("scope", &scope),
            ("server_domain", world.auth_host()),
        ]);
        let joint = if url.contains('?') { '&' } else { '?' };
        Some(format!("{url}{joint}{query}"))
    })
}

#[derive(Deserialize)]
struct Login {
    user: i64,
    back: String,
}

async fn login(State(door): State<Door>, Extension(_): Extension<Secure>, Form(login): Form<Login>) -> Response {
    let back = if login.back.starts_with("/oauth/authorize/") { login.back.as_str() } else { "/" };
    let mut response = reply::redirect(303, back);
    let cookie = format!("{}; Path=/; HttpOnly; SameSite=Lax", log_in(&door.world, &door.member_id, login.user));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Begins a browser session: a `Cookie` header.
pub fn log_in(world: &PortalWorld, member_id: &str, user: i64) -> String {
    let secret = ids::hex(16);
    world.change(|state| portal(state, member_id).sessions.insert(secret.clone(), user));
    format!("{}={secret}", cookie_name(member_id))
}

/// Cookies do not know ports, so each portal has a name of its own.
fn cookie_name(member_id: &str) -> String {
    let plain: String = member_id.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("SIM_{plain}")
}

fn session(headers: &HeaderMap, door: &Door) -> Option<String> {
    let name = cookie_name(&door.member_id);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name).map(|(_, value)| value.to_owned()))
}
