//! Brings a database to the schema of this version.

use super::StoreError;
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, SqliteConnection};

/// The steps to the schema of this version, in `migrations/`.
static STEPS: Migrator = sqlx::migrate!();

/// Builds of version 1.0.0 before its release came to the schema of our first step in so many steps of their own …
const FORMER_STEPS: i64 = 17;
/// … the first of which was called so.
const FIRST_FORMER_STEP: &str = "companies";

/// Carries out what is missing on a database that may be empty.
pub(super) async fn bring_up_to_date(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    if let Some(last) = last_former_step(conn).await? {
        match last {
            ..FORMER_STEPS => return Err(StoreError::Unfinished(last)),
            FORMER_STEPS => take_over(conn).await?,
            _ => return Err(StoreError::Newer(last)),
        }
    }
    Ok(STEPS.run_direct(None, conn, false).await?)
}

/// The last of the former steps that the database has gone; `None` if it has gone none of them.
async fn last_former_step(conn: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let list = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
    if !sqlx::query_scalar::<_, bool>(list).fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let last = "SELECT MAX(version) FROM _sqlx_migrations
                WHERE EXISTS (SELECT 1 FROM _sqlx_migrations WHERE version = 1 AND description = $1)";
    Ok(sqlx::query_scalar(last).bind(FIRST_FORMER_STEP).fetch_one(conn).await?)
}

/// Writes our first step in place of the former ones, which have led to the very same schema.
async fn take_over(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let first = STEPS.iter().next().expect("the schema has a first step");
    let mut tx = conn.begin().await?;
    sqlx::query("DELETE FROM _sqlx_migrations").execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, $2, TRUE, $3, 0)",
    )
    .bind(first.version)
    .bind(&*first.description)
    .bind(&*first.checksum)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
