//! Opening, closing, and state directories in a bad state.

use super::*;
use crate::ownership::{folder_of_another, strangers};
use sqlx::migrate::Migrator;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn fault(dir: &Path) -> StoreError {
    Store::open_with(dir, None).await.err().expect("it must not open")
}

#[tokio::test]
async fn only_the_daemon_can_look_into_its_state() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/down");
    let store = open(&state).await;
    store.register_company(&new_company("m", "d"), &tokens(1), Timestamp(1)).await.unwrap();
    assert_eq!(mode(&state), 0o700);
    let mut names = Vec::new();
    for file in fs::read_dir(&state).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["key", "lock", "store.db", "store.db-shm", "store.db-wal"]);
}

/// An administrator's command is the first to open what was restored.
#[tokio::test]
async fn what_root_opens_in_the_daemons_directory_stays_the_daemons() {
    let Some(dir) = folder_of_another() else { return };
    for round in ["new", "left behind by root"] {
        let store = open(&dir.path().join("state")).await;
        store.register_company(&new_company("m", "d"), &tokens(1), Timestamp(1)).await.unwrap();
        assert_eq!(strangers(dir.path()), Vec::<PathBuf>::new(), "{round}");
        store.close().await;
        for name in ["lock", "store.db"] {
            chown(dir.path().join("state").join(name), Some(0), Some(0)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_store_that_was_never_closed_opens_with_everything_in_it() {
    let (dir, store, id) = store().await;
    store.record(&id, &call(&"c".into(), "{}", None), Timestamp(1)).await.unwrap();
    drop(store);
    let store = open(dir.path()).await;
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 1);
    assert!(store.tokens(&id).await.unwrap().is_some());
}

/// What a kill leaves behind: the files as they are at that moment, the log not folded in.
#[tokio::test]
async fn the_files_of_a_killed_process_open_with_everything_in_them() {
    let (dir, store, id) = store().await;
    for n in 0..20 {
        store.record(&id, &call(&CallKey::new(format!("c{n}")), "{}", None), Timestamp(1)).await.unwrap();
    }
    let left = tempfile::tempdir().unwrap();
    for name in ["key", "store.db", "store.db-wal"] {
        fs::copy(dir.path().join(name), left.path().join(name)).unwrap();
    }
    let log = left.path().join("store.db-wal");
    let half_written = [fs::read(&log).unwrap(), vec![7; 1000]].concat();
    fs::write(&log, half_written).unwrap();
    let survivor = open(left.path()).await;
    assert_eq!(survivor.open_calls(&id).await.unwrap().len(), 20);
    survivor.record(&id, &call(&"more".into(), "{}", None), Timestamp(1)).await.unwrap();
}

#[tokio::test]
async fn two_daemons_do_not_share_a_state() {
    let (dir, store, _) = store().await;
    assert!(matches!(fault(dir.path()).await, StoreError::InUse));
    let twin = store.clone();
    drop(store);
    assert!(matches!(fault(dir.path()).await, StoreError::InUse));
    drop(twin);
    open(dir.path()).await;
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_dir, store, id) = store().await;
    store.ping().await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.save_tokens(&id, &tokens(2)).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key"), "ab".repeat(32)).unwrap();
    let garbage = "garbage ".repeat(2000);
    fs::write(dir.path().join("store.db"), &garbage).unwrap();
    let fault = fault(dir.path()).await;
    assert!(matches!(fault, StoreError::Damaged(_)), "{fault:?}");
    assert!(fault.to_string().contains("backup"), "{fault}");
    assert_eq!(fs::read_to_string(dir.path().join("store.db")).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_with_torn_pages_is_refused_or_read_but_never_panics() {
    let (dir, store, id) = store().await;
    for n in 0..200 {
        store.record(&id, &call(&CallKey::new(format!("c{n}")), &"x".repeat(500), None), Timestamp(1)).await.unwrap();
    }
    store.close().await;
    drop(store);
    let file = dir.path().join("store.db");
    let whole = fs::read(&file).unwrap();
    let (mut refused, pages) = (0, whole.len() / 4096);
    for page in 0..pages {
        let mut torn = whole.clone();
        torn[page * 4096..(page + 1) * 4096].fill(0x5a);
        fs::write(&file, &torn).unwrap();
        let fault = match Store::open_with(dir.path(), None).await {
            Ok(store) => store.open_calls(&id).await.err(),
            Err(fault) => {
                assert_eq!(fs::read(&file).unwrap(), torn, "it is left alone");
                Some(fault)
            }
        };
        refused += usize::from(matches!(fault, Some(StoreError::Damaged(_))));
    }
    // A page that holds nothing any more may be torn.
    assert!(refused * 10 >= pages * 9, "{refused} of {pages} torn pages were found");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_by_its_number() {
    let (dir, store, _) = store().await;
    sql(
        &store,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .await;
    store.close().await;
    drop(store);
    assert!(matches!(fault(dir.path()).await, StoreError::Newer(9999)));
}

/// Seventeen steps led builds before the release to this schema; `tests/migrations.rs` proves that it is the same.
static FORMER_STEPS: Migrator = sqlx::migrate!("tests/migrations/former");

/// A store with a company in it, as a build left it that had gone so many of the former steps.
async fn left_after(steps: usize) -> (TempDir, CompanyId) {
    let (dir, store, id) = store().await;
    // What has come since.
    sql(&store, "ALTER TABLE progress DROP COLUMN journal_id").await;
    sql(&store, "ALTER TABLE progress RENAME COLUMN journal_file TO last_group").await;
    sql(&store, "DROP TABLE audit").await;
    sql(&store, "DROP TABLE evidence").await;
    sql(&store, "DROP TABLE seen_numbers").await;
    sql(&store, "DELETE FROM _sqlx_migrations").await;
    for step in FORMER_STEPS.iter().take(steps) {
        let mut tx = store.single_durable().await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ($1, $2, TRUE, $3, 0)",
        )
        .bind(step.version)
        .bind(&*step.description)
        .bind(&*step.checksum)
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    store.close().await;
    (dir, id)
}

#[tokio::test]
async fn a_database_of_the_former_steps_is_taken_over_with_everything_in_it() {
    let (dir, id) = left_after(17).await;
    for round in ["taken over", "opened again"] {
        let store = open(dir.path()).await;
        assert!(store.tokens(&id).await.unwrap().is_some(), "{round}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_that_has_gone_only_some_of_the_former_steps_is_refused_and_left_alone() {
    let (dir, _) = left_after(14).await;
    let before = fs::read(dir.path().join("store.db")).unwrap();
    let fault = fault(dir.path()).await;
    assert!(matches!(fault, StoreError::Unfinished(14)), "{fault:?}");
    assert!(fault.to_string().contains("move store.db"), "{fault}");
    assert_eq!(fs::read(dir.path().join("store.db")).unwrap(), before);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o500)).unwrap();
    // Root may write anywhere but here.
    let place = if fs::write(dir.path().join("probe"), "").is_ok() { Path::new("/sys") } else { dir.path() };
    let fault = fault(&place.join("state")).await;
    assert!(matches!(fault, StoreError::ReadOnly), "{fault:?}");
    assert!(fault.to_string().contains("permissions"), "{fault}");
}
