//! A copy of the database of a daemon that may be running, made by another process without stopping anybody.
//!
//! SQLite writes the copy from one consistent view of the database (`VACUUM INTO`) while calls go on being stored.

use super::{FILE, StoreError, journal};
use crate::folder::{Folder, with_ending};
use crate::regular_file;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A daemon that is just starting or stopping may have the database for itself for a moment.
const BUSY: Duration = Duration::from_secs(10);

/// The draft of a copy that cannot be written to its place at once, in the state directory.
const STAGED: &str = "backup.part";
/// The longest key file, in bytes.
const LONGEST_KEY: u64 = 4096;

/// Why there is no copy. Nothing was replaced, and nothing unfinished is left.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The state directory holds no database.
    #[error("there is no database {0}; check state_dir in the settings, and that this user may read it")]
    NoDatabase(PathBuf),
    /// The place for the copy is taken.
    #[error("{0} exists already; choose another name, or replace it with --force")]
    Exists(PathBuf),
    /// The copy would lie among what it is a copy of.
    #[error("{0} lies in the state directory itself; choose a place outside, best on another disk")]
    Inside(PathBuf),
    /// The key was asked for, but lies elsewhere.
    #[error("there is no key file {0} to copy; it is given to the service as the credential `db.key`: copy that one")]
    NoKey(PathBuf),
    /// The copy cannot be written.
    #[error("the copy cannot be written: {0}")]
    Target(#[source] io::Error),
    /// Root cannot go there, or cannot work there as the owner.
    #[error("the state directory cannot be entered: {0}")]
    NoEntry(#[source] io::Error),
    /// A copy made by root is made beside the database first.
    #[error(
        "beside the database there is no room for a draft of the copy ({0} bytes, and as much again for the service): \
         free some, or run this as the user of the service, which needs none"
    )]
    NoRoom(u64),
    /// SQLite could not make the copy.
    #[error("the database cannot be read ({0}); run this as the user of the service or as root")]
    Source(#[source] sqlx::Error),
    /// The copy is not in order, so that the database is damaged.
    #[error("the copy is not in order, so the database is damaged ({0}); keep your older backups")]
    Bad(String),
}

#[derive(Debug)]
pub struct Copied {
    /// Size of the copy in bytes.
    pub bytes: u64,
    pub companies: i64,
    /// The key that opens the secrets in it, if it lies beside the database; else it is a credential of the service.
    pub key: Option<PathBuf>,
    pub completeness: CopyCompleteness,
}

/// Whether everything that was written down by then is in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyCompleteness {
    Whole,
    /// The last steps are in the journal beside the database and did not come: its daemon was killed and not started
    /// again, or its disk fails.
    JournalLeft,
}

/// What SQLite has written.
struct Draft {
    companies: i64,
    completeness: CopyCompleteness,
}

/// A place for a copy.
struct CopyTarget {
    folder: Folder,
    name: OsString,
    path: PathBuf,
}

/// Copies the database in `dir` to `to`, and its key to `key_to` if that is wanted (both 0600), replacing files there
/// only by `force`. The copies are complete, checked and on disk when this returns.
///
/// SQLite goes by names. Where somebody else could lead these names elsewhere, root lets it work as the owner of the
/// state directory and in there only, and carries the copy to its place itself.
pub async fn copy_database(dir: &Path, to: &Path, key_to: Option<&Path>, force: bool) -> Result<Copied, CopyError> {
    let from = dir.join(FILE);
    let state = match Folder::open(dir) {
        Ok(state) => state,
        // An unreadable directory looks like an empty one to a process that may not look in.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            return Err(CopyError::NoDatabase(from));
        }
        Err(error) => return Err(CopyError::NoEntry(error)),
    };
    let read_key = || {
        let key = dir.join(super::key::FILE);
        regular_file::read(&key, LONGEST_KEY).map_err(|_| CopyError::NoKey(key))
    };
    let has_key = {
        let _as_owner = state.act_as_owner().map_err(CopyError::NoEntry)?;
        if !from.is_file() {
            return Err(CopyError::NoDatabase(from));
        }
        dir.join(super::key::FILE).is_file()
    };
    let target_of = |to| target(dir, to, force);
    let (target, key_target) = (target_of(to)?, key_to.map(target_of).transpose()?);
    if let Some(key_target) = key_target {
        let key = {
            let _as_owner = state.act_as_owner().map_err(CopyError::NoEntry)?;
            read_key()?
        };
        key_target.folder.write(&key_target.name, &key, |_, _| Ok(())).map_err(CopyError::Target)?;
    }
    let Draft { companies, completeness } = if state.is_in_others_hands() || target.folder.is_in_others_hands() {
        carried(&state, dir, &target).await?
    } else {
        direct(&from, &target).await?
    };
    let bytes = settle(&target).map_err(CopyError::Target)?;
    let key = Some(dir.join(super::key::FILE)).filter(|_| has_key);
    Ok(Copied { bytes, companies, key, completeness })
}

/// A name beside the file's own.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    with_ending(file.as_os_str(), ending).into()
}

