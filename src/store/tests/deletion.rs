//! Deleting a company: secrets first, everything in the end, nobody else's rows, whatever happens in between.

use super::retention::step;
use super::*;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TABLES: &str =
    "companies switches tokens employees employee_numbers calls trace outbox lanes inbox admin_sessions";
const SECRET_TABLES: &str = "switches tokens admin_sessions parked_installs login_attempts";

/// Rows of everything for a company.
async fn fill(store: &Store, id: &CompanyId, domain: &str) {
    step(store, id, "call", 1, None).await;
    let waiting = Record { intents: vec![intent("lane", &"call".into(), "x")], ..Record::default() };
    store.record(id, &waiting, Timestamp(1)).await.unwrap();
    store.push_event(id, "k", "{}", Timestamp(1)).await.unwrap();
    store.save_switch(id, &switch()).await.unwrap();
    store.create_session(id, UserId(1), "", Timestamp(1), Duration::from_secs(9)).await.unwrap();
    store.park_install(id, &"body".into(), Timestamp(1)).await.unwrap();
    let attempt = LoginAttempt {
        domain: domain.to_owned(),
        client_id: format!("local.{domain}"),
        client_secret: "s".to_owned().into(),
    };
    store.put_state(domain, &attempt, Timestamp(1)).await.unwrap();
    let text = format!(
        "INSERT INTO employees (company, user_id, name, active) VALUES ('{id}', 7, 'Иван', 1);
         INSERT INTO employee_numbers VALUES ('{id}', '1001', '1001', 7, 0)"
    );
    let mut tx = store.begin_durable().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn two() -> (TempDir, Store, CompanyId, CompanyId) {
    let (dir, store, one) = store().await;
    let two = new_company("member-2", "two.example");
    let two = NewCompany { client_id: "local.456".into(), ..two };
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    fill(&store, &one, "one.example").await;
    fill(&store, &two.id, "two.example").await;
    (dir, store, one, two.id)
}

#[tokio::test]
async fn the_secrets_go_with_the_mark_and_nobody_knows_the_company_any_more() {
    let (dir, store, one, two) = two().await;
    let token = store.create_session(&one, UserId(1), "", Timestamp(1), Duration::from_secs(9)).await.unwrap();
    assert!(store.begin_deletion(&one, Timestamp(5)).await.unwrap());
    let store = reopen(&dir, store).await;
    for table in SECRET_TABLES.split(' ') {
        assert_eq!(count(&store, table).await, 1, "{table}");
    }
    let left: Vec<u8> = sqlx::query_scalar("SELECT client_secret FROM companies WHERE id = 'member-1'")
        .fetch_one(store.db())
        .await
        .unwrap();
    assert!(left.is_empty());
    assert!(store.company(&one).await.unwrap().is_none());
    assert!(store.company_by_domain("one.example").await.unwrap().is_none());
    assert!(store.session(&token, Timestamp(2)).await.unwrap().is_none());
    assert_eq!(store.deletions().await.unwrap(), std::slice::from_ref(&one));
    // The answer of a refresh that was under way.
    let late = store.save_tokens(&one, &tokens(3)).await.unwrap_err();
    assert!(matches!(late, StoreError::Conflict(Conflict::UnknownCompany)), "{late:?}");
    assert!(!store.begin_deletion(&"nobody".into(), Timestamp(5)).await.unwrap());
    assert!(store.company(&two).await.unwrap().is_some());
}

#[tokio::test]
async fn a_deleted_company_leaves_nothing_and_takes_nobody_along() {
    let (_dir, store, one, two) = two().await;
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    store.delete_company(&one, |_| ()).await.unwrap();
    for table in TABLES.split(' ') {
        assert_eq!(count(&store, table).await, 1, "{table}");
    }
    assert_eq!(store.trace(&two, &"call".into()).await.unwrap().len(), 1);
    assert!(store.deletions().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_deleted_of_a_company_without_the_mark() {
    let (_dir, store, one, _) = two().await;
    store.mark_uninstalled(&one, Timestamp(5)).await.unwrap();
    store.delete_company(&one, |_| ()).await.unwrap();
    assert_eq!((count(&store, "calls").await, count(&store, "employees").await), (2, 2));
}

/// The process ends after any number of batches: the next one finds the mark and goes on.
#[tokio::test]
async fn an_interrupted_deletion_goes_on_at_the_next_start() {
    let (dir, mut store, one, two) = two().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
                INSERT INTO trace (company, call, at, lines) SELECT 'member-1', 'c' || i, 1, '[]' FROM n";
    sql(&store, fill).await;
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    let mut interrupted = 0;
    for batches in 1.. {
        let cut = CancellationToken::new();
        let mut seen = 0;
        let progress = |_| {
            seen += 1;
            if seen == batches {
                cut.cancel();
            }
        };
        // Given up wherever it waits next: in the middle of a batch.
        if cut.run_until_cancelled(store.delete_company(&one, progress)).await.is_some() {
            break;
        }
        interrupted += 1;
        assert_eq!(store.deletions().await.unwrap(), std::slice::from_ref(&one), "the mark goes last");
        store = reopen(&dir, store).await;
    }
    assert!(interrupted > 3, "interrupted only {interrupted} times");
    assert!(store.deletions().await.unwrap().is_empty());
    assert_eq!(count(&store, "trace").await, 1);
    assert!(store.company(&two).await.unwrap().is_some());
}

#[tokio::test]
async fn a_company_that_returns_waits_for_the_end_of_the_deletion_and_begins_anew() {
    let (_dir, store, one, _) = two().await;
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    let again = new_company("member-1", "one.example");
    let refused = store.register_company(&again, &tokens(4), Timestamp(6)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(Conflict::BeingDeleted)), "{refused:?}");
    store.delete_company(&one, |_| ()).await.unwrap();
    store.register_company(&again, &tokens(4), Timestamp(7)).await.unwrap();
    // A deletion that has not noticed yet.
    store.delete_company(&one, |_| ()).await.unwrap();
    let company = store.company(&one).await.unwrap().unwrap();
    assert_eq!((company.created_at, company.switch.is_some()), (Timestamp(7), false));
    assert!(store.tokens(&one).await.unwrap().is_some());
    assert!(store.employees(&one).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_who_was_uninstalled_long_ago_and_has_not_returned_is_deleted_after_the_retention_time() {
    let (_dir, store, one, two) = two().await;
    store.mark_uninstalled(&one, Timestamp(100)).await.unwrap();
    store.mark_uninstalled(&two, Timestamp(10)).await.unwrap();
    store.register_company(&new_company("member-2", "two.example"), &tokens(5), Timestamp(20)).await.unwrap();
    let due = |limit| store.begin_deletion_of_uninstalled(Timestamp(limit), Timestamp(500));
    assert!(due(100).await.unwrap().is_empty());
    assert_eq!(due(101).await.unwrap(), [one]);
    assert!(due(101).await.unwrap().is_empty(), "once");
    // Who came back counts from then: tickets of before are worth nothing.
    assert_eq!(store.company(&two).await.unwrap().unwrap().created_at, Timestamp(20));
}

#[tokio::test]
async fn calls_of_others_go_on_while_a_large_company_is_deleted() {
    let (_dir, store, one, two) = two().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                INSERT INTO trace (company, call, at, lines) SELECT 'member-1', 'c' || i, 1, '[]' FROM n";
    sql(&store, fill).await;
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    let written = std::cell::Cell::new(0);
    let mut largest = 0;
    let deleting = async {
        store.delete_company(&one, |rows| largest = largest.max(rows)).await.unwrap();
        written.get()
    };
    let writer = async {
        while !store.deletions().await.unwrap().is_empty() {
            step(&store, &two, &format!("new-{}", written.get()), 10_000, None).await;
            written.set(written.get() + 1);
        }
    };
    let (meanwhile, ()) = tokio::join!(deleting, writer);
    assert!(largest <= 200, "{largest} rows at once");
    assert!(meanwhile > 20, "only {meanwhile} calls were stored beside 100 batches");
}

/// Not only rows: no readable rest of them in the file, its log or its index.
#[tokio::test]
async fn nothing_readable_of_a_deleted_company_is_left_in_the_files() {
    let (dir, store, one, _) = two().await;
    let marks = ["member-1", "79835551122", "Фамилия-Редкая", "one.example"];
    for n in 0..300 {
        let key = CallKey::new(format!("key-{n}"));
        for round in 0..3 {
            let body = format!("{{\"number\":\"79835551122\",\"name\":\"Фамилия-Редкая\",\"round\":{round}}}")
                .repeat(1 + n % 60);
            let step = Record { trace: vec![line(&key, 1, &body)], ..call(&key, &body, None) };
            store.record(&one, &step, Timestamp(1)).await.unwrap();
        }
    }
    let found = |mark: &str| {
        let holds = |bytes: Vec<u8>| bytes.windows(mark.len()).any(|piece| piece == mark.as_bytes());
        let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| holds(std::fs::read(file).unwrap())).collect::<Vec<_>>()
    };
    for mark in marks {
        assert!(!found(mark).is_empty(), "{mark}: the search itself must work");
    }
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    store.delete_company(&one, |_| ()).await.unwrap();
    assert!(store.wipe_log().await.unwrap());
    for mark in marks {
        assert_eq!(found(mark), Vec::<PathBuf>::new(), "{mark}");
    }
}

/// SQLite overwrites what it frees, but leaves copies of what it moves to another page, and pages are shared.
#[tokio::test]
async fn nothing_readable_of_a_deleted_company_is_left_between_the_rows_of_another() {
    let (dir, store, one, two) = two().await;
    for n in 0..1200 {
        for (id, mark) in [(&one, "79835551122"), (&two, "79130000000")] {
            let key = CallKey::new(format!("key-{n:06}-of-{id}"));
            for round in 0..3 {
                let body = format!("{{\"number\":\"{mark}\"}}").repeat(1 + (n * 7 + round * 5) % 23);
                let step = Record {
                    trace: vec![line(&key, 1, &body)],
                    intents: vec![intent(key.as_str(), &key, &body)],
                    ..call(&key, &body, None)
                };
                store.record(id, &step, Timestamp(n as i64)).await.unwrap();
            }
        }
    }
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    store.delete_company(&one, |_| ()).await.unwrap();
    assert!(store.wipe_log().await.unwrap());
    for mark in ["member-1", "79835551122", "one.example"] {
        let mut left = Vec::new();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            left.extend(bytes.windows(mark.len()).enumerate().filter(|(_, w)| *w == mark.as_bytes()).map(|(at, _)| at));
        }
        assert_eq!(left.len(), 0, "{mark}: {:?}", &left[..left.len().min(5)]);
    }
    assert_eq!(store.open_calls(&two).await.unwrap().len(), 1201);
}

#[tokio::test]
async fn a_large_database_is_written_anew_only_where_nobody_waits_for_it() {
    let (_dir, store, one, _) = two().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO trace (company, call, at, lines) SELECT 'member-1', 'c' || i, 1, '[]' FROM n";
    sql(&store, fill).await;
    sql(&store, "DELETE FROM trace").await;
    let unused =
        || async { sqlx::query_scalar::<_, i64>("PRAGMA freelist_count").fetch_one(store.db()).await.unwrap() };
    let before = unused().await;
    assert!(before > 0 && !store.0.db.rewrite(Some(4096)).await.unwrap());
    assert_eq!(unused().await, before);
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    store.delete_company_alone(&one).await.unwrap();
    assert!(unused().await < before);
    assert!(store.deletions().await.unwrap().is_empty());
}

/// A kill between the last row and the emptied log: the next start does it.
#[tokio::test]
async fn a_log_left_by_a_kill_is_emptied_at_the_next_start() {
    let (dir, store, one, _) = two().await;
    store.begin_deletion(&one, Timestamp(5)).await.unwrap();
    store.delete_company(&one, |_| ()).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal", "key"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    let wal = copy.path().join("store.db-wal");
    assert!(std::fs::metadata(&wal).unwrap().len() > 0);
    let again = open(copy.path()).await;
    assert_eq!(std::fs::metadata(&wal).map_or(0, |m| m.len()), 0);
    assert!(again.company(&one).await.unwrap().is_none());
}
