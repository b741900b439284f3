//! The portal's page in a browser: the shell, its files, and what its buttons do.

use super::authorize::russian;
use super::{Door, Secure, reply};
use crate::sandbox::portal::frames;
use crate::sandbox::portal::handle::portal;
use crate::sandbox::portal::outgoing::{self, ClickedIn};
use axum::Router;
use axum::extract::{Extension, Json, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

const SHELL: &str = include_str!("../assets/page.html");
const OPENER: &str = include_str!("../assets/open.html");
const FILES: &[(&str, &str, &str)] = &[
    ("page.css", "text/css; charset=utf-8", include_str!("../assets/page.css")),
    ("words.js", "text/javascript; charset=utf-8", include_str!("../assets/words.js")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("../assets/page.js")),
    ("card.js", "text/javascript; charset=utf-8", include_str!("../assets/card.js")),
    ("lists.js", "text/javascript; charset=utf-8", include_str!("../assets/lists.js")),
    ("phones.js", "text/javascript; charset=utf-8", include_str!("../assets/phones.js")),
    ("open.js", "text/javascript; charset=utf-8", include_str!("../assets/open.js")),
];
/// Frames and forms may lead anywhere (that is what a portal does); everything else is our own.
const POLICY: &str = "default-src 'self'; frame-src *; form-action *; img-src 'self' data:; base-uri 'none'";

pub fn routes() -> Router<Door> {
    Router::new()
        .route("/", get(shell))
        .route("/app/", get(open_app))
        .route("/sandbox/assets/{file}", get(asset))
        .route("/sandbox/frames", post(frames_of))
        .route("/sandbox/click", post(click))
        .route("/sandbox/close", post(close))
}

#[derive(Deserialize)]
struct Who {
    user: i64,
}

async fn shell(headers: HeaderMap) -> Response {
    page(SHELL, &headers)
}

async fn open_app(headers: HeaderMap) -> Response {
    page(OPENER, &headers)
}

fn page(text: &str, headers: &HeaderMap) -> Response {
    let lang = if russian(headers) { "ru" } else { "en" };
    let mut response = reply::html(200, text.replace("{{lang}}", lang));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn asset(Path(file): Path<String>) -> Response {
    match FILES.iter().find(|(name, ..)| *name == file) {
        Some((_, kind, text)) => {
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *text).into_response()
        }
        None => reply::json(404, &json!({ "error": "no such file" })),
    }
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    placement: String,
}

/// Forms for the frames of the card, or for the application's own page.
async fn frames_of(
    State(door): State<Door>,
    Extension(Secure(secure)): Extension<Secure>,
    Query(place): Query<Place>,
    headers: HeaderMap,
    Json(who): Json<Who>,
) -> Response {
    let view = frames::View { secure, russian: russian(&headers) };
    let posts = if place.placement == "DEFAULT" {
        vec![frames::app(&door.world, &door.member_id, who.user, view)]
    } else {
        frames::card(&door.world, &door.member_id, who.user, view)
    };
    reply::json(200, &json!(posts))
}

#[derive(Deserialize)]
struct Click {
    user: i64,
    number: String,
    #[serde(default)]
    mobile: bool,
}

async fn click(State(door): State<Door>, Json(click): Json<Click>) -> Response {
    let place = ClickedIn { mobile: click.mobile, campaign: None };
    match outgoing::click(&door.world, &door.member_id, click.user, &click.number, place) {
        Ok(clicked) => {
            let call = clicked.call.clone();
            // The browser does not wait for the application.
            tokio::spawn(async move { clicked.sent(&door.world, &door.member_id).await });
            reply::json(200, &json!({ "call": call }))
        }
        Err(refused) => reply::json(409, &json!({ "error": format!("{refused:?}") })),
    }
}

async fn close(State(door): State<Door>, Json(who): Json<Who>) -> Response {
    door.world.change(|state| {
        portal(state, &door.member_id).screens.close(who.user);
    });
    reply::json(200, &json!({}))
}
