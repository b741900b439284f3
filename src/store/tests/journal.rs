//! From the first line in the journal to the row in the database, whatever comes in between.

use super::*;
use crate::domain::link::DiskState;
use futures_util::FutureExt as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

fn step(key: &str, body: &str) -> Record {
    let key = CallKey::from(key);
    Record { trace: vec![line(&key, 1, body)], intents: vec![intent("l", &key, body)], ..call(&key, body, None) }
}

/// How often a step was written: its lines would be there twice.
async fn times(store: &Store, company: &CompanyId, key: &str) -> usize {
    store.trace(company, &key.into()).await.unwrap().len()
}

/// Those that hold something.
fn journal_files(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let of_journal = files.filter(|file| file.to_str().unwrap().contains("journal."));
    of_journal.filter(|file| file.metadata().unwrap().len() > 0).collect()
}

/// The files as a kill at this moment leaves them.
fn killed(dir: &Path) -> TempDir {
    let left = tempfile::tempdir().unwrap();
    for file in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if !file.ends_with("lock") && !file.ends_with("store.db-shm") {
            fs::copy(&file, left.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    left
}

#[tokio::test]
async fn a_step_survives_a_kill_as_soon_as_it_is_kept() {
    let (dir, store, id) = store().await;
    let ids = store.keep(&id, step("a", "1"), Timestamp(1));
    store.keep(&id, Record { settled: ids.clone(), ..step("b", "2") }, Timestamp(2));
    assert_eq!(count(&store, "calls").await, 0, "it is not in the database yet");
    let left = killed(dir.path());
    let survivor = open(left.path()).await;
    assert_eq!(count(&survivor, "calls").await, 2, "it was moved before anybody asked");
    assert!(journal_files(left.path()).is_empty());
    assert_eq!((times(&survivor, &id, "a").await, times(&survivor, &id, "b").await), (1, 1));
    let waiting = survivor.pending_intents(&id).await.unwrap();
    assert_eq!(waiting.iter().map(|w| w.call.as_str()).collect::<Vec<_>>(), ["b"]);
    let next = survivor.keep(&id, step("c", "3"), Timestamp(3));
    assert!(next[0] > waiting[0].id, "no id is given twice");
}

#[tokio::test]
async fn what_was_moved_before_the_kill_is_not_moved_again() {
    let (dir, store, id) = store().await;
    store.keep(&id, step("a", "1"), Timestamp(1));
    let [file] = &journal_files(dir.path())[..] else { panic!("one file") };
    let line = fs::read(file).unwrap();
    assert_eq!(times(&store, &id, "a").await, 1);
    assert!(journal_files(dir.path()).is_empty(), "reading has moved it");
    let left = killed(dir.path());
    fs::write(left.path().join(file.file_name().unwrap()), line).unwrap();
    let survivor = open(left.path()).await;
    assert_eq!(times(&survivor, &id, "a").await, 1);
    assert!(journal_files(left.path()).is_empty());
}

#[tokio::test]
async fn whoever_reads_finds_what_was_kept() {
    let (_dir, store, id) = store().await;
    let key = CallKey::from("a");
    let named = Record { crm_ids: vec![("l".into(), "crm".into())], ..step("a", "1") };
    let event = store.push_event(&id, "k", "{}", Timestamp(1)).await.unwrap().unwrap();
    store.keep(&id, Record { handled: vec![event], ..named }, Timestamp(1));
    assert_eq!(store.crm_id(&id, &"l".into()).await.unwrap(), Some("crm".into()));
    assert_eq!(count(&store, "lanes").await, 0, "without moving it");
    assert!(store.pending_events(&id).await.unwrap().is_empty());
    for n in 2..7 {
        let ended = (n == 3).then_some(9);
        store.keep(&id, call(&key, &n.to_string(), ended), Timestamp(n));
        let body = n.to_string();
        match n {
            2 => assert_eq!(store.open_calls(&id).await.unwrap()[0].body, body),
            3 => assert_eq!(store.ended_calls(&id, Timestamp(1), 9).await.unwrap()[0].body, body),
            4 => assert_eq!(store.recent_calls(&id, 9, None).await.unwrap()[0].body, body),
            5 => assert_eq!(store.call(&id, &key).await.unwrap().unwrap().body, body),
            _ => {
                store.forget_before(Timestamp(0)).await.unwrap();
                assert_eq!(count(&store, "calls").await, 1);
            }
        }
    }
}

#[tokio::test]
async fn what_the_database_refused_is_stored_whole_and_once_when_it_works_again() {
    let (dir, store, id) = store().await;
    let first = store.record(&id, &step("a", "1"), Timestamp(1)).await.unwrap();
    store.break_disk(true).await;
    let second =
        store.keep(&id, Record { intents: vec![intent("l", &"a".into(), "x"); 2], ..step("a", "2") }, Timestamp(2));
    assert!(first[0] < second[0] && second[0] < second[1], "ids are given in order, stored or not");
    assert!(store.open_calls(&id).await.is_err(), "who takes up calls must not miss any");
    assert_eq!(store.recent_calls(&id, 9, None).await.unwrap()[0].body, "1", "who only looks sees what there is");
    store.keep(&id, Record { settled: vec![first[0], second[0]], ..call(&"b".into(), "3", None) }, Timestamp(3));
    assert!(store.open_calls(&id).await.is_err());
    store.keep(&id, Record { crm_ids: vec![("l".into(), "crm".into())], ..Record::default() }, Timestamp(4));
    assert_eq!(store.crm_id(&id, &"l".into()).await.unwrap(), Some("crm".into()), "what waits is known");
    let left = killed(dir.path());
    store.break_disk(false).await;
    for store in [store, open(left.path()).await] {
        let waiting = store.pending_intents(&id).await.unwrap();
        assert_eq!(waiting.iter().map(|w| (w.id, w.created_at)).collect::<Vec<_>>(), [(second[1], Timestamp(2))]);
        let rows = store.open_calls(&id).await.unwrap();
        let rows: Vec<_> = rows.iter().map(|c| (c.body.as_str(), c.created_at.0, c.updated_at.0)).collect();
        assert_eq!(rows, [("2", 1, 2), ("3", 3, 3)], "the last state of each call");
        assert_eq!(times(&store, &id, "a").await, 2, "no line is lost or doubled");
    }
    assert!(journal_files(dir.path()).is_empty());
}

#[tokio::test]
async fn a_step_against_the_rules_hurts_nobody_else() {
    let (_dir, store, id) = store().await;
    let two = new_company("member-2", "two.example");
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    let ids = store.keep(&id, step("a", "1"), Timestamp(1));
    store.keep(&id, step("b", "2"), Timestamp(1));
    store.keep(&two.id, step("c", "3"), Timestamp(1));
    store.keep(&"stranger".into(), step("d", "4"), Timestamp(1));
    // The first one's id is taken behind the store's back.
    let taken = format!("INSERT INTO outbox VALUES ('member-1', {}, 'l', 'x', 'x', 0)", ids[0].0);
    let mut tx = store.single_durable().await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(taken)).execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    let bodies = store.pending_intents(&id).await.unwrap();
    assert_eq!(bodies.iter().map(|w| w.body.as_str()).collect::<Vec<_>>(), ["x", "2"]);
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 2, "only the request itself is lost");
    assert_eq!((times(&store, &id, "a").await, times(&store, &two.id, "c").await), (1, 1));
    assert_eq!(count(&store, "calls").await, 3, "nothing is stored of a company that is not there");
    store.record(&id, &step("e", "5"), Timestamp(2)).await.unwrap();
}

