//! The portals and their authorization server: they answer at once and write down which calls they were told of.

use super::ledger::Ledger;
use super::listener::{self, Answer, json};
use super::portal_setup::{PortalSetup, token};
use super::reading::{Asked, CALL_NAME, commands};
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Incoming;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// All portals; each listens on a port of its own, so that nobody can reach two by one connection.
pub struct Portals {
    /// Host and port of each.
    pub addresses: Vec<String>,
    state: Vec<Arc<PortalState>>,
}

struct PortalState {
    ledger: Arc<Ledger>,
    setup: PortalSetup,
    /// Requests about calls that could not be understood.
    unreadable: AtomicUsize,
}

impl Portals {
    pub fn start(count: usize, tls: &Arc<rustls::ServerConfig>, ledger: &Arc<Ledger>) -> anyhow::Result<Self> {
        let mut portals = Self { addresses: Vec::new(), state: Vec::new() };
        for _ in 0..count {
            let (ledger, setup) = (ledger.clone(), PortalSetup::default());
            let state = Arc::new(PortalState { ledger, setup, unreadable: AtomicUsize::new(0) });
            portals.state.push(state.clone());
            portals.addresses.push(listener::serve(tls.clone(), move |request| answer(state.clone(), request))?);
        }
        // The authorization server is the first portal; it must know where the others are.
        let all: Arc<[String]> = portals.addresses.clone().into();
        portals.state.iter().for_each(|state| state.setup.know(all.clone()));
        Ok(portals)
    }

    /// Waits until each of these companies has fetched its employees, which it does once it is set up.
    pub async fn employees_fetched(&self, companies: std::ops::Range<usize>) {
        for state in &self.state[companies] {
            while !state.setup.employees_fetched() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    pub fn unreadable(&self) -> usize {
        self.state.iter().map(|state| state.unreadable.load(Ordering::Relaxed)).sum()
    }
}

async fn answer(state: Arc<PortalState>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else { return json(400, "") };
    let at = Instant::now();
    let body = std::str::from_utf8(&body).unwrap_or_default();
    let path = head.uri.path().trim_end_matches('/');
    let method = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
    if path.starts_with("/oauth/") {
        let asked = format!("{}&{body}", head.uri.query().unwrap_or_default());
        return token(&asked, &state.setup.addresses()).map_or_else(|| json(400, ""), |pair| json(200, pair));
    }
    if !method.eq_ignore_ascii_case("batch") {
        return match state.told(method, body, at) {
            Some(result) => json(200, format!("{{\"result\":{result}}}")),
            None => json(200, state.setup.answer(method, body)),
        };
    }
    let mut results = String::new();
    for (key, method, parameters) in commands(body) {
        let result = state.told(method, parameters, at).unwrap_or_else(|| state.setup.result(method, parameters));
        let comma = if results.is_empty() { "" } else { "," };
        let _ = write!(results, "{comma}\"{key}\":{result}");
    }
    json(
        200,
        format!(
            "{{\"result\":{{\"result\":{{{results}}},\"result_error\":[],\"result_total\":[],\"result_next\":[]}}}}"
        ),
    )
}

impl PortalState {
    /// Writes down what is about a call; its result, or nothing where it is about something else.
    fn told(&self, method: &str, parameters: &str, at: Instant) -> Option<String> {
        match Asked::read(method, parameters) {
            Asked::Register { call } => {
                self.ledger.registered(call, at);
                Some(format!("{{\"CALL_ID\":\"{CALL_NAME}{call}\"}}"))
            }
            Asked::Finish { call, seconds } => {
                self.ledger.finished(call, seconds);
                Some("{\"ID\":\"1\"}".to_owned())
            }
            Asked::Card => Some("true".to_owned()),
            Asked::Unreadable => {
                self.unreadable.fetch_add(1, Ordering::Relaxed);
                Some("true".to_owned())
            }
            Asked::Other => None,
        }
    }
}
