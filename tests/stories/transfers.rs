//! A client goes from hand to hand: forwarding, transfers, a conference, a second call.

use crate::support::{
    CLIENT, CLIENT_DIGITS, IVAN, MARIA, PYOTR, Story, TestCompany, assert_true, only, talk, talked_leg, told,
};
use ecss_crm_server::sandbox::portal::FinishedCall;
use ecss_crm_server::sandbox::switch::{CallId, Forwarding, Subscriber};
use std::time::Duration;

const OTHER: &str = "+73832000010";

/// A client calls Ivan, who picks up.
async fn answered(story: &Story, company: &TestCompany) -> CallId {
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    call
}

fn who_and_kind(records: &[FinishedCall]) -> Vec<(i64, i64, &str)> {
    records.iter().map(|r| (r.user, r.call.kind, r.code.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_forwarded_to_a_colleague_is_his_and_nobody_missed_it() {
    let (story, company) = Story::with_company().await;
    let forward = Forwarding { no_answer: Some("1002".into()), ..Forwarding::default() };
    let phone = Subscriber::new("1001").forwarding(forward);
    story.switch().add_subscriber(&company.simulated.domain, phone).expect("a phone that forwards");
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!((record.user, record.call.kind), (PYOTR, 2));
    assert!(company.portal.missed_calls().is_empty(), "nobody has missed it");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_handed_on_and_back_is_three_conversations() {
    let (story, company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    for (from, to, user) in [("1001", "1002", PYOTR), ("1002", "1001", IVAN)] {
        company.phone(from).transfer(to).await.expect("it talks");
        company.cards_at(&story, &[user]).await;
        company.phone(to).pick_up().await.expect("it rings");
    }
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let records = company.finished(&story, 3).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (PYOTR, 3, "200"), (IVAN, 3, "200")]);
    assert_true(&records[1], &talked_leg(&truth, "1002"));
    let mut names: Vec<_> = records.iter().map(|r| r.call.external.clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3, "each has a name of its own");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_nobody_takes_is_missed_by_whom_it_was_meant_for() {
    let (story, company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    company.phone("1001").transfer("1002").await.expect("it talks");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[]).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (PYOTR, 3, "304")]);
    assert_eq!(company.portal.missed_calls(), [(CLIENT_DIGITS.to_owned(), PYOTR)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_comes_back_is_a_second_conversation_of_who_takes_it() {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.transfer_recalls = true);
    let call = answered(&story, &company).await;
    company.phone("1001").transfer("1002").await.expect("it talks");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings again");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (IVAN, 3, "200")]);
    assert!(company.portal.missed_calls().is_empty(), "somebody took it in the end");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_to_somebody_outside_ends_the_employees_part() {
    let (story, company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    company.phone("1001").transfer(OTHER).await.expect("it talks");
    company.cards_at(&story, &[]).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.code.as_str()), (IVAN, "200"));
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = story.truth(call).await;
    assert_true(&record, &talked_leg(&truth, "1001"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_after_a_question_counts_each_ones_time_with_the_client() {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.transfer_releases_first = true);
    let call = answered(&story, &company).await;
    company.phone("1001").dial("1002").await.expect("the client is put on hold");
    company.phone("1002").pick_up().await.expect("it rings");
    // The question itself is none of the client's business.
    talk(2.5).await;
    company.phone("1001").transfer("1002").await.expect("both are there");
    company.cards_at(&story, &[PYOTR]).await;
    talk(1.2).await;
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (PYOTR, 3, "200")]);
    assert_true(&records[0], &talked_leg(&truth, "1001"));
    assert_true(&records[1], &talked_leg(&truth, "1002"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conference_gives_each_a_card_and_a_record() {
    let (story, company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    company.phone("1001").dial("1002").await.expect("the client is put on hold");
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1001").conference().await.expect("both are there");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1001").hang_up().await.expect("the employee leaves");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().remote_hangs_up(call).await.expect("the two others talk");
    let truth = story.truth(call).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (PYOTR, 3, "200")]);
    assert_true(&records[0], &talked_leg(&truth, "1001"));
    assert_true(&records[1], &talked_leg(&truth, "1002"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_call_during_the_first_is_a_call_of_its_own() {
    let (story, company) = Story::with_company().await;
    let phone = Subscriber::new("1001").call_waiting(true);
    story.switch().add_subscriber(&company.simulated.domain, phone).expect("a phone with call waiting");
    let first = answered(&story, &company).await;
    let second = company.incoming(OTHER, "1001").await;
    let portal = company.portal.clone();
    story.until("both calls are known", || (portal.open_calls().len() == 2).then_some(())).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    story.switch().remote_hangs_up(second).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    let truth = story.truth(second).await;
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!(record.call.number, "73832000010");
    company.phone("1001").retrieve().await.expect("the first client waits");
    story.switch().remote_hangs_up(first).await.expect("it talks");
    let truth = story.truth(first).await;
    let record = company.finished(&story, 2).await.remove(1);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.call.number.as_str(), record.user), (CLIENT_DIGITS, IVAN));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_to_a_group_rings_at_all_and_belongs_to_who_takes_it() {
    let (story, company) = Story::with_company().await;
    story.switch().add_group(&company.simulated.domain, "610", &["1002", "1003"]).expect("a group");
    let call = answered(&story, &company).await;
    company.phone("1001").transfer("610").await.expect("it talks");
    company.cards_at(&story, &[PYOTR, MARIA]).await;
    company.phone("1003").pick_up().await.expect("it rings");
    company.cards_at(&story, &[MARIA]).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (MARIA, 3, "200")]);
    assert_eq!(told(&company.portal, "register").len(), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_outlasts_a_break_in_silence_is_recorded_to_its_end() {
    let story = Story::begin_with(|s| s.reconnect_grace = Duration::from_secs(1)).await;
    let mut company = story.company("firma.local").await;
    let call = answered(&story, &company).await;
    talk(1.2).await;
    story.switch().drop_links();
    story.switch().wait_registers(2).await.expect("a fresh token");
    company.online(&story).await;
    let first = only(company.finished(&story, 1).await);
    assert!(!first.reason.is_empty(), "its end was not seen");
    company.cards_at(&story, &[]).await;
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(who_and_kind(&records), [(IVAN, 2, "200"), (IVAN, 3, "200")]);
    assert!(records[1].reason.is_empty(), "this end was seen: {}", records[1].reason);
    let talked = talked_leg(&truth, "1001").talked().expect("it talked").as_secs_f64();
    let recorded = (records[0].duration + records[1].duration) as f64;
    assert!((recorded - talked).abs() <= 2.0, "talked {talked} s, recorded {recorded} s");
    story.end().await;
}
