//! One company's portal hangs and the switch floods: the others do not notice.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, only, told};
use ecss_crm_server::domain::Budget;
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::{Method, StatusCode};
use std::time::Duration;

/// Calls that come in while nobody can tell the portal.
const PILE: usize = 25;

/// A client calls Pyotr, who answers; the record is there when this returns.
async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1002").await;
    company.cards_at(story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(company.finished(story, before + 1).await[before].code, "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_never_answers_and_a_flood_of_frames_delay_nobody_else() {
    let mut story = Story::begin_with(|s| s.portal_budget = Budget::Unlimited).await;
    let mut ill = story.company("odin.local").await;
    let mut well = story.company("dva.local").await;
    for company in [&ill, &well] {
        company.portal.set_limits(Limits { bucket: None, operating: None });
    }
    ill.portal.standing(Fault::Hang);
    // Nonsense for everybody, and calls for one: each is a conversation with a portal that does not answer.
    for n in 0..PILE {
        for _ in 0..40 {
            story.switch().send_raw(&format!("{{\"event\":\"presence\",\"data\":{{\"n\":{n}}}}}"));
        }
        ill.incoming(&format!("+791300001{n:02}"), "1001").await;
        ill.phone("1001").reject().await.expect("it rings");
    }
    whole_call(&story, &well).await;
    let (_, status) = well.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    well.phone_is("1001", PhoneStatus::Ringing).await;
    well.phone("1001").reject().await.expect("it rings");
    well.finished(&story, 2).await;
    assert!(well.admin.page("/company?tab=diagnostics").await.is_ok());
    assert!(ill.admin.page("/company?tab=diagnostics").await.is_ok(), "its own pages open as well");
    assert!(told(&ill.portal, "register").is_empty(), "all this while the other portal has not answered");
    assert_eq!(story.switch().links(), 2, "both have read all that was sent");

    ill.portal.heal();
    // A new process does not wait for the answers of the old one.
    story.stop_daemon().await;
    story.start_daemon(2).await;
    let records = ill.finished(&story, PILE).await;
    assert_eq!(records.len(), PILE);
    assert!(records.iter().all(|r| r.call.registrations == 1), "{records:?}");
    whole_call(&story, &well).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_table_that_waits_for_its_portal_keeps_nobody_waiting() {
    let story = Story::begin().await;
    let (mut ill, mut well) = (story.company("odin.local").await, story.company("dva.local").await);
    ill.portal.standing_for("user.get", Fault::Latency(Duration::from_secs(12)));
    let request = ill.admin.request(Method::GET, "/company/employees").header("accept", "application/json");
    let asked = tokio::spawn(request.send());
    assert!(!well.employees().await.is_empty());
    let call = ill.incoming(CLIENT, "1001").await;
    ill.cards_at(&story, &[IVAN]).await;
    ill.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(ill.finished(&story, 1).await).code, "200");
    let status = ill.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0;
    assert_eq!(status, StatusCode::OK, "the table can be saved all the same");
    assert!(!asked.is_finished(), "all this while the portal has not told its users");
    let answer = asked.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    ill.portal.heal();
    story.end().await;
}
