//! A client calls an employee.

use crate::support::{CLIENT, CLIENT_DIGITS, Card, IVAN, Story, assert_true, only, talk, talked_leg, told};
use ecss_crm_server::sandbox::portal::Bound;
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_answered_on_the_phone_becomes_one_true_record() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let open = company.registered(&story).await;
    assert_eq!((open.kind, open.user, open.number.as_str()), (2, IVAN, CLIENT_DIGITS));
    assert_eq!(open.external.as_deref(), Some(call.to_string().as_str()));
    assert_eq!(open.bound, Some(Bound { entity: "CONTACT".to_owned(), id: 21, created: false }), "the known client");
    let request = only(told(&company.portal, "register"));
    assert_eq!(request.params["SHOW"], 1, "{}", request.params);
    assert!(request.params.get("USER_PHONE_INNER").is_none(), "the employee is named by the id");
    assert!(!request.params["LINE_NUMBER"].is_null(), "incoming calls carry their line");

    company.phone("1001").pick_up().await.expect("it rings");
    talk(2.2).await;
    company.phone("1001").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.user, record.call.registrations), (IVAN, 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_of_one_client_in_a_row_are_two_records() {
    let (story, company) = Story::with_company().await;
    for n in 1..=2 {
        let call = company.incoming(CLIENT, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        company.phone("1001").pick_up().await.expect("it rings");
        story.switch().remote_hangs_up(call).await.expect("it talks");
        company.finished(&story, n).await;
    }
    let names: Vec<_> = company.portal.finished_calls().into_iter().map(|f| f.call.external).collect();
    assert_ne!(names[0], names[1], "each call has a name of its own");
    assert_eq!(told(&company.portal, "register").len(), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_and_hung_up_from_the_card() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let card = Card::open(&story, &company, IVAN).await;
    let mut live = card.stream().await;
    let shown = live.phase("ringing").await;
    assert_eq!(shown["number"], CLIENT_DIGITS);
    assert_eq!(shown["own_card"], true, "{shown}");
    assert_eq!((&shown["buttons"]["answer"], &shown["buttons"]["hold"]), (&true.into(), &false.into()));
    let (status, answer) = card.press("answer").await;
    assert_eq!((status, &answer["ok"]), (StatusCode::OK, &true.into()), "{answer}");
    company.phone_is("1001", PhoneStatus::Talking).await;
    let shown = live.phase("talking").await;
    assert!(shown["answered_at"].is_i64(), "the clock of the card runs from here: {shown}");
    assert_eq!(card.press("answer").await.0, StatusCode::CONFLICT, "nothing rings any more");
    assert_eq!(card.press("hold").await.0, StatusCode::OK);
    live.phase("held").await;
    assert_eq!(card.press("retrieve").await.0, StatusCode::OK);
    live.phase("talking").await;
    assert_eq!(card.press("reject").await.0, StatusCode::OK);
    live.phase("ended").await;
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_rejected_from_the_card_is_declined() {
    let (story, company) = Story::with_company().await;
    company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let card = Card::open(&story, &company, IVAN).await;
    assert_eq!(card.press("reject").await.0, StatusCode::OK);
    company.phone_is("1001", PhoneStatus::Idle).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.duration, record.user), ("603", 0, IVAN));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_cannot_pick_up_by_itself_is_not_answered_by_the_card() {
    const OLEG: i64 = 10;
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1004").await;
    company.cards_at(&story, &[OLEG]).await;
    let card = Card::open(&story, &company, OLEG).await;
    let (status, answer) = card.press("answer").await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &"refused".into()), "{answer}");
    assert!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "the employee reads why: {answer}");
    company.phone("1004").pick_up().await.expect("it still rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_call_is_recorded_as_missed_and_its_card_goes() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("the client gives up");
    company.cards_at(&story, &[]).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.duration, record.user), ("304", 0, IVAN));
    assert_eq!(company.portal.missed_calls(), [(CLIENT_DIGITS.to_owned(), IVAN)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_a_number_of_nobody_opens_no_card_and_is_counted() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &[])]).await.0, StatusCode::OK);
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let counted = async || admin.page("/company?tab=diagnostics").await.ok().filter(|p| p.contains("<dd>1<")).map(drop);
    story.until_asked("the admin sees the number that belongs to nobody", counted).await;
    assert!(told(&company.portal, "register").is_empty());
    story.end().await;
}
