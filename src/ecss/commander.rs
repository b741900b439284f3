//! Commands on their way from anywhere to the connection's owner, and answers back.

use crate::domain::leg::{Accepted, Capabilities, CommandError, SwitchCommand};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Commands that may wait for the socket.
const WAITING: usize = 32;
/// Commands that may wait at all, for the socket or for their answers; a person behind each of them would rather hear
/// "busy" than queue longer. A switch that answers within a second could be asked for this many every second.
const UNANSWERED: usize = 256;

/// A command and the place its answer is awaited.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) command: SwitchCommand,
    pub(crate) reply: oneshot::Sender<Result<Accepted, CommandError>>,
}

impl Order {
    /// Whether nobody waits for the answer any more. Such a command must not be sent late: a phone that rings ten
    /// seconds after the click helps nobody.
    pub(crate) fn is_stale(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Sends commands over one connection; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commander {
    orders: mpsc::Sender<Order>,
    places: Arc<Semaphore>,
    can: Capabilities,
    patience: Duration,
}

impl Commander {
    pub(crate) fn new(can: Capabilities, patience: Duration) -> (Self, mpsc::Receiver<Order>) {
        let (orders, receiver) = mpsc::channel(WAITING);
        (Self { orders, places: Arc::new(Semaphore::new(UNANSWERED)), can, patience }, receiver)
    }

    /// Sends a command and waits for its answer while the owner awaits [`Connection::next`](super::Connection::next).
    ///
    /// [`CommandError::Offline`] and [`CommandError::Busy`] mean it was certainly not sent; [`CommandError::TimedOut`] that the switch may have
    /// acted, also when the connection broke while the answer was awaited.
    pub async fn send(&self, command: SwitchCommand) -> Result<Accepted, CommandError> {
        if !self.offers(&command) {
            return Err(CommandError::Unsupported);
        }
        let Ok(_place) = self.places.try_acquire() else { return Err(CommandError::Busy) };
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            self.orders.send(Order { command, reply }).await.map_err(|_| CommandError::Offline)?;
            answer.await.unwrap_or(Err(CommandError::Offline))
        };
        tokio::time::timeout(self.patience, exchange).await.unwrap_or(Err(CommandError::TimedOut))
    }

    const fn offers(&self, command: &SwitchCommand) -> bool {
        match command {
            SwitchCommand::Make { .. } => self.can.make,
            SwitchCommand::Answer(_) => self.can.answer,
            SwitchCommand::Release(_) => self.can.release,
            SwitchCommand::Hold(_) | SwitchCommand::Retrieve(_) => self.can.hold,
            SwitchCommand::Transfer { .. } => self.can.transfer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Capabilities = Capabilities { make: true, answer: true, release: true, hold: true, transfer: true };

    fn answer() -> SwitchCommand {
        SwitchCommand::Answer("leg".into())
    }

    #[tokio::test]
    async fn a_command_that_is_not_offered_never_leaves() {
        let (commander, mut orders) = Commander::new(Capabilities { answer: false, ..ALL }, Duration::from_secs(1));
        assert_eq!(commander.send(answer()).await, Err(CommandError::Unsupported));
        assert!(orders.try_recv().is_err());
    }

    #[tokio::test]
    async fn without_a_connection_it_is_offline_at_once() {
        let (commander, orders) = Commander::new(ALL, Duration::from_secs(60));
        drop(orders);
        assert_eq!(commander.send(answer()).await, Err(CommandError::Offline));
    }

    #[tokio::test]
    async fn a_switch_that_answers_nothing_is_not_asked_without_end() {
        let (commander, mut orders) = Commander::new(ALL, Duration::from_secs(60));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..UNANSWERED {
            let commander = commander.clone();
            waiting.spawn(async move { commander.send(answer()).await });
        }
        let mut taken: Vec<_> = Vec::new();
        while taken.len() < UNANSWERED {
            taken.extend(orders.recv().await);
        }
        assert_eq!(commander.send(answer()).await, Err(CommandError::Busy));
        taken.pop();
        assert_eq!(waiting.join_next().await.expect("one has heard").expect("no panic"), Err(CommandError::Offline));
        let one_more = tokio::select! {
            answer = commander.send(answer()) => panic!("{answer:?}"),
            order = orders.recv() => order,
        };
        assert!(one_more.is_some(), "there is a place again");
    }

    #[tokio::test]
    async fn a_command_that_was_waited_for_too_long_is_marked_stale() {
        let (commander, mut orders) = Commander::new(ALL, Duration::from_millis(5));
        assert_eq!(commander.send(answer()).await, Err(CommandError::TimedOut));
        assert!(orders.try_recv().expect("queued").is_stale());
    }
}
