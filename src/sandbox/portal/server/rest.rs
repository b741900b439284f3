//! `/rest/`: reads a request, meets its fault, executes it under the portal's lock, writes the log.

use super::{Door, Secure, reply};
use crate::domain::Timestamp;
use crate::sandbox::portal::answer::{Answer, Refusal, envelope};
use crate::sandbox::portal::fault::Fault;
use crate::sandbox::portal::grants::{Grants, Unaccepted};
use crate::sandbox::portal::handle::portal;
use crate::sandbox::portal::judge::unanswered;
use crate::sandbox::portal::methods::{self, Caller, Command, Context};
use crate::sandbox::portal::outgoing;
use crate::sandbox::portal::params::Params;
use crate::sandbox::portal::state::Portal;
use crate::sandbox::portal::timing;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::Value;

const LARGEST_BODY: usize = 32 * 1024 * 1024;

pub fn routes() -> Router<Door> {
    Router::new().route("/rest/", any(rest)).route("/rest/{*method}", any(rest))
}

/// A request with its parts taken apart.
struct Asked {
    at: Timestamp,
    secure: bool,
    method: String,
    /// User and secret of a webhook.
    webhook: Option<(i64, String)>,
    token: Option<String>,
    params: Params,
    /// The body says JSON and is not.
    garbled: bool,
}

impl Asked {
    async fn read(at: Timestamp, secure: bool, request: Request) -> Self {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
        let content_type = text(&head.headers, header::CONTENT_TYPE);
        let query = head.uri.query().unwrap_or_default();
        let params = Params::read(query, &content_type, &body);
        let garbled = params.is_err();
        let params = params.unwrap_or_else(|_| Params::of_query(query));
        let path = head.uri.path().trim_start_matches("/rest/").trim_matches('/');
        let (webhook, method) = target(path);
        let bearer = text(&head.headers, header::AUTHORIZATION);
        let bearer = bearer.strip_prefix("Bearer ").map(|t| t.trim().to_owned());
        let token = params.text_of(["auth", "access_token"]).or(bearer).filter(|t| !t.is_empty());
        Self { at, secure, method, webhook, token, params, garbled }
    }

