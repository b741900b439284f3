//! Connections to the database file and what each is for.
//!
//! SQLite has one writer at a time. The two writing connections, one for each [`Durability`], therefore stand behind
//! one fair lock of our own: waiting for it costs a wake-up, whereas SQLite's own waiting is sleeping and trying
//! again. Readers never wait for writers (WAL).

use super::bulk_write;
use super::error::StoreError;
use super::schema;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// What a committed change survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Power loss: the commit waits for the disk.
    PowerLoss,
    /// The end of this process by whatever means, not a power loss: the commit does not wait for the disk.
    Kill,
}

/// Other processes (a backup, a person with `sqlite3`) may hold the file for a moment.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 2;
/// Page cache in KiB; allocated as it is used.
const WRITER_CACHE: &str = "-2048";
const READER_CACHE: &str = "-1024";
/// The log is moved into the database in the background after this many commits …
const COMMITS_PER_CHECKPOINT: u32 = 256;
/// … and by a commit itself when nobody does that and the log has this many pages of 4 KiB.
const LOG_PAGES: &str = "4000";
/// What is left of the log file after it was longer, in bytes.
const LOG_FILE: &str = "16777216";
/// Emptying the log waits this long for readers; writers wait meanwhile.
const WIPE_BUSY: Duration = Duration::from_millis(100);

/// The open database.
pub(super) struct Db {
    readers: SqlitePool,
    writers: Mutex<Writers>,
    keeper: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
    commits: AtomicU32,
    log_has_grown: Notify,
    broken_off: Notify,
}

/// The writing connections.
#[derive(Default)]
struct Writers {
    power_loss: Writer,
    kill: Writer,
    closed: bool,
}

/// A connection, once it is needed.
#[derive(Default)]
struct Writer {
    conn: Option<SqliteConnection>,
    /// Somebody dropped their work half-way: the driver may still be at it, or have left a transaction open.
    suspect: bool,
}

impl Writer {
    /// Gets rid of a suspect connection, after whatever was handed to it is over. The order of work stays what it
    /// was: nothing that was given up is written after something younger.
    async fn clear(&mut self) {
        if let Some(conn) = self.conn.as_mut().filter(|_| self.suspect) {
            // An answer means that everything before is over; no answer, that the thread has ended.
            let _ = conn.ping().await;
            self.conn = None;
        }
        self.suspect = false;
    }
}

impl Writers {
    fn writer(&mut self, durability: Durability) -> &mut Writer {
        match durability {
            Durability::PowerLoss => &mut self.power_loss,
            Durability::Kill => &mut self.kill,
        }
    }
}

