//! The daemon's face over HTTP: settings pages for administrators, the call card for employees, the door
//! at which the portal delivers its events.
//!
//! Handlers turn requests into words of the [`WebService`] and its answers into pages; they decide nothing
//! about calls. [`router`] lists every public address, [`ops_router`] those for the machine room.

mod card;
mod checks;
mod guard;
mod middleware;
mod ops;
mod pages;
mod portal;
mod read;
mod self_check;
pub mod service;
mod show;
mod state;
#[cfg(test)]
mod tests;

pub use guard::ClientAddr;
pub use self_check::SelfCheckKey;
pub use service::WebService;
pub use state::WebState;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use middleware::error::WebError;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

/// Everything that is reachable through the public gateway, under any of the prefixes.
pub fn router(state: WebState) -> Router {
    let prefixes = state.prefixes.clone();
    let pages = Router::new()
        .route("/", get(pages::login::show).post(portal::opened_or_event))
        .route("/login", post(pages::login::begin))
        .route("/logout", post(pages::login::end))
        .route("/company", get(pages::company::show).post(pages::company::rename))
        .route("/company/state", get(pages::top::state_update))
        .route("/company/ecss", post(pages::ecss::save))
        .route("/company/ecss/check", post(pages::ecss::check))
        .route("/company/test-call", get(pages::test_call::show).post(pages::test_call::begin))
        .route(
            "/company/employees",
            get(pages::employees::show).put(pages::employees::replace).post(pages::employees::save),
        )
        .route("/company/calls", get(pages::calls::show).post(pages::bitrix::save_calls))
        .route("/company/calls/{*key}", get(pages::call::show))
        .route("/call/call.html", get(card::page::explain).post(card::page::open))
        .route("/call/stream", get(card::stream::follow))
        .route("/call/action", post(card::action::act))
        .route("/events", post(portal::event))
        .route("/check/{pass}", get(self_check::prove))
        .route("/check/{pass}/stream", get(self_check::flow))
        .route("/check/{pass}/size", post(self_check::measure))
        .route("/static/{file}", get(show::serve_asset))
        .fallback(async || WebError::NotFound)
        .method_not_allowed_fallback(async || WebError::WrongMethod)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), middleware::error::render))
        .layer(from_fn_with_state(state.clone(), middleware::headers::add))
        .layer(from_fn_with_state(state.clone(), middleware::access::log))
        .with_state(state);
    Router::new()
        .fallback_service(pages.map_request(move |request: Request| middleware::prefix::strip(&prefixes, request)))
}

/// What health and metrics are reached through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpsDoor {
    /// A port, which pages of the internet can reach through a browser on this machine.
    Port,
    /// A Unix socket.
    Socket,
}

/// Health and metrics, for this machine only: never merged into the public router.
pub fn ops_router(state: WebState, door: OpsDoor) -> Router {
    Router::new()
        .route("/healthz", get(ops::alive))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .layer(from_fn(ops::never_cached))
        .layer(from_fn_with_state(door, ops::asked_by_address))
        .with_state(state)
}

/// What the command line asks a running daemon, for those only who may open its socket.
pub fn control_router(state: WebState) -> Router {
    Router::new().route("/checks", get(checks::report)).layer(from_fn(ops::never_cached)).with_state(state)
}

/// A handler that panics fails its own request only.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    WebError::Internal(format!("a handler panicked: {}", text.unwrap_or("without a message"))).into_response()
}

/// Runs state-changing work in a task of its own, so that a browser or gateway that hangs up does not
/// stop it half way.
async fn detached<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, WebError> {
    tokio::spawn(work.in_current_span())
        .await
        .map_err(|error| WebError::Internal(format!("the work ended early: {error}")))
}

/// Goes on with work that no answer depends on; it has to end by itself.
fn beside(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work.in_current_span());
}
