//! The switch forgets to report the end of a call while the connection holds: an age limit ends it.

use crate::support::{
    CLIENT, IVAN, PYOTR, Story, TestCompany, assert_nobody_else_talked, only, seconds, talk, talked_leg, talks,
};
use ecss_crm_server::sandbox::portal::FinishedCall;
use std::time::Duration;

const OTHER: &str = "+73832000010";
/// A little more than the limit that these companies choose.
const LIMIT: Duration = Duration::from_secs(61 * 60);

async fn with_limit() -> (Story, TestCompany) {
    let (story, mut company) = Story::with_company().await;
    company.choose(&[("longest_call_h", "1")]).await;
    story.forgive_one_refresh_at_most();
    (story, company)
}

/// Somebody else's call, which wakes up everything that sleeps.
async fn another_call(story: &Story, company: &TestCompany) {
    let call = company.incoming(OTHER, "1003").await;
    company.phone("1003").pick_up().await.expect("it rings");
    talk(1.1).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
}

fn of<'a>(records: &'a [FinishedCall], users: &[i64]) -> Vec<&'a FinishedCall> {
    records.iter().filter(|r| users.contains(&r.user)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_whose_end_is_never_told_ends_at_the_age_limit_without_invented_seconds() {
    let (story, company) = with_limit().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.lists_active(&story, "talking").await;
    talk(2.2).await;
    story.switch().forget_call(call).expect("they talk");
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = seconds(&talked_leg(&story.truth(call).await, "1001"));
    another_call(&story, &company).await;
    company.cards_at(&story, &[IVAN]).await;
    assert_eq!(company.finished(&story, 1).await.len(), 1, "an hour is not over: the call may go on");
    story.pass(LIMIT);
    another_call(&story, &company).await;
    let records = company.over(&story).await;
    let record = only(of(&records, &[IVAN]));
    assert_eq!((record.code.as_str(), record.call.kind), ("200", 2));
    assert!(!record.reason.is_empty(), "the manager reads that the end was not seen");
    assert!(record.duration as f64 <= truth + 1.0, "talked {truth} s, invented: {record:#?}");

    // Hours later the switch remembers.
    let before = records.len();
    story.pass(LIMIT * 3);
    story.switch().remember_call(call).expect("known");
    another_call(&story, &company).await;
    let records = company.over(&story).await;
    assert_eq!(of(&records, &[IVAN]).len(), 1, "it was recorded already: {records:#?}");
    assert_eq!(records.len(), before + 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_never_stops_ringing_is_a_missed_call_at_the_age_limit() {
    let (story, company) = with_limit().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().forget_call(call).expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it rings");
    story.pass(LIMIT);
    another_call(&story, &company).await;
    let records = company.over(&story).await;
    let record = only(of(&records, &[IVAN]));
    assert_eq!((record.code.as_str(), record.duration), ("304", 0), "{record:#?}");
    let before = records.len();
    story.switch().remember_call(call).expect("known");
    another_call(&story, &company).await;
    assert_eq!(company.over(&story).await.len(), before + 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_forgotten_telephone_of_a_group_does_not_touch_the_others_conversation() {
    let (story, company) = with_limit().await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002"]).await.expect("both are free");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1001").forget().expect("it rings");
    company.phone("1002").pick_up().await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    talk(2.2).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = seconds(&talked_leg(&story.truth(call).await, "1002"));
    company.cards_at(&story, &[]).await;
    story.pass(LIMIT);
    another_call(&story, &company).await;
    let records = company.over(&story).await;
    let record = only(talks(&records, PYOTR, CLIENT));
    assert!((record.duration as f64 - truth).abs() <= 1.0, "talked {truth} s: {record:#?}");
    assert_nobody_else_talked(&records, &[(PYOTR, CLIENT), (crate::support::MARIA, OTHER)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_forgotten_and_outlives_a_restart_still_ends_at_the_age_limit() {
    let (mut story, company) = with_limit().await;
    // Another telephone's leg is reported again, so that the lost link alone ends nothing that is still seen.
    story.switch().set_quirks(|q| q.replay_on_connect = true);
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.lists_active(&story, "talking").await;
    talk(1.2).await;
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.lists_active(&story, "talking").await;
    talk(1.2).await;
    story.switch().forget_call(call).expect("they talk");
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = seconds(&talked_leg(&story.truth(call).await, "1001"));
    story.pass(LIMIT);
    another_call(&story, &company).await;
    let records = company.over(&story).await;
    let recorded: i64 = of(&records, &[IVAN]).iter().map(|r| r.duration).sum();
    assert!(recorded as f64 <= truth + 1.0, "talked {truth} s: {records:#?}");
    assert!(of(&records, &[IVAN]).iter().any(|r| r.code == "200"), "{records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_conversation_within_the_limit_keeps_its_length() {
    let (story, company) = with_limit().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.lists_active(&story, "talking").await;
    story.pass(Duration::from_secs(50 * 60));
    another_call(&story, &company).await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = seconds(&talked_leg(&story.truth(call).await, "1001")) + 3_000.0;
    let records = company.over(&story).await;
    let record = only(of(&records, &[IVAN]));
    assert!((record.duration as f64 - truth).abs() <= 1.0, "talked {truth} s: {record:#?}");
    assert!(record.reason.is_empty(), "this end was seen: {record:#?}");
    story.end().await;
}
