//! What the actors of companies have decided, on its way to the disk.
//!
//! A step is written down in a file at once, which survives the end of this process and costs microseconds, and is moved
//! into the database a little later, together with whatever else has come: most requests to portals are settled by then
//! and never enter it, and of a call only its last state does. A call never waits for a disk that fails: what could be
//! written neither here nor there is kept in memory, together with all that follows, until it can.

mod buffer;
mod file;
mod left_behind;
mod moving;

use super::bulk_write::statement;
use super::db::Db;
use super::{IntentId, Record, Store, StoreError, TimedRecord};
use crate::domain::{CallKey, CompanyId, CrmCallId, ExternalId, Timestamp};
use buffer::WriteBuffer;
use file::JournalFile;
pub(super) use file::JournalProgress;
use left_behind::left_behind;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// So long steps wait for others before they are moved into the database …
const SOON: Duration = Duration::from_secs(1);
/// … unless there are so many of them, or they take so much memory. More at once would hold up those who write settings
/// and events of portals.
const MANY: u64 = 256;
const MUCH: usize = 1 << 20;

/// A company of which this many bytes wait is held back, unless the disk refuses them.
const FAR_BEHIND: usize = 4 << 20;

/// Who waits for them looks so often …
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// … and so many times.
const LOOKS: u32 = 30;

/// Steps of all companies that are not in the database yet.
pub(super) struct Journal {
    state: Mutex<JournalState>,
    /// One at a time moves them.
    moving: tokio::sync::Mutex<()>,
    grown: Notify,
}

struct JournalState {
    file: JournalFile,
    waiting: BTreeMap<CompanyId, WriteBuffer>,
    /// How many steps that are, of all companies, and about how many bytes.
    size: JournalSize,
    /// What is being moved just now, or was by somebody who gave up half-way.
    moved: Option<Moved>,
    /// Lines of stories that were given up.
    dropped: BTreeMap<CompanyId, u64>,
    /// When the last step was taken.
    latest: Timestamp,
    /// The disk has refused something that waits, which was said in the log.
    refused: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct JournalSize {
    steps: u64,
    bytes: usize,
}

/// Everything up to a file of the journal, but for what is in the database for certain.
#[derive(Clone)]
struct Moved {
    upto: JournalProgress,
    buffers: BTreeMap<CompanyId, Arc<WriteBuffer>>,
}

impl Journal {
    /// Takes up what a killed process has left in `dir`; `progress` is how far the database is.
    pub(super) fn open(dir: &Path, progress: &JournalProgress) -> Result<Self, StoreError> {
        let left = left_behind(dir, progress)
            .map_err(|e| StoreError::from_io(&format!("reading what waits in {}", dir.display()), &e))?;
        for file in &left.set_aside {
            let file = file.display();
            tracing::warn!(%file, "this part of the journal does not belong to the database, which seems to be another or \
                an older one, or is of another version of this program; it is not used and may be removed");
        }
        if left.unreadable > 0 {
            tracing::warn!(
                lines = left.unreadable,
                "steps of the last run cannot be read in the journal: the disk may be faulty"
            );
        }
        if left.cut_off {
            tracing::info!("the last line of the journal is incomplete: the last run ended in the middle of it");
        }
        let (mut waiting, steps, mut latest) = (BTreeMap::<_, WriteBuffer>::new(), left.steps.len(), Timestamp(0));
        for (company, step) in left.steps {
            latest = latest.max(step.at);
            waiting.entry(company).or_default().add(step);
        }
        if steps > 0 {
            tracing::info!(steps, "the journal of the last run is moved into the database");
        }
        let size = JournalSize { steps: steps as u64, bytes: waiting.values().map(WriteBuffer::bytes).sum() };
        let state = JournalState {
            file: JournalFile::new(dir, progress.number + 1, left.last, left.bytes),
            waiting,
            size,
            moved: None,
            dropped: BTreeMap::new(),
            latest,
            refused: false,
        };
        Ok(Self { state: Mutex::new(state), moving: tokio::sync::Mutex::default(), grown: Notify::new() })
    }

    /// Sees whether steps can be written down.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        self.state().file.open().map_err(|e| StoreError::from_io("opening the journal", &e))
    }

    /// The newest request that is named in it.
    pub(super) fn last_intent(&self) -> Option<IntentId> {
        self.state().waiting.values().filter_map(WriteBuffer::last_intent).max()
    }

    /// Writes a step down; an error says that it is kept in memory only.
    fn add(&self, company: &CompanyId, step: TimedRecord) -> Result<(), StoreError> {
        let line = file::line(company, &step);
        let mut state = self.state();
        let was_empty = state.waiting.is_empty();
        let written = state.file.append(&line).map_err(|e| StoreError::from_io("writing the journal", &e));
        state.latest = step.at;
        let buffer = match state.waiting.get_mut(company) {
            Some(buffer) => buffer,
            None => state.waiting.entry(company.clone()).or_default(),
        };
        buffer.add(step);
        let dropped = buffer.take_dropped();
        if dropped > 0 {
            *state.dropped.entry(company.clone()).or_default() += dropped;
        }
        if written.is_err() {
            state.note_refusal();
        }
        state.size.steps += 1;
        state.size.bytes += line.len();
        let is_much = state.size.is_much();
        drop(state);
        if was_empty || is_much {
            self.grown.notify_one();
        }
        written
    }

