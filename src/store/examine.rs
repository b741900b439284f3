//! A look through the database file before it is used.

use super::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// No start waits longer for this: a large file is looked through only in part.
const LONGEST: Duration = Duration::from_secs(2);
/// Steps of SQLite's machine between looks at the time.
const STEPS: i32 = 10_000;

/// Looks for torn pages and broken trees; nothing is changed.
pub(super) async fn examine(file: &Path) -> Result<(), StoreError> {
    let mut conn =
        SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging().connect().await?;
    let begun = Instant::now();
    conn.lock_handle().await?.set_progress_handler(STEPS, move || begun.elapsed() < LONGEST);
    let verdict = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut conn).await;
    let found = match verdict.map_err(StoreError::from) {
        Ok(ok) if ok == "ok" => Ok(()),
        Ok(fault) => Err(StoreError::Damaged(fault)),
        Err(fault @ StoreError::Damaged(_)) => Err(fault),
        // Interrupted, or busy: that says nothing about the file.
        Err(_) => Ok(()),
    };
    // Whether it closes well says nothing either.
    let _ = conn.close().await;
    found
}