/// A move wrote a company's part and not that it did; the request is settled before the next one.
#[tokio::test]
async fn a_settled_request_is_gone_although_nobody_knew_that_it_was_written() {
    let (dir, store, id) = store().await;
    let ids = store.keep(&id, step("a", "1"), Timestamp(1));
    let written = format!("INSERT INTO outbox VALUES ('member-1', {}, 'l', 'a', '1', 0)", ids[0].0);
    let mut tx = store.single_durable().await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(written)).execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    store.keep(&id, Record { settled: ids, ..Record::default() }, Timestamp(2));
    let left = killed(dir.path());
    let survivor = open(left.path()).await;
    for store in [store, survivor] {
        assert!(store.pending_intents(&id).await.unwrap().is_empty());
    }
}

/// Somebody reads calls, and is gone after so many looks for an answer.
async fn read_and_give_up(store: &Store, company: &CompanyId, polls: usize) {
    let mut reading = Box::pin(store.open_calls(company));
    for _ in 0..polls {
        if reading.as_mut().now_or_never().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_gives_up_reading_loses_and_doubles_nothing() {
    let (_dir, store, id) = store().await;
    for polls in 0..40 {
        store.keep(&id, step(&format!("c{polls}"), "x"), Timestamp(1));
        read_and_give_up(&store, &id, polls).await;
    }
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 40);
    for n in 0..40 {
        assert_eq!(times(&store, &id, &format!("c{n}")).await, 1);
    }
}

#[tokio::test]
async fn what_somebody_gave_up_moving_is_moved_without_waiting_for_the_next_step() {
    let (_dir, store, id) = store().await;
    let keeper = store.clone();
    let tending = tokio::spawn(async move { keeper.tend(&Clock::manual(Timestamp(9))).await });
    for polls in 0..12 {
        store.keep(&id, call(&CallKey::new(format!("c{polls}")), "{}", None), Timestamp(1));
        read_and_give_up(&store, &id, polls).await;
        until_stored(&store, polls as i64 + 1).await;
    }
    tending.abort();
}

#[tokio::test]
async fn the_last_state_of_a_call_is_known_although_no_disk_takes_it() {
    let (_dir, store, id) = store().await;
    let key = CallKey::from("a");
    store.record(&id, &call(&key, "1", None), Timestamp(1)).await.unwrap();
    assert_eq!(store.call_state(&id, &key).await.unwrap().as_deref(), Some("1"));
    store.break_disk(true).await;
    store.keep(&id, call(&key, "2", None), Timestamp(2));
    let state = store.call_state(&id, &key).now_or_never().expect("nobody waits for the disk");
    assert_eq!(state.unwrap().as_deref(), Some("2"));
    assert_eq!(store.call_state(&id, &"b".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_a_fault_of_the_disk_until_it_can() {
    let (dir, store, id) = store().await;
    let in_its_way = dir.path().join("journal.1");
    fs::create_dir(&in_its_way).unwrap();
    store.keep(&id, step("a", "1"), Timestamp(1));
    assert_ne!(store.health(), DiskState::Ok);
    assert!(store.probe(Timestamp(2)).await.is_err(), "the database alone is not enough");
    fs::remove_dir(&in_its_way).unwrap();
    store.probe(Timestamp(3)).await.unwrap();
    assert_eq!(times(&store, &id, "a").await, 1);
}

/// The journal cannot be written, the database can.
#[tokio::test]
async fn what_is_only_in_memory_is_not_taken_for_stored_when_its_reader_gives_up() {
    let (dir, store, id) = store().await;
    fs::create_dir(dir.path().join("journal.1")).unwrap();
    for polls in 0..20 {
        store.keep(&id, step(&format!("c{polls}"), "x"), Timestamp(1));
        read_and_give_up(&store, &id, polls).await;
    }
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 20);
    assert_eq!(store.pending_intents(&id).await.unwrap().len(), 20);
}

#[tokio::test]
async fn more_than_the_database_takes_in_one_go_is_still_moved_in_one_transaction() {
    let (_dir, store, id) = store().await;
    for n in 0..40 {
        store.keep(&id, call(&CallKey::new(format!("c{n}")), &"x".repeat(100_000), None), Timestamp(n));
    }
    let rows = store.open_calls(&id).await.unwrap();
    assert_eq!(rows.len(), 40);
    assert!(rows.is_sorted_by_key(|row| row.created_at), "in the order in which they came");
}

#[tokio::test]
async fn a_company_that_is_far_ahead_of_the_disk_waits_for_it_and_no_other_does() {
    let (_dir, store, id) = store().await;
    let flood = || (0..5).for_each(|_| drop(store.keep(&id, step("a", &"x".repeat(500_000)), Timestamp(1))));
    store.keep(&id, step("b", "1"), Timestamp(1));
    store.hold_back(&id).await;
    assert_eq!(count(&store, "calls").await, 0, "there is little");
    flood();
    store.hold_back(&"another".into()).await;
    assert_eq!(count(&store, "calls").await, 0, "it is not of that company");
    store.hold_back(&id).await;
    assert_eq!(count(&store, "calls").await, 2);
    store.break_disk(true).await;
    flood();
    store.hold_back(&id).await;
    flood();
    assert!(store.hold_back(&id).now_or_never().is_some(), "nobody waits for a disk that fails");
}

/// Waits for the store's own thread, while the clock of the test stands.
async fn until_stored(store: &Store, calls: i64) {
    while count(store, "calls").await < calls {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn steps_are_moved_soon_and_at_once_where_there_are_many() {
    let (_dir, store, id) = store().await;
    let keeper = store.clone();
    let tending = tokio::spawn(async move { keeper.tend(&Clock::manual(Timestamp(9))).await });
    tokio::task::yield_now().await;
    tokio::time::pause();
    for n in 0..300 {
        store.keep(&id, call(&CallKey::new(format!("c{n}")), "{}", None), Timestamp(1));
    }
    tokio::time::resume();
    until_stored(&store, 300).await;
    store.keep(&id, call(&"single".into(), "{}", None), Timestamp(1));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    until_stored(&store, 301).await;
    tending.abort();
}

#[tokio::test]
async fn an_older_database_does_not_take_the_journal_of_a_later_one_for_its_own() {
    let (dir, store, id) = store().await;
    store.record(&id, &step("a", "1"), Timestamp(1)).await.unwrap();
    store.keep(&id, step("b", "2"), Timestamp(1));
    let older = killed(dir.path());
    let file = journal_files(older.path()).remove(0);
    let number: i64 = file.extension().unwrap().to_str().unwrap().parse().unwrap();
    fs::rename(&file, file.with_extension((number + 7).to_string())).unwrap();
    let store = open(older.path()).await;
    assert_eq!(store.open_calls(&id).await.unwrap().len(), 1);
    assert_eq!(journal_files(older.path()), [older.path().join(format!("set-aside-journal.{}", number + 7))]);
}

#[tokio::test]
async fn a_start_with_another_databases_key_leaves_the_journal_alone() {
    let (dir, store, id) = store().await;
    store.keep(&id, step("a", "1"), Timestamp(1));
    let left = killed(dir.path());
    let [file] = &journal_files(left.path())[..] else { panic!("one file") };
    let (lines, key) = (fs::read(file).unwrap(), left.path().join("key"));
    let right = fs::read(&key).unwrap();
    fs::write(&key, "ab".repeat(32)).unwrap();
    let refused = Store::open_with(left.path(), None).await.err();
    assert!(matches!(refused, Some(StoreError::Sealed(_))), "{refused:?}");
    assert_eq!(fs::read(file).unwrap(), lines);
    fs::write(&key, right).unwrap();
    assert_eq!(times(&open(left.path()).await, &id, "a").await, 1);
}

#[tokio::test]
async fn a_database_with_a_higher_number_removes_no_journal_that_is_not_its_own() {
    let (dir, store, id) = store().await;
    store.keep(&id, step("a", "1"), Timestamp(1));
    let left = killed(dir.path());
    let [file] = &journal_files(left.path())[..] else { panic!("one file") };
    // Another life of the database has come further.
    for n in 0..3 {
        store.record(&id, &step(&n.to_string(), "x"), Timestamp(2)).await.unwrap();
    }
    let later = killed(dir.path());
    let lines = fs::read(file).unwrap();
    fs::write(later.path().join("journal.2"), &lines).unwrap();
    open(later.path()).await;
    assert_eq!(fs::read(later.path().join("set-aside-journal.2")).unwrap(), lines);
}

#[tokio::test]
async fn nothing_of_a_deleted_company_stays_in_what_was_set_aside() {
    let (dir, store, id) = store().await;
    store.keep(&id, step("a", "79835551122"), Timestamp(1));
    let file = journal_files(dir.path()).remove(0);
    let aside = dir.path().join("set-aside-journal.9");
    fs::copy(file, &aside).unwrap();
    store.begin_deletion(&id, Timestamp(2)).await.unwrap();
    store.delete_company(&id, |_| ()).await.unwrap();
    assert!(!aside.exists());
}

#[tokio::test]
async fn nothing_of_a_deleted_company_stays_in_the_journal() {
    let (dir, store, id) = store().await;
    store.keep(&id, step("a", "79835551122"), Timestamp(1));
    assert_eq!(journal_files(dir.path()).len(), 1);
    store.begin_deletion(&id, Timestamp(2)).await.unwrap();
    store.keep(&id, step("b", "79835551122"), Timestamp(3));
    store.delete_company(&id, |_| ()).await.unwrap();
    assert!(journal_files(dir.path()).is_empty());
    assert_eq!(count(&store, "calls").await, 0);
}
