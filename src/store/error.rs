//! What can go wrong with the store, by what somebody can do about it.

use crate::domain::{Phone, UserId};
use std::error::Error;
use std::io;

/// Why the store did not do what it was asked. "Not found" is never an error but `Ok(None)`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The values contradict what is stored; the caller can show it to the person who typed them.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// One stored value cannot be read; everything else still can.
    #[error(
        "the stored {table}.{column} of {row:?} cannot be read; enter it again or restore the database from a backup"
    )]
    Corrupt {
        /// Table of the value.
        table: &'static str,
        column: &'static str,
        /// What identifies the row, never a secret.
        row: String,
    },
    /// The database file as a whole cannot be used.
    #[error(
        "the database file store.db is damaged or not ours ({0}). Nothing was changed. Stop the service, move store.db, \
         store.db-wal and store.db-shm away, put a backup (a file made by `ecss-crm-server backup`) in place of store.db \
         with the same owner, and start again"
    )]
    Damaged(String),
    /// No space is left; nothing was changed.
    #[error("there is no space left for the database; free some, the work goes on by itself")]
    Full,
    /// The file system or the permissions forbid writing.
    #[error("the database cannot be written; check owner, permissions and mount options of the state directory")]
    ReadOnly,
    /// The secrets in the database cannot be opened.
    #[error(transparent)]
    Sealed(#[from] SealFault),
    /// The database was written by a newer version of this program.
    #[error("the database has schema step {0}, which this version does not know; install the newer version again")]
    Newer(i64),
    /// The database was made by an early development build and never used by a late one.
    #[error(
        "the database was made by a development build that came before version 1.0.0 (schema step {0} of 17) and cannot be \
         taken over: open it once with the last of these builds, or move store.db, store.db-wal and store.db-shm away and \
         register the companies anew"
    )]
    Unfinished(i64),
    /// Another process has the same state directory open.
    #[error("another process works with this state directory; stop it first")]
    InUse,
    /// The store cannot answer now; trying again later makes sense.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Values that contradict what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// An internal number was given to two employees.
    #[error("number {number} belongs to {holder_name} (user {holder}) already, user {wanted_by} cannot have it too")]
    Number {
        /// The number as it was typed.
        number: Phone,
        /// Who was to get it.
        wanted_by: UserId,
        holder: UserId,
        /// Name of the holder, may be empty.
        holder_name: String,
    },
    /// The employee table has no such user.
    #[error("user {0} is not in the table of employees")]
    UnknownEmployee(UserId),
    /// The company was never registered, or its data has been deleted.
    #[error("the company is not registered")]
    UnknownCompany,
    /// A former registration of the company is being deleted; it can register as soon as that is finished.
    #[error("the data of the company's former registration are still being deleted")]
    BeingDeleted,
    /// Any other rule of the schema.
    #[error("the values contradict what is stored: {0}")]
    Rule(String),
}

/// Why secrets cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// There is a database, but no key.
    #[error("the key file of the database is missing; restore the file `key` in the state directory from a backup")]
    Missing,
    /// The file holds something else than a key.
    #[error("the key file of the database does not hold a key (32 bytes or 64 hex digits); restore it from a backup")]
    Malformed,
    /// The key is a key, but not of this database.
    #[error("the key file does not fit the database; restore the pair of them from one backup")]
    Mismatch,
}

/// Result codes of SQLite that mean something to the caller.
mod code {
    /// Extended code: the index of the log could not get its size, for want of room.
    pub(super) const SHM_SIZE: i32 = 4874;
    pub(super) const READONLY: i32 = 8;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

impl StoreError {
    /// Wraps what has no better variant.
    pub(super) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// Whether the disk or the database file is at fault, and not what was to be stored.
    pub const fn concerns_disk(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly | Self::Damaged(_) | Self::Unavailable(_))
    }

    /// A fault of the file system, said with what was being done.
    pub(super) fn from_io(doing: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            kind => Self::unavailable(io::Error::new(kind, format!("{doing}: {error}"))),
        }
    }

    fn from_database(error: &dyn sqlx::error::DatabaseError) -> Self {
        let extended = error.code().and_then(|c| c.parse::<i32>().ok()).unwrap_or(0);
        if extended == code::SHM_SIZE {
            return Self::Full;
        }
        match extended & 0xff {
            code::READONLY => Self::ReadOnly,
            code::FULL => Self::Full,
            code::CORRUPT | code::NOT_A_DATABASE => Self::Damaged(error.message().to_owned()),
            code::CONSTRAINT if error.is_foreign_key_violation() => Conflict::UnknownCompany.into(),
            code::CONSTRAINT => Conflict::Rule(error.message().to_owned()).into(),
            _ => Self::unavailable(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(e) => Self::from_database(&*e),
            sqlx::Error::Io(e) => Self::from_io("database", &e),
            e @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => Self::Damaged(e.to_string()),
            e => Self::unavailable(e),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as M;
        match error {
            M::Execute(e) | M::ExecuteMigration(e, _) => e.into(),
            M::VersionMissing(version) => Self::Newer(version),
            e => Self::unavailable(e),
        }
    }
}
