//! A switch that says what it is told, as soon as somebody listens.

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Sink = futures_util::stream::SplitSink<WebSocketStream<TcpStream>, Message>;

pub struct Switch {
    pub address: String,
    socket: Arc<Mutex<Option<Sink>>>,
    linked: watch::Receiver<u64>,
}

impl Switch {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let socket = Arc::new(Mutex::new(None));
        let (links, linked) = watch::channel(0);
        let held = socket.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let mut head = [0; 4];
                if stream.peek(&mut head).await.is_ok() && head.starts_with(b"POST") {
                    let _ = register(stream).await;
                    continue;
                }
                let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { continue };
                let (mut sink, mut source) = socket.split();
                let open = json!({"event": "connection_state", "data": {"state": "open"}});
                if sink.send(Message::text(open.to_string())).await.is_ok() {
                    *held.lock().await = Some(sink);
                    links.send_modify(|n| *n += 1);
                    tokio::spawn(async move { while let Some(Ok(_)) = source.next().await {} });
                }
            }
        });
        Ok(Self { address, socket, linked })
    }

    /// How many have connected so far.
    pub fn links(&self) -> u64 {
        *self.linked.borrow()
    }

    /// Waits for one more connection than `before`.
    pub async fn wait_linked(&self, before: u64) -> anyhow::Result<()> {
        let mut linked = self.linked.clone();
        let wait = linked.wait_for(|n| *n > before);
        tokio::time::timeout(Duration::from_secs(20), wait).await.context("nobody connected to the switch")??;
        Ok(())
    }

    /// A phone rings; returns when the frame was handed to the socket.
    pub async fn ring(&self, call: &str) -> anyhow::Result<Instant> {
        let frame = json!({"event": "conversations_event", "data": [{
            "id": format!("{call}-leg"), "call_id": call, "call_ref": format!("{call}-ref"), "direction": "in",
            "digits": "1001", "remote_digits": "79835551122", "display_name": null, "status": "alerting",
            "answer_time": null, "workitem_id": null,
        }]});
        let frame = Message::text(frame.to_string());
        let mut socket = self.socket.lock().await;
        let at = Instant::now();
        socket.as_mut().context("nobody is connected")?.send(frame).await?;
        Ok(at)
    }
}

async fn register(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await?;
    let body = r#"{"token":"t"}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    Ok(())
}
