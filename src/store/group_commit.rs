//! Steps of many companies on their way to the disk.
//!
//! Each step waits for its turn to write. The one whose turn it is writes what the others have ready too, in one
//! transaction: the busier the store, the more steps share the cost of one, while an idle store adds no delay.

use super::StoreError;
use super::bulk_write::{BulkRows, BulkWrite, statement};
use super::db::{Db, Durability, Tx};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Steps per transaction: with more the first of them would wait too long.
const MOST: usize = 64;

/// The steps that wait for being written.
pub(super) struct GroupCommit(Mutex<Waiter>);

struct Waiter {
    queue: VecDeque<PendingStep>,
    /// A group whose writer was dropped half-way: nobody knows yet whether it was written.
    unclear: Option<CommitGroup>,
    /// Number of the last group that was begun; see the table `progress`.
    last_group: i64,
}

struct PendingStep {
    batch: BulkWrite,
    done: oneshot::Sender<Result<(), StoreError>>,
    /// A group with this step was refused: it must be written alone, so that others do not suffer for it.
    alone: bool,
}

/// Steps written together. The number is written with them, unless the only one is the writer's own.
struct CommitGroup {
    number: Option<i64>,
    steps: Vec<PendingStep>,
}

impl GroupCommit {
    /// Goes on behind the last group in the database.
    pub(super) async fn load(db: &Db) -> Result<Self, StoreError> {
        let last_group = sqlx::query_scalar!("SELECT last_group FROM progress").fetch_one(db.reader()).await?;
        Ok(Self(Mutex::new(Waiter { queue: VecDeque::new(), unclear: None, last_group })))
    }

    /// Writes a step, alone or with others. Dropping the future leaves it written whole or not at all.
    pub(super) async fn write(&self, db: &Db, batch: BulkWrite) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (done, mut result) = oneshot::channel();
        self.waiting().queue.push_back(PendingStep { batch, done, alone: false });
        loop {
            tokio::select! {
                biased;
                answered = &mut result => return answered.map_err(StoreError::unavailable)?,
                turn = db.single(Durability::Kill) => self.lead(turn?).await?,
            }
        }
    }

    /// Writes the group at the front of the queue, or finds out about an unclear one.
    async fn lead(&self, tx: Tx<'_>) -> Result<(), StoreError> {
        let unclear = self.waiting().unclear.as_ref().and_then(|g| g.number);
        if let Some(number) = unclear {
            return self.clear_up(tx, number).await;
        }
        let at_work = AtWork { steps: self, group: self.waiting().next_group() };
        let mut batch = BulkWrite::default();
        for step in &at_work.group.steps {
            batch.append(&step.batch);
        }
        if let Some(number) = at_work.group.number {
            batch.add(BulkRows::Progress, &(number,));
        }
        let result = batch.write(tx).await;
        let group = at_work.finish();
        match result {
            // A broken rule, or a page that cannot be read, may be the fault of one of them only.
            Err(StoreError::Conflict(_) | StoreError::Damaged(_)) if group.steps.len() > 1 => {
                self.waiting().put_back(group, true);
            }
            result => group.announce(&result),
        }
        Ok(())
    }

    /// Tells the members of an interrupted group that they are written, or puts them back in front. By the time the
    /// writer got its turn, whatever was handed to the database before is over.
    async fn clear_up(&self, mut tx: Tx<'_>, number: i64) -> Result<(), StoreError> {
        let written = sqlx::query_scalar!("SELECT last_group FROM progress").fetch_one(tx.conn()).await?;
        tx.commit().await?;
        let mut waiting = self.waiting();
        match waiting.unclear.take() {
            Some(group) if written == number => group.announce(&Ok(())),
            Some(group) => waiting.put_back(group, false),
            None => {}
        }
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiter> {
        // Nothing that runs under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Takes the next steps that somebody still waits for. The caller is one of those who wait, so a group of one
    /// that needs no company is the caller's own.
    fn next_group(&mut self) -> CommitGroup {
        let mut group = CommitGroup { number: None, steps: Vec::new() };
        while group.steps.len() < MOST {
            let Some(step) = self.queue.pop_front_if(|s| group.steps.is_empty() || !s.alone) else { break };
            if step.done.is_closed() {
                continue;
            }
            let alone = step.alone;
            group.steps.push(step);
            if alone {
                break;
            }
        }
        if group.steps.len() > 1 || group.steps.iter().any(|s| s.alone) {
            self.last_group += 1;
            group.number = Some(self.last_group);
        }
        group
    }

    fn put_back(&mut self, group: CommitGroup, alone: bool) {
        for mut step in group.steps.into_iter().rev() {
            step.alone |= alone;
            self.queue.push_front(step);
        }
    }
}

impl CommitGroup {
    fn announce(self, result: &Result<(), StoreError>) {
        for step in self.steps {
            // A waiter that has gone does not care.
            let _ = step.done.send(result.as_ref().copied().map_err(StoreError::repeat));
        }
    }
}

/// A group while it is being written. Dropped before it is finished, it is left for the next writer to find out about.
struct AtWork<'a> {
    steps: &'a GroupCommit,
    group: CommitGroup,
}