impl Db {
    /// Opens the file, which must exist, and brings its schema up to date.
    pub(super) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("temp_store", "MEMORY")
            .thread_name(|n| format!("store-{n}"))
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().read_only(true).pragma("cache_size", READER_CACHE));
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", LOG_PAGES)
            // What is deleted or replaced is overwritten: people's numbers and names do not linger in free pages.
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", LOG_FILE);
        let db = Self {
            readers,
            writers: Mutex::default(),
            keeper: Mutex::default(),
            options,
            commits: AtomicU32::new(0),
            log_has_grown: Notify::new(),
            broken_off: Notify::new(),
        };
        let mut tx = db.single(Durability::PowerLoss).await?;
        schema::bring_up_to_date(tx.conn()).await?;
        tx.commit().await?;
        // After a kill the log may hold what a deletion has taken from the database.
        if !db.wipe_log().await? {
            tracing::debug!("somebody reads the database; its log stays as it is");
        }
        Ok(db)
    }

    /// Where reads go.
    pub(super) fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// Begins a transaction of several statements; it writes from its start, so that it never fails half-way
    /// because somebody else wrote in between.
    pub(super) async fn begin(&self, durability: Durability) -> Result<Tx<'_>, StoreError> {
        let mut tx = self.single(durability).await?;
        tx.begin().await?;
        Ok(tx)
    }

    /// For one writing statement, which is its own transaction.
    pub(super) async fn single(&self, durability: Durability) -> Result<Tx<'_>, StoreError> {
        let mut writers = self.writers.lock().await;
        if writers.closed {
            return Err(StoreError::unavailable("the store is closed"));
        }
        writers.power_loss.clear().await;
        writers.kill.clear().await;
        let writer = writers.writer(durability);
        if writer.conn.is_none() {
            writer.conn = Some(self.connect(durability).await?);
        }
        Ok(Tx { db: self, writers, durability, explicit: false, done: false })
    }

    async fn connect(&self, durability: Durability) -> Result<SqliteConnection, StoreError> {
        let options = self.options.clone();
        match durability {
            Durability::PowerLoss => Ok(options.synchronous(SqliteSynchronous::Full).connect().await?),
            Durability::Kill => {
                let mut conn = options.synchronous(SqliteSynchronous::Normal).connect().await?;
                sqlx::raw_sql(AssertSqlSafe(bulk_write::setup())).execute(&mut conn).await?;
                Ok(conn)
            }
        }
    }

    /// Waits until enough was written that [`Self::checkpoint`] is worth its while.
    pub(super) async fn log_has_grown(&self) {
        self.log_has_grown.notified().await;
    }

    /// Waits until a writer gave up half-way, whether of its own accord or by a fault.
    pub(super) async fn was_broken_off(&self) {
        self.broken_off.notified().await;
    }

    /// Moves what was committed from the log into the database file, beside readers and writers.
    pub(super) async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut keeper = self.keeper.lock().await;
        let mut conn = match keeper.take() {
            Some(conn) => conn,
            None => self.options.clone().synchronous(SqliteSynchronous::Normal).connect().await?,
        };
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut conn).await?;
        *keeper = Some(conn);
        Ok(())
    }

    /// Moves everything from the log into the database file and empties the log; `false` if a reader is in the way.
    pub(super) async fn wipe_log(&self) -> Result<bool, StoreError> {
        // Most of it beside the writers.
        self.checkpoint().await?;
        let _nobody_writes = self.writers.lock().await;
        let mut conn =
            self.options.clone().synchronous(SqliteSynchronous::Full).busy_timeout(WIPE_BUSY).connect().await?;
        let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok(busy == 0)
    }

    /// Writes the whole database again, so that nothing is left of what SQLite once moved from page to page; `false` if
    /// more than `most` bytes are in use. Writers wait meanwhile; what is in the log is emptied by [`Self::wipe_log`].
    pub(super) async fn rewrite(&self, most: Option<i64>) -> Result<bool, StoreError> {
        let _nobody_writes = self.writers.lock().await;
        // In memory there would be a second database.
        let options = self.options.clone().synchronous(SqliteSynchronous::Full).pragma("temp_store", "FILE");
        let mut conn = options.connect().await?;
        let used: i64 = sqlx::query_scalar(
            "SELECT (page_count - freelist_count) * page_size
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&mut conn)
        .await?;
        let is_small = most.is_none_or(|most| used <= most);
        if is_small {
            sqlx::query("VACUUM").execute(&mut conn).await?;
        }
        conn.close().await?;
        Ok(is_small)
    }

    /// Waits for running work and closes the file; SQLite then folds the log into it.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        let mut writers = self.writers.lock().await;
        writers.closed = true;
        let keeper = self.keeper.lock().await.take();
        for conn in [keeper, writers.kill.conn.take(), writers.power_loss.conn.take()].into_iter().flatten() {
            if let Err(error) = conn.close().await {
                tracing::warn!(%error, "closing the database");
            }
        }
    }

    fn committed(&self) {
        if self.commits.fetch_add(1, Ordering::Relaxed) >= COMMITS_PER_CHECKPOINT {
            self.commits.store(0, Ordering::Relaxed);
            self.log_has_grown.notify_one();
        }
    }
}

/// The right to write, with the connection to do it on.
///
/// Dropped without [`Self::commit`] (an error, a cancelled future) it has the connection replaced before the next
/// use, which rolls back whatever is open: after a full disk SQLite has rolled back by itself and the driver would not
/// know.
pub(super) struct Tx<'a> {
    db: &'a Db,
    writers: MutexGuard<'a, Writers>,
    durability: Durability,
    explicit: bool,
    done: bool,
}

impl Tx<'_> {
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        self.writers.writer(self.durability).conn.as_mut().expect("a transaction is made with its connection in place")
    }

    /// Makes a transaction of what follows.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        sqlx::query("BEGIN IMMEDIATE").execute(self.conn()).await?;
        self.explicit = true;
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if self.explicit {
            sqlx::query("COMMIT").execute(self.conn()).await?;
        }
        self.done = true;
        self.db.committed();
        Ok(())
    }
}

impl Drop for Tx<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.writers.writer(self.durability).suspect = true;
            self.db.broken_off.notify_one();
        }
    }
}

#[cfg(test)]
impl Db {
    /// Lets every writer hear that the database is not available, or none any more.
    pub(super) async fn refuse(&self, all: bool) {
        self.writers.lock().await.closed = all;
    }
}
