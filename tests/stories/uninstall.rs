//! A company goes: its application is removed with its data, or the server's administrator has it forgotten.

use crate::support::{CLIENT, CLIENT_DIGITS, Card, IVAN, PATIENCE, Story, TestCompany, asked_whose_token, only};
use ecss_crm_server::app::{self, CompanyStanding, Forgotten};
use ecss_crm_server::domain::CompanyId;
use ecss_crm_server::sandbox::portal::{Fault, PortalSpec};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::path::PathBuf;

/// A whole call, recorded.
async fn call(story: &Story, company: &TestCompany, client: &str) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(client, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(story, before + 1).await;
}

/// What can be read of the company in the database's files.
fn marks(company: &TestCompany) -> Vec<String> {
    vec![
        company.portal.member_id().to_owned(),
        company.portal.domain(),
        company.simulated.client_id.clone(),
        company.simulated.domain.clone(),
    ]
}

/// The files of the state directory that hold the text.
fn files_with(story: &Story, text: &str) -> Vec<PathBuf> {
    let dir = &story.environment().settings.state_dir;
    let files = std::fs::read_dir(dir).expect("the state directory").map(|entry| entry.expect("a file").path());
    let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|piece| piece == text.as_bytes());
    files.filter(|file| std::fs::read(file).is_ok_and(holds)).collect()
}

async fn is_deleted(story: &Story, texts: &[String]) {
    story.until_said("the company was deleted with everything of it").await;
    for text in texts {
        let gone = async || files_with(story, text).is_empty().then_some(());
        story.until_asked(&format!("nothing of {text} is left in the files"), gone).await;
    }
}

