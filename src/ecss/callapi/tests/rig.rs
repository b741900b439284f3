//! A Call API on a real socket, played by the test.

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::company::{Backend, SwitchSettings, Trust};
use crate::domain::leg::SwitchEvent;
use crate::domain::link::LinkFault;
use crate::domain::reach::Networks;
use crate::ecss::{ConnectAttempt, ConnectLog, Connection, Dialect, Tap, connect_with};
use crate::http::{Trusted, tls_config};
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::super::socket::Wire;

/// The key and the token that must never be seen anywhere.
pub(super) const API_KEY: &str = "KEY-d41d8cd98f00b204";
pub(super) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTAwMDAwMDB9.c2lnbmF0dXJl";

/// How the switch behaves before the socket is open.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) status: u16,
    pub(super) body: String,
    /// Status of a refused upgrade.
    pub(super) refuse: Option<u16>,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for Script {
    fn default() -> Self {
        Self { status: 200, body: json!({ "token": TOKEN }).to_string(), refuse: None, tls: None }
    }
}

pub(super) struct Rig {
    pub(super) address: String,
    /// Heads and bodies of everything that was asked over HTTP, upgrades included.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    sockets: tokio::sync::Mutex<mpsc::UnboundedReceiver<Far>>,
}

/// The switch's end of a socket.
pub(super) struct Far(WebSocketStream<BufReader<Box<dyn Wire>>>);

impl Rig {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let scheme = if script.tls.is_some() { "https" } else { "http" };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (opened, sockets) = mpsc::unbounded_channel();
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, script.clone(), log.clone(), opened.clone()));
            }
        });
        Self { address: format!("{scheme}://localhost:{port}/base/"), asked, sockets: sockets.into() }
    }

    /// The next socket that was opened.
    pub(super) async fn socket(&self) -> Far {
        self.sockets.lock().await.recv().await.expect("the rig lives")
    }

    /// Both ends of a connection that is ready.
    pub(super) async fn pair(dialect: &str) -> (Connection, Far) {
        let rig = Self::start(Script::default()).await;
        let client = Client { dialect: Dialect::parse(dialect, "test").expect("dialect"), ..Client::default() };
        let far = async {
            let mut far = rig.socket().await;
            far.send_event(&json!({"event": "connection_state", "data": {"state": "open"}})).await;
            far
        };
        let (connection, far) = tokio::join!(client.connect(&rig.address), far);
        (connection.expect("connected"), far)
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

async fn serve(
    tcp: tokio::net::TcpStream,
    script: Script,
    asked: Arc<Mutex<Vec<String>>>,
    opened: mpsc::UnboundedSender<Far>,
) {
    let wire: Box<dyn Wire> = match &script.tls {
        Some(tls) => match TlsAcceptor::from(tls.clone()).accept(tcp).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
        None => Box::new(tcp),
    };
    let mut wire = BufReader::new(wire);
    let Ok(first) = wire.fill_buf().await else { return };
    if first.starts_with(b"GET") {
        #[expect(clippy::result_large_err, reason = "the library's callback has this form")]
        let check = |request: &Request, mut answer: Response| {
            let note = format!("GET {}\n{:?}", request.uri(), request.headers());
            asked.lock().expect("not poisoned").push(note);
            if let Some(offer) = request.headers().get("sec-websocket-protocol") {
                answer.headers_mut().insert("sec-websocket-protocol", HeaderValue::clone(offer));
            }
            match script.refuse {
                Some(status) => {
                    let mut refusal = ErrorResponse::new(Some("no".to_owned()));
                    *refusal.status_mut() = status.try_into().expect("a status");
                    Err(refusal)
                }
                None => Ok(answer),
            }
        };
        if let Ok(socket) = accept_hdr_async(wire, check).await {
            let _ = opened.send(Far(socket));
        }
        return;
    }
    if first.first() == Some(&0x16) {
        // What web servers say to TLS on a plain port.
        let _ = wire.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        return;
    }
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if wire.read_line(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a length"))
    });
    let mut body = vec![0; length.unwrap_or(0)];
    wire.read_exact(&mut body).await.expect("the body");
    asked.lock().expect("not poisoned").push(head + &String::from_utf8(body).expect("text"));
    let Script { status, body, .. } = &script;
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nlocation: https://elsewhere.example/\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let _ = wire.write_all(answer.as_bytes()).await;
    // The client keeps nothing alive, so the end of the stream comes from it.
    let rest = wire.read(&mut [0; 1]).await;
    asked.lock().expect("not poisoned").push(format!("closed by the client: {}", matches!(rest, Ok(0))));
}

