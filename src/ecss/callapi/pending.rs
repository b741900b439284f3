//! Commands that were sent and not yet answered, by the request id that the answer will repeat.

use crate::domain::leg::{Accepted, CommandError};
use std::collections::HashMap;
use tokio::sync::oneshot;

type PendingReply = oneshot::Sender<Result<Accepted, CommandError>>;

/// Open requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Pending {
    last: u64,
    open: HashMap<u64, PendingReply>,
}

impl Pending {
    /// A request id that was not used on this connection; starts at 1.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Remembers who waits for the answer, and forgets those who gave up.
    pub(super) fn await_answer(&mut self, id: u64, reply: PendingReply) {
        self.open.retain(|_, reply| !reply.is_closed());
        self.open.insert(id, reply);
    }

    /// The one who waits for this answer; `None` for an answer to nobody.
    pub(super) fn take(&mut self, id: u64) -> Option<PendingReply> {
        self.open.remove(&id)
    }
}

/// Commands that still wait are answered that the switch may have acted.
impl Drop for Pending {
    fn drop(&mut self) {
        for (_, reply) in self.open.drain() {
            let _ = reply.send(Err(CommandError::TimedOut));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_finds_its_request_once() {
        let mut pending = Pending::default();
        let (first, second) = (pending.next_id(), pending.next_id());
        assert_ne!(first, second);
        let (reply, _answer) = oneshot::channel();
        pending.await_answer(second, reply);
        assert!(pending.take(first).is_none());
        assert!(pending.take(second).is_some());
        assert!(pending.take(second).is_none());
    }

    #[test]
    fn requests_that_nobody_waits_for_are_forgotten() {
        let mut pending = Pending::default();
        for id in 1..=100 {
            let (reply, answer) = oneshot::channel();
            pending.await_answer(id, reply);
            drop(answer);
        }
        assert_eq!(pending.open.len(), 1);
    }

    #[test]
    fn a_broken_connection_leaves_the_outcome_open() {
        let mut pending = Pending::default();
        let (reply, mut answer) = oneshot::channel();
        pending.await_answer(1, reply);
        drop(pending);
        assert_eq!(answer.try_recv(), Ok(Err(CommandError::TimedOut)));
    }
}
