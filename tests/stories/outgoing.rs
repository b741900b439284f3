//! An employee calls a client from the telephone.

use crate::support::{CLIENT, CLIENT_DIGITS, IVAN, Story, assert_true, only, talked_leg, told};
use ecss_crm_server::sandbox::switch::{CauseStyle, RemotePolicy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_call_is_recorded_for_its_caller() {
    let (story, company) = Story::with_company().await;
    let call = company.phone("1001").dial("8 983 555-11-22").await.expect("the phone is free");
    company.cards_at(&story, &[IVAN]).await;
    let open = company.registered(&story).await;
    assert_eq!((open.kind, open.user, open.number.as_str()), (1, IVAN, "89835551122"));
    assert_eq!(open.bound.as_ref().map(|b| b.id), Some(21), "the known client under another prefix");
    story.switch().remote_answers(call).await.expect("it rings there");
    company.phone("1001").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.user, record.call.number.as_str()), (IVAN, "89835551122"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switchs_reason_becomes_the_records_code() {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.cause = CauseStyle::Words);
    let cases = [(RemotePolicy::Busy, "486"), (RemotePolicy::WrongNumber, "404"), (RemotePolicy::Unavailable, "480")];
    for (n, (policy, code)) in cases.into_iter().enumerate() {
        story.switch().set_remote_policy(policy);
        company.phone("1001").dial(CLIENT).await.expect("the phone is free");
        let record = company.finished(&story, n + 1).await.remove(n);
        assert_eq!((record.code.as_str(), record.duration), (code, 0), "{policy:?}");
    }
    story.switch().set_quirks(|q| q.cause = CauseStyle::Sip);
    story.switch().set_remote_policy(RemotePolicy::Manual);
    let call = company.phone("1001").dial(CLIENT).await.expect("the phone is free");
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("it rings there");
    assert_eq!(company.finished(&story, 4).await[3].code, "603", "the client refused");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_reason_nobody_answered() {
    let (story, company) = Story::with_company().await;
    let call = company.phone("1001").dial(CLIENT).await.expect("the phone is free");
    company.cards_at(&story, &[IVAN]).await;
    story.switch().no_answer(call).await.expect("it rings");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.duration, record.call.kind), ("304", 0, 1));
    assert_eq!(record.call.number, CLIENT_DIGITS);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_before_it_rings_is_recorded_once() {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| (q.fail_unseen, q.cause) = (true, CauseStyle::Words));
    story.switch().set_remote_policy(RemotePolicy::Busy);
    company.phone("1001").dial(CLIENT).await.expect("the phone is free");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.user), ("486", IVAN));
    assert_eq!(told(&company.portal, "show").len(), 0, "nobody is shown a card of a call that is over");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colleagues_among_themselves_are_none_of_the_crms_business() {
    let (story, mut company) = Story::with_company().await;
    let call = company.domain.internal_call("1001", "1002").await.expect("both are free");
    company.phone("1002").pick_up().await.expect("it rings");
    let admin = &mut company.admin;
    let listed = async || admin.page("/company/calls").await.ok().filter(|p| p.contains("1002")).map(drop);
    story.until_asked("the call stands in the list of calls", listed).await;
    company.phone("1001").hang_up().await.expect("it talks");
    story.truth(call).await;
    // The next client's call is recorded after whatever would have been recorded of the colleagues' one.
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(&story, 1).await;
    assert_eq!(only(told(&company.portal, "register")).params["PHONE_NUMBER"], CLIENT_DIGITS);
    story.end().await;
}
