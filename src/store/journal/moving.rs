//! From the journal into the database: everything that waits in one transaction, or apart from what does not fit.

use super::buffer::{Part, WriteBuffer};
use super::{Journal, JournalProgress, JournalSize, MUCH, Moved, SOON};
use crate::clock::random_unit;
use crate::domain::CompanyId;
use crate::domain::link::retry_delay;
use crate::store::bulk_write::{BulkRows, BulkWrite};
use crate::store::db::Durability;
use crate::store::{Conflict, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So many parts are put into words before calls may pass: a tenth of a millisecond's work.
const AT_A_TIME: usize = 16;

/// The disk is tried again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Journal {
    /// Waits until there is something to move and it is time to.
    async fn is_due(&self) {
        while !self.state().has_work() {
            self.grown.notified().await;
        }
        let enough = async {
            while !self.state().size.is_much() {
                self.grown.notified().await;
            }
        };
        let _ = tokio::time::timeout(SOON, enough).await;
    }

    /// Takes what waits; `None` if nothing does.
    fn take(&self) -> Option<Moved> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            return None;
        }
        let (upto, waiting) = (state.file.next(), std::mem::take(&mut state.waiting));
        state.size = JournalSize::default();
        let buffers = waiting.into_iter().map(|(company, buffer)| (company, Arc::new(buffer))).collect();
        state.moved = Some(Moved { upto, buffers });
        state.moved.clone()
    }

    /// A company's part of what was taken is in the database.
    fn forget_written(&self, company: &CompanyId) {
        if let Some(moved) = &mut self.state().moved {
            moved.buffers.remove(company);
        }
    }

    /// All of it is in the database.
    fn done(&self, number: i64) {
        let mut state = self.state();
        state.moved = None;
        state.file.done(number);
        if std::mem::take(&mut state.refused) {
            tracing::warn!("everything that waited in memory is stored");
        }
    }

    /// The rest of it waits on.
    fn put_back(&self) {
        let mut state = self.state();
        for (company, buffer) in state.moved.take().into_iter().flat_map(|moved| moved.buffers) {
            let buffer = Arc::into_inner(buffer).expect("who took it has let go of it");
            state.size.steps += buffer.steps();
            state.size.bytes += buffer.bytes();
            state.waiting.entry(company).or_default().put_before(buffer);
        }
    }
}

/// Whoever moved may give up half-way: what is unclear then is looked into soon, and not with the next step only.
struct WakeUp<'a>(&'a Journal);

impl Drop for WakeUp<'_> {
    fn drop(&mut self) {
        if self.0.state().has_work() {
            self.0.grown.notify_one();
        }
    }
}

impl Store {
    /// Moves everything that waits into the database, so that whoever reads it afterwards finds it there. May be dropped
    /// half-way: the next one finds out how far it came.
    pub(in crate::store) async fn catch_up(&self) -> Result<(), StoreError> {
        let journal = &self.0.journal;
        let _one_at_a_time = journal.moving.lock().await;
        let unclear = journal.state().moved.as_ref().map(|moved| moved.upto.number);
        if let Some(number) = unclear {
            self.clear_up(number).await?;
        }
        let Some(moved) = journal.take() else { return Ok(()) };
        let _wake_up = WakeUp(journal);
        let number = moved.upto.number;
        let stored = self.write(moved).await;
        match &stored {
            Ok(()) => journal.done(number),
            Err(_) => {
                journal.put_back();
                journal.state().note_refusal();
            }
        }
        let now = journal.state().latest;
        self.noted(stored, now)
    }

    /// Finds out whether what was taken is in the database. By the time the writer gets its turn, whatever was handed to
    /// the database before is over.
    ///
    /// Where the database cannot tell it is written once more: better a line twice in a story than a step that is lost.
    async fn clear_up(&self, number: i64) -> Result<(), StoreError> {
        let is_new = self.0.journal.state().file.is_new(number);
        let mut tx = self.0.db.single(Durability::Kill).await?;
        let written = sqlx::query_scalar!("SELECT journal_file FROM progress").fetch_one(tx.conn()).await?;
        tx.commit().await?;
        if is_new && written == number {
            self.0.journal.done(number);
        } else {
            self.0.journal.put_back();
        }
        Ok(())
    }

    /// Moves what waits into the database for as long as it is polled.
    pub(in crate::store) async fn keep_moving(&self) {
        let mut failures = 0;
        loop {
            self.0.journal.is_due().await;
            match self.catch_up().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    tracing::debug!(%error, failures, "steps cannot be stored yet");
                    failures += 1;
                    tokio::time::sleep(retry_delay(failures, random_unit()).min(LONGEST_PAUSE)).await;
                }
            }
        }
    }

    async fn write(&self, Moved { upto, buffers }: Moved) -> Result<(), StoreError> {
        let mut batches = Batches::default();
        for (company, buffer) in &buffers {
            batches.add_all(buffer, company).await;
        }
        batches.last().add(BulkRows::Progress, &(upto.number, &upto.id));
        match self.write_together(&batches.0).await {
            // A broken rule, or a page that cannot be read, may be the fault of one company only.
            Err(StoreError::Conflict(_) | StoreError::Damaged(_)) => self.write_apart(buffers, &upto).await,
            together => together,
        }
    }

    async fn write_together(&self, batches: &[BulkWrite]) -> Result<(), StoreError> {
        let mut tx = match batches {
            [_] => self.0.db.single(Durability::Kill).await?,
            _ => self.0.db.begin(Durability::Kill).await?,
        };
        for batch in batches {
            batch.write(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Writes each company's part by itself.
    async fn write_apart(
        &self,
        buffers: BTreeMap<CompanyId, Arc<WriteBuffer>>,
        upto: &JournalProgress,
    ) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (company, buffer) in buffers {
            let mut batches = Batches::default();
            batches.add_all(&buffer, &company).await;
            let stored = match self.write_together(&batches.0).await {
                Err(StoreError::Conflict(Conflict::UnknownCompany)) => {
                    tracing::info!(%company, "nothing more is stored of a company that was deleted");
                    Ok(())
                }
                other => other,
            };
            match stored {
                Ok(()) => self.0.journal.forget_written(&company),
                Err(error) => outcome = Err(error),
            }
        }
        outcome?;
        let mut progress = BulkWrite::default();
        progress.add(BulkRows::Progress, &(upto.number, &upto.id));
        self.write_together(&[progress]).await
    }
}

/// Parts put together into pieces of a size that the database takes in one go.
struct Batches(Vec<BulkWrite>);

impl Default for Batches {
    fn default() -> Self {
        Self(vec![BulkWrite::default()])
    }
}

impl Batches {
    /// Adds everything of a company, and lets calls pass every now and then.
    async fn add_all(&mut self, buffer: &WriteBuffer, company: &CompanyId) {
        for (n, part) in buffer.parts().iter().enumerate() {
            self.add(part, company);
            if n % AT_A_TIME == AT_A_TIME - 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn add(&mut self, part: &Part<'_>, company: &CompanyId) {
        if self.last().bytes() > MUCH {
            self.0.push(BulkWrite::default());
        }
        part(self.last(), company);
    }

    fn last(&mut self) -> &mut BulkWrite {
        self.0.last_mut().expect("there is always one")
    }
}
