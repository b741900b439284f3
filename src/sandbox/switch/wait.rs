//! Waiting for the world to come into a state, instead of sleeping and hoping.

use super::call::CallId;
use super::journal::ReceivedCommand;
use super::phones::PhoneStatus;
use super::{SwitchWorld, TrueCall};
use std::time::Duration;

/// How long any of the waits goes on: only what hangs waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The world did not come into the wanted state within a minute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("waited in vain for {what}")]
pub struct WaitedTooLong {
    what: String,
}

impl SwitchWorld {
    /// Waits until `ready` says so; it is asked again after every change.
    pub async fn wait_for<T>(&self, what: &str, mut ready: impl FnMut(&Self) -> Option<T>) -> Result<T, WaitedTooLong> {
        let mut changes = self.subscribe();
        let wanted = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = ready(self) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wanted).await.map_err(|_| WaitedTooLong { what: what.to_owned() })
    }

    /// Waits until at least `n` event sockets are open.
    pub async fn wait_linked(&self, n: usize) -> Result<(), WaitedTooLong> {
        self.wait_for(&format!("{n} links"), |world| (world.links() >= n).then_some(())).await
    }

    /// Waits until no event socket is open.
    pub async fn wait_unlinked(&self) -> Result<(), WaitedTooLong> {
        self.wait_for("no links", |world| (world.links() == 0).then_some(())).await
    }

    /// Waits until there were at least `n` successful registers since the world began.
    pub async fn wait_registers(&self, n: usize) -> Result<(), WaitedTooLong> {
        self.wait_for(&format!("{n} registers"), |world| (world.registers() >= n).then_some(())).await
    }

    /// Waits until our pings were answered at least `n` times since the world began.
    pub async fn wait_pongs(&self, n: usize) -> Result<(), WaitedTooLong> {
        self.wait_for(&format!("{n} pongs"), |world| (world.pongs() >= n).then_some(())).await
    }

    /// Waits for a command (`call.make`, …) and takes it: each is given out once, oldest first.
    pub async fn wait_command(&self, action: &str) -> Result<ReceivedCommand, WaitedTooLong> {
        self.wait_for(&format!("the command {action}"), |world| {
            let unclaimed = &mut world.core.lock().journal.unclaimed;
            let index = unclaimed.iter().position(|command| command.action == action)?;
            unclaimed.remove(index)
        })
        .await
    }

    /// Waits until a phone of the home domain does this; returns its call in front.
    pub async fn wait_phone(&self, number: &str, status: PhoneStatus) -> Result<Option<CallId>, WaitedTooLong> {
        self.wait_for(&format!("phone {number} to be {}", status.word()), |world| {
            world.phone(number).state().filter(|phone| phone.status == status).map(|phone| phone.call)
        })
        .await
    }

    /// Waits until a call is over and returns what it was.
    pub async fn wait_over(&self, call: CallId) -> Result<TrueCall, WaitedTooLong> {
        self.wait_for("the end of a call", |world| world.call(call).filter(|call| call.ended.is_some())).await
    }
}
