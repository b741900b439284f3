//! Whether the database can be written, by what became of the attempts.
//!
//! Every write that fails for a fault of the disk says so here. That the fault is gone is believed only of a probe,
//! which writes, waits for the disk and moves the log into the database: a small step may still find room in the
//! log's file when nothing else does.

use super::db::Durability;
use super::{Store, StoreError};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::link::DiskState;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A healthy database is probed this often, so that trouble is known before the next call meets it.
const WHILE_WELL: Duration = Duration::from_secs(60);
/// A failing one is probed this often, so that its recovery is soon known.
const WHILE_ILL: Duration = Duration::from_secs(1);

/// The last word about the database.
pub(super) struct StoreHealth(Mutex<Known>);

struct Known {
    state: DiskState,
    /// The file is damaged: it is replaced by a person, with the daemon stopped, and never heals by itself.
    for_good: bool,
}

impl StoreHealth {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Known { state: DiskState::Ok, for_good: false }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write has failed; what is not the disk's fault changes nothing. A state that lasts keeps its beginning and is
    /// logged once.
    pub(super) fn failed(&self, error: &StoreError, now: Timestamp) {
        let mut known = self.known();
        if known.for_good {
            return;
        }
        let since = match &known.state {
            DiskState::Ok => None,
            DiskState::Full { since } | DiskState::ReadOnly { since } | DiskState::Failing { since, .. } => {
                Some(*since)
            }
        };
        let begun = since.unwrap_or(now);
        let state = match error {
            StoreError::Full => DiskState::Full { since: begun },
            StoreError::ReadOnly => DiskState::ReadOnly { since: begun },
            StoreError::Damaged(_) | StoreError::Unavailable(_) => {
                DiskState::Failing { since: begun, why: error.to_string() }
            }
            _ => return,
        };
        known.for_good = matches!(error, StoreError::Damaged(_));
        if since.is_none() || known.for_good {
            tracing::error!(%error, "the database cannot be written: calls go on, and what happens is kept in memory, \
                where it would not survive the end of this process");
        }
        known.state = state;
    }

    fn works(&self, now: Timestamp) {
        let mut known = self.known();
        if known.for_good {
            return;
        }
        if let DiskState::Full { since } | DiskState::ReadOnly { since } | DiskState::Failing { since, .. } =
            known.state
        {
            known.state = DiskState::Ok;
            tracing::warn!(after_s = now.since(since).as_secs(), "the database can be written again");
        }
    }
}

impl Store {
    /// How the database does, by the last attempts to write. Costs nothing.
    pub fn health(&self) -> DiskState {
        self.0.health.known().state.clone()
    }

    /// Notes a fault of the disk, wherever it was met, and passes it on.
    pub(super) fn noted<T>(&self, result: Result<T, StoreError>, now: Timestamp) -> Result<T, StoreError> {
        result.inspect_err(|error| self.0.health.failed(error, now))
    }

    /// Probes the database now and then, and at once when somebody's writing broke off.
    pub(super) async fn watch(&self, clock: &Clock) {
        loop {
            let pause = if self.health() == DiskState::Ok { WHILE_WELL } else { WHILE_ILL };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.0.db.was_broken_off() => {}
            }
            if self.probe(clock.now()).await.is_ok() {
                self.0.health.works(clock.now());
            }
            // Many may meet the same fault at once.
            tokio::time::sleep(WHILE_ILL).await;
        }
    }

    /// Writes as tokens are written, and moves the log into the database.
    pub(super) async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        let write = async {
            let mut tx = self.0.db.single(Durability::PowerLoss).await?;
            sqlx::query!("UPDATE heartbeat SET at = $1", now.0).execute(tx.conn()).await?;
            tx.commit().await?;
            self.0.db.checkpoint().await?;
            // Where steps cannot be written down, they are in memory only until the next move.
            self.0.journal.probe()
        };
        self.noted(write.await, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, store};
    use super::*;

    #[test]
    fn a_fault_keeps_its_beginning_until_a_probe_succeeds_and_damage_stays() {
        let health = StoreHealth::new();
        let state = |health: &StoreHealth| health.known().state.clone();
        health.failed(&StoreError::InUse, Timestamp(1));
        assert_eq!(state(&health), DiskState::Ok);
        health.failed(&StoreError::Full, Timestamp(2));
        health.failed(&StoreError::Full, Timestamp(3));
        assert_eq!(state(&health), DiskState::Full { since: Timestamp(2) });
        health.failed(&StoreError::ReadOnly, Timestamp(4));
        assert_eq!(state(&health), DiskState::ReadOnly { since: Timestamp(2) });
        health.works(Timestamp(5));
        assert_eq!(state(&health), DiskState::Ok);
        health.failed(&StoreError::Damaged("x".into()), Timestamp(6));
        health.works(Timestamp(7));
        health.failed(&StoreError::Full, Timestamp(8));
        assert!(matches!(state(&health), DiskState::Failing { since: Timestamp(6), .. }));
    }

    #[tokio::test]
    async fn a_failed_write_is_known_at_once_and_recovery_without_traffic() {
        let (_dir, store, id) = store().await;
        let keeper = store.clone();
        let tending = tokio::spawn(async move { keeper.tend(&Clock::system()).await });
        store.break_disk(true).await;
        store.record(&id, &call(&"c".into(), "{}", None), Timestamp(5)).await.unwrap_err();
        assert!(matches!(store.health(), DiskState::Failing { since: Timestamp(5), .. }), "{:?}", store.health());
        store.break_disk(false).await;
        while store.health() != DiskState::Ok {
            tokio::task::yield_now().await;
        }
        tending.abort();
    }

    /// A failed write of settings reports nothing, but leaves its connection in doubt, and that is looked into.
    #[tokio::test]
    async fn trouble_with_settings_is_found_by_the_probe() {
        let (_dir, store, id) = store().await;
        let mut turn = store.single_durable().await.unwrap();
        sqlx::query("PRAGMA query_only = 1").execute(turn.conn()).await.unwrap();
        turn.commit().await.unwrap();
        store.rename_company(&id, "x").await.unwrap_err();
        store.break_disk(true).await;
        let keeper = store.clone();
        let tending = tokio::spawn(async move { keeper.tend(&Clock::manual(Timestamp(7))).await });
        while store.health() == DiskState::Ok {
            tokio::task::yield_now().await;
        }
        assert!(matches!(store.health(), DiskState::Failing { since: Timestamp(7), .. }), "{:?}", store.health());
        tending.abort();
    }
}
