//! What we have to say while the switch does not read: how much may wait, and for how long.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::tungstenite::Message;

/// Frames of ours that wait for the socket. Commands wait elsewhere, so these are greetings and answers to pings; a
/// peer needs an answer to its last pings only (RFC 6455 §5.5.3).
const MOST_WAITING: usize = 32;

/// Frames that wait for the socket, and how long it has taken nothing.
#[derive(Debug)]
pub(super) struct OutgoingQueue {
    waiting: VecDeque<Message>,
    patience: Duration,
    /// Runs while the socket does not take what it was given.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl OutgoingQueue {
    /// A socket that takes nothing for `patience` is given up.
    pub(super) const fn new(patience: Duration) -> Self {
        Self { waiting: VecDeque::new(), patience, alarm: None }
    }

    /// Adds a frame that has to be said.
    pub(super) fn enqueue(&mut self, message: Message) {
        self.waiting.push_back(message);
    }

    /// Adds an answer; while many wait it is not given, the other side does not listen anyway.
    pub(super) fn answer(&mut self, message: Message) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(message);
        }
    }

    /// The frame to send next.
    pub(super) fn next(&mut self) -> Option<Message> {
        self.waiting.pop_front()
    }

    /// The socket has taken everything.
    pub(super) fn flows(&mut self) {
        self.alarm = None;
    }

    /// The socket takes nothing now; ready when that has lasted too long.
    pub(super) fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let patience = self.patience;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
        alarm.as_mut().poll(cx).map(|()| patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[test]
    fn answers_to_pings_do_not_pile_up() {
        let mut outgoing = OutgoingQueue::new(Duration::from_secs(1));
        for _ in 0..100_000 {
            outgoing.answer(Message::text("pong"));
        }
        assert_eq!(std::iter::from_fn(|| outgoing.next()).count(), MOST_WAITING);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_takes_nothing_is_stuck_after_a_while_and_one_that_takes_something_begins_anew() {
        let mut outgoing = OutgoingQueue::new(Duration::from_secs(20));
        let now_stuck =
            async |outgoing: &mut OutgoingQueue| poll_fn(|cx| Poll::Ready(outgoing.poll_stuck(cx).is_ready())).await;
        assert!(!now_stuck(&mut outgoing).await);
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(!now_stuck(&mut outgoing).await);
        outgoing.flows();
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(!now_stuck(&mut outgoing).await, "it has taken something meanwhile");
        assert_eq!(poll_fn(|cx| outgoing.poll_stuck(cx)).await, Duration::from_secs(20));
    }
}
