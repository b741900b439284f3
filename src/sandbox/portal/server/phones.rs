//! Buttons of the simulated telephones on the page.

use super::{Door, reply};
use crate::sandbox::portal::phones::PhoneError;
use axum::Router;
use axum::extract::{Json, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn routes() -> Router<Door> {
    Router::new().route("/sandbox/phones", get(list)).route("/sandbox/phones/{action}", post(act))
}

async fn list(State(door): State<Door>) -> Response {
    reply::json(200, &all(&door))
}

/// All telephones as the page gets them; null if nobody provides any.
pub fn all(door: &Door) -> Value {
    door.world.phones().map(|phones| json!(phones.phones())).unwrap_or_default()
}

#[derive(Deserialize)]
struct Button {
    number: String,
    /// Who calls, or who is called.
    #[serde(default)]
    other: String,
}

async fn act(State(door): State<Door>, Path(action): Path<String>, Json(button): Json<Button>) -> Response {
    let Some(phones) = door.world.phones() else {
        return reply::json(404, &json!({ "error": "there are no telephones here" }));
    };
    let Button { number, other } = button;
    let done = match action.as_str() {
        "ring" => phones.ring(&number, &other).await,
        "pick_up" => phones.pick_up(&number).await,
        "hang_up" => phones.hang_up(&number).await,
        "dial" => phones.dial(&number, &other).await,
        "remote_answer" => phones.remote_answer(&number).await,
        _ => Err(PhoneError("no such button".to_owned())),
    };
    match done {
        Ok(()) => reply::json(200, &json!({})),
        Err(error) => reply::json(409, &json!({ "error": error.0 })),
    }
}
