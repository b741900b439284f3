//! Each schema step must go over a database that already has rows: every installation that is upgraded does that.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;

static MIGRATOR: Migrator = sqlx::migrate!();
static FORMER_STEPS: Migrator = sqlx::migrate!("tests/migrations/former");

/// One row for each table, as it looked after the step that made it.
const ROWS: [(i64, &str, &str); 17] = [
    (
        1,
        "companies",
        "(id, name, domain, client_endpoint, client_id, client_secret, call_settings, created_at, registered_at)
         VALUES ('m1', 'Имя', 'd', 'https://d/rest/', 'c', x'01', '{}', 1, 1)",
    ),
    (1, "switches", "VALUES ('m1', '\"callapi\"', 'c', x'01', '[]', 'd', '{}')"),
    (
        1,
        "tokens",
        "(company, access, refresh, expires_at, refresh_obtained_at, scope) VALUES ('m1', x'01', x'01', 1, 1, 's')",
    ),
    (1, "employees", "(company, user_id, name, active) VALUES ('m1', 1, 'Анна', 1)"),
    (1, "employee_numbers", "VALUES ('m1', '1001', '1001', 1, 0)"),
    (1, "calls", "VALUES (1, 'm1', 'k', '{}', 1, 1, NULL)"),
    (1, "trace", "VALUES (1, 'm1', 'k', 1, '[]')"),
    (1, "outbox", "(company, id, lane, call, body, created_at) VALUES ('m1', 1, 'l', 'k', '{}', 1)"),
    (1, "lanes", "VALUES (1, 'm1', 'l', 'crm', 1)"),
    (1, "inbox", "VALUES (1, 'm1', 'k', '{}', 1, NULL)"),
    (1, "parked_installs", "VALUES ('m2', x'01', 1)"),
    (1, "admin_sessions", "VALUES (x'01', 'm1', 1, 'Анна', 1, 2)"),
    (1, "login_attempts", "VALUES (x'01', 'd', 'c', x'01', 2)"),
    (1, "seal", "VALUES (1, x'01')"),
    (4, "evidence", "VALUES ('m1', 'leg_event', 1, NULL)"),
    (4, "seen_numbers", "VALUES ('m1', '1001', 1)"),
    (5, "audit", "VALUES (1, 'm1', 1, '{}')"),
];

async fn database() -> (TempDir, SqliteConnection) {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("store.db"))
        .create_if_missing(true)
        .pragma("synchronous", "OFF");
    (dir, options.connect().await.unwrap())
}

async fn number(db: &mut SqliteConnection, sql: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.unwrap()
}

async fn tables(db: &mut SqliteConnection) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '_sqlx%' AND name NOT LIKE 'sqlite%'";
    sqlx::query_as(sql).fetch_all(db).await.unwrap()
}

fn newest() -> i64 {
    MIGRATOR.iter().map(|step| step.version).max().unwrap()
}

#[tokio::test]
async fn every_step_goes_over_a_database_with_rows() {
    for first in 1..=newest() {
        let (_dir, mut db) = database().await;
        MIGRATOR.run_direct(Some(first), &mut db, false).await.unwrap();
        let rows: Vec<_> = ROWS.iter().filter(|(step, ..)| *step <= first).collect();
        for (_, table, row) in &rows {
            sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} {row}"))).execute(&mut db).await.unwrap();
        }
        MIGRATOR.run_direct(None, &mut db, false).await.unwrap();
        for (_, table, _) in rows {
            assert_eq!(number(&mut db, format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table} from step {first}");
        }
        let strays = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut db).await.unwrap();
        assert!(strays.is_empty(), "from step {first}");
        let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut db).await.unwrap();
        assert_eq!(verdict, "ok");
    }
}

/// Builds before version 1.0.0 came here in seventeen steps, and their databases are taken over as they are.
#[tokio::test]
async fn the_former_steps_led_to_the_very_same_schema_and_rows() {
    let (_dir, mut former) = database().await;
    FORMER_STEPS.run_direct(None, &mut former, false).await.unwrap();
    let (_dir, mut first) = database().await;
    MIGRATOR.run_direct(Some(1), &mut first, false).await.unwrap();
    let (former_parts, first_parts) = (parts(&mut former).await, parts(&mut first).await);
    assert!(first_parts.len() > 25, "{}", first_parts.len());
    assert_eq!(former_parts, first_parts);
    for (table, _) in tables(&mut first).await {
        let count = format!("SELECT COUNT(*) FROM {table}");
        assert_eq!(number(&mut former, count.clone()).await, number(&mut first, count).await, "{table}");
    }
}

/// Everything in a schema by its kind and name, as it was written, but for comments and white space: SQLite keeps them.
async fn parts(db: &mut SqliteConnection) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '_sqlx%' AND tbl_name NOT LIKE '_sqlx%'
               ORDER BY type, name";
    let parts: Vec<(String, String, Option<String>)> = sqlx::query_as(sql).fetch_all(db).await.unwrap();
    let bare = |sql: String| {
        assert!(!sql.contains("--"), "a comment within a definition: {sql}");
        sql.split_whitespace().collect::<String>()
    };
    parts.into_iter().map(|(kind, name, sql)| (kind, name, sql.map(bare))).collect()
}

#[tokio::test]
async fn every_table_has_its_row_in_this_test_and_holds_typed_values_only() {
    let (_dir, mut db) = database().await;
    MIGRATOR.run_direct(None, &mut db, false).await.unwrap();
    for (_, table, row) in ROWS {
        sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} {row}"))).execute(&mut db).await.unwrap();
    }
    for (table, sql) in tables(&mut db).await {
        assert!(number(&mut db, format!("SELECT COUNT(*) FROM {table}")).await > 0, "add a row for {table} to ROWS");
        assert!(sql.rsplit(')').next().is_some_and(|options| options.contains("STRICT")), "{table} is not STRICT");
    }
}

#[tokio::test]
async fn nothing_stays_behind_when_a_company_is_deleted() {
    let (_dir, mut db) = database().await;
    MIGRATOR.run_direct(None, &mut db, false).await.unwrap();
    for (_, table, row) in ROWS {
        sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} {row}"))).execute(&mut db).await.unwrap();
    }
    sqlx::query("DELETE FROM companies").execute(&mut db).await.unwrap();
    let left: Vec<_> = tables(&mut db).await.into_iter().filter(|(_, sql)| sql.contains("company")).collect();
    assert!(left.len() >= 9, "the search itself must work");
    for (table, _) in left {
        assert_eq!(number(&mut db, format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

#[test]
fn steps_are_numbered_without_gaps() {
    let versions: Vec<_> = MIGRATOR.iter().map(|step| step.version).collect();
    assert_eq!(versions, (1..=newest()).collect::<Vec<_>>());
}
