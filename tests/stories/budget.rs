//! More to send than the portal lets us ask, and portals that are closed.

use crate::support::{CLIENT, IVAN, MARIA, PYOTR, Story, TestCompany, only, told};
use ecss_crm_server::sandbox::portal::{Bucket, Fault, Limits, PushKind};
use ecss_crm_server::sandbox::switch::PhoneStatus;

const REGISTER: &str = "telephony.externalcall.register";

/// This many requests at once, and two per second.
fn small(burst: f64) -> Limits {
    Limits { bucket: Some(Bucket { burst, leak: 2.0 }), operating: None }
}

/// HTTP requests about calls, refused ones included; what shares a request counts once.
fn asked(company: &TestCompany) -> usize {
    let about_calls = |method: &str| method.starts_with("telephony.externalcall") || method == "batch";
    company.portal.requests().iter().filter(|r| !r.in_batch && about_calls(&r.method)).count()
}

/// A call that nobody answers.
async fn missed(story: &Story, company: &TestCompany, from: &str, to: &str) {
    let call = company.incoming(from, to).await;
    company.phone_is(to, PhoneStatus::Ringing).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    story.truth(call).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_bucket_makes_calls_share_requests_and_every_card_opens() {
    let (story, company) = Story::with_company().await;
    company.portal.set_limits(small(1.0));
    company.portal.next_for(REGISTER, Fault::QueryLimit);
    let numbers = ["1000", "1001", "1002", "1003"];
    let mut calls = Vec::new();
    for (n, number) in numbers.into_iter().enumerate() {
        calls.push(company.incoming(&format!("+7913000007{n}"), number).await);
    }
    company.cards_at(&story, &[1, IVAN, PYOTR, MARIA]).await;
    for number in numbers {
        company.phone(number).pick_up().await.expect("it rings");
    }
    for call in calls {
        story.switch().remote_hangs_up(call).await.expect("it talks");
    }
    let records = company.finished(&story, 4).await;
    assert!(records.iter().all(|r| r.code == "200" && r.call.registrations == 1), "{records:?}");
    assert!(asked(&company) < 2 * 4 + 4, "four calls took {} requests", asked(&company));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_rings_now_does_not_wait_for_what_an_outage_has_left() {
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    for n in 0..30 {
        missed(&story, &company, &format!("+791300001{n:02}"), "1002").await;
    }
    company.calls_are_over(&story).await;
    // A request with a card may have been under way when the last call ended; it is over when the next one comes.
    let before = company.portal.requests_of(REGISTER).len();
    let again = || (company.portal.requests_of(REGISTER).len() > before).then_some(());
    story.until("the portal is tried again", again).await;
    company.portal.heal();
    company.portal.set_limits(small(2.0));
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let told_before = company.portal.finished_calls().len();
    assert!(told_before < 30, "the card came after everything else");
    story.switch().remote_hangs_up(call).await.expect("it rings");
    let records = company.finished(&story, 31).await;
    assert!(records.iter().all(|r| r.code == "304" && r.call.registrations == 1));
    let shown = company.portal.pushes().iter().filter(|p| p.kind == PushKind::Show && p.user == PYOTR).count();
    assert_eq!(shown, 0, "no card of a call that is over");
    assert!(asked(&company) < 31 + 15, "thirty-one calls took {} requests", asked(&company));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_portal_is_left_alone_and_told_everything_once_it_is_open() {
    let (story, company) = Story::with_company().await;
    for fault in [Fault::PaymentRequired, Fault::Overload, Fault::PortalDeleted, Fault::NotInPlan] {
        let before = company.portal.finished_calls().len();
        let asked_before = company.portal.requests_of(REGISTER).len();
        company.portal.standing(fault.clone());
        missed(&story, &company, "+79130000200", "1001").await;
        let refused = || (company.portal.requests_of(REGISTER).len() > asked_before).then_some(());
        story.until("the register is refused", refused).await;
        // That it was asked is not yet that we have heard the answer.
        company.portal_is_not_well(&story).await;
        company.calls_are_over(&story).await;
        for n in 1..3 {
            missed(&story, &company, &format!("+7913000020{n}"), "1001").await;
        }
        company.calls_are_over(&story).await;
        let in_vain = company.portal.requests_of(REGISTER).len() - asked_before;
        assert_eq!(in_vain, 1, "{fault:?}");
        company.portal.heal();
        // The subscription is paid; the administrator logs in to see whether all is well.
        story.environment().register(&company.simulated).await.expect("the log-in");
        let records = company.finished(&story, before + 3).await;
        assert!(records[before..].iter().all(|r| r.code == "304"), "{fault:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_registering_rests_ends_of_calls_are_told() {
    let (story, company) = Story::with_company().await;
    let first = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.portal.standing_for(REGISTER, Fault::OperationTimeLimit(3));
    let second = company.incoming("+79130000300", "1002").await;
    let refused = || (company.portal.requests_of(REGISTER).len() == 2).then_some(());
    story.until("the register is refused", refused).await;
    story.switch().remote_hangs_up(first).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).user, IVAN);
    assert_eq!(company.portal.requests_of(REGISTER).len(), 2, "meanwhile it is not asked for");
    company.portal.heal();
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().remote_hangs_up(second).await.expect("it rings");
    company.finished(&story, 2).await;
    assert_eq!(told(&company.portal, "register").len(), 2);
    story.end().await;
}