    /// The method, and for a batch those of its commands.
    fn touches(&self) -> Vec<String> {
        let mut methods = vec![self.method.clone()];
        if self.method == "batch" {
            let inner = self.params.commands().into_iter();
            methods.extend(inner.map(|(_, c)| c.split('?').next().unwrap_or_default().to_ascii_lowercase()));
        }
        methods
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// `METHOD.json`, or `USER/SECRET/METHOD` of a webhook; the method in lower case.
fn target(path: &str) -> (Option<(i64, String)>, String) {
    let method = |name: &str| name.to_ascii_lowercase().trim_end_matches(".json").to_owned();
    match path.split('/').collect::<Vec<_>>()[..] {
        [user, secret, name] => (user.parse().ok().map(|user| (user, secret.to_owned())), method(name)),
        _ => (None, method(path)),
    }
}

async fn rest(State(door): State<Door>, Extension(Secure(secure)): Extension<Secure>, request: Request) -> Response {
    let world = &door.world;
    let uri = request.uri().clone();
    let asked = Asked::read(world.now(), secure, request).await;
    let (there, back) = world.with(|state| portal(state, &door.member_id).carrier.next());
    if !there.is_zero() {
        tokio::time::sleep(there).await;
    }
    let response = arrived(&door, uri, asked).await;
    if !back.is_zero() {
        tokio::time::sleep(back).await;
    }
    response
}

/// The request is at the portal.
async fn arrived(door: &Door, uri: Uri, mut asked: Asked) -> Response {
    let world = &door.world;
    asked.at = world.now();
    let (moved_to, fault) = world.with(|state| {
        let portal = portal(state, &door.member_id);
        let moved_to = (portal.domain != *door.domain).then(|| portal.domain.clone());
        let fault = if moved_to.is_none() { portal.faults.take(&asked.touches()) } else { None };
        (moved_to, fault)
    });
    if let Some(domain) = moved_to {
        let to = format!("https://{domain}{}", uri.path_and_query().map_or("/rest/", |p| p.as_str()));
        log(door, &asked, 302, Value::Null);
        return reply::redirect(302, &to);
    }
    if let Some(instead) = fault.as_ref().and_then(Fault::instead) {
        return misfortune(door, &asked, &instead).await;
    }
    if let Some(Fault::Latency(pause)) = fault {
        tokio::time::sleep(pause).await;
    }
    let (status, body) = answer(door, &asked, fault == Some(Fault::DropAfter));
    outgoing::send_test_events(world, &door.member_id);
    match fault {
        Some(Fault::DropAfter) => reply::hangup(),
        Some(Fault::EmptyBody) => Body::empty().into_response(),
        Some(Fault::Padded(bytes)) => reply::padded(status, &body, bytes),
        Some(Fault::SlowAnswer(pause)) => {
            tokio::time::sleep(pause).await;
            reply::json(status, &body)
        }
        _ => reply::json(status, &body),
    }
}

async fn misfortune(door: &Door, asked: &Asked, what: &crate::sandbox::portal::fault::Instead) -> Response {
    let answered = reply::instead(what, asked.at.millis() / 1000);
    let (status, body) = answered.as_ref().map_or((0, Value::Null), |(_, status, body)| (*status, body.clone()));
    if let Some(token) = asked.token.as_ref().filter(|_| status == 401) {
        door.world.with(|state| state.grants.note_refused(token));
    }
    log(door, asked, status, body);
    match answered {
        Some((response, ..)) => response,
        None => std::future::pending().await,
    }
}

/// A request that did not reach its method.
fn log(door: &Door, asked: &Asked, status: u16, body: Value) {
    door.world.change(|state| {
        let mut request = unanswered(asked.at, &asked.method, asked.params.shown());
        (request.status, request.answer) = (status, body);
        portal(state, &door.member_id).log.request(request);
    });
}

/// Executes and logs under one lock, so that the log has the order of execution. It shows status 0 if the
/// answer will be `lost`.
fn answer(door: &Door, asked: &Asked, lost: bool) -> (u16, Value) {
    let world = &door.world;
    world.change(|state| {
        let now = world.now();
        let portal = state.portals.get_mut(&*door.member_id).expect("a portal stays in its world");
        let admitted = admit(portal, &mut state.grants, asked, now);
        let user = admitted.as_ref().ok().map(|caller| caller.user);
        let answer = admitted.and_then(|caller| {
            if asked.method != "batch" {
                return execute(portal, caller, &asked.method, &asked.params, now);
            }
            methods::run_batch(&asked.params, |Command { method, params, refused, dangling }| {
                let noted = portal.log.violations.len();
                let fault =
                    || portal.faults.take_inside(method).map(|(http, code, text)| Refusal::new(http, &code, text));
                let answer = match refused.or_else(fault) {
                    Some(refusal) => Err(refusal),
                    None => execute(portal, caller, method, params, now),
                };
                note_fault(portal, method, &answer, now);
                if dangling {
                    // Nobody can help it if the command that it builds on has failed.
                    portal.log.violations.truncate(noted);
                }
                let (status, body) = written(portal, method, &answer, now, world.now());
                let time = body.get("time").cloned().unwrap_or_default();
                let mut request = unanswered(now, method, params.shown());
                (request.user, request.status, request.answer) = (Some(caller.user), status, body);
                (request.executed, request.in_batch) = (answer.is_ok(), true);
                portal.log.request(request);
                (answer, time)
            })
        });
        note_fault(portal, &asked.method, &answer, now);
        if let (Err(Refusal { http: 401, .. }), Some(token)) = (&answer, &asked.token) {
            state.grants.note_refused(token);
        }
        if asked.garbled {
            portal.log.violation(now, &asked.method, "the body is labelled JSON and is none");
        }
        let (status, body) = written(portal, &asked.method, &answer, asked.at, world.now());
        let mut request = unanswered(asked.at, &asked.method, asked.params.shown());
        (request.user, request.status, request.answer) = (user, if lost { 0 } else { status }, body.clone());
        request.executed = answer.is_ok();
        portal.log.request(request);
        (status, body)
    })
}

fn note_fault(portal: &mut Portal, method: &str, answer: &Answer, now: Timestamp) {
    if let Err(refusal) = answer
        && refusal.clients_fault
    {
        portal.log.violation(now, method, refusal.text.clone());
    }
}

/// The checks before a method: transport, bucket, token, rights.
fn admit(portal: &mut Portal, grants: &mut Grants, asked: &Asked, now: Timestamp) -> Result<Caller, Refusal> {
    if !asked.secure {
        return Err(Refusal::new(400, "INVALID_REQUEST", "Https required.").clients_fault());
    }
    if !portal.meter.admit(now) {
        return Err(Refusal::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"));
    }
    if let Some((user, secret)) = &asked.webhook {
        return match portal.webhooks.get(secret) {
            Some(owner) if owner == user => Ok(Caller { user: *user, app: false }),
            _ => Err(Refusal::new(401, "INVALID_CREDENTIALS", "Invalid request credentials")),
        };
    }
    let Some(token) = &asked.token else {
        return Err(Refusal::new(401, "NO_AUTH_FOUND", "Wrong authorization data"));
    };
    let unknown = || Refusal::new(401, "invalid_token", "Unable to get application by token");
    let holder = match grants.check(token, now) {
        Ok(holder) if holder.member_id == portal.member_id => holder,
        Err(Unaccepted::Expired) => {
            return Err(Refusal::new(401, "expired_token", "The access token provided has expired."));
        }
        Ok(_) | Err(Unaccepted::Unknown) => return Err(unknown()),
    };
    if portal.keys.as_ref().is_none_or(|keys| keys.client_id != holder.client_id) {
        return Err(Refusal::new(401, "APPLICATION_NOT_FOUND", "Application not found"));
    }
    if portal.active_user(holder.user).is_none() {
        return Err(Refusal::new(401, "authorization_error", "Unable to authorize user"));
    }
    if portal.app.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&holder.user)) {
        let text = "The user does not have access to the application.";
        return Err(Refusal::new(403, "user_access_error", text));
    }
    Ok(Caller { user: holder.user, app: true })
}

fn execute(portal: &mut Portal, caller: Caller, method: &str, params: &Params, now: Timestamp) -> Answer {
    if portal.meter.exhausted(method, now).is_some() {
        let text = "Method is blocked due to operation time limit.";
        return Err(Refusal::new(429, "OPERATION_TIME_LIMIT", text));
    }
    let answer = methods::run(method, &mut Context { portal, caller, params, now });
    portal.meter.spend(method, now);
    answer
}

/// Status and body. A refusal for operating time says in `time` when it ends.
fn written(portal: &mut Portal, method: &str, answer: &Answer, at: Timestamp, now: Timestamp) -> (u16, Value) {
    match answer {
        Ok(done) => (200, envelope(done, at, now, portal.meter.operated(method, now))),
        Err(refusal) => {
            let mut body = refusal.body();
            if refusal.http == 429 {
                body["time"] = timing::block(at, now, portal.meter.operated(method, now));
            }
            (refusal.http, body)
        }
    }
}
