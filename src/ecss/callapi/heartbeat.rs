//! When to ask whether the other side is alive, and when to give it up.

use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// What to do when the silence lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    /// Ask.
    Ping,
    /// Nobody is there: that many questions went unanswered.
    Dead,
}

/// Counts silence. Anything heard is a sign of life, not only answers to pings.
#[derive(Debug)]
pub(super) struct HeartbeatTimer {
    silence: Interval,
    unanswered: u32,
    most: u32,
}

impl HeartbeatTimer {
    /// Asks after `idle` of silence, gives up after `most` unanswered questions.
    pub(super) fn new(idle: Duration, most: u32) -> Self {
        let mut silence = interval(idle);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        silence.reset();
        Self { silence, unanswered: 0, most }
    }

    /// Something was heard.
    pub(super) fn received(&mut self) {
        self.unanswered = 0;
        self.silence.reset();
    }

    /// Ready when the silence asks for something.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HeartbeatAction> {
        ready!(self.silence.poll_tick(cx));
        if self.unanswered >= self.most {
            return Poll::Ready(HeartbeatAction::Dead);
        }
        self.unanswered += 1;
        Poll::Ready(HeartbeatAction::Ping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn silence_asks_and_then_gives_up() {
        let mut heartbeat_timer = HeartbeatTimer::new(Duration::from_millis(2), 2);
        let mut beats = Vec::new();
        for _ in 0..3 {
            beats.push(poll_fn(|cx| heartbeat_timer.poll(cx)).await);
        }
        assert_eq!(beats, [HeartbeatAction::Ping, HeartbeatAction::Ping, HeartbeatAction::Dead]);
    }

    #[tokio::test]
    async fn any_sign_of_life_starts_the_count_anew() {
        let mut heartbeat_timer = HeartbeatTimer::new(Duration::from_millis(2), 1);
        for _ in 0..3 {
            assert_eq!(poll_fn(|cx| heartbeat_timer.poll(cx)).await, HeartbeatAction::Ping);
            heartbeat_timer.received();
        }
    }
}
