//! The machine's clock is set while people talk.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, assert_true, only, talk, talked_leg, told};

const HOUR: i64 = 3_600_000;
const SET: &str = "the machine's clock was set";

/// Sets the clock, and waits until the daemon goes by it.
async fn set_clock(story: &Story, by: i64) {
    let before = story.said(SET);
    story.environment().clock.set_machine(by);
    story.until_asked("the new time is taken over", async || (story.said(SET) > before).then_some(())).await;
}

/// How far a call's beginning in the CRM is from the true one, in milliseconds.
async fn whole_call(story: &Story, company: &TestCompany) -> i64 {
    let before = company.portal.finished_calls().len();
    let call = company.incoming("+73832000010", "1002").await;
    company.cards_at(story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let records = company.finished(story, before + 1).await;
    records[before].call.started.millis() - truth.started.millis()
}

async fn a_call_across(by: i64) {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(0.5).await;
    set_clock(&story, by).await;
    talk(0.5).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    company.cards_at(&story, &[]).await;
    let began = record.call.started.millis() - truth.started.millis();
    assert!(began.abs() <= 1000, "it began before the clock was set: off by {began} ms");
    // The world's clock stays true, so that the daemon's is now off by as much as it was set.
    let off = whole_call(&story, &company).await - by;
    assert!(off.abs() <= 2000, "new calls go by the new time: off by {off} ms");
    set_clock(&story, -by).await;
    let off = whole_call(&story, &company).await;
    assert!(off.abs() <= 2000, "off by {off} ms");
    let longest = company.portal.finished_calls().iter().map(|r| r.duration).max();
    assert!(longest <= Some(30), "nobody talked for {longest:?} s");
    assert_eq!(told(&company.portal, "finish").len(), 3);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_set_forward_an_hour_in_mid_call_makes_no_call_longer() {
    a_call_across(HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_set_back_an_hour_in_mid_call_makes_no_call_shorter_and_stalls_nothing() {
    a_call_across(-HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_does_not_rest_for_an_hour_because_the_clock_was_set_back() {
    use ecss_crm_server::sandbox::portal::Fault;
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let call = company.incoming(CLIENT, "1001").await;
    let asked = || (company.portal.requests_of("telephony.externalcall.register").len() >= 2).then_some(());
    story.until("the portal has been asked in vain", asked).await;
    set_clock(&story, -HOUR).await;
    company.portal.heal();
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    story.end().await;
}
