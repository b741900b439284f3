//! What the server's administrator may know and order about companies from outside, beside a daemon that may be
//! running.
//!
//! Reads through a connection of its own that leaves the daemon's files as they are; secrets are not even read. The one
//! order, [`order_deletion`], sets the mark that a running daemon looks for.

use super::{FILE, StoreError, deletion};
use crate::domain::{CompanyId, Timestamp};
use crate::folder::Folder;
use crate::ownership::ActingAs;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Others may hold the database for a moment.
const BUSY: Duration = Duration::from_secs(10);

/// Why nothing is known or was ordered.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The state directory holds no database.
    #[error("there is no database {0}; check state_dir in the settings: the service makes it at its first start")]
    NoDatabase(PathBuf),
    /// The state directory is closed to this user.
    #[error("{0} is closed to this user; run this as root")]
    NoRights(PathBuf),
    /// Root cannot go there, or cannot work there as the owner.
    #[error("the state directory cannot be entered: {0}")]
    NoEntry(#[source] io::Error),
    /// The database is older than this program.
    #[error("the database was not used by this version yet; start the service once, then try again")]
    Older,
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SurveyError {
    fn from(error: sqlx::Error) -> Self {
        if error.to_string().contains("no such column") { Self::Older } else { Self::Store(error.into()) }
    }
}

/// Where a company stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyStanding {
    /// It is served.
    Registered,
    /// It has no tokens: an administrator of the portal has to log in.
    NeedsLogin,
    /// The application was removed from the portal; its data are kept for a while.
    Uninstalled,
    /// Its data are being deleted.
    BeingDeleted,
}

/// One line of the list.
#[derive(Debug, Clone, Serialize)]
pub struct CompanyEntry {
    /// `member_id`.
    pub id: String,
    /// Portal host.
    pub domain: String,
    /// The admin's name for it, may be empty.
    pub name: String,
    /// Where it stands …
    pub state: CompanyStanding,
    /// … and since when.
    pub since: Timestamp,
}

/// Everything about one company that is no secret. Times in Unix milliseconds, UTC.
#[derive(Debug, Clone, Serialize)]
pub struct Details {
    /// As in the list.
    #[serde(flatten)]
    pub entry: CompanyEntry,
    /// Registered first, or for the first time after it was uninstalled.
    pub created_at: Timestamp,
    /// Logged in or installed last.
    pub registered_at: Timestamp,
    /// Base of the portal's REST.
    pub client_endpoint: String,
    /// `client_id` of the portal's application.
    pub client_id: String,
    /// Whether the portal's events can be proved.
    pub application_token_known: bool,
    /// In whose name the portal is asked.
    pub token_user: Option<i64>,
    /// What the grant allows.
    pub token_scope: Option<String>,
    /// When the present refresh token was obtained.
    pub refresh_obtained_at: Option<Timestamp>,
    /// How the switch is reached, without the key; none until it was typed in.
    pub switch: Option<Value>,
    /// The choices for calls, as stored.
    pub call_settings: Value,
    /// Employees, active ones, their numbers.
    pub employees: i64,
    pub active_employees: i64,
    /// Internal numbers.
    pub numbers: i64,
    /// Calls stored.
    pub calls: i64,
    /// Of them not over.
    pub open_calls: i64,
    /// When the last one changed.
    pub last_call_at: Option<Timestamp>,
    /// Requests that wait for the portal.
    pub waiting_requests: i64,
    pub admin_sessions: i64,
}

/// What follows on this thread is done with the rights of the owner of `dir`, if this process is root: so that the
/// owner of the directory can lead root nowhere where they could not go themselves.
pub fn as_owner(dir: &Path) -> Result<ActingAs, SurveyError> {
    match Folder::open(dir).and_then(|folder| folder.act_as_owner()) {
        Ok(acting) => Ok(acting),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => SurveyError::NoDatabase(dir.join(FILE)),
            io::ErrorKind::PermissionDenied => SurveyError::NoRights(dir.to_owned()),
            _ => SurveyError::NoEntry(error),
        }),
    }
}

/// All companies in the database of `dir`, uninstalled ones as well.
pub async fn survey(dir: &Path) -> Result<Vec<CompanyEntry>, SurveyError> {
    let mut db = open(dir, true).await?;
    let rows = sqlx::query!(
        r#"SELECT c.id, c.domain, c.name, c.registered_at, c.uninstalled_at, c.deletion_began_at,
                  EXISTS (SELECT 1 FROM tokens t WHERE t.company = c.id) AS "tokens!: bool"
           FROM companies c ORDER BY c.domain, c.id"#
    )
    .fetch_all(&mut db)
    .await?;
    db.close().await?;
    let entry = |row: (String, String, String), times: (i64, Option<i64>, Option<i64>), tokens| {
        let (state, since) = standing(times, tokens);
        CompanyEntry { id: row.0, domain: row.1, name: row.2, state, since }
    };
    let entries = rows.into_iter().map(|row| {
        entry(
            (row.id, row.domain, row.name),
            (row.registered_at, row.uninstalled_at, row.deletion_began_at),
            row.tokens,
        )
    });
    Ok(entries.collect())
}

