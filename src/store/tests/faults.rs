//! Faults while the store is open: each is told apart, and work goes on when its cause is gone.

use super::*;
use crate::domain::link::DiskState;

async fn fill_up(store: &Store, company: &CompanyId) -> (u32, StoreError) {
    for n in 0..100_000 {
        let step = call(&CallKey::new(format!("c{n}")), &"x".repeat(2_000), None);
        if let Err(fault) = store.record(company, &step, Timestamp(1)).await {
            return (n, fault);
        }
    }
    panic!("the database never got full");
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_done() {
    let (_dir, store, id) = store().await;
    pragma(&store, "PRAGMA max_page_count = 100").await;
    let (stored, fault) = fill_up(&store, &id).await;
    assert!(matches!(fault, StoreError::Full), "{fault:?}");
    assert_eq!(count(&store, "calls").await, i64::from(stored));
    // The limit was the connection's own: the store opens a new one, as if space had been freed.
    store.record(&id, &call(&"after".into(), "{}", None), Timestamp(2)).await.unwrap();
    store.save_tokens(&id, &tokens(2)).await.unwrap();
    assert_eq!(store.open_calls(&id).await.unwrap().len(), stored as usize + 2, "what did not fit has waited");
}

#[tokio::test]
async fn a_database_that_turns_read_only_is_told() {
    let (_dir, store, id) = store().await;
    pragma(&store, "PRAGMA query_only = 1").await;
    let fault = store.record(&id, &call(&"c".into(), "{}", None), Timestamp(1)).await.unwrap_err();
    assert!(matches!(fault, StoreError::ReadOnly), "{fault:?}");
    store.record(&id, &call(&"c".into(), "{}", None), Timestamp(1)).await.unwrap();
}

/// Pages are torn while the daemon works: the state stays until somebody has replaced the file.
#[tokio::test]
async fn a_database_damaged_in_use_is_known_as_such_for_good() {
    let (dir, store, id) = store().await;
    for n in 0..200 {
        store.record(&id, &call(&CallKey::new(format!("c{n}")), &"x".repeat(500), None), Timestamp(1)).await.unwrap();
    }
    let store = reopen(&dir, store).await;
    let file = dir.path().join("store.db");
    let mut torn = std::fs::read(&file).unwrap();
    torn[4096..].fill(0x5a);
    // The file is changed, not replaced: the daemon has it open.
    let open = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&open, &torn, 0).unwrap();
    let fault = store.record(&id, &call(&"c".into(), "{}", None), Timestamp(7)).await.unwrap_err();
    assert!(matches!(fault, StoreError::Damaged(_)), "{fault:?}");
    assert!(fault.to_string().contains("store.db") && fault.to_string().contains("backup"), "{fault}");
    let keeper = store.clone();
    let tending = tokio::spawn(async move { keeper.tend(&Clock::manual(Timestamp(9))).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    tending.abort();
    let health = store.health();
    assert!(matches!(health, DiskState::Failing { since: Timestamp(7), .. }), "{health:?}");
}

#[tokio::test]
async fn the_log_moves_into_the_database_beside_the_writers() {
    let (dir, store, id) = store().await;
    let keeper = store.clone();
    let tending = tokio::spawn(async move { keeper.tend(&Clock::system()).await });
    let size = || std::fs::metadata(dir.path().join("store.db")).unwrap().len();
    let before = size();
    let mut written = 0;
    while size() < before + 100_000 {
        assert!(written < 20_000, "the database file does not grow");
        let step = call(&CallKey::new(format!("c{written}")), &"x".repeat(1_000), None);
        store.record(&id, &step, Timestamp(1)).await.unwrap();
        written += 1;
    }
    tending.abort();
    assert_eq!(store.open_calls(&id).await.unwrap().len(), written);
}

#[tokio::test]
async fn calls_do_not_wait_for_the_disk_and_settings_do() {
    let (_dir, store, _) = store().await;
    for (durability, want) in [(Durability::Kill, 1), (Durability::PowerLoss, 2)] {
        let mut tx = store.0.db.single(durability).await.unwrap();
        let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(tx.conn()).await.unwrap();
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(tx.conn()).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(tx.conn()).await.unwrap();
        assert_eq!((level, keys, mode.as_str()), (want, 1, "wal"));
        tx.commit().await.unwrap();
    }
}
