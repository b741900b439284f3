//! One event socket: a reader for commands and pongs, a writer with a bounded queue and the heartbeat.

use super::{LinkId, QUEUE, Socket};
use crate::sandbox::switch::Core;
use crate::sandbox::switch::journal::What;
use crate::sandbox::switch::options::Heartbeat;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// How long a frame is held back to change places with the next.
const SWAP_WINDOW: Duration = Duration::from_millis(30);
/// This many queued frames are written before the socket is flushed.
const BATCH: usize = 64;

/// What the writer is told.
pub(in crate::sandbox::switch) enum Out {
    /// Send this now.
    Text(Utf8Bytes),
    /// Send this event, perhaps late, perhaps after the next one.
    Event { text: Utf8Bytes, late: Option<Pin<Box<Sleep>>>, swap: bool },
    /// Send a ping now.
    Ping,
    /// Say goodbye and end.
    Close(u16, &'static str),
    /// Neither read nor write any more.
    Freeze,
    /// Ping without end and read nothing, not even the answers.
    PingDeaf,
}

/// Pings that were not answered.
#[derive(Default)]
struct Missed {
    control: AtomicU32,
    text: AtomicU32,
}

/// Runs a socket to its end.
pub(super) async fn run<S>(
    core: Arc<Core>,
    node: usize,
    integration: usize,
    socket: WebSocketStream<S>,
    connections: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (out, queue) = mpsc::channel(QUEUE);
    let kill = connections.child_token();
    let (id, heartbeat) = core.link(Socket::new(integration, node, out, kill.clone()));
    let (sink, stream) = socket.split();
    let missed = Missed::default();
    let frozen = CancellationToken::new();
    let why = {
        let mut writer = Writer { core: &core, sink, queue, heartbeat, missed: &missed, frozen: &frozen, held: None };
        tokio::select! {
            () = kill.cancelled() => "cut".to_owned(),
            why = writer.run() => why,
            why = read(&core, id, stream, &missed, &frozen) => why,
        }
    };
    core.unlinked(id, node, integration, why);
}

async fn read<S>(
    core: &Arc<Core>,
    id: LinkId,
    mut stream: SplitStream<WebSocketStream<S>>,
    missed: &Missed,
    frozen: &CancellationToken,
) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let message = tokio::select! {
            () = frozen.cancelled() => std::future::pending().await,
            message = stream.next() => message,
        };
        match message {
            None => return "closed by the client".to_owned(),
            Some(Err(fault)) => return lost(core, id, &fault),
            Some(Ok(Message::Text(text))) => {
                if core.received(id, &text) {
                    missed.text.store(0, Ordering::Relaxed);
                }
            }
            Some(Ok(Message::Pong(_))) => {
                missed.control.store(0, Ordering::Relaxed);
                core.ponged();
            }
            Some(Ok(Message::Binary(_))) => core.violated(id, "a binary frame".to_owned()),
            Some(Ok(Message::Ping(_) | Message::Close(_) | Message::Frame(_))) => {}
        }
    }
}

fn lost(core: &Arc<Core>, id: LinkId, fault: &Error) -> String {
    if matches!(fault, Error::Capacity(_) | Error::Utf8(_)) {
        core.violated(id, format!("a message that cannot be read: {fault}"));
    }
    format!("lost: {fault}")
}

struct Writer<'a, S> {
    core: &'a Core,
    sink: SplitSink<WebSocketStream<S>, Message>,
    queue: mpsc::Receiver<Out>,
    heartbeat: Heartbeat,
    missed: &'a Missed,
    frozen: &'a CancellationToken,
    /// A frame that waits to change places with the next one.
    held: Option<(Utf8Bytes, Pin<Box<Sleep>>)>,
}

