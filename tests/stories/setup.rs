//! From nothing to the first card: the page leads, each step says by itself that it is done, and a test call ends it.

use crate::support::{CLIENT, Card, IVAN, Story, TestCompany, only};
use ecss_crm_server::sandbox::environment::{Admin, AdminError};
use ecss_crm_server::sandbox::portal::PortalSpec;
use ecss_crm_server::sandbox::switch::{CommandFault, PhoneStatus};
use reqwest::{Method, StatusCode};

/// The set-up as the page shows it: how many steps are done, and which one is next; `None` once there is none.
async fn steps(admin: &mut Admin) -> Option<(usize, String)> {
    let page = admin.page("/company/state").await.unwrap_or_default();
    let (next, list) = page.split_once("<ol class=\"steps\">")?;
    let next = next.split_once("aria-current=\"step\"")?.1.split_once("</span>")?.1.split(" <span").next()?;
    Some((list.matches("<li class=\"good\"").count(), next.to_owned()))
}

/// Waits until so many steps are done and the next one begins with these words.
async fn next_is(story: &Story, company: &mut TestCompany, done: usize, words: &str) {
    let admin = &mut company.admin;
    let so = async || {
        let (is_done, next) = steps(admin).await?;
        (is_done == done && next.starts_with(words)).then_some(())
    };
    story.until_asked(&format!("{done} steps are done, and the next is {words}"), so).await;
}

async fn test_call(company: &mut TestCompany, from: &str, to: &str) -> (StatusCode, String) {
    let form = [("from", from), ("to", to)];
    let request = company.admin.request(Method::POST, "/company/test-call").form(&form);
    let answer = company.admin.send(request).await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_leads_from_the_log_in_to_the_first_card_over_a_restart() {
    let mut story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
    let keys = company.portal.keys().expect("the application");
    let mut admin = story.environment().admin();
    admin.log_in(&company.portal, 1, Some(&keys)).await.expect("the log-in");
    company.admin = admin;
    next_is(&story, &mut company, 4, "Есть связь с ECSS-10").await;
    let addresses = [story.switch().base_url(0)];
    let (simulated, mut admin) =
        (company.simulated.clone(), std::mem::replace(&mut company.admin, story.environment().admin()));
    admin.connect_switch(&simulated, &addresses).await.expect("saved");
    company.admin = admin;
    next_is(&story, &mut company, 5, "ECSS-10 сообщает").await;
    // Tomorrow, and on another process, it goes on where it was.
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.online(&story).await;
    next_is(&story, &mut company, 5, "ECSS-10 сообщает").await;

    let (status, page) = test_call(&mut company, "9999", CLIENT).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("нет ни у одного сотрудника"), "{page}");
    let (status, page) = test_call(&mut company, "1001", CLIENT).await;
    assert!(status == StatusCode::OK && page.contains("телефон 1001 звонит"), "{page}");
    company.phone_is("1001", PhoneStatus::Ringing).await;
    next_is(&story, &mut company, 6, "Карточка вызова").await;
    company.cards_at(&story, &[IVAN]).await;
    let mut live = Card::open(&story, &company, IVAN).await.stream().await;
    live.phase("ringing").await;
    let admin = &mut company.admin;
    story.until_asked("the set-up is done and gone", async || steps(admin).await.is_none().then_some(())).await;
    company.phone("1001").reject().await.expect("it rings");
    only(company.finished(&story, 1).await);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_is_not_finished_is_the_step_to_go_back_to() {
    let (mut story, mut company) = Story::with_company().await;
    next_is(&story, &mut company, 5, "ECSS-10 сообщает").await;
    company.portal.edit_app(|app| app.installed = false);
    story.stop_daemon().await;
    story.start_daemon(1).await;
    next_is(&story, &mut company, 4, "Приложение установлено").await;
    let page = company.admin.page("/company").await.expect("the page");
    assert!(page.contains("Использует только API"), "what to tick");
    company.portal.edit_app(|app| app.installed = true);
    company.portal.install(1).await.expect("an installation path");
    next_is(&story, &mut company, 5, "ECSS-10 сообщает").await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_call_that_the_switch_does_not_make_says_why() {
    let (story, mut company) = Story::with_company().await;
    story.switch().stop_node(0).await;
    story.switch().wait_unlinked().await.expect("the node is gone");
    company.link_is(&story, "busy").await;
    let (status, page) = test_call(&mut company, "1001", CLIENT).await;
    assert!(status == StatusCode::OK && page.contains("нет соединения с АТС"), "{page}");
    story.switch().start_node(0).await.expect("the node is back");
    company.online(&story).await;
    story.switch().next_command(CommandFault::Refuse { status: 403, message: String::new() });
    let (_, page) = test_call(&mut company, "1001", CLIENT).await;
    assert!(page.contains("api\\call\\enabled"), "{page}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_created_again_asks_for_its_keys_instead_of_ending_on_the_portals_error_page() {
    let (story, mut company) = Story::with_company().await;
    let fresh = company.portal.reissue_app();
    let mut again = story.environment().admin();
    let refused = again.log_in(&company.portal, 1, None).await;
    let Err(AdminError::Unexpected { status: StatusCode::UNPROCESSABLE_ENTITY, body, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(body.contains("создали заново") && body.contains("<details open>"), "{body}");
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("the new keys");
    company.admin = again;
    company.settled(&story).await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    company.finished(&story, 1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_created_again_and_installed_is_told_of_on_the_page_at_once() {
    let (story, mut company) = Story::with_company().await;
    let fresh = company.portal.reissue_app();
    company.portal.edit_app(|app| app.installed = true);
    company.portal.install(1).await.expect("an installation path");
    let admin = &mut company.admin;
    let told = async || {
        let page = admin.page("/company/state").await.ok()?;
        page.contains("создано заново").then_some(())
    };
    story.until_asked("the page says that the application was created again", told).await;
    let mut again = story.environment().admin();
    assert!(again.log_in(&company.portal, 1, None).await.is_err(), "the old keys lead nowhere");
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("the new keys");
    company.admin = again;
    company.settled(&story).await;
    let page = company.admin.page("/company/state").await.expect("the page");
    assert!(!page.contains("создано заново"), "{page}");
    story.end().await;
}
