//! An open connection: frames in, commands out, heartbeats in between.
//!
//! Written as a state machine that is polled: whatever was read, queued or half sent stays in the value, so that
//! [`Connection::next`] can be dropped between any two polls.

use super::dialect::{Dialect, Message as Template};
use super::heartbeat::{HeartbeatAction, HeartbeatTimer};
use super::outgoing::OutgoingQueue;
use super::pending::Pending;
use super::read_rate::ReadRate;
use super::skew::Skew;
use super::socket::SwitchStream;
use super::translate::{Frame, FrameKind};
use super::{commands, fault};
use crate::domain::leg::{Capabilities, CommandError};
use crate::domain::link::LinkFault;
use crate::ecss::TimedEvent;
use crate::ecss::capture::{Flow, FrameListener};
use crate::ecss::commander::{Commander, Order};
use crate::ecss::connect_log::ConnectLog;
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

/// How long a polite farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection that is ready. It lives from its owner awaiting [`Connection::next`].
pub struct Connection {
    socket: SwitchStream,
    dialect: Arc<Dialect>,
    zone: TimeZone,
    listener: FrameListener,
    commander: Commander,
    orders: mpsc::Receiver<Order>,
    pending: Pending,
    heartbeat_timer: HeartbeatTimer,
    skew: Skew,
    /// Frames of ours that wait for the socket.
    outgoing: OutgoingQueue,
    /// How fast it is read.
    read_rate: ReadRate,
    unflushed: bool,
    /// Events that wait for the owner.
    events: VecDeque<TimedEvent>,
    /// Which rule made it count as open.
    opened: Option<String>,
    /// Why the switch is about to close.
    farewell: Option<String>,
    /// Set once; nothing happens afterwards.
    over: Option<LinkFault>,
    steps: ConnectLog,
}

impl Connection {
    /// Says what has to be said first and waits until the switch is ready.
    pub(super) async fn start(
        socket: SwitchStream,
        dialect: Arc<Dialect>,
        zone: TimeZone,
        listener: FrameListener,
        values: &[(&str, Value)],
        steps: &mut ConnectLog,
    ) -> Result<Self, LinkFault> {
        let (commander, orders) = Commander::new(dialect.capabilities(), dialect.commands.timeout);
        let mut connection = Self {
            socket,
            zone,
            listener,
            commander,
            orders,
            pending: Pending::default(),
            heartbeat_timer: HeartbeatTimer::new(dialect.heartbeat.idle, dialect.heartbeat.misses),
            skew: Skew::default(),
            // Who reads nothing for as long as a whole silence will not read what is said then.
            outgoing: OutgoingQueue::new(dialect.heartbeat.idle),
            read_rate: ReadRate::new(),
            unflushed: false,
            events: VecDeque::new(),
            opened: None,
            farewell: None,
            over: None,
            steps: ConnectLog::default(),
            dialect,
        };
        let dialect = connection.dialect.clone();
        connection.enqueue(dialect.socket.first_message.as_ref(), values);
        let patience = dialect.ready.after;
        let rule = match tokio::time::timeout(patience, poll_fn(|cx| connection.poll_opened(cx))).await {
            Ok(opened) => opened?,
            Err(_) => format!("nothing was said for {} s", patience.as_secs_f64()),
        };
        steps.add("ready.rule", rule.clone());
        connection.opened = Some(rule);
        for message in &dialect.socket.subscribe {
            connection.enqueue(Some(message), values);
        }
        connection.steps = steps.clone();
        Ok(connection)
    }

    /// The next event. Cancel-safe. After an error every further call gives the same error.
    ///
    /// Heartbeats, commands and their answers are worked on in here, so it has to be awaited all the time.
    pub async fn next(&mut self) -> Result<TimedEvent, LinkFault> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// A handle that sends commands over this connection.
    pub fn commander(&self) -> Commander {
        self.commander.clone()
    }

    /// What the switch is known to honour.
    pub fn capabilities(&self) -> Capabilities {
        self.dialect.capabilities()
    }

    /// How the connection came about and which rules of the dialect matched.
    #[cfg(test)]
    pub const fn steps(&self) -> &ConnectLog {
        &self.steps
    }

