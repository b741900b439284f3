//! Steps of many companies on their way to the disk.
//!
//! Each step waits for its turn to write. Whoever's turn it is writes what the others have ready too, in one
//! transaction: the busier the store, the more steps share the cost of one, while an idle store adds no delay.

use super::StoreError;
use super::batch::{Batch, Rows, statement};
use super::db::{Db, Durability, Tx};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Steps per transaction: with more the first of them would wait too long.
const MOST: usize = 64;

/// The steps that wait for being written.
pub(super) struct Steps(Mutex<Waiting>);

struct Waiting {
    queue: VecDeque<Step>,
    /// A group whose writer was dropped half-way: nobody knows yet whether it was written.
    unclear: Option<Group>,
    /// Number of the last group that was begun; see the table `progress`.
    last_group: i64,
}

struct Step {
    batch: Batch,
    done: oneshot::Sender<Result<(), StoreError>>,
    /// A group with this step was refused: it must be written alone, so that others do not suffer for it.
    alone: bool,
}

/// Steps written together. The number is written with them, unless the only one is the writer's own.
struct Group {
    number: Option<i64>,
    steps: Vec<Step>,
}

impl Steps {
    /// Goes on behind the last group in the database.
    pub(super) async fn load(db: &Db) -> Result<Self, StoreError> {
        let last_group = sqlx::query_scalar!("SELECT last_group FROM progress").fetch_one(db.reader()).await?;
        Ok(Self(Mutex::new(Waiting { queue: VecDeque::new(), unclear: None, last_group })))
    }

    /// Writes a step, alone or with others. Dropping the future leaves it written whole or not at all.
    pub(super) async fn write(&self, db: &Db, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (done, mut result) = oneshot::channel();
        self.waiting().queue.push_back(Step { batch, done, alone: false });
        loop {
            tokio::select! {
                biased;
                told = &mut result => return told.map_err(StoreError::unavailable)?,
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
        let mut batch = Batch::default();
        for step in &at_work.group.steps {
            batch.append(&step.batch);
        }
        if let Some(number) = at_work.group.number {
            batch.add(Rows::Progress, &(number,));
        }
        let result = batch.write(tx).await;
        let group = at_work.finish();
        match result {
            Err(StoreError::Conflict(_)) if group.steps.len() > 1 => self.waiting().put_back(group, true),
            result => group.tell(&result),
        }
        Ok(())
    }

    /// Tells the members of an interrupted group that they are written, or puts them back in front.
    ///
    /// Beginning to write waits for a connection that may still be committing that group. One that has not begun yet
    /// never will: nobody listens to it any more, so it stops after its first statement.
    async fn clear_up(&self, mut tx: Tx<'_>, number: i64) -> Result<(), StoreError> {
        tx.begin().await?;
        let written = sqlx::query_scalar!("SELECT last_group FROM progress").fetch_one(tx.conn()).await?;
        tx.commit().await?;
        let mut waiting = self.waiting();
        match waiting.unclear.take() {
            Some(group) if written == number => group.tell(&Ok(())),
            Some(group) => waiting.put_back(group, false),
            None => {}
        }
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that runs under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Takes the next steps that somebody still waits for. The caller is one of those who wait, so a group of one
    /// that needs no company is his own.
    fn next_group(&mut self) -> Group {
        let mut group = Group { number: None, steps: Vec::new() };
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

    fn put_back(&mut self, group: Group, alone: bool) {
        for mut step in group.steps.into_iter().rev() {
            step.alone |= alone;
            self.queue.push_front(step);
        }
    }
}

impl Group {
    fn tell(self, result: &Result<(), StoreError>) {
        for step in self.steps {
            // Whoever does not listen any more does not care.
            let _ = step.done.send(result.as_ref().copied().map_err(StoreError::repeat));
        }
    }
}

/// A group while it is being written. Dropped before it is finished, it is left for the next writer to find out about.
struct AtWork<'a> {
    steps: &'a Steps,
    group: Group,
}

impl AtWork<'_> {
    fn finish(mut self) -> Group {
        Group { number: self.group.number.take(), steps: std::mem::take(&mut self.group.steps) }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if self.group.number.is_some() && !self.group.steps.is_empty() {
            let group = Group { number: self.group.number, steps: std::mem::take(&mut self.group.steps) };
            self.steps.waiting().unclear = Some(group);
        }
    }
}

statement! {
    /// One row: the group's number.
    NOTE = "UPDATE progress SET last_group = mark.number
            FROM (SELECT value->>0 AS number FROM json_each(?)) AS mark"
}
