//! A copy of the database of a daemon that may be running, made by another process without stopping anybody.
//!
//! SQLite writes the copy from one consistent view of the database (`VACUUM INTO`) while calls go on being stored.

use super::{FILE, StoreError, files};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A daemon that is just starting or stopping may have the database for itself for a moment.
const BUSY: Duration = Duration::from_secs(10);

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
    /// SQLite could not make the copy.
    #[error("the database cannot be read ({0}); run this as the user of the service or as root")]
    Source(#[source] sqlx::Error),
    /// The copy is not in order, so that the database is damaged.
    #[error("the copy is not in order, so the database is damaged ({0}); keep your older backups")]
    Bad(String),
}

/// What was copied.
#[derive(Debug)]
pub struct Copied {
    /// Size of the copy in bytes.
    pub bytes: u64,
    /// Companies in it.
    pub companies: i64,
    /// The key that opens the secrets in it, if it lies beside the database; else it is a credential of the service.
    pub key: Option<PathBuf>,
}

/// Copies the database in `dir` to `to`, and its key to `key_to` if that is wanted (both 0600), replacing files there
/// only by `force`. The copies are complete, checked and on disk when this returns.
pub async fn copy_database(dir: &Path, to: &Path, key_to: Option<&Path>, force: bool) -> Result<Copied, CopyError> {
    let (from, draft) = (dir.join(FILE), beside(to, ".part"));
    // An unreadable directory looks like an empty one to whoever may not look in.
    if !from.is_file() {
        return Err(CopyError::NoDatabase(from));
    }
    for place in [Some(to), key_to].into_iter().flatten() {
        check_place(dir, place, force)?;
    }
    if let Some(key_to) = key_to {
        copy_key(dir, key_to)?;
    }
    let made = write(&from, &draft).await.and_then(|companies| {
        let bytes = settle(&draft, to).map_err(CopyError::Target)?;
        let key = Some(dir.join(super::key::FILE)).filter(|key| key.is_file());
        Ok(Copied { bytes, companies, key })
    });
    if made.is_err() {
        // Whether there is anything to remove depends on how far it came.
        let _ = fs::remove_file(&draft);
    }
    made
}

fn copy_key(dir: &Path, to: &Path) -> Result<(), CopyError> {
    let from = dir.join(super::key::FILE);
    let key = fs::read(&from).map_err(|_| CopyError::NoKey(from))?;
    let draft = beside(to, ".part");
    let written = create(&draft).and_then(|mut file| io::Write::write_all(&mut file, &key));
    written.and_then(|()| settle(&draft, to)).map(drop).map_err(CopyError::Target)
}

/// A name beside the file's own.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn check_place(dir: &Path, to: &Path, force: bool) -> Result<(), CopyError> {
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().map_err(CopyError::Target)?;
    if dir.canonicalize().is_ok_and(|dir| parent.starts_with(dir)) {
        return Err(CopyError::Inside(to.to_owned()));
    }
    if !force && to.symlink_metadata().is_ok() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    Ok(())
}

/// An empty private file; one left there by a copy that broke off is replaced.
fn create(draft: &Path) -> io::Result<File> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft),
    }
}

async fn write(from: &Path, draft: &Path) -> Result<i64, CopyError> {
    drop(create(draft).map_err(CopyError::Target)?);
    let name = draft.to_str().ok_or_else(|| CopyError::Target(io::Error::other("the name is not UTF-8")))?;
    let mut conn = open(from).await.map_err(CopyError::Source)?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut conn).await.map_err(|error| {
        match StoreError::from(error) {
            StoreError::Damaged(what) => CopyError::Bad(what),
            StoreError::Full => CopyError::Target(io::ErrorKind::StorageFull.into()),
            other => CopyError::Target(io::Error::other(other)),
        }
    })?;
    // A read-only connection leaves the daemon's files as they are.
    conn.close().await.map_err(CopyError::Source)?;
    check(draft).await
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

/// Reads the whole copy; tells how many companies are in it.
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

/// Gives the draft its name once it is on disk; tells its size.
fn settle(draft: &Path, to: &Path) -> io::Result<u64> {
    let file = File::open(draft)?;
    file.sync_all()?;
    fs::rename(draft, to)?;
    files::sync_parent(to)?;
    Ok(file.metadata()?.len())
}
