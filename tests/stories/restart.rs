//! The daemon is restarted while people talk.

use crate::support::{CLIENT, Card, IVAN, MARIA, PYOTR, Story, assert_true, only, talk, talked_leg, told};
use ecss_crm_server::sandbox::portal::Fault;
use reqwest::StatusCode;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_outlives_the_restart_has_one_true_record() {
    let (mut story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.stop_daemon().await;
    talk(1.2).await;
    story.start_daemon(1).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.user, told(&company.portal, "register").len()), (IVAN, 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ended_meanwhile_is_finished_after_the_grace_time() {
    let mut story = Story::begin_with(|s| s.reconnect_grace = Duration::from_secs(1)).await;
    let company = story.company("firma.local").await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    let missed = company.incoming("+73832000010", "1002").await;
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    talk(1.2).await;
    story.stop_daemon().await;
    talk(2.5).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    story.switch().remote_hangs_up(missed).await.expect("it rings");
    story.start_daemon(1).await;
    let mut records = company.finished(&story, 2).await;
    records.sort_by_key(|r| r.user);
    assert_eq!((records[0].user, records[0].code.as_str()), (IVAN, "200"));
    assert!(records[0].duration <= 2, "a length nobody has seen: {} s", records[0].duration);
    assert!(!records[0].reason.is_empty(), "the manager reads that the end was not seen");
    assert_eq!((records[1].user, records[1].code.as_str()), (PYOTR, "304"));
    company.cards_at(&story, &[]).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_of_a_group_answered_meanwhile_are_closed() {
    let mut story = Story::begin_with(|s| s.reconnect_grace = Duration::from_secs(2)).await;
    let company = story.company("firma.local").await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002", "1003"]).await.expect("all are free");
    company.cards_at(&story, &[IVAN, PYOTR, MARIA]).await;
    story.stop_daemon().await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.start_daemon(1).await;
    company.phone("1002").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!(record.user, PYOTR);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_opened_before_the_restart_goes_on_after_it() {
    let (mut story, mut company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let card = Card::open(&story, &company, IVAN).await;
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.online(&story).await;
    let mut live = card.stream().await;
    live.until("the switch can be asked again", |s| s["online"] == true && s["current"]["phase"] == "ringing").await;
    assert_eq!(card.press("answer").await.0, StatusCode::OK);
    live.phase("talking").await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    live.phase("ended").await;
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_portal_was_not_told_before_the_restart_is_told_after_it() {
    let (mut story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let asked = || (!company.portal.requests_of("telephony.externalcall.register").is_empty()).then_some(());
    story.until("the portal has been asked in vain", asked).await;
    company.calls_are_over(&story).await;
    story.stop_daemon().await;
    company.portal.heal();
    story.start_daemon(1).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!(only(told(&company.portal, "register")).params["SHOW"], "0", "nobody wants the card any more");
    let started = (record.call.started - Duration::ZERO).millis();
    assert!((started - truth.started.millis()).abs() <= 1000, "it began when it began");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_in_mid_dialling_survives_the_restart() {
    let (mut story, company) = Story::with_company().await;
    let (crm, _) = company.click(IVAN, CLIENT).await;
    company.phone_is("1001", ecss_crm_server::sandbox::switch::PhoneStatus::Ringing).await;
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.call.id, record.code.as_str()), (crm, "200"));
    assert!(told(&company.portal, "register").is_empty());
    assert_eq!(story.switch().commands().len(), 1, "nobody is rung twice");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_once_more_of_an_ended_call_makes_no_call_after_a_restart() {
    let (mut story, mut company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    let old = company.phone("1001").picture().expect("it talks");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(&story, 1).await;
    company.calls_are_over(&story).await;
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.settled(&story).await;
    story.switch().report_late(old);
    let next = company.incoming("+73832000010", "1002").await;
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().remote_hangs_up(next).await.expect("it rings");
    let records = company.finished(&story, 2).await;
    assert_eq!((records[1].user, told(&company.portal, "register").len()), (PYOTR, 2));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_daemon_restarts_without_a_word_to_anybody() {
    let (mut story, mut company) = Story::with_company().await;
    let bound = company.portal.requests_of("event.bind").len() + company.portal.requests_of("placement.bind").len();
    for _ in 0..2 {
        story.stop_daemon().await;
        story.start_daemon(1).await;
        company.settled(&story).await;
    }
    let again = company.portal.requests_of("event.bind").len() + company.portal.requests_of("placement.bind").len();
    assert_eq!(bound, again, "what is bound is not bound again");
    assert!(company.portal.pushes().is_empty());
    story.end().await;
}
