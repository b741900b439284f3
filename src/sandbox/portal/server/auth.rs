//! The authorization server: tokens for codes and refresh tokens, and what a token is worth.

use super::{Secure, reply};
use crate::domain::Timestamp;
use crate::sandbox::portal::answer::Refusal;
use crate::sandbox::portal::fault::Fault;
use crate::sandbox::portal::grants::Unaccepted;
use crate::sandbox::portal::judge::unanswered;
use crate::sandbox::portal::params::Params;
use crate::sandbox::portal::timing;
use crate::sandbox::portal::world::{PortalWorld, State as WorldState};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

const LARGEST_BODY: usize = 64 * 1024;

/// Everything the authorization server serves.
pub fn router(world: PortalWorld) -> Router {
    Router::new()
        .route("/oauth/token/", any(token))
        .route("/oauth/token", any(token))
        .route("/rest/app.info", any(info))
        .route("/rest/app.info.json", any(info))
        .with_state(world)
}

async fn params(request: Request) -> Params {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    Params::read(head.uri.query().unwrap_or_default(), kind, &body).unwrap_or_default()
}

async fn token(State(world): State<PortalWorld>, Extension(secure): Extension<Secure>, request: Request) -> Response {
    let at = world.now();
    let params = params(request).await;
    let fault = world.with(|state| state.auth_faults.take(&["oauth/token".to_owned()]));
    if let Some(what) = fault.as_ref().and_then(Fault::instead) {
        let answered = reply::instead(&what, at.millis() / 1000);
        let (status, body) = answered.as_ref().map_or((0, Value::Null), |(_, s, b)| (*s, b.clone()));
        log(&world, at, "oauth/token", &params, status, body);
        return match answered {
            Some((response, ..)) => response,
            None => std::future::pending().await,
        };
    }
    if let Some(Fault::Latency(pause)) = fault {
        tokio::time::sleep(pause).await;
    }
    let granted = world.with(|state| grant(&world, state, secure, &params, at));
    let (status, body) = granted.map_or_else(|refusal| (refusal.http, refusal.body()), |body| (200, body));
    log(&world, at, "oauth/token", &params, if fault == Some(Fault::DropAfter) { 0 } else { status }, body.clone());
    match fault {
        Some(Fault::DropAfter) => reply::hangup(),
        Some(Fault::EmptyBody) => Body::empty().into_response(),
        Some(Fault::SlowAnswer(pause)) => {
            tokio::time::sleep(pause).await;
            reply::json(status, &body)
        }
        _ => reply::json(status, &body),
    }
}

fn log(world: &PortalWorld, at: Timestamp, method: &str, params: &Params, status: u16, answer: Value) {
    world.change(|state| {
        let mut request = unanswered(at, method, params.shown());
        (request.status, request.executed) = (status, answer.get("access_token").is_some());
        request.user = answer.get("user_id").and_then(Value::as_i64);
        request.answer = answer;
        state.auth_log.request(request);
    });
}

fn grant(
    world: &PortalWorld,
    state: &mut WorldState,
    Secure(secure): Secure,
    params: &Params,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let mut wrong = |text: &str| {
        state.auth_log.violation(now, "oauth/token", text);
        Refusal::new(400, "invalid_request", text)
    };
    if !secure {
        return Err(wrong("Https required."));
    }
    let required = |name: &str| params.text(name).filter(|v| !v.is_empty());
    let Some(kind) = required("grant_type") else { return Err(wrong("The grant type is missing")) };
    let (Some(client_id), Some(secret)) = (required("client_id"), required("client_secret")) else {
        return Err(wrong("The client credentials are missing"));
    };
    let proof = match kind.as_str() {
        "authorization_code" => required("code"),
        "refresh_token" => required("refresh_token"),
        _ => return Err(wrong("The grant type is not supported")),
    };
    let Some(proof) = proof else { return Err(wrong("The code or refresh token is missing")) };
    let owner = state.portals.values().find(|p| p.keys.as_ref().is_some_and(|k| k.client_id == client_id));
    let known = owner.and_then(|p| p.keys.as_ref()).is_some_and(|k| k.client_secret == secret);
    if !known {
        return Err(Refusal::new(401, "invalid_client", "Client authentication failed"));
    }
    let dead = || Refusal::new(400, "invalid_grant", "The code or refresh token is invalid or expired");
    let holder = if kind == "authorization_code" {
        state.grants.redeem(&proof, &client_id, now).ok_or_else(dead)?
    } else {
        let (holder, needless) = state.grants.rotate(&proof, &client_id, now).ok_or_else(dead)?;
        if needless {
            let text = "a refresh nobody needed: the access token is young and was not refused";
            state.auth_log.violation(now, "oauth/token", text);
        }
        holder
    };
    let pair = state.grants.issue(&holder, now);
    let portal = state.portals.get(&holder.member_id).ok_or_else(dead)?;
    if portal.active_user(holder.user).is_none() {
        return Err(dead());
    }
    Ok(json!({
        "access_token": pair.access,
        "expires": pair.expires.millis() / 1000,
        "expires_in": 3600,
        "scope": portal.app.scopes.join(","),
        "domain": world.auth_host(),
        "server_endpoint": format!("{}/rest/", world.auth_url()),
        "status": "L",
        "client_endpoint": format!("https://{}/rest/", portal.domain),
        "member_id": portal.member_id,
        "user_id": holder.user,
        "refresh_token": pair.refresh,
    }))
}

/// The trusted check of a token: which application and portal it belongs to.
async fn info(
    State(world): State<PortalWorld>,
    Extension(Secure(secure)): Extension<Secure>,
    request: Request,
) -> Response {
    let at = world.now();
    let params = params(request).await;
    let fault = world.with(|state| state.auth_faults.take(&["app.info".to_owned()]));
    if let Some(what) = fault.as_ref().and_then(Fault::instead) {
        let answered = reply::instead(&what, at.millis() / 1000);
        let (status, body) = answered.as_ref().map_or((0, Value::Null), |(_, s, b)| (*s, b.clone()));
        log(&world, at, "app.info", &params, status, body);
        return match answered {
            Some((response, ..)) => response,
            None => std::future::pending().await,
        };
    }
    let answer = world.with(|state| {
        if !secure {
            return Err(Refusal::new(400, "INVALID_REQUEST", "Https required."));
        }
        let token = params.text_of(["auth", "access_token"]).unwrap_or_default();
        let holder = state.grants.check(&token, at).map_err(|why| match why {
            Unaccepted::Expired => Refusal::new(401, "expired_token", "The access token provided has expired."),
            Unaccepted::Unknown => Refusal::new(401, "invalid_token", "Unable to get application by token"),
        })?;
        let portal = state.portals.get(&holder.member_id);
        let installed = portal.is_some_and(|p| p.app.installed);
        let language = portal.map(|p| p.language.clone());
        Ok(json!({
            "ID": "1",
            "CODE": holder.client_id,
            "VERSION": 1,
            "STATUS": "L",
            "INSTALLED": installed,
            "PAYMENT_EXPIRED": "N",
            "DAYS": null,
            "LANGUAGE_ID": language,
            "MEMBER_ID": holder.member_id,
        }))
    });
    match answer {
        Ok(result) => reply::json(200, &json!({ "result": result, "time": timing::block(at, world.now(), None) })),
        Err(refusal) => reply::json(refusal.http, &refusal.body()),
    }
}
