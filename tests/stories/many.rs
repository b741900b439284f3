//! Several telephones ring for one call: queues, groups, hunting.

use crate::support::{CLIENT, CLIENT_DIGITS, IVAN, MARIA, PYOTR, Story, assert_true, only, talked_leg, told};
use ecss_crm_server::sandbox::portal::{PushKind, Request};
use ecss_crm_server::sandbox::switch::PhoneStatus;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_sees_one_call_and_the_quickest_keeps_it() {
    let (story, company) = Story::with_company().await;
    let members = ["1000", "1001", "1002", "1003"];
    let call = company.domain.group_call(CLIENT, &members).await.expect("all are free");
    company.cards_at(&story, &[1, IVAN, PYOTR, MARIA]).await;
    let register = only(told(&company.portal, "register"));
    assert_eq!(register.params["USER_ID"], "1", "the first who rings");
    let show = only(told(&company.portal, "show"));
    assert_eq!(show.params["USER_ID"], serde_json::json!(["7", "8", "9"]), "the others at once");
    let about_calls = |batch: &Request| batch.params["cmd"].to_string().contains("externalCall.");
    let batches = company.portal.requests_of("batch").iter().filter(|batch| about_calls(batch)).count();
    assert_eq!(batches, 1, "and all of them in one request");
    company.phone("1002").pick_up().await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!(record.user, PYOTR, "who talked, not who rang first");
    assert!(company.portal.missed_calls().is_empty(), "nobody has missed it");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_call_nobody_answers_is_missed_once() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002", "1003"]).await.expect("all are free");
    company.cards_at(&story, &[IVAN, PYOTR, MARIA]).await;
    company.phone("1001").reject().await.expect("it rings");
    company.cards_at(&story, &[PYOTR, MARIA]).await;
    story.switch().remote_hangs_up(call).await.expect("the client gives up");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.user), ("304", IVAN));
    assert_eq!(company.portal.missed_calls(), [(CLIENT_DIGITS.to_owned(), IVAN)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hunt_wanders_from_card_to_card_and_is_one_record() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.hunt_call(CLIENT, &["1001", "1002", "1003"]).await.expect("all are free");
    company.cards_at(&story, &[IVAN]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[MARIA]).await;
    company.phone("1003").pick_up().await.expect("it rings");
    company.phone("1003").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1003"));
    assert_eq!(record.user, MARIA);
    assert_eq!(told(&company.portal, "register").len(), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hunt_nobody_answers_is_missed_once() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.hunt_call(CLIENT, &["1001", "1002"]).await.expect("all are free");
    company.cards_at(&story, &[IVAN]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().no_answer(call).await.expect("it rings");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.duration), ("304", 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queues_voice_menu_is_no_answer() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.queue_call(CLIENT, "112", &["1001", "1002"]).await.expect("a queue");
    story.switch().queue_offer(call, Some("1001")).await.expect("the employee is free");
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").reject().await.expect("it rings");
    company.cards_at(&story, &[]).await;
    story.switch().queue_offer(call, Some("1002")).await.expect("the employee is free");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!((record.user, record.call.kind), (PYOTR, 2));
    assert_eq!(told(&company.portal, "register").len(), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_calls_the_queue_hears_the_menu_and_is_not_put_through_as_answered() {
    let (story, company) = Story::with_company().await;
    // The employee's own leg talks to the menu: a number that is nobody's, so it is a call of the employee like any
    // other.
    let call = company.domain.queue_call("1000", "112", &["1001"]).await.expect("a queue");
    story.switch().queue_offer(call, Some("1001")).await.expect("the employee is free");
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1000").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let caller = talked_leg(&truth, "1000");
    for record in company.finished(&story, 1).await {
        assert_eq!(record.user, 1, "the operator talked to a colleague, which is none of the CRM's business");
        assert_true(&record, &caller);
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_takes_a_call_that_rings_elsewhere() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1002").pick_up_for("1001").await.expect("it rings there");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!(record.user, PYOTR);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_transfer_gives_each_his_own_record() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1001").transfer("1002").await.expect("it talks");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(records.iter().map(|r| (r.user, r.call.kind)).collect::<Vec<_>>(), [(IVAN, 2), (PYOTR, 3)]);
    assert_true(&records[0], &talked_leg(&truth, "1001"));
    assert_true(&records[1], &talked_leg(&truth, "1002"));
    assert_ne!(records[0].call.external, records[1].call.external);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_after_a_question_moves_the_card() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1001").dial("1002").await.expect("the client is put on hold");
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1001").transfer("1002").await.expect("both are there");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").hang_up().await.expect("it talks");
    story.truth(call).await;
    let records = company.finished(&story, 2).await;
    assert_eq!(records.iter().map(|r| (r.user, r.code.as_str())).collect::<Vec<_>>(), [(IVAN, "200"), (PYOTR, "200")]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_ever_shown_two_cards_of_one_call() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002"]).await.expect("both are free");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1001").hold().await.expect("it talks");
    company.phone("1001").retrieve().await.expect("it holds");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(&story, 1).await;
    for user in [IVAN, PYOTR] {
        let shows = company.portal.pushes().into_iter().filter(|p| p.user == user && p.kind == PushKind::Show).count();
        assert_eq!(shows, 1, "cards shown to {user}");
    }
    story.end().await;
}