impl CopyTarget {
    fn draft(&self) -> OsString {
        with_ending(&self.name, ".part")
    }
}

fn target(dir: &Path, to: &Path, force: bool) -> Result<CopyTarget, CopyError> {
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = to.file_name().ok_or_else(|| CopyError::Target(io::ErrorKind::IsADirectory.into()))?;
    let folder = Folder::open(parent).map_err(CopyError::Target)?;
    let parent = parent.canonicalize().map_err(CopyError::Target)?;
    if dir.canonicalize().is_ok_and(|dir| parent.starts_with(dir)) {
        return Err(CopyError::Inside(to.to_owned()));
    }
    if !force && folder.look(name).map_err(CopyError::Target)?.is_some() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    Ok(CopyTarget { folder, name: name.to_owned(), path: to.to_owned() })
}

/// Has SQLite write the draft where it belongs.
async fn direct(from: &Path, target: &CopyTarget) -> Result<Draft, CopyError> {
    let (draft, path) = (target.draft(), beside(&target.path, ".part"));
    let made = draft_at(from, &target.folder, &draft, &path).await;
    if made.is_err() {
        // Whether there is anything to remove depends on how far it came.
        let _ = target.folder.remove(&draft);
    }
    made
}

/// Has SQLite write a draft in the state directory, with its owner's rights, and carries it to the target.
async fn carried(state: &Folder, dir: &Path, target: &CopyTarget) -> Result<Draft, CopyError> {
    let (name, path) = (OsStr::new(STAGED), dir.join(STAGED));
    let (made, staged) = {
        let _as_owner = state.act_as_owner().map_err(CopyError::NoEntry)?;
        let needed = [FILE, "store.db-wal"].iter().filter_map(|name| dir.join(name).metadata().ok()).map(|m| m.len());
        let needed: u64 = needed.sum();
        // What the service writes meanwhile needs room as well.
        if state.room().map_err(CopyError::NoEntry)? < needed.saturating_mul(2) {
            return Err(CopyError::NoRoom(needed));
        }
        let made = draft_at(&dir.join(FILE), state, name, &path).await;
        let staged = made.and_then(|made| Ok((made, state.read(name).map_err(CopyError::NoEntry)?)));
        // The descriptor is enough from here on.
        let _ = state.remove(name);
        staged?
    };
    let draft = target.draft();
    let carried = target.folder.create(&draft).and_then(|mut to| io::copy(&mut { staged }, &mut to));
    carried.map(|_| made).map_err(|error| {
        let _ = target.folder.remove(&draft);
        CopyError::Target(error)
    })
}

async fn draft_at(from: &Path, folder: &Folder, draft: &OsStr, path: &Path) -> Result<Draft, CopyError> {
    drop(folder.create(draft).map_err(CopyError::Target)?);
    let name = path.to_str().ok_or_else(|| CopyError::Target(io::Error::other("the name is not UTF-8")))?;
    let mut conn = open(from).await.map_err(CopyError::Source)?;
    // What a running daemon has decided just now is on its way into the database. Where it does not come the copy is of
    // what is there.
    let completeness = match journal::is_moved(from.parent().unwrap_or(Path::new(".")), &mut conn).await {
        Ok(true) => CopyCompleteness::Whole,
        Ok(false) | Err(_) => CopyCompleteness::JournalLeft,
    };
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut conn).await.map_err(|error| {
        match StoreError::from(error) {
            StoreError::Damaged(what) => CopyError::Bad(what),
            StoreError::Full => CopyError::Target(io::ErrorKind::StorageFull.into()),
            other => CopyError::Target(io::Error::other(other)),
        }
    })?;
    // A read-only connection leaves the daemon's files as they are.
    conn.close().await.map_err(CopyError::Source)?;
    Ok(Draft { companies: check(path).await?, completeness })
}

async fn open(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(BUSY)
        .disable_statement_logging()
        .connect()
        .await
}

/// Reads the whole copy; returns how many companies are in it.
async fn check(copy: &Path) -> Result<i64, CopyError> {
    let read = async {
        let mut conn = open(copy).await?;
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut conn).await?;
        let companies =
            sqlx::query_scalar!(r#"SELECT COUNT(*) AS "n: i64" FROM companies"#).fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok::<_, sqlx::Error>((verdict, companies))
    };
    match read.await {
        Ok((verdict, companies)) if verdict == "ok" => Ok(companies),
        Ok((verdict, _)) => Err(CopyError::Bad(verdict)),
        Err(error) => Err(CopyError::Bad(error.to_string())),
    }
}

/// Gives the draft its name once it is on disk; returns its size.
fn settle(target: &CopyTarget) -> io::Result<u64> {
    let (folder, draft) = (&target.folder, target.draft());
    let settled = folder.read(&draft).and_then(|file: File| {
        file.sync_all()?;
        folder.rename(&draft, &target.name)?;
        Ok(file.metadata()?.len())
    });
    settled.inspect_err(|_| {
        let _ = folder.remove(&draft);
    })
}