impl<S> Writer<'_, S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Why the socket ends.
    async fn run(&mut self) -> String {
        match self.work().await {
            Ok(why) => why.to_owned(),
            Err(fault) => format!("lost: {fault}"),
        }
    }

    async fn work(&mut self) -> Result<&'static str, Error> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut late: std::collections::VecDeque<(Utf8Bytes, Pin<Box<Sleep>>, bool)> =
            std::collections::VecDeque::new();
        let mut ticks = self.heartbeat.every.map(tokio::time::interval);
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        loop {
            tokio::select! {
                taken = self.queue.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return Ok("forgotten");
                    }
                    for out in batch.drain(..) {
                        match out {
                            Out::Text(text) => self.sink.feed(Message::Text(text)).await?,
                            Out::Event { text, late: Some(due), swap } => late.push_back((text, due, swap)),
                            Out::Event { text, late: None, swap } => self.event(text, swap).await?,
                            Out::Ping => self.ping().await?,
                            Out::Close(code, reason) => {
                                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                                self.sink.send(Message::Close(Some(frame))).await?;
                                return Ok(reason);
                            }
                            Out::Freeze => {
                                self.frozen.cancel();
                                std::future::pending::<()>().await;
                            }
                            Out::PingDeaf => {
                                self.frozen.cancel();
                                self.ping_for_ever().await?;
                            }
                        }
                    }
                    self.sink.flush().await?;
                    self.core.relieved(&self.queue);
                }
                () = due(late.front_mut().map(|(_, due, _)| due)) => {
                    if let Some((text, _, swap)) = late.pop_front() {
                        self.event(text, swap).await?;
                        self.sink.flush().await?;
                    }
                }
                () = due(self.held.as_mut().map(|(_, due)| due)) => {
                    if let Some((text, _)) = self.held.take() {
                        self.sink.send(Message::Text(text)).await?;
                    }
                }
                () = tick(&mut ticks) => {
                    let missed = self.missed.control.load(Ordering::Relaxed).max(self.missed.text.load(Ordering::Relaxed));
                    if missed >= self.heartbeat.misses {
                        return Ok("pings were not answered");
                    }
                    self.ping().await?;
                    self.sink.flush().await?;
                }
            }
        }
    }

    async fn event(&mut self, text: Utf8Bytes, swap: bool) -> Result<(), Error> {
        match self.held.take() {
            Some((earlier, _)) => {
                self.sink.feed(Message::Text(text)).await?;
                self.sink.feed(Message::Text(earlier)).await
            }
            None if swap => {
                self.held = Some((text, Box::pin(tokio::time::sleep(SWAP_WINDOW))));
                Ok(())
            }
            None => self.sink.feed(Message::Text(text)).await,
        }
    }

    /// Pings as large as they may be (RFC 6455 §5.5), as fast as the other side takes them.
    async fn ping_for_ever(&mut self) -> Result<(), Error> {
        let ping = bytes::Bytes::from_static(&[b'p'; 125]);
        loop {
            for _ in 0..BATCH {
                self.sink.feed(Message::Ping(ping.clone())).await?;
            }
            self.sink.flush().await?;
        }
    }

    async fn ping(&mut self) -> Result<(), Error> {
        if self.heartbeat.style.control() {
            self.missed.control.fetch_add(1, Ordering::Relaxed);
            self.sink.feed(Message::Ping(bytes::Bytes::new())).await?;
        }
        if self.heartbeat.style.text() {
            self.missed.text.fetch_add(1, Ordering::Relaxed);
            self.sink.feed(Message::text(r#"{"event":"ping"}"#)).await?;
        }
        Ok(())
    }
}

async fn due(sleep: Option<&mut Pin<Box<Sleep>>>) {
    match sleep {
        Some(sleep) => sleep.await,
        None => std::future::pending().await,
    }
}

async fn tick(ticks: &mut Option<tokio::time::Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

impl Core {
    fn ponged(&self) {
        self.lock().journal.pongs += 1;
        self.touch();
    }

    fn unlinked(&self, id: LinkId, node: usize, integration: usize, why: String) {
        let at = self.clock.now();
        let mut state = self.lock();
        state.unlink(id);
        let client_id = state.integrations.get(integration).map(|i| i.client_id.clone());
        state.journal.note(at, node, client_id, What::Unlinked(why));
        drop(state);
        self.note_link_end(at, id);
        self.drained.notify_waiters();
        self.touch();
    }

    /// Writes down that a client did what it should not.
    pub(super) fn violated(&self, id: LinkId, what: String) {
        let (node, client_id) = self.who(id);
        self.note(node, client_id, What::Violation(what));
    }

    pub(super) fn who(&self, id: LinkId) -> (usize, Option<String>) {
        let state = self.lock();
        let Some(socket) = state.sockets.get(&id) else { return (0, None) };
        (socket.node, state.integrations.get(socket.integration).map(|i| i.client_id.clone()))
    }
}
