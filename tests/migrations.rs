//! Each schema step must go over a database that already has rows: every installation that is upgraded does that.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;

static MIGRATOR: Migrator = sqlx::migrate!();

/// One row for each table, as it looked after the step that made it.
const ROWS: [(i64, &str, &str); 14] = [
    (
        1,
        "companies",
        "(id, name, domain, client_endpoint, client_id, client_secret, call_settings, created_at, registered_at)
         VALUES ('m1', 'Имя', 'd', 'https://d/rest/', 'c', x'01', '{}', 1, 1)",
    ),
    (1, "switches", "VALUES ('m1', '\"callapi\"', 'c', x'01', '[]', 'd', '{}')"),
    (
        2,
        "tokens",
        "(company, access, refresh, expires_at, refresh_obtained_at, scope) VALUES ('m1', x'01', x'01', 1, 1, 's')",
    ),
    (3, "employees", "(company, user_id, name, active) VALUES ('m1', 1, 'Анна', 1)"),
    (3, "employee_numbers", "VALUES ('m1', '1001', '1001', 1, 0)"),
    (4, "calls", "VALUES (1, 'm1', 'k', '{}', 1, 1, NULL)"),
    (4, "trace", "VALUES (1, 'm1', 'k', 1, '[]')"),
    (5, "outbox", "(company, id, lane, call, body, created_at) VALUES ('m1', 1, 'l', 'k', '{}', 1)"),
    (5, "lanes", "VALUES (1, 'm1', 'l', 'crm', 1)"),
    (6, "inbox", "VALUES (1, 'm1', 'k', '{}', 1, NULL)"),
    (7, "parked_installs", "VALUES ('m2', x'01', 1)"),
    (8, "admin_sessions", "VALUES (x'01', 'm1', 1, 'Анна', 1, 2)"),
    (8, "login_attempts", "VALUES (x'01', 'd', 'c', x'01', 2)"),
    (9, "seal", "VALUES (1, x'01')"),
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
