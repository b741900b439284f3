//! What the portal says of a click besides the number, and clicks on what is no number.

use crate::support::{CLIENT, Card, IVAN, PATIENCE, Story, TestCompany, only, told};
use ecss_crm_server::sandbox::portal::ClickedIn;
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::{Method, StatusCode};

/// A call's page as the admin reads it.
async fn trace(company: &TestCompany, crm: &str, language: &str) -> String {
    let request = company.admin.request(Method::GET, &format!("/company/calls/c2c/{crm}"));
    let response = request.header("accept-language", language).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    response.text().await.expect("a page")
}

/// The phone rings, the card is looked at, and the employee has second thoughts.
async fn card_then_reject(story: &Story, company: &TestCompany, records: usize) -> Card {
    company.phone_is("1001", PhoneStatus::Ringing).await;
    let card = Card::open(story, company, IVAN).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, records).await;
    card
}

async fn click_in(company: &TestCompany, place: ClickedIn) -> String {
    let clicked = tokio::time::timeout(PATIENCE, company.portal.click_in(IVAN, CLIENT, place)).await;
    clicked.expect("an answer in time").expect("a click the portal starts").call
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_is_not_dialled_and_stands_on_the_card_and_in_the_story() {
    let (story, company) = Story::with_company().await;
    story.secret("+73835550016");
    for (n, written) in
        ["+7 383 555-00-16 ext 12", "+7(383)555-00-16 доб.12", "+73835550016#12", "+7 (383) 555-00-16,,12#"]
            .into_iter()
            .enumerate()
    {
        let (crm, status) = company.click(IVAN, written).await;
        assert_eq!(status, Some(200), "{written}");
        let command = story.switch().wait_command("call.make").await.expect("the switch is asked");
        assert_eq!(command.payload["to"], "+73835550016", "{written}");
        let card = card_then_reject(&story, &company, n + 1).await;
        assert_eq!((&card.call, &card.state["current"]["click"]["extension"]), (&crm, &"12".into()), "{written}");
        assert!(trace(&company, &crm, "ru").await.contains("+73835550016, добавочный 12"), "{written}");
        assert!(trace(&company, &crm, "en").await.contains("+73835550016, extension 12"), "{written}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_in_the_mobile_application_opens_the_card_before_the_phone_rings() {
    let (story, company) = Story::with_company().await;
    let crm = click_in(&company, ClickedIn { mobile: true, campaign: None }).await;
    company.cards_at(&story, &[IVAN]).await;
    let card = card_then_reject(&story, &company, 1).await;
    assert_eq!((&card.call, &card.state["current"]["click"]["mobile"]), (&crm, &true.into()));
    assert_eq!(told(&company.portal, "show").len(), 1);
    assert!(trace(&company, &crm, "ru").await.contains("из мобильного приложения"));
    // At a computer the portal has opened it itself.
    company.click(IVAN, CLIENT).await;
    let card = card_then_reject(&story, &company, 2).await;
    assert_eq!(card.state["current"]["click"]["mobile"], serde_json::Value::Null);
    assert_eq!(told(&company.portal, "show").len(), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_of_a_campaign_names_it_and_the_client() {
    let (story, company) = Story::with_company().await;
    let crm = click_in(&company, ClickedIn { mobile: false, campaign: Some(31) }).await;
    let card = card_then_reject(&story, &company, 1).await;
    assert_eq!(card.state["current"]["click"]["campaign"], 31);
    assert_eq!(card.state["current"]["click"]["item"]["kind"], "CONTACT");
    let page = trace(&company, &crm, "ru").await;
    assert!(page.contains("обзвон № 31") && page.contains("контакт №"), "{page}");
    assert!(trace(&company, &crm, "en").await.contains("call campaign 31"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_on_what_is_no_number_ends_with_a_reason_and_rings_nobody() {
    let (story, company) = Story::with_company().await;
    story.secret("8-800-FLOWERS");
    let (crm, status) = company.click(IVAN, "8-800-FLOWERS").await;
    assert_eq!(status, Some(200));
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.call.id.as_str(), record.code.as_str(), record.duration), (crm.as_str(), "404", 0));
    assert!(record.reason.contains("исправьте"), "{}", record.reason);
    let page = trace(&company, &crm, "ru").await;
    assert!(page.contains("8-800-FLOWERS") && page.contains("нет номера, который можно набрать"), "{page}");

    // What no portal of today lets through, sent by one of another day.
    let form = company.portal.deliveries().pop().expect("the event").form;
    let long = "1".repeat(10_000);
    let odd = ["", "шеф", "sip:ivan@host", "\u{202e}\u{0}\u{feff}", "<b>&amp;", "零一二", &long];
    for (n, number) in odd.into_iter().enumerate() {
        let call = format!("{crm}.{n}");
        let form: Vec<(String, String)> = form
            .iter()
            .cloned()
            .map(|(name, value)| match name.as_str() {
                "data[PHONE_NUMBER]" => (name, number.to_owned()),
                "data[CALL_ID]" => (name, call.clone()),
                _ => (name, value),
            })
            .collect();
        let answer = story
            .environment()
            .client()
            .post(format!("{}/events", story.environment().base()))
            .form(&form)
            .send()
            .await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK, "{n}");
        let asked = || {
            company
                .portal
                .requests_of("telephony.externalcall.finish")
                .into_iter()
                .find(|r| r.params["CALL_ID"] == call.as_str())
        };
        let finish = story.until("the click is finished", asked).await;
        assert_eq!(finish.params["STATUS_CODE"], "404", "{n}");
        assert!(!trace(&company, &call, "en").await.contains("<b>&amp;"), "what people write is text");
    }
    assert!(story.switch().commands().is_empty(), "nobody is rung");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_on_what_stands_for_a_hidden_number_says_so_and_rings_nobody() {
    let (story, company) = Story::with_company().await;
    for (n, shown) in ["+", "00"].into_iter().enumerate() {
        let (crm, status) = company.click(IVAN, shown).await;
        assert_eq!(status, Some(200), "{shown}");
        let record = company.finished(&story, n + 1).await.remove(n);
        assert_eq!((record.code.as_str(), record.duration), ("404", 0), "{shown}");
        assert!(record.reason.contains("скрыл свой номер"), "{shown}: {}", record.reason);
        assert!(trace(&company, &crm, "en").await.contains("the caller hid his number"), "{shown}");
    }
    assert!(story.switch().commands().is_empty(), "nobody is rung");
    story.end().await;
}