    /// Says goodbye, within two seconds.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(FAREWELL, self.socket.close(None)).await;
    }

    fn enqueue(&mut self, message: Option<&Template>, values: &[(&str, Value)]) {
        if let Some(message) = message {
            self.outgoing.enqueue(Message::text(message.fill(values)));
        }
    }

    fn poll_opened(&mut self, cx: &mut Context<'_>) -> Poll<Result<String, LinkFault>> {
        loop {
            if let Some(rule) = self.opened.take() {
                return Poll::Ready(Ok(rule));
            }
            ready!(self.poll_frame(cx))?;
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<TimedEvent, LinkFault>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Ok(event));
            }
            ready!(self.poll_frame(cx))?;
        }
    }

    /// Does everything that can be done now; ready after one frame was worked on.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkFault>> {
        if let Some(fault) = &self.over {
            return Poll::Ready(Err(fault.clone()));
        }
        let outcome = ready!(self.poll_exchange(cx));
        if let Err(fault) = &outcome {
            self.over = Some(fault.clone());
            // Commands that wait for an answer, or to be sent, are told now and not when the owner drops us.
            self.orders.close();
            while self.orders.try_recv().is_ok() {}
            self.pending = Pending::default();
        }
        Poll::Ready(outcome)
    }

    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkFault>> {
        loop {
            self.write(cx)?;
            // What waits while the pace is kept is no silence.
            ready!(self.read_rate.poll(cx));
            match self.socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    self.heartbeat_timer.received();
                    self.read_rate.spend(message.len());
                    self.take(message);
                    // Some peers say goodbye and leave the socket open; there is nothing more to wait for.
                    return Poll::Ready(if self.farewell.is_some() { self.part(cx) } else { Ok(()) });
                }
                Poll::Ready(Some(Err(e))) => return Poll::Ready(Err(self.gone(fault::lost(&e)))),
                Poll::Ready(None) => return Poll::Ready(Err(self.gone(LinkFault::Lost("the switch hung up".into())))),
                Poll::Pending => {}
            }
            match ready!(self.heartbeat_timer.poll(cx)) {
                HeartbeatAction::Ping => self.ping(),
                HeartbeatAction::Dead => {
                    let silence = self.dialect.heartbeat.idle * (self.dialect.heartbeat.misses + 1);
                    let why = format!("no sign of life for {} s", silence.as_secs_f64());
                    return Poll::Ready(Err(LinkFault::Lost(why)));
                }
            }
        }
    }

    /// Answers the switch's goodbye as far as the socket takes it, and ends.
    fn part(&mut self, cx: &mut Context<'_>) -> Result<(), LinkFault> {
        let _ = self.socket.poll_flush_unpin(cx);
        Err(self.gone(LinkFault::Lost(String::new())))
    }

    /// The reason the switch gave, if it gave one, says more than the broken socket.
    fn gone(&mut self, otherwise: LinkFault) -> LinkFault {
        self.farewell.take().map_or(otherwise, LinkFault::Lost)
    }

    /// Hands over what waits, as far as the socket takes it. Commands are taken from their queue only when they can
    /// be written, so that none is sent after its sender gave up. A switch that reads nothing is given up.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), LinkFault> {
        loop {
            if self.unflushed {
                match self.socket.poll_flush_unpin(cx) {
                    Poll::Ready(flushed) => flushed.map_err(|e| self.gone(fault::lost(&e)))?,
                    Poll::Pending => {
                        return match self.outgoing.poll_stuck(cx) {
                            Poll::Ready(span) => Err(fault::unread(span)),
                            Poll::Pending => Ok(()),
                        };
                    }
                }
                self.unflushed = false;
                self.outgoing.flows();
            }
            let message = match self.outgoing.next() {
                Some(message) => message,
                None => match self.orders.poll_recv(cx) {
                    Poll::Ready(Some(order)) => match self.accept(order) {
                        Some(message) => message,
                        None => continue,
                    },
                    Poll::Ready(None) | Poll::Pending => return Ok(()),
                },
            };
            if let Message::Text(text) = &message {
                self.listener.report(Flow::Sent, text);
            }
            self.socket.start_send_unpin(message).map_err(|e| self.gone(fault::lost(&e)))?;
            self.unflushed = true;
        }
    }

    fn accept(&mut self, order: Order) -> Option<Message> {
        if order.is_stale() {
            return None;
        }
        let id = self.pending.next_id();
        let Some(text) = commands::render(&self.dialect, &order.command, id) else {
            let _ = order.reply.send(Err(CommandError::Unsupported));
            return None;
        };
        self.pending.await_answer(id, order.reply);
        Some(Message::text(text))
    }

    fn ping(&mut self) {
        let dialect = self.dialect.clone();
        if dialect.heartbeat.control_ping {
            self.outgoing.answer(Message::Ping(Vec::new().into()));
        }
        self.enqueue(dialect.heartbeat.message.as_ref(), &[]);
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Text(text) => self.read(&text),
            Message::Binary(bytes) => self.read(&String::from_utf8_lossy(&bytes)),
            // The library has queued the answer; it leaves with the next flush.
            Message::Ping(_) => self.unflushed = true,
            Message::Close(frame) => self.farewell = Some(reason(frame.as_ref())),
            Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    fn read(&mut self, text: &str) {
        let at = self.listener.clock.mark();
        self.listener.report(Flow::Received, text);
        let mut frame = Frame::read(text, &self.dialect, &self.zone);
        if self.opened.is_none() {
            if frame.is_ready(&self.dialect) {
                self.opened = Some("a message of [ready]".to_owned());
            } else if !frame.legs.is_empty() {
                self.opened = Some("the first frame about a leg".to_owned());
            }
        }
        for oddity in &frame.oddities {
            let line = oddity.to_string();
            if self.dialect.log_once.is_new(&self.listener.owner, &line) {
                tracing::warn!("the switch speaks another dialect: {line}");
            }
        }
        match &frame.kind {
            FrameKind::Ping(pong) => self.outgoing.answer(Message::text(pong.clone())),
            FrameKind::Answer(id) => {
                if let (Some(reply), Some(answer)) = (self.pending.take(*id), &frame.value) {
                    let _ = reply.send(commands::outcome(&self.dialect, answer));
                }
            }
            FrameKind::Event | FrameKind::Quiet => {}
        }
        let now = self.listener.clock.dated(at);
        for leg in &mut frame.legs {
            if let Some(offset) = self.skew.correct(leg, now) {
                let seconds = offset / 1000;
                tracing::warn!(
                    "the switch's answer times are off by {seconds} s: check switch_time_zone and its clock"
                );
            }
        }
        let events = Frame::events(frame.legs, frame.unknown.as_deref(), &self.listener.masker);
        self.events.extend(events.map(|event| TimedEvent { at, event }));
    }
}

fn reason(frame: Option<&CloseFrame>) -> String {
    match frame {
        Some(frame) => {
            format!("the switch closed the connection: {} {}", frame.code, frame.reason).trim_end().to_owned()
        }
        None => "the switch closed the connection".to_owned(),
    }
}
