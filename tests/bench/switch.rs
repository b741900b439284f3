//! The switch of all companies: says what it is told, and writes down when it said it.

use super::frames::OPEN;
use super::ledger::{CallMoment, Ledger};
use super::listener::{self, Answer, json};
use super::portal_setup::COMPANY;
use super::reading::field;
use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_KEY};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json as tree};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A frame, and the moment of a call that it tells of.
struct OutgoingFrame {
    text: String,
    moment: Option<(usize, CallMoment)>,
}

struct SwitchLink {
    number: u64,
    frames: mpsc::UnboundedSender<OutgoingFrame>,
}

/// All companies of the switch.
pub struct Switch {
    pub address: String,
    state: Arc<SwitchState>,
}

struct SwitchState {
    ledger: Arc<Ledger>,
    links: Vec<Mutex<Option<SwitchLink>>>,
    linked: watch::Sender<usize>,
    opened: Mutex<u64>,
    away: AtomicBool,
    attempts: Mutex<Vec<(usize, Instant)>>,
}

impl Switch {
    pub fn start(count: usize, tls: Arc<rustls::ServerConfig>, ledger: &Arc<Ledger>) -> anyhow::Result<Self> {
        let state = Arc::new(SwitchState {
            ledger: ledger.clone(),
            links: (0..count).map(|_| Mutex::default()).collect(),
            linked: watch::Sender::new(0),
            opened: Mutex::default(),
            away: AtomicBool::new(false),
            attempts: Mutex::default(),
        });
        let answering = state.clone();
        let address = listener::serve(tls, move |request| answer(answering.clone(), request))?;
        Ok(Self { address, state })
    }

    /// Waits until so many companies are connected.
    pub async fn wait_linked(&self, count: usize, within: Duration) -> anyhow::Result<()> {
        let mut linked = self.state.linked.subscribe();
        let all = tokio::time::timeout(within, linked.wait_for(|now| *now >= count)).await;
        all.with_context(|| {
            format!("{} of {count} companies are connected to the switch", *self.state.linked.borrow())
        })??;
        Ok(())
    }

    /// Waits until nobody is connected.
    pub async fn wait_alone(&self) -> anyhow::Result<()> {
        let mut linked = self.state.linked.subscribe();
        tokio::time::timeout(Duration::from_secs(30), linked.wait_for(|now| *now == 0))
            .await
            .context("still connected")??;
        Ok(())
    }

    /// Hands a frame to a company's connection. One that is not connected hears nothing of it.
    pub fn say(&self, company: usize, text: String, moment: Option<(usize, CallMoment)>) {
        if let Some(link) = &*lock(&self.state.links[company]) {
            let _ = link.frames.send(OutgoingFrame { text, moment });
        } else if let Some((call, moment)) = moment {
            self.state.ledger.happened(call, moment, Instant::now());
        }
    }

    /// Drops the connections of these companies at once and refuses new ones until [`come_back`](Self::come_back).
    pub fn go_away(&self, companies: Range<usize>) {
        self.state.away.store(true, Ordering::Relaxed);
        lock(&self.state.attempts).clear();
        companies.for_each(|company| self.state.forget(company, None));
    }

    pub fn come_back(&self) {
        self.state.away.store(false, Ordering::Relaxed);
    }

    /// When each company asked for a token or a connection since the switch went away.
    pub fn attempts(&self, companies: Range<usize>) -> Vec<Vec<Instant>> {
        let mut by_company = vec![Vec::new(); companies.len()];
        for (company, at) in lock(&self.state.attempts).iter().filter(|(company, _)| companies.contains(company)) {
            by_company[company - companies.start].push(*at);
        }
        by_company
    }
}

impl SwitchState {
    /// Ends a company's connection: that one, or whichever there is.
    fn forget(&self, company: usize, number: Option<u64>) {
        let mut link = lock(&self.links[company]);
        if link.as_ref().is_some_and(|link| number.is_none_or(|number| link.number == number)) {
            *link = None;
            self.linked.send_modify(|linked| *linked -= 1);
        }
    }

    /// An attempt to connect asks for a token first, unless there is one already; a refused connection counts as well.
    fn attempted(&self, company: usize) {
        lock(&self.attempts).push((company, Instant::now()));
    }
}

async fn answer(state: Arc<SwitchState>, mut request: Request<Incoming>) -> Answer {
    let away = state.away.load(Ordering::Relaxed);
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(key) = header(SEC_WEBSOCKET_KEY) {
        let accept = derive_accept_key(key.as_bytes());
        let token = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let company = token.and_then(|token| number_of(token, state.links.len()));
        let Some(company) = company else { return json(401, "") };
        if away {
            state.attempted(company);
            return json(503, "");
        }
        tokio::spawn(async move {
            let Ok(upgraded) = hyper::upgrade::on(&mut request).await else { return };
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
            session(&state, company, socket).await;
        });
        let switching = Response::builder().status(101).header("connection", "Upgrade").header("upgrade", "websocket");
        return switching
            .header("sec-websocket-accept", accept)
            .body(http_body_util::Full::default())
            .unwrap_or_default();
    }
    let Ok(body) = request.into_body().collect().await.map(http_body_util::Collected::to_bytes) else {
        return json(400, "");
    };
    let named = std::str::from_utf8(&body).ok().and_then(|text| field(text, "client_id"));
    let Some(company) = named.and_then(|name| number_of(name, state.links.len())) else { return json(401, "{}") };
    state.attempted(company);
    if away { json(503, "") } else { json(200, format!("{{\"token\":\"{COMPANY}{company}\"}}")) }
}

fn number_of(name: &str, count: usize) -> Option<usize> {
    name.strip_prefix(COMPANY)?.parse().ok().filter(|number| *number < count)
}

/// One company's connection until it ends or a newer one takes its place.
async fn session<S>(state: &SwitchState, company: usize, mut socket: WebSocketStream<S>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if socket.send(Message::text(OPEN)).await.is_err() {
        return;
    }
    let (frames, mut outgoing) = mpsc::unbounded_channel();
    let number = {
        let mut opened = lock(&state.opened);
        *opened += 1;
        *opened
    };
    if lock(&state.links[company]).replace(SwitchLink { number, frames }).is_none() {
        state.linked.send_modify(|linked| *linked += 1);
    }
    loop {
        tokio::select! {
            frame = outgoing.recv() => {
                let Some(frame) = frame else { break };
                if let Some((call, moment)) = frame.moment {
                    state.ledger.happened(call, moment, Instant::now());
                }
                if socket.send(Message::text(frame.text)).await.is_err() {
                    break;
                }
            }
            received = socket.next() => {
                let Some(Ok(received)) = received else { break };
                // Whatever was not about a command may be waiting to be answered by the library.
                let answered = match received {
                    Message::Text(text) => match reply(text.as_str()) {
                        Some(reply) => socket.send(Message::text(reply)).await,
                        None => Ok(()),
                    },
                    _ => socket.flush().await,
                };
                if answered.is_err() {
                    break;
                }
            }
        }
    }
    state.forget(company, Some(number));
}

/// Every command succeeds.
fn reply(command: &str) -> Option<String> {
    let command: Value = serde_json::from_str(command).ok()?;
    let (action, request) = (command.get("action")?, command.get("requestId"));
    Some(tree!({ "action": action, "requestId": request, "status": 200, "payload": {} }).to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