/// One company; `None` if there is no such id.
pub async fn inspect(dir: &Path, company: &CompanyId) -> Result<Option<Details>, SurveyError> {
    let mut db = open(dir, true).await?;
    let id = company.as_str();
    let row = sqlx::query!(
        r#"SELECT c.id, c.domain, c.name, c.created_at, c.registered_at, c.uninstalled_at, c.deletion_began_at,
                  c.client_endpoint, c.client_id, c.call_settings,
                  c.application_token IS NOT NULL AS "token_known!: bool",
                  t.company IS NOT NULL AS "tokens!: bool", t.user_id AS "user_id?", t.scope AS "scope?",
                  t.refresh_obtained_at AS "refresh_obtained_at?",
                  CASE WHEN s.company IS NOT NULL THEN
                      json_object('backend', json(s.backend), 'client_id', s.client_id, 'domain', s.domain,
                                  'addresses', json(s.addresses), 'trust', json(s.trust)) END AS "switch?: String",
                  (SELECT COUNT(*) FROM employees WHERE company = c.id) AS "employees!: i64",
                  (SELECT COUNT(*) FROM employees WHERE company = c.id AND active = 1) AS "active!: i64",
                  (SELECT COUNT(*) FROM employee_numbers WHERE company = c.id) AS "numbers!: i64",
                  (SELECT COUNT(*) FROM calls WHERE company = c.id) AS "calls!: i64",
                  (SELECT COUNT(*) FROM calls WHERE company = c.id AND ended_at IS NULL) AS "open_calls!: i64",
                  (SELECT MAX(updated_at) FROM calls WHERE company = c.id) AS "last_call?: i64",
                  (SELECT COUNT(*) FROM outbox WHERE company = c.id) AS "waiting!: i64",
                  (SELECT COUNT(*) FROM admin_sessions WHERE company = c.id) AS "sessions!: i64"
           FROM companies c LEFT JOIN tokens t ON t.company = c.id LEFT JOIN switches s ON s.company = c.id
           WHERE c.id = $1"#,
        id
    )
    .fetch_optional(&mut db)
    .await?;
    db.close().await?;
    let Some(row) = row else { return Ok(None) };
    let (state, since) = standing((row.registered_at, row.uninstalled_at, row.deletion_began_at), row.tokens);
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Some(Details {
        entry: CompanyEntry { id: row.id, domain: row.domain, name: row.name, state, since },
        created_at: Timestamp(row.created_at),
        registered_at: Timestamp(row.registered_at),
        client_endpoint: row.client_endpoint,
        client_id: row.client_id,
        application_token_known: row.token_known,
        token_user: row.user_id,
        token_scope: row.scope,
        refresh_obtained_at: row.refresh_obtained_at.map(Timestamp),
        switch: row.switch.map(json),
        call_settings: json(row.call_settings),
        employees: row.employees,
        active_employees: row.active,
        numbers: row.numbers,
        calls: row.calls,
        open_calls: row.open_calls,
        last_call_at: row.last_call.map(Timestamp),
        waiting_requests: row.waiting,
        admin_sessions: row.sessions,
    }))
}

/// Begins the deletion of a company in the database of `dir`: its secrets are gone, on disk, when this returns. A
/// running daemon notices the mark within seconds and does the rest; without one, opening the store and
/// [`super::Store::delete_company`] does. `false`: there is no such id.
pub async fn order_deletion(dir: &Path, company: &CompanyId, now: Timestamp) -> Result<bool, SurveyError> {
    let mut db = open(dir, false).await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut db).await?;
    let known = deletion::mark(&mut db, company.as_str(), now.0).await;
    let end = if known.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::query(end).execute(&mut db).await?;
    let known = known?;
    db.close().await?;
    Ok(known)
}

/// The latest of what has happened to it counts.
fn standing(times: (i64, Option<i64>, Option<i64>), tokens: bool) -> (CompanyStanding, Timestamp) {
    match times {
        (.., Some(at)) => (CompanyStanding::BeingDeleted, Timestamp(at)),
        (_, Some(at), None) => (CompanyStanding::Uninstalled, Timestamp(at)),
        (at, None, None) => {
            (if tokens { CompanyStanding::Registered } else { CompanyStanding::NeedsLogin }, Timestamp(at))
        }
    }
}

async fn open(dir: &Path, read_only: bool) -> Result<SqliteConnection, SurveyError> {
    let file = dir.join(FILE);
    match std::fs::metadata(&file) {
        Ok(found) if found.len() > 0 => {}
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(SurveyError::NoRights(dir.to_owned()));
        }
        _ => return Err(SurveyError::NoDatabase(file)),
    }
    if let Err(error) = std::fs::File::open(&file)
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        return Err(SurveyError::NoRights(file));
    }
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(false)
        .read_only(read_only)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("secure_delete", "ON")
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    Ok(options.connect().await?)
}