    /// Looks for something of a company that waits, in what came last first.
    fn find<T>(&self, company: &CompanyId, look: impl Fn(&WriteBuffer) -> Option<T>) -> Option<T> {
        let state = self.state();
        let moved = state.moved.as_ref().and_then(|moved| moved.buffers.get(company));
        let mut buffers = state.waiting.get(company).into_iter().chain(moved.map(|buffer| &**buffer));
        buffers.find_map(look)
    }

    /// Nothing more is added.
    pub(super) fn close(&self) {
        self.state().file.close();
    }

    fn state(&self) -> MutexGuard<'_, JournalState> {
        // A panic while the lock is held leaves whole steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalState {
    /// Whether something waits, or was taken by somebody who gave up.
    fn has_work(&self) -> bool {
        !self.waiting.is_empty() || self.moved.is_some()
    }

    fn note_refusal(&mut self) {
        if !std::mem::replace(&mut self.refused, true) {
            tracing::warn!("steps are kept in memory until they can be stored");
        }
    }
}

impl JournalSize {
    /// Whether it is enough to be moved at once.
    fn is_much(self) -> bool {
        self.steps >= MANY || self.bytes >= MUCH
    }
}

/// How far the journal is in the database.
pub(super) async fn progress(db: &Db) -> Result<JournalProgress, StoreError> {
    let row = sqlx::query!("SELECT journal_file, journal_id FROM progress").fetch_one(db.reader()).await?;
    Ok(JournalProgress { number: row.journal_file, id: row.journal_id })
}

/// Removes what was set aside in `dir` with something of a company in it.
pub(super) fn forget_set_aside(dir: &Path, company: &CompanyId) -> Result<(), StoreError> {
    let gone = left_behind::forget_set_aside(dir, company);
    for file in gone.map_err(|e| StoreError::from_io("removing what was set aside of the journal", &e))? {
        let file = file.display();
        tracing::info!(%company, %file, "a part of the journal that was not used any more went with its company");
    }
    Ok(())
}

/// Waits until what a daemon has written down in this directory before now is in its database, for as long as that may
/// take a healthy one; `false` if it is not then.
pub(super) async fn is_moved(dir: &Path, db: &mut SqliteConnection) -> Result<bool, StoreError> {
    let newest = file::newest(dir).map_err(|e| StoreError::from_io("looking for the journal", &e))?;
    for _ in 0..LOOKS {
        let progress = sqlx::query_scalar!("SELECT journal_file FROM progress").fetch_one(&mut *db).await?;
        if newest.is_none_or(|newest| newest <= progress) {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(false)
}

impl Store {
    /// Ids for new requests, never given before.
    fn intent_ids(&self, count: usize) -> Vec<IntentId> {
        (0..count).map(|_| self.0.intents.next()).collect()
    }

    /// Stores one step, whole; returns the ids of the new requests in their order. It survives the end of the process
    /// (not a power loss) once this returns, unless the disk fails: then it is kept in memory until it can be stored.
    pub fn keep(&self, company: &CompanyId, record: Record, now: Timestamp) -> Vec<IntentId> {
        let ids = self.intent_ids(record.intents.len());
        if record.is_empty() {
            return ids;
        }
        self.0.growth.add(record.calls.len());
        let step = TimedRecord { at: now, record, ids: ids.clone() };
        // What fails is noted and told there.
        let _ = self.noted(self.0.journal.add(company, step), now);
        ids
    }

    /// Waits while so much of a company is on its way into the database that it has to be held back: a switch may tell of
    /// more than any disk takes. While the disk fails nobody waits.
    pub async fn hold_back(&self, company: &CompanyId) {
        let is_far_behind = {
            let state = self.0.journal.state();
            !state.refused && state.waiting.get(company).is_some_and(|buffer| buffer.bytes() > FAR_BEHIND)
        };
        if is_far_behind {
            // A fault is noted there.
            let _ = self.catch_up().await;
        }
    }

    /// Lines of a company's stories given up since this was asked last, as too much waited for the disk.
    pub fn take_dropped_lines(&self, company: &CompanyId) -> u64 {
        self.0.journal.state().dropped.remove(company).unwrap_or(0)
    }

    pub(super) fn waiting_crm_id(&self, company: &CompanyId, lane: &ExternalId) -> Option<CrmCallId> {
        self.0.journal.find(company, |buffer| buffer.crm_id(lane).cloned())
    }

    pub(super) fn waiting_call(&self, company: &CompanyId, key: &CallKey) -> Option<String> {
        self.0.journal.find(company, |buffer| buffer.call(key).map(str::to_owned))
    }
}

statement! {
    /// One row: number and name of the last file of the journal that is in the database.
    NOTE = "UPDATE progress SET journal_file = mark.number, journal_id = mark.id
            FROM (SELECT value->>0 AS number, value->>1 AS id FROM json_each(?)) AS mark"
}
