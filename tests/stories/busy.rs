//! The company's work is held up while people talk: a frame's moment is when it was read, not when it was dealt with.
//!
//! What holds it up is a lock on the database: the actor waits for its store, while the link to the switch reads on.

use crate::support::{CLIENT, IVAN, MARIA, PYOTR, Story, assert_true, talk, talked_leg};
use ecss_crm_server::sandbox::switch::CallId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::time::Duration;
use tokio::time::Instant;

const OTHER: &str = "+73832000010";
const THIRD: &str = "+73832000011";
/// How long nobody can write.
const HELD_UP: Duration = Duration::from_secs(20);

/// Takes the database's only place for writers.
async fn lock(story: &Story) -> SqliteConnection {
    let file = story.environment().settings.state_dir.join("store.db");
    let mut held = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_secs(30))
        .connect()
        .await
        .expect("the database");
    held.execute("BEGIN IMMEDIATE").await.expect("nobody else writes for long");
    held
}

async fn end(story: &Story, call: CallId) {
    story.switch().remote_hangs_up(call).await.expect("they talk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_that_begin_or_end_while_the_work_is_held_up_keep_their_length() {
    let (story, company) = Story::with_company().await;
    // The lock is the story's own.
    story.forgive_errors("the database cannot be written");
    let first = company.incoming(CLIENT, "1001").await;
    let second = company.incoming(OTHER, "1002").await;
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.lists_active(&story, "talking").await;
    talk(1.0).await;
    let held = lock(&story).await;
    let since = Instant::now();
    company.phone("1002").pick_up().await.expect("it rings");
    talk(3.4).await;
    end(&story, first).await;
    talk(0.3).await;
    let third = company.incoming(THIRD, "1003").await;
    talk(0.3).await;
    company.phone("1003").pick_up().await.expect("it rings");
    end(&story, second).await;
    talk(6.6).await;
    end(&story, third).await;
    tokio::time::sleep_until(since + HELD_UP).await;
    held.close().await.expect("the lock is given back");
    company.calls_are_over(&story).await;
    let records = company.finished(&story, 3).await;
    for (user, phone, call) in [(IVAN, "1001", first), (PYOTR, "1002", second), (MARIA, "1003", third)] {
        let mine: Vec<_> = records.iter().filter(|r| r.user == user).collect();
        assert_eq!(mine.len(), 1, "{records:#?}");
        assert_true(mine[0], &talked_leg(&story.truth(call).await, phone));
    }
    assert_eq!(records.len(), 3);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_call_that_was_read_during_the_hold_up_is_recorded_with_its_length() {
    let (story, company) = Story::with_company().await;
    story.forgive_errors("the database cannot be written");
    let held = lock(&story).await;
    let since = Instant::now();
    // Something to wait with.
    let first = company.incoming(OTHER, "1002").await;
    talk(0.3).await;
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(3.6).await;
    end(&story, call).await;
    tokio::time::sleep_until(since + HELD_UP).await;
    story.switch().no_answer(first).await.expect("it rings");
    held.close().await.expect("the lock is given back");
    company.calls_are_over(&story).await;
    let records = company.finished(&story, 2).await;
    let mine: Vec<_> = records.iter().filter(|r| r.user == IVAN).collect();
    assert_eq!(mine.len(), 1, "{records:#?}");
    assert_true(mine[0], &talked_leg(&story.truth(call).await, "1001"));
    let begun = mine[0].call.started.millis() - story.truth(call).await.started.millis();
    assert!(begun.abs() <= 1_000, "it began when it began, not {begun} ms off");
    story.end().await;
}
