//! More to tell than the portal lets us ask, and portals that are closed.

use crate::support::{CLIENT, Firm, IVAN, MARIA, PYOTR, Story, only, told};
use ecss_crm_server::sandbox::portal::{Bucket, Fault, Limits, PushKind};
use ecss_crm_server::sandbox::switch::PhoneStatus;

const REGISTER: &str = "telephony.externalcall.register";

/// So many requests at once, and two per second.
fn small(burst: f64) -> Limits {
    Limits { bucket: Some(Bucket { burst, leak: 2.0 }), operating: None }
}

/// HTTP requests about calls, refused ones included; what shares a request counts once.
fn asked(firm: &Firm) -> usize {
    let about_calls = |method: &str| method.starts_with("telephony.externalcall") || method == "batch";
    firm.portal.requests().iter().filter(|r| !r.in_batch && about_calls(&r.method)).count()
}

/// A call that nobody answers.
async fn missed(story: &Story, firm: &Firm, from: &str, to: &str) {
    let call = firm.incoming(from, to).await;
    firm.phone_is(to, PhoneStatus::Ringing).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    story.truth(call).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_bucket_makes_calls_share_requests_and_every_card_opens() {
    let (story, firm) = Story::with_firm().await;
    firm.portal.set_limits(small(1.0));
    firm.portal.next_for(REGISTER, Fault::QueryLimit);
    let numbers = ["1000", "1001", "1002", "1003"];
    let mut calls = Vec::new();
    for (n, number) in numbers.into_iter().enumerate() {
        calls.push(firm.incoming(&format!("+7913000007{n}"), number).await);
    }
    firm.cards_at(&story, &[1, IVAN, PYOTR, MARIA]).await;
    for number in numbers {
        firm.phone(number).pick_up().await.expect("it rings");
    }
    for call in calls {
        story.switch().remote_hangs_up(call).await.expect("it talks");
    }
    let records = firm.finished(&story, 4).await;
    assert!(records.iter().all(|r| r.code == "200" && r.call.registrations == 1), "{records:?}");
    assert!(asked(&firm) < 2 * 4 + 4, "four calls took {} requests", asked(&firm));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_rings_now_does_not_wait_for_what_an_outage_has_left() {
    let (story, firm) = Story::with_firm().await;
    firm.portal.standing(Fault::Outage);
    for n in 0..30 {
        missed(&story, &firm, &format!("+791300001{n:02}"), "1002").await;
    }
    firm.calls_are_over(&story).await;
    // A request with a card may have been under way when the last call ended; it is over when the next one comes.
    let before = firm.portal.requests_of(REGISTER).len();
    let again = || (firm.portal.requests_of(REGISTER).len() > before).then_some(());
    story.until("the portal is tried again", again).await;
    firm.portal.heal();
    firm.portal.set_limits(small(2.0));
    let call = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    let told_before = firm.portal.finished_calls().len();
    assert!(told_before < 30, "the card came after everything else");
    story.switch().remote_hangs_up(call).await.expect("it rings");
    let records = firm.finished(&story, 31).await;
    assert!(records.iter().all(|r| r.code == "304" && r.call.registrations == 1));
    let shown = firm.portal.pushes().iter().filter(|p| p.kind == PushKind::Show && p.user == PYOTR).count();
    assert_eq!(shown, 0, "no card of a call that is over");
    assert!(asked(&firm) < 31 + 15, "thirty-one calls took {} requests", asked(&firm));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_portal_is_left_alone_and_told_everything_once_it_is_open() {
    let (story, firm) = Story::with_firm().await;
    for fault in [Fault::PaymentRequired, Fault::Overload, Fault::PortalDeleted, Fault::NotInPlan] {
        let before = firm.portal.finished_calls().len();
        let asked_before = firm.portal.requests_of(REGISTER).len();
        firm.portal.standing(fault.clone());
        missed(&story, &firm, "+79130000200", "1001").await;
        let refused = || (firm.portal.requests_of(REGISTER).len() > asked_before).then_some(());
        story.until("the register is refused", refused).await;
        // That it was asked is not yet that we have heard the answer.
        firm.portal_is_not_well(&story).await;
        firm.calls_are_over(&story).await;
        for n in 1..3 {
            missed(&story, &firm, &format!("+7913000020{n}"), "1001").await;
        }
        firm.calls_are_over(&story).await;
        let in_vain = firm.portal.requests_of(REGISTER).len() - asked_before;
        assert_eq!(in_vain, 1, "{fault:?}");
        firm.portal.heal();
        // The subscription is paid; the administrator logs in to see whether all is well.
        story.environment().register(&firm.company).await.expect("the log-in");
        let records = firm.finished(&story, before + 3).await;
        assert!(records[before..].iter().all(|r| r.code == "304"), "{fault:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_registering_rests_ends_of_calls_are_told() {
    let (story, firm) = Story::with_firm().await;
    let first = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    firm.phone("1001").pick_up().await.expect("it rings");
    firm.portal.standing_for(REGISTER, Fault::OperationTimeLimit(3));
    let second = firm.incoming("+79130000300", "1002").await;
    let refused = || (firm.portal.requests_of(REGISTER).len() == 2).then_some(());
    story.until("the register is refused", refused).await;
    story.switch().remote_hangs_up(first).await.expect("it talks");
    assert_eq!(only(firm.finished(&story, 1).await).user, IVAN);
    assert_eq!(firm.portal.requests_of(REGISTER).len(), 2, "meanwhile it is not asked for");
    firm.portal.heal();
    firm.cards_at(&story, &[PYOTR]).await;
    story.switch().remote_hangs_up(second).await.expect("it rings");
    firm.finished(&story, 2).await;
    assert_eq!(told(&firm.portal, "register").len(), 2);
    story.end().await;
}
