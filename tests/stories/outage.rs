//! The portal is away, slow, or out of quota: nothing is lost, nothing is recorded twice.

use crate::support::{CLIENT, IVAN, Story, TestCompany, assert_true, only, talk, talked_leg, told};
use ecss_crm_server::sandbox::portal::{Fault, PushKind};
use ecss_crm_server::sandbox::switch::CallId;
use std::time::Duration;

const REGISTER: &str = "telephony.externalcall.register";
const FINISH: &str = "telephony.externalcall.finish";

/// A whole call, answered, of which the portal is told nothing yet.
async fn unheard(story: &Story, company: &TestCompany) -> CallId {
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    call
}

/// Waits until a method has been asked for this often.
async fn asked(story: &Story, company: &TestCompany, method: &str, times: usize) {
    let look = || (company.portal.requests_of(method).len() >= times).then_some(());
    story.until(&format!("{method} was asked for {times} times"), look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_during_an_outage_is_told_afterwards_once_and_without_a_card() {
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let call = unheard(&story, &company).await;
    asked(&story, &company, REGISTER, 3).await;
    company.portal.heal();
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    let began = record.call.started.millis() - truth.started.millis();
    assert!(began.abs() <= 1000, "registered with its true beginning: off by {began} ms");
    assert_eq!(only(told(&company.portal, "register")).params["SHOW"], 0);
    assert_eq!(told(&company.portal, "finish").len(), 1);
    assert!(company.portal.pushes().iter().all(|p| p.kind != PushKind::Show));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_in_mid_call_delays_the_end_and_a_card_appears_late_if_it_still_rings() {
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let call = company.incoming(CLIENT, "1001").await;
    asked(&story, &company, REGISTER, 2).await;
    company.portal.heal();
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.portal.standing(Fault::Outage);
    story.switch().remote_hangs_up(call).await.expect("it talks");
    asked(&story, &company, FINISH, 2).await;
    company.portal.heal();
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), told(&company.portal, "finish").len()), ("200", 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_double_nothing() {
    let (story, company) = Story::with_company().await;
    company.portal.next_for(REGISTER, Fault::DropAfter);
    company.portal.next_for(FINISH, Fault::DropAfter);
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    asked(&story, &company, REGISTER, 2).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    asked(&story, &company, FINISH, 2).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!(record.call.registrations, 2, "the same call was found again");
    assert_eq!(company.portal.finished_calls().len(), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_nobody_can_read_are_no_answers() {
    let (story, company) = Story::with_company().await;
    for fault in [Fault::EmptyBody, Fault::Html, Fault::InternalError, Fault::DropBefore] {
        for method in [REGISTER, FINISH] {
            company.portal.next_for(method, fault.clone());
        }
        let before = company.portal.finished_calls().len();
        let call = company.incoming(CLIENT, "1001").await;
        company.phone("1001").pick_up().await.expect("it rings");
        story.switch().remote_hangs_up(call).await.expect("it talks");
        let records = company.finished(&story, before + 1).await;
        assert_eq!((records.len(), records[before].code.as_str()), (before + 1, "200"), "{fault:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_whose_show_and_hide_are_lost_leaves_no_card_behind() {
    let (story, company) = Story::with_company().await;
    company.portal.next_for("telephony.externalcall.show", Fault::DropAfter);
    company.portal.next_for("telephony.externalcall.hide", Fault::DropBefore);
    let call = company.domain.group_call(CLIENT, &["1001", "1002", "1003"]).await.expect("all are free");
    company.cards_at(&story, &[7, 8, 9]).await;
    company.phone("1003").pick_up().await.expect("it rings");
    company.cards_at(&story, &[9]).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).user, 9);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_out_of_operating_time_rests_until_it_may_be_used_again() {
    let (story, company) = Story::with_company().await;
    company.portal.next_for(REGISTER, Fault::OperationTimeLimit(2));
    let call = unheard(&story, &company).await;
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert!(company.portal.requests_of(REGISTER).len() <= 3, "it is not asked for all the time");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_the_portal_refuses_for_good_ends_the_lane_and_no_other() {
    let (story, company) = Story::with_company().await;
    let refusal = Fault::Refuse(400, String::new(), "Unknown TYPE".to_owned());
    company.portal.next_for(REGISTER, refusal);
    let lost = company.incoming("+70000000000", "1001").await;
    asked(&story, &company, REGISTER, 1).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(lost).await.expect("it talks");
    story.truth(lost).await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!(record.call.external.as_deref(), Some(call.to_string().as_str()));
    assert_eq!(company.portal.requests_of(REGISTER).len(), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_the_portal_has_forgotten_is_recorded_all_the_same() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    company.portal.forget_open_calls();
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!(record.call.external.as_deref(), Some(call.to_string().as_str()));
    assert!((record.call.started.millis() - truth.started.millis()).abs() <= 1000);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_the_portal_does_not_take_and_an_employee_without_account_lose_no_call() {
    let (story, company) = Story::with_company().await;
    for words in ["Unsupported phone number format", "User is not found or is not active"] {
        company.portal.next_for(REGISTER, Fault::Refuse(400, String::new(), words.to_owned()));
        let before = company.portal.finished_calls().len();
        let call = company.incoming(CLIENT, "1001").await;
        asked(&story, &company, REGISTER, 2 * (before + 1)).await;
        company.phone("1001").pick_up().await.expect("it rings");
        story.switch().remote_hangs_up(call).await.expect("it talks");
        let records = company.finished(&story, before + 1).await;
        assert_eq!(records[before].code, "200", "{words}");
    }
    let records = company.portal.finished_calls();
    assert_eq!((records[0].call.number.as_str(), records[1].user), ("+", 1), "hidden; by the administrator");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_portal_is_told_everything_in_the_right_order() {
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Latency(Duration::from_millis(400)));
    let call = company.domain.group_call(CLIENT, &["1001", "1002", "1003"]).await.expect("all are free");
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let again = company.incoming(CLIENT, "1002").await;
    story.switch().remote_hangs_up(again).await.expect("it rings");
    let records = company.finished(&story, 2).await;
    let mut said: Vec<_> = records.iter().map(|r| (r.user, r.code.as_str())).collect();
    said.sort_unstable();
    assert_eq!(said, [(8, "200"), (8, "304")]);
    company.portal.heal();
    story.end().await;
}