async fn company_page(company: &TestCompany) -> StatusCode {
    let request = company.admin.request(Method::GET, "/company").header("accept", "application/json");
    request.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_removed_with_its_data_leaves_nothing_and_the_other_company_goes_on() {
    let story = Story::begin().await;
    let (goes, stays) = (story.company("odin.local").await, story.company("dva.local").await);
    call(&story, &goes, CLIENT).await;
    call(&story, &stays, "+73832000010").await;
    let mut texts = marks(&goes);
    texts.push(CLIENT_DIGITS.to_owned());
    for text in &texts {
        assert!(!files_with(&story, text).is_empty(), "{text}: the search itself must work");
    }
    let told = only(goes.portal.uninstall(true).await);
    assert_eq!(told.status, Some(200));
    assert_eq!(company_page(&goes).await, StatusCode::UNAUTHORIZED);
    is_deleted(&story, &texts).await;
    assert!(
        app::show_company(&story.environment().settings, &CompanyId::new(goes.portal.member_id()))
            .await
            .is_ok_and(|c| c.is_none())
    );
    call(&story, &stays, "+73832000010").await;
    assert_eq!(company_page(&stays).await, StatusCode::OK);
    assert!(!files_with(&story, stays.portal.member_id()).is_empty());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_with_the_data_after_one_without_deletes_them_and_nothing_else_is_taken_from_who_has_left() {
    let (story, company) = Story::with_company().await;
    call(&story, &company, CLIENT).await;
    let texts = marks(&company);
    let told = only(company.portal.uninstall(false).await);
    assert_eq!(told.status, Some(200));
    let client = story.environment().client();
    let event = |name: &str| {
        let mut form = told.form.clone();
        form[0].1 = name.to_owned();
        client.post(&told.url).form(&form)
    };
    for name in ["ONEXTERNALCALLSTART", "ONUSERADD"] {
        let status = event(name).send().await.expect("an answer").status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{name} of a company that has left");
    }
    assert_eq!(event("ONAPPUNINSTALL").send().await.expect("an answer").status(), StatusCode::OK, "told twice");
    let mut clean = told.form.clone();
    clean.iter_mut().filter(|(name, _)| name == "data[CLEAN]").for_each(|(_, value)| *value = "1".to_owned());
    let mut forged = clean.clone();
    forged.iter_mut().filter(|(n, _)| n == "auth[application_token]").for_each(|(_, v)| *v = "forged".repeat(5));
    let status = client.post(&told.url).form(&forged).send().await.expect("an answer").status();
    assert_eq!(status, StatusCode::FORBIDDEN);
    let status = client.post(&told.url).form(&clean).send().await.expect("an answer").status();
    assert_eq!(status, StatusCode::OK);
    is_deleted(&story, &texts).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_nothing_proves_is_refused_aloud() {
    let story = Story::begin().await;
    let company = story.newcomer("odin.local", PortalSpec::default()).await;
    company.portal.refuse_test_events();
    let company = company.register(&story).await;
    assert_eq!(only(company.portal.uninstall(true).await).status, Some(403));
    let remedy = format!("ecss-crm-server company forget {}", company.portal.member_id());
    assert_eq!(story.warned(&remedy), 1, "who looks after the server reads what to do");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_that_returns_at_once_begins_anew_and_old_tickets_are_worth_nothing() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    let ringing = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let card = Card::open(&story, &company, IVAN).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(ringing).await.expect("it talks");
    company.finished(&story, 1).await;

    assert_eq!(only(company.portal.uninstall(true).await).status, Some(200));
    let fresh = company.portal.reissue_app();
    company.portal.edit_app(|app| app.installed = true);
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("installed again");
    again.connect_switch(&company.simulated, &story.switch().base_urls()).await.expect("a form to fill in again");
    company.admin = again;
    company.settled(&story).await;
    assert_eq!(company.numbers_of(IVAN).await, ["1001"], "what had been typed in is gone");
    let look = json!({ "ticket": card.ticket, "action": "look" });
    assert_eq!(card.send(&look).await.0, StatusCode::UNAUTHORIZED);
    call(&story, &company, CLIENT).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_administrator_has_a_company_forgotten_while_it_is_being_served() {
    let story = Story::begin().await;
    let (goes, stays) = (story.company("odin.local").await, story.company("dva.local").await);
    call(&story, &goes, CLIENT).await;
    let settings = story.environment().settings.clone();
    let listed = app::list_companies(&settings).await.expect("a list");
    assert_eq!(listed.iter().filter(|c| c.state == CompanyStanding::Registered).count(), 2);
    let id = CompanyId::new(goes.portal.member_id());
    let done = tokio::time::timeout(2 * PATIENCE, app::forget_company(&settings, &id)).await.expect("an end");
    assert!(matches!(done, Ok(Forgotten::Deleted)), "{done:?}");
    let mut texts = marks(&goes);
    texts.push(CLIENT_DIGITS.to_owned());
    is_deleted(&story, &texts).await;
    assert_eq!(company_page(&goes).await, StatusCode::UNAUTHORIZED);
    call(&story, &stays, "+73832000010").await;
    let again = app::forget_company(&settings, &id).await;
    assert!(matches!(again, Ok(Forgotten::Unknown)), "{again:?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_cut_off_by_the_end_of_the_daemon_is_finished_at_its_next_start() {
    let mut story = Story::begin().await;
    let (goes, stays) = (story.company("odin.local").await, story.company("dva.local").await);
    call(&story, &goes, CLIENT).await;
    story.stop_daemon().await;
    let dir = story.environment().settings.state_dir.clone();
    let id = CompanyId::new(goes.portal.member_id());
    // All that a killed daemon had done: the first transaction.
    let now = ecss_crm_server::clock::Clock::system().now();
    assert!(ecss_crm_server::store::order_deletion(&dir, &id, now).await.expect("the mark"));
    story.start_daemon(1).await;
    let mut texts = marks(&goes);
    texts.push(CLIENT_DIGITS.to_owned());
    is_deleted(&story, &texts).await;
    call(&story, &stays, "+73832000010").await;
    story.end().await;
}

/// What an employee can send who has read the application token in a page of the portal.
fn forged_removal(company: &TestCompany) -> Vec<(String, String)> {
    let token = company.portal.keys().expect("it is installed").application_token;
    let fields = [
        ("event", "ONAPPUNINSTALL"),
        ("data[CLEAN]", "1"),
        ("auth[member_id]", company.portal.member_id()),
        ("auth[application_token]", &token),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_who_tells_of_a_removal_deletes_nothing_while_the_portal_accepts_us() {
    let (story, company) = Story::with_company().await;
    let (client, url) = (story.environment().client(), format!("{}/", story.environment().base()));
    let asked = asked_whose_token(&company.portal);
    let told = client.post(&url).form(&forged_removal(&company)).send().await.expect("an answer");
    assert_eq!(told.status(), StatusCode::OK, "it is taken in");
    story.until_said("the portal still accepts us: nothing is changed").await;
    assert_eq!(asked_whose_token(&company.portal), asked + 1, "the portal is asked once");
    let page = company.admin.request(Method::GET, "/company/state").send().await.expect("an answer");
    assert!(page.text().await.expect("a page").contains("удалении приложения"), "the administrator reads it");
    call(&story, &company, CLIENT).await;
    assert_eq!(company_page(&company).await, StatusCode::OK);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_while_the_portal_cannot_be_asked_waits_over_a_restart_and_is_carried_out_then() {
    let (mut story, company) = Story::with_company().await;
    call(&story, &company, CLIENT).await;
    let texts = marks(&company);
    company.portal.standing(Fault::Outage);
    assert_eq!(only(company.portal.uninstall(true).await).status, Some(200));
    let page = company.admin.request(Method::GET, "/company/state").send().await.expect("an answer");
    assert!(page.text().await.expect("a page").contains("Удаление приложения ещё не подтверждено"));
    story.stop_daemon().await;
    for text in &texts {
        assert!(!files_with(&story, text).is_empty(), "{text}: nothing is deleted before the portal has said so");
    }
    company.portal.heal();
    story.start_daemon(0).await;
    is_deleted(&story, &texts).await;
    story.end().await;
}
