//! A tiny raw client: sends bytes, keeps what comes.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A test that waits this long has failed.
pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// One HTTP exchange over a fresh stream: status and body.
pub(super) async fn exchange<S>(mut stream: S, request: &str) -> (u16, String)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request.as_bytes()).await.expect("write");
    let mut answer = String::new();
    soon("an HTTP answer", stream.read_to_string(&mut answer)).await.expect("read");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// A request with a JSON body as bytes.
pub(super) fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: switch\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

pub(super) async fn connect(addr: SocketAddr) -> TcpStream {
    TcpStream::connect(addr).await.expect("connect")
}

/// Registers; status and JSON.
pub(super) async fn register(addr: SocketAddr, client_id: &str, api_key: &str, domain: &str) -> (u16, Value) {
    let body = json!({"client_id": client_id, "api_key": api_key, "domain": domain}).to_string();
    let (status, text) = exchange(connect(addr).await, &post("/integration/register", &body)).await;
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// An event socket.
pub(super) struct Client<S> {
    ws: WebSocketStream<S>,
    /// Frames read while looking for something else.
    aside: VecDeque<Value>,
    request_id: u64,
}

impl Client<TcpStream> {
    pub(super) async fn open(addr: SocketAddr, token: &str) -> Result<Self, u16> {
        Self::over(connect(addr).await, token).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Opens a socket over this stream; the status if it is refused.
    pub(super) async fn over(stream: S, token: &str) -> Result<Self, u16> {
        let mut request = "ws://switch/".into_client_request().expect("request");
        if !token.is_empty() {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("header"));
        }
        match soon("an upgrade", tokio_tungstenite::client_async(request, stream)).await {
            Ok((ws, _)) => Ok(Self { ws, aside: VecDeque::new(), request_id: 0 }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("the upgrade failed: {other}"),
        }
    }

    /// The next message of any kind; `None` at the end.
    pub(super) async fn message(&mut self) -> Option<Message> {
        soon("a message", self.ws.next()).await.and_then(Result::ok)
    }

    /// The next JSON frame.
    pub(super) async fn frame(&mut self) -> Value {
        if let Some(frame) = self.aside.pop_front() {
            return frame;
        }
        self.fresh().await
    }

    async fn fresh(&mut self) -> Value {
        loop {
            match self.message().await.expect("an open socket") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The legs of the next event frame.
    pub(super) async fn legs(&mut self) -> Vec<Value> {
        let frame = self.frame().await;
        assert_eq!(frame["event"], "conversations_event", "{frame}");
        frame["data"].as_array().expect("a list").clone()
    }

    /// The legs of the next event frame in short.
    pub(super) async fn seen(&mut self) -> String {
        self.legs().await.iter().map(short).collect::<Vec<_>>().join(", ")
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.expect("send");
    }

    /// Sends a command and waits for its answer; events that come before are kept.
    pub(super) async fn command(&mut self, action: &str, payload: Value) -> (u64, Value) {
        self.request_id += 1;
        let id = self.request_id;
        self.send(&json!({"action": action, "requestId": id, "payload": payload}).to_string()).await;
        loop {
            let frame = self.fresh().await;
            if frame["requestId"] == id {
                assert_eq!(frame["action"], action);
                return (frame["status"].as_u64().expect("status"), frame["payload"].clone());
            }
            self.aside.push_back(frame);
        }
    }

    /// Asserts that nothing is under way: a text pong of ours comes back before anything else.
    pub(super) async fn silence(&mut self) {
        assert!(self.aside.is_empty(), "frames left over: {:?}", self.aside);
        self.send(r#"{"event":"ping"}"#).await;
        assert_eq!(self.fresh().await, json!({"event": "pong"}));
    }
}

/// `1001 out 1002 alerting`
pub(super) fn short(leg: &Value) -> String {
    let part = |name: &str| leg[name].as_str().unwrap_or("-").to_owned();
    let answered = if leg["answer_time"].is_string() { "+" } else { "" };
    format!("{} {} {} {}{answered}", part("digits"), part("direction"), part("remote_digits"), part("status"))
}
