//! What the admin chooses for calls: who gets missed ones, and what happens with calls among colleagues.

use crate::support::{
    CLIENT, CLIENT_DIGITS, IVAN, MARIA, PYOTR, Story, TestCompany, assert_true, only, talked_leg, told,
};
use reqwest::{Method, StatusCode};

/// Saves the choices as the page's form does.
async fn choose(company: &mut TestCompany, choices: &[(&str, &str)]) {
    let request = company.admin.request(Method::POST, "/company/calls").form(choices);
    let status = company.admin.send(request).await.expect("an answer").status();
    assert!(status == StatusCode::SEE_OTHER || status == StatusCode::OK, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missed_calls_go_to_the_responsible_employee_and_answered_ones_do_not() {
    let (story, mut company) = Story::with_company().await;
    choose(&mut company, &[("responsible", &MARIA.to_string())]).await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002"]).await.expect("both are free");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    story.switch().remote_hangs_up(call).await.expect("the client gives up");
    company.cards_at(&story, &[]).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.code.as_str(), record.duration), (MARIA, "304", 0));
    assert_eq!(company.portal.missed_calls(), [(CLIENT_DIGITS.to_owned(), MARIA)]);

    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(company.finished(&story, 2).await[1].user, IVAN);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_responsible_employee_who_rang_himself_sees_his_card_closed() {
    let (story, mut company) = Story::with_company().await;
    choose(&mut company, &[("responsible", &PYOTR.to_string())]).await;
    let call = company.domain.group_call(CLIENT, &["1001", "1002"]).await.expect("both are free");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    story.switch().no_answer(call).await.expect("it rings");
    company.cards_at(&story, &[]).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.code.as_str()), (PYOTR, "304"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colleagues_calls_have_cards_where_the_company_wants_them() {
    let (story, mut company) = Story::with_company().await;
    choose(&mut company, &[("internal", "card")]).await;
    let call = company.domain.internal_call("1001", "1002").await.expect("both are free");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1001").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!((record.user, record.call.number.as_str(), record.call.internal), (PYOTR, "1001", true));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleagues_call_handed_on_to_a_client_becomes_the_crms_business() {
    let (story, company) = Story::with_company().await;
    let call = company.domain.internal_call("1001", "1002").await.expect("both are free");
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1002").transfer(CLIENT).await.expect("it talks");
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_answers(call).await.expect("it rings there");
    company.phone("1001").hang_up().await.expect("it talks");
    story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.call.kind, record.code.as_str()), (IVAN, 1, "200"));
    assert_eq!(only(told(&company.portal, "register")).params["PHONE_NUMBER"], CLIENT_DIGITS);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crm_items_are_made_as_the_company_chooses() {
    let (story, mut company) = Story::with_company().await;
    for (n, (choice, wanted)) in [("none", 0), ("incoming", 1), ("outgoing", 0), ("all", 1)].into_iter().enumerate() {
        choose(&mut company, &[("crm_create", choice)]).await;
        let call = company.incoming(CLIENT, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        let register = told(&company.portal, "register").remove(n);
        assert_eq!(register.params["CRM_CREATE"], wanted, "{choice}");
        company.phone("1001").pick_up().await.expect("it rings");
        story.switch().remote_hangs_up(call).await.expect("it talks");
        company.finished(&story, n + 1).await;
    }
    story.end().await;
}
