//! Copies of a database that is being written.

use super::*;
use crate::store::{CopyError, copy_database};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Puts a copy where a store can open it.
fn restored(copy: &Path, dir: &Path) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    fs::copy(copy, state.path().join("store.db")).unwrap();
    fs::copy(dir.join("key"), state.path().join("key")).unwrap();
    state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_in_mid_traffic_holds_whole_steps_and_all_that_came_before() {
    let (dir, store, id) = store().await;
    store.save_switch(&id, &switch()).await.unwrap();
    for n in 0..300 {
        let step =
            Record { trace: vec![line(&"x".into(), n, "t")], ..call(&CallKey::new(format!("a{n}")), "{}", None) };
        store.record(&id, &step, Timestamp(n)).await.unwrap();
    }
    let writing = tokio::spawn({
        let (store, id) = (store.clone(), id.clone());
        async move {
            for n in 0.. {
                let key = CallKey::new(format!("b{n}"));
                let step = Record {
                    intents: vec![intent(key.as_str(), &key, "i")],
                    trace: vec![line(&key, n, "t")],
                    ..call(&key, &"x".repeat(300), None)
                };
                store.record(&id, &step, Timestamp(n)).await.unwrap();
            }
        }
    });
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy.db");
    let mut seen = 0;
    for round in 0..50 {
        let copied = copy_database(dir.path(), &copy, None, round > 0).await.unwrap();
        assert_eq!((copied.companies, copied.key), (1, Some(dir.path().join("key"))));
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let state = restored(&copy, dir.path());
        let twin = open(state.path()).await;
        assert_eq!(shown(&twin.tokens(&id).await.unwrap().unwrap().access), "access-token-1");
        let company = twin.company(&id).await.unwrap().unwrap();
        assert_eq!(shown(&company.switch.unwrap().api_key), "switch-api-key");
        let calls = twin.open_calls(&id).await.unwrap();
        let intents = twin.pending_intents(&id).await.unwrap();
        assert_eq!(calls.len(), 300 + intents.len(), "steps are whole");
        assert!(intents.len() >= seen, "nothing is forgotten");
        for intent in &intents {
            assert_eq!(twin.trace(&id, &intent.call).await.unwrap().len(), 1);
        }
        seen = intents.len();
        twin.record(&id, &call(&"new".into(), "{}", None), Timestamp(1)).await.unwrap();
        if round >= 4 && seen > 0 {
            break;
        }
    }
    assert!(!writing.is_finished() && seen > 0, "the writer went on all the time");
    writing.abort();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "no draft is left");
}

#[tokio::test]
async fn a_copy_of_a_stopped_daemons_database_is_as_good() {
    let (dir, store, id) = store().await;
    store.record(&id, &call(&"c".into(), "{}", None), Timestamp(1)).await.unwrap();
    store.close().await;
    drop(store);
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy.db");
    copy_database(dir.path(), &copy, None, false).await.unwrap();
    let state = restored(&copy, dir.path());
    assert_eq!(open(state.path()).await.open_calls(&id).await.unwrap().len(), 1);
    assert_eq!(open(dir.path()).await.open_calls(&id).await.unwrap().len(), 1, "the original is as it was");
}

#[tokio::test]
async fn a_copy_replaces_nothing_unasked_and_never_the_state() {
    let (dir, _store, _) = store().await;
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy.db");
    fs::write(&copy, "precious").unwrap();
    fs::write(place.path().join("copy.db.part"), "left by a crash").unwrap();
    assert!(matches!(copy_database(dir.path(), &copy, None, false).await, Err(CopyError::Exists(_))));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
    copy_database(dir.path(), &copy, None, true).await.unwrap();
    for force in [false, true] {
        let inside = copy_database(dir.path(), &dir.path().join("store.db"), None, force).await;
        assert!(matches!(inside, Err(CopyError::Inside(_))), "{inside:?}");
        let key = copy_database(dir.path(), &copy, Some(&dir.path().join("key")), true).await;
        assert!(matches!(key, Err(CopyError::Inside(_))), "{key:?}");
    }
    let nowhere = copy_database(place.path(), &place.path().join("x"), None, false).await;
    assert!(matches!(nowhere, Err(CopyError::NoDatabase(_))), "{nowhere:?}");
    let no_dir = copy_database(dir.path(), &place.path().join("no/x"), None, false).await;
    assert!(matches!(no_dir, Err(CopyError::Target(_))), "{no_dir:?}");
    let key = place.path().join("k");
    copy_database(dir.path(), &copy, Some(&key), true).await.unwrap();
    fs::remove_file(&copy).unwrap();
    let taken = copy_database(dir.path(), &copy, Some(&key), false).await;
    assert!(matches!(taken, Err(CopyError::Exists(_))), "{taken:?}");
    assert!(!copy.exists(), "nothing is half done");
    assert_eq!(fs::read(&key).unwrap(), fs::read(dir.path().join("key")).unwrap());
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_damaged_database_gives_no_copy_and_leaves_an_older_one_alone() {
    let (dir, store, id) = store().await;
    for n in 0..200 {
        store.record(&id, &call(&CallKey::new(format!("c{n}")), &"x".repeat(500), None), Timestamp(1)).await.unwrap();
    }
    store.close().await;
    drop(store);
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy.db");
    copy_database(dir.path(), &copy, None, false).await.unwrap();
    let good = fs::read(&copy).unwrap();
    let file = dir.path().join("store.db");
    let mut torn = fs::read(&file).unwrap();
    let half = torn.len() / 8192 * 4096;
    torn[half..].fill(0x5a);
    fs::write(&file, torn).unwrap();
    let refused = copy_database(dir.path(), &copy, None, true).await;
    assert!(matches!(refused, Err(CopyError::Bad(_))), "{refused:?}");
    assert_eq!(fs::read(&copy).unwrap(), good);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_copy_of_what_a_killed_daemon_has_left_says_that_its_last_steps_are_missing() {
    let (dir, store, id) = store().await;
    let to = tempfile::tempdir().unwrap();
    let copied = copy_database(dir.path(), &to.path().join("whole"), None, false).await.unwrap();
    assert_eq!(copied.completeness, CopyCompleteness::Whole);
    store.keep(&id, call(&"a".into(), "{}", None), Timestamp(1));
    tokio::time::pause();
    let copied = copy_database(dir.path(), &to.path().join("part"), None, false).await.unwrap();
    assert_eq!(copied.completeness, CopyCompleteness::JournalLeft);
}