impl AtWork<'_> {
    fn finish(mut self) -> CommitGroup {
        CommitGroup { number: self.group.number.take(), steps: std::mem::take(&mut self.group.steps) }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if self.group.number.is_some() && !self.group.steps.is_empty() {
            let group = CommitGroup { number: self.group.number, steps: std::mem::take(&mut self.group.steps) };
            self.steps.waiting().unclear = Some(group);
        }
    }
}

statement! {
    /// One row: the group's number.
    NOTE = "UPDATE progress SET last_group = mark.number
            FROM (SELECT value->>0 AS number FROM json_each(?)) AS mark"
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::tests::{call, line, new_company, open, store, tokens};
    use super::*;
    use crate::domain::{CallKey, CompanyId, Timestamp};
    use crate::store::{Conflict, Record};
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    fn step(key: &str) -> Record {
        let key = CallKey::from(key);
        Record { trace: vec![line(&key, 1, "x")], ..call(&key, "{}", None) }
    }

    async fn record(store: &Store, company: &CompanyId, key: &str) -> Result<(), StoreError> {
        store.record(company, &step(key), Timestamp(1)).await.map(drop)
    }

    /// How often a step was written: its lines would be there twice.
    async fn times(store: &Store, company: &CompanyId, key: &str) -> usize {
        store.trace(company, &key.into()).await.unwrap().len()
    }

    #[tokio::test]
    async fn whoever_waits_is_written_with_the_others_and_told() {
        let (_dir, store, id) = store().await;
        let turn = store.single_swift().await.unwrap();
        let keys: Vec<_> = (0..150).map(|n| format!("c{n}")).collect();
        let mut waiting: Vec<_> = keys.iter().map(|k| Box::pin(record(&store, &id, k))).collect();
        for future in &mut waiting {
            assert!(future.as_mut().now_or_never().is_none(), "it is not their turn");
        }
        turn.commit().await.unwrap();
        assert!(join_all(waiting).await.iter().all(Result::is_ok));
        assert_eq!(store.open_calls(&id).await.unwrap().len(), 150);
        let groups = store.0.steps.waiting().last_group;
        assert_eq!(groups, 3, "64, 64 and the rest");
    }

    #[tokio::test]
    async fn a_step_that_breaks_a_rule_hurts_nobody_else() {
        let (_dir, store, id) = store().await;
        let stranger = CompanyId::from("stranger");
        let turn = store.single_swift().await.unwrap();
        let waiting = ["a", "b", "c"].map(|k| record(&store, if k == "b" { &stranger } else { &id }, k).boxed());
        let mut waiting: Vec<_> = waiting.into();
        assert!(waiting.iter_mut().all(|f| f.now_or_never().is_none()));
        turn.commit().await.unwrap();
        let answered = join_all(waiting).await;
        assert!(
            matches!(answered[..], [Ok(()), Err(StoreError::Conflict(Conflict::UnknownCompany)), Ok(())]),
            "{answered:?}"
        );
        assert_eq!((times(&store, &id, "a").await, times(&store, &id, "c").await), (1, 1));
    }

    #[tokio::test]
    async fn a_fault_of_the_database_is_told_to_everybody() {
        let (_dir, store, id) = store().await;
        let mut turn = store.single_swift().await.unwrap();
        sqlx::query("PRAGMA query_only = 1").execute(turn.conn()).await.unwrap();
        let mut waiting: Vec<_> = ["a", "b"].map(|k| record(&store, &id, k).boxed()).into();
        assert!(waiting.iter_mut().all(|f| f.now_or_never().is_none()));
        turn.commit().await.unwrap();
        let answered = join_all(waiting).await;
        assert!(answered.iter().all(|t| matches!(t, Err(StoreError::ReadOnly))), "{answered:?}");
        record(&store, &id, "c").await.unwrap();
        assert_eq!(store.open_calls(&id).await.unwrap().len(), 1);
    }

    /// The writer of a group is dropped when the database has it but has not answered yet. On a busy machine the answer
    /// may be there before the writer is seen waiting for it; then the scene is set again.
    #[tokio::test]
    async fn a_written_group_is_known_as_written_when_its_writer_is_dropped() {
        for _ in 0..50 {
            let (_dir, store, id) = store().await;
            let turn = store.single_swift().await.unwrap();
            let mut writer = Box::pin(record(&store, &id, "a"));
            let mut follower = Box::pin(record(&store, &id, "b"));
            assert!(writer.as_mut().now_or_never().is_none() && follower.as_mut().now_or_never().is_none());
            turn.commit().await.unwrap();
            if writer.as_mut().now_or_never().is_some() {
                follower.await.unwrap();
                continue;
            }
            while times(&store, &id, "b").await == 0 {}
            drop(writer);
            assert!(store.0.steps.waiting().unclear.is_some());
            follower.await.unwrap();
            record(&store, &id, "c").await.unwrap();
            for key in ["a", "b", "c"] {
                assert_eq!(times(&store, &id, key).await, 1, "{key}");
            }
            return;
        }
        panic!("the answer was always there before the question had been asked");
    }

    #[tokio::test]
    async fn a_group_that_was_not_written_is_written_by_the_next() {
        let (_dir, store, id) = store().await;
        let turn = store.single_swift().await.unwrap();
        let mut follower = Box::pin(record(&store, &id, "b"));
        assert!(follower.as_mut().now_or_never().is_none());
        {
            let mut waiting = store.0.steps.waiting();
            let group = CommitGroup { number: Some(7), steps: waiting.queue.drain(..).collect() };
            (waiting.unclear, waiting.last_group) = (Some(group), 7);
        }
        turn.commit().await.unwrap();
        let (next, follower) = tokio::join!(record(&store, &id, "c"), follower);
        next.unwrap();
        follower.unwrap();
        assert_eq!((times(&store, &id, "b").await, times(&store, &id, "c").await), (1, 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn dropped_writers_neither_lose_nor_double_the_steps_of_others() {
        let (_dir, store, one) = store().await;
        let two = new_company("member-2", "two.example");
        store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
        for round in 0..30 {
            let spawn = |company: &CompanyId, key: String| {
                let (store, company) = (store.clone(), company.clone());
                tokio::spawn(async move { record(&store, &company, &key).await })
            };
            let dropped: Vec<_> = (0..8).map(|n| spawn(&one, format!("d{round}-{n}"))).collect();
            let kept: Vec<_> = (0..8).map(|n| spawn(&two.id, format!("k{round}-{n}"))).collect();
            for (n, task) in dropped.into_iter().enumerate() {
                for _ in 0..(n * round) % 13 {
                    tokio::task::yield_now().await;
                }
                task.abort();
            }
            for answered in join_all(kept).await {
                answered.unwrap().unwrap();
            }
        }
        for round in 0..30 {
            for n in 0..8 {
                let (kept, dropped) = (format!("k{round}-{n}"), format!("d{round}-{n}"));
                assert_eq!(times(&store, &two.id, &kept).await, 1, "{kept}");
                let call = store.call(&one, &dropped.as_str().into()).await.unwrap();
                assert_eq!(times(&store, &one, &dropped).await, usize::from(call.is_some()), "{dropped}");
            }
        }
    }

    #[tokio::test]
    async fn groups_are_counted_on_after_a_restart() {
        let (dir, store, id) = store().await;
        let (a, b) = tokio::join!(record(&store, &id, "a"), record(&store, &id, "b"));
        a.and(b).unwrap();
        let last = store.0.steps.waiting().last_group;
        store.close().await;
        drop(store);
        assert_eq!(open(dir.path()).await.0.steps.waiting().last_group, last);
    }
}