impl Far {
    pub(super) async fn send_event(&mut self, value: &Value) {
        self.send(Message::text(value.to_string())).await;
    }

    pub(super) async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("sent");
    }

    /// The next frame of any kind; `None` when the client is gone.
    pub(super) async fn receive(&mut self) -> Option<Message> {
        self.0.next().await?.ok()
    }

    /// The next JSON message.
    pub(super) async fn json(&mut self) -> Value {
        loop {
            match self.receive().await.expect("the client talks") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    pub(super) async fn close(&mut self, code: u16, reason: &str) {
        self.0.close(Some(CloseFrame { code: code.into(), reason: reason.to_owned().into() })).await.expect("closed");
    }
}

pub(super) struct Client {
    pub(super) dialect: Arc<Dialect>,
    pub(super) trust: Trust,
    pub(super) tap: Option<Arc<dyn Tap>>,
    pub(super) steps: Mutex<ConnectLog>,
    pub(super) ca_file: Option<std::path::PathBuf>,
    pub(super) networks: Networks,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            trust: Trust::Off { since: None },
            tap: None,
            steps: Mutex::default(),
            ca_file: None,
            networks: Networks::Local,
        }
    }
}

impl Client {
    pub(super) async fn connect(&self, address: &str) -> Result<Connection, LinkFault> {
        let settings = SwitchSettings {
            backend: Backend::CallApi,
            client_id: "crm \"1\"".to_owned(),
            api_key: API_KEY.into(),
            addresses: vec![address.to_owned()],
            domain: "firm.local".to_owned(),
            trust: self.trust.clone(),
        };
        let trusted = Trusted::load(self.ca_file.as_deref()).expect("CAs");
        let attempt = ConnectAttempt {
            settings: &settings,
            address,
            networks: self.networks,
            dialect: self.dialect.clone(),
            tls: tls_config(&trusted, &settings.trust).expect("TLS"),
            zone: TimeZone::UTC,
            clock: Clock::manual(Timestamp(1_790_000_000_000)),
            tap: self.tap.clone(),
        };
        let mut steps = ConnectLog::default();
        let outcome = tokio::time::timeout(Duration::from_secs(60), connect_with(attempt, &mut steps)).await;
        *self.steps.lock().expect("not poisoned") = steps;
        outcome.expect("every attempt ends")
    }

    pub(super) fn step(&self, rule: &str) -> Option<String> {
        self.steps.lock().expect("not poisoned").get(rule).map(str::to_owned)
    }
}

/// A frame with one ringing leg.
pub(super) fn ringing(leg: &str) -> Value {
    json!({"event": "conversations_event", "data": [{
        "id": leg, "call_id": "c", "direction": "in", "digits": "2001", "remote_digits": "84951112233", "status": "alerting"
    }]})
}

/// The ids of the legs in an event.
pub(super) fn ids(event: &SwitchEvent) -> Vec<String> {
    match event {
        SwitchEvent::Legs(legs) => legs.iter().map(|leg| leg.leg.to_string()).collect(),
        SwitchEvent::Unknown(text) => panic!("unknown: {text}"),
    }
}

/// Writes text to a file that lives as long as the folder.
pub(super) fn file(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}
