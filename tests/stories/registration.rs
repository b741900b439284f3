//! An admin of a portal registers the company.

use crate::support::{CLIENT, IVAN, Story, TestCompany, only, told};
use ecss_crm_server::sandbox::environment::{Admin, AdminError};
use ecss_crm_server::sandbox::portal::{AppKeys, EventAuth, Fault, PortalSpec};
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use std::time::{Duration, Instant};

async fn unregistered() -> (Story, TestCompany) {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    (story, company)
}

fn keys(company: &TestCompany) -> AppKeys {
    company.portal.keys().expect("the application")
}

/// Waits until the portal has proved its application token by a test event and nothing of that is left there.
async fn no_test_handler(story: &Story, company: &TestCompany) {
    let (portal, proved) = (&company.portal, "the portal has proved its application token by a test event");
    story.until_said(proved).await;
    story
        .until("no handler of a test event is left", || {
            portal.handlers().iter().all(|h| h.event != "ONAPPTEST").then_some(())
        })
        .await;
}

/// The page's status, without a session.
async fn company_page(admin: &Admin) -> StatusCode {
    let request = admin.request(Method::GET, "/company").header("accept", "application/json");
    request.send().await.expect("an answer").status()
}

/// Clicks, lets the telephone ring, rejects: whether the portal's events reach the telephones.
async fn click_works(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, before + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_the_form_and_the_portal_to_the_companys_page() {
    let (story, company) = unregistered().await;
    let client = story.environment().client();
    let page = client.get(format!("{}/", story.environment().base())).send().await.expect("the page");
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("text");
    assert!(["domain", "client_id", "client_secret"].iter().all(|f| page.contains(&format!("name=\"{f}\""))), "{page}");

    let form = [
        ("domain", format!("https://{}/", company.portal.domain())),
        ("client_id", keys(&company).client_id),
        ("client_secret", keys(&company).client_secret),
    ];
    let sent =
        client.post(format!("{}/login", story.environment().base())).form(&form).send().await.expect("an answer");
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let to = url::Url::parse(sent.headers()[LOCATION].to_str().expect("text")).expect("an address");
    let query: Vec<_> = to.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!((to.path(), query), ("/oauth/authorize/", vec!["client_id".to_owned(), "state".to_owned()]));
    assert_eq!(to.port_or_known_default(), company.portal.domain().rsplit(':').next().and_then(|p| p.parse().ok()));

    let mut company = company.register(&story).await;
    let base = story.environment().base();
    let card = only(company.portal.placements());
    assert_eq!((card.code.as_str(), card.url), ("CALL_CARD", format!("{base}/call/call.html")));
    no_test_handler(&story, &company).await;
    let mut handlers = company.portal.handlers();
    handlers.sort_by(|a, b| a.event.cmp(&b.event));
    let handlers: Vec<_> = handlers.into_iter().map(|h| (h.event, h.url)).collect();
    assert_eq!(handlers, ["ONEXTERNALCALLSTART", "ONUSERADD"].map(|e| (e.to_owned(), format!("{base}/events"))));
    assert_eq!(company.numbers_of(1).await, ["1000"]);
    assert_eq!(company.numbers_of(IVAN).await, ["1001"]);
    assert_eq!(company.numbers_of(11).await, Vec::<String>::new());
    let staff = company.employees().await;
    assert!(!staff.iter().any(|e| e["user"] == 13), "a bot is nobody's colleague: {staff:?}");
    assert!(staff.iter().any(|e| e["name"] == "Пётр Петров"), "{staff:?}");
    let page = company.admin.page("/company").await.expect("the page");
    assert!(page.contains(&company.portal.domain()));
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_told_before_the_keys_are_known_is_believed_once_they_are() {
    let (story, company) = unregistered().await;
    let told = company.portal.install(1).await.expect("an installation path");
    assert_eq!(told.status, Some(200));
    assert_eq!(company_page(&story.environment().admin()).await, StatusCode::UNAUTHORIZED);
    let company = company.register(&story).await;
    // An event without tokens can be proved by the application token only, and that was sent at the installation.
    company.portal.set_event_auth(EventAuth::NoTokens);
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_installation_clicks_are_believed_on_the_clickers_own_word() {
    let (story, company) = unregistered().await;
    // A portal without test events cannot prove its application token by itself.
    company.portal.refuse_test_events();
    let company = company.register(&story).await;
    let tried = || {
        let tried = !company.portal.requests_of("event.test").is_empty();
        (tried && company.portal.handlers().iter().all(|h| h.event != "ONAPPTEST")).then_some(())
    };
    story.until("a test event is asked for, refused, and nothing of it is left", tried).await;
    assert_eq!(story.said("test event"), 0, "nobody can do anything about it");
    click_works(&story, &company).await;
    let event = company.portal.deliveries().pop().expect("the event");
    let client = story.environment().client();
    // Somebody else's token, and none at all.
    let foreign = company.portal.issue(8).access;
    for token in [Some(foreign), None] {
        let edit = |(name, value): (String, String)| match name.as_str() {
            "auth[access_token]" => token.clone().map(|token| (name, token)),
            "data[CALL_ID]" => Some((name, format!("{value}.forged"))),
            _ => Some((name, value)),
        };
        let form: Vec<_> = event.form.clone().into_iter().filter_map(edit).collect();
        let answer = client.post(&event.url).form(&form).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{form:?}");
    }
    assert_eq!(story.switch().commands().len(), 1, "only the true click has dialled");
    // Once an admin has opened the application in the portal, its token is known.
    let opened = company.portal.app_frame(1).send(client).await.expect("an answer");
    assert_eq!(opened.status(), StatusCode::OK);
    company.portal.set_event_auth(EventAuth::NoTokens);
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_after_the_registration_changes_nothing_but_the_tokens() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1099"])]).await.0, StatusCode::OK);
    let told = company.portal.install(1).await.expect("an installation path");
    assert_eq!(told.status, Some(200));
    // The portal drops an application's handlers when it is installed again.
    company.settled(&story).await;
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1099"]);
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_installation_takes_nothing_over() {
    let (story, company) = Story::with_company().await;
    let mut form = company.portal.deliveries().pop().expect("the installation").form;
    for (name, value) in &mut form {
        if name == "auth[application_token]" || name.ends_with("access_token]") || name.ends_with("refresh_token]") {
            *value = "forged".repeat(5);
        }
    }
    let sent = story.environment().client().post(format!("{}/", story.environment().base())).form(&form).send().await;
    assert!(sent.expect("an answer").status().is_success(), "an installation waits to be confirmed");
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_admin_registers() {
    let (story, company) = unregistered().await;
    let mut employee = story.environment().admin();
    let refused = employee.log_in(&company.portal, IVAN, Some(&keys(&company))).await.expect_err("not an admin");
    let AdminError::Unexpected { status, body, .. } = refused else { panic!("{refused}") };
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("администратор"), "the page says why: {body}");
    assert_eq!(company_page(&employee).await, StatusCode::UNAUTHORIZED);
    assert!(company.portal.placements().is_empty() && company.portal.handlers().is_empty());
    company.register(&story).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_companys_employee_does_not_get_in_either() {
    let (story, company) = Story::with_company().await;
    let mut employee = story.environment().admin();
    employee.log_in(&company.portal, IVAN, None).await.expect_err("not an admin");
    assert_eq!(company_page(&employee).await, StatusCode::UNAUTHORIZED);
    // The company goes on with its admin's grant, not with the employee's.
    click_works(&story, &company).await;
    let users: Vec<_> = company.portal.requests_of("telephony.externalcall.finish").iter().map(|r| r.user).collect();
    assert_eq!(users, [Some(1)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_works_once_and_only_if_it_is_ours() {
    let (story, company) = unregistered().await;
    let mut admin = story.environment().admin();
    let state = admin.begin_log_in(&company.portal, Some(&keys(&company))).await.expect("the form");
    let (nonce, tag) = state.split_once('.').expect("signed");
    let back = |state: &str| company.portal.authorize(1, state).expect("authorized");
    let refused = async |admin: &mut Admin, url: String| {
        let response = admin.follow(url).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(response.headers().get(SET_COOKIE).is_none(), "no session");
    };
    for forged in [
        String::new(),
        "x".to_owned(),
        format!("{nonce}.{}", "A".repeat(43)),
        format!("{}.{tag}", "A".repeat(nonce.len())),
        format!("{state}A"),
        "я".repeat(1000),
    ] {
        refused(&mut admin, back(&forged)).await;
    }
    let good = back(&state);
    let response = admin.follow(good.clone()).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "the forgeries have not used it up");
    assert!(response.headers()[LOCATION].to_str().is_ok_and(|to| to.ends_with("/company")));
    assert_eq!(company_page(&admin).await, StatusCode::OK);

    refused(&mut admin, good.clone()).await;
    let mut thief = story.environment().admin();
    refused(&mut thief, good).await;
    refused(&mut thief, back(&state)).await;
    assert_eq!(company_page(&thief).await, StatusCode::UNAUTHORIZED);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_too_old_or_another_portals_is_refused() {
    let (story, company) = unregistered().await;
    let other = story.newcomer("andere.local", PortalSpec::default()).await;
    let mut admin = story.environment().admin();
    let state = admin.begin_log_in(&company.portal, Some(&keys(&company))).await.expect("the form");
    let late = company.portal.authorize(1, &state).expect("authorized");
    story.environment().portals.advance(Duration::from_secs(31));
    let response = admin.follow(late).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);

    // The admin of another portal carries their own code back under this portal's state.
    let state = admin.begin_log_in(&company.portal, Some(&keys(&company))).await.expect("the form");
    let foreign = other.portal.authorize(1, &state).expect("authorized");
    let response = admin.follow(foreign).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(company_page(&admin).await, StatusCode::UNAUTHORIZED);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_be_logged_in_to_a_company_that_is_not_his() {
    let (story, company) = Story::with_company().await;
    let (mut stranger, mut victim) = (story.environment().admin(), story.environment().admin());
    let state = stranger.begin_log_in(&company.portal, None).await.expect("the form");
    let link = company.portal.authorize(1, &state).expect("authorized");
    // The victim has another log-in under way, and follows the link that the stranger has sent.
    victim.begin_log_in(&company.portal, None).await.expect("the form");
    let response = victim.follow(link.clone()).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(company_page(&victim).await, StatusCode::UNAUTHORIZED);
    // It was not used up: the browser that began can go on.
    let response = stranger.follow(link).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(company_page(&stranger).await, StatusCode::OK);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_wrong_in_the_form_is_said_beside_the_field() {
    let (story, company) = unregistered().await;
    let domain = company.portal.domain();
    let post = async |form: &[(&str, &str)]| {
        let sent = story.environment().client().post(format!("{}/login", story.environment().base())).form(form);
        let response = sent.header("accept", "application/json").send().await.expect("an answer");
        (response.status(), response.json::<serde_json::Value>().await.unwrap_or_default())
    };
    for (form, field) in [
        (vec![("domain", "")], "domain"),
        (vec![("domain", "нет такого домена вообще")], "domain"),
        (vec![("domain", "http://")], "domain"),
        (vec![("domain", domain.as_str())], "client_id"),
        (vec![("domain", domain.as_str()), ("client_id", "local.1")], "client_secret"),
        (vec![("domain", domain.as_str()), ("client_secret", "x")], "client_id"),
    ] {
        let (status, body) = post(&form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?} {body}");
        assert!(body["fields"][field].as_str().is_some_and(|text| !text.is_empty()), "{form:?} {body}");
    }
    let mut wrong = keys(&company);
    wrong.client_secret = "w".repeat(50);
    let mut admin = story.environment().admin();
    let refused = admin.log_in(&company.portal, 1, Some(&wrong)).await.expect_err("a wrong secret");
    assert!(matches!(refused, AdminError::Unexpected { status: StatusCode::FORBIDDEN, .. }), "{refused}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_registration_keeps_settings_and_table() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, Some(&keys(&company))).await.expect("the same portal");
    company.admin = again;
    company.settled(&story).await;
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1077"]);
    let page = company.admin.page("/company?tab=ecss").await.expect("the page");
    assert!(page.contains(&company.simulated.client_id) && page.contains(&story.switch().base_url(0)), "{page}");
    click_works(&story, &company).await;
    // A second company for the same portal would record each call twice.
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    assert_eq!(only(told(&company.portal, "register")).params["USER_ID"], IVAN);
    assert_eq!(story.switch().links_of(&company.simulated.client_id), 1);
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_made_anew_are_taken_over_by_logging_in() {
    let (story, mut company) = Story::with_company().await;
    let fresh = company.portal.reissue_app();
    // The old application is gone: a call meanwhile waits for the admin.
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("new keys");
    company.admin = again;
    company.settled(&story).await;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.call.registrations), ("200", 1), "what waited is told");
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opened_in_the_portal_an_admin_is_led_in_and_an_employee_is_told_who_can() {
    let (story, company) = Story::with_company().await;
    let mut admin = story.environment().admin();
    let frame = company.portal.app_frame(1);
    let request = story.environment().client().post(&frame.url).form(&frame.fields);
    let response = admin.send(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let page = response.text().await.expect("the page");
    assert!(page.contains("/login\"") && page.contains(&format!("value=\"{}\"", company.portal.domain())), "{page}");
    // Anybody's page could have posted that form: the frame itself gives nobody a session.
    assert_eq!(company_page(&admin).await, StatusCode::UNAUTHORIZED);
    admin.log_in(&company.portal, 1, None).await.expect("the button leads through the portal");
    assert_eq!(company_page(&admin).await, StatusCode::OK);
    let frame = company.portal.app_frame(IVAN);
    let response = frame.send(story.environment().client()).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(response.headers().get(SET_COOKIE).is_none());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_application_is_silent_and_comes_back_with_its_table() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    let told = only(company.portal.uninstall(false).await);
    assert_eq!(told.status, Some(200));
    story.switch().wait_unlinked().await.expect("the company no longer listens to the switch");
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");

    let fresh = company.portal.reissue_app();
    company.portal.edit_app(|app| app.installed = true);
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("installed again");
    company.admin = again;
    company.settled(&story).await;
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1077"]);
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_whose_installation_was_never_told_proves_its_application_token_by_a_test_event() {
    let (story, company) = unregistered().await;
    // Events without tokens can be proved by the application token only, which nobody has told us.
    company.portal.set_event_auth(EventAuth::NoTokens);
    let company = company.register(&story).await;
    no_test_handler(&story, &company).await;
    click_works(&story, &company).await;
    let test = company.portal.deliveries().into_iter().find(|d| d.event == "ONAPPTEST").expect("the test event");
    assert_eq!(test.status, Some(200));
    // What is proved is proved: another test event is one like any other.
    let again = company.portal.redeliver(test.number).await.expect("a delivery");
    assert_eq!(again.status, Some(200));
    let client = story.environment().client();
    let forged = test.form.into_iter().map(|(name, value)| {
        let value = if name == "auth[application_token]" { "f".repeat(32) } else { value };
        (name, value)
    });
    let answer = client.post(&test.url).form(&forged.collect::<Vec<_>>()).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "even the secret proves nothing any more");
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_has_its_answer_within_half_a_minute_whoever_does_not_answer_us() {
    let (story, company) = unregistered().await;
    let mut admin = story.environment().admin();
    let asked = Instant::now();
    story.environment().portals.auth_next(Fault::Hang);
    let failed = admin.log_in(&company.portal, 1, Some(&keys(&company))).await;
    assert!(
        matches!(failed, Err(AdminError::Unexpected { status: StatusCode::SERVICE_UNAVAILABLE, .. })),
        "{failed:?}"
    );
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    let company = company.register(&story).await;
    click_works(&story, &company).await;
    story.end().await;
}

/// Posts this installation with tokens of somebody's own making, from that address.
async fn forge_from(story: &Story, form: &[(String, String)], address: &str, n: usize) -> StatusCode {
    let mut form = form.to_vec();
    for (name, value) in &mut form {
        if name == "auth[application_token]" || name.ends_with("access_token]") || name.ends_with("refresh_token]") {
            *value = format!("forged{n}").repeat(4);
        }
    }
    let post = story.environment().client().post(format!("{}/", story.environment().base()));
    post.header("x-real-ip", address).form(&form).send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forged_installations_neither_pushes_the_true_one_out_nor_makes_us_ask() {
    let (story, company) = unregistered().await;
    let told = company.portal.install(1).await.expect("an installation path");
    let form = company.portal.deliveries().pop().expect("the installation").form;
    let asked = || story.environment().portals.auth_requests().iter().filter(|r| r.method.contains("app.info")).count();
    for n in 0..200 {
        assert_eq!(forge_from(&story, &form, "203.0.113.9", n).await, StatusCode::OK);
    }
    assert_eq!(told.status, Some(200));
    assert!(asked() <= 2, "{} questions for 200 forged installations", asked());
    let mut company = company.register(&story).await;
    company.portal.set_event_auth(EventAuth::NoTokens);
    let known = async || {
        let (_, status) = company.click(IVAN, CLIENT).await;
        if status != Some(200) {
            company.portal.forget_open_calls();
        }
        (status == Some(200)).then_some(())
    };
    story.until_asked("a click is proved by the application token", known).await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(&story, 1).await;
    // Nor do notices without tokens tell people something that the portal has not said.
    let bare: Vec<_> = form.into_iter().filter(|(name, _)| !name.ends_with("_token]")).collect();
    let post = story.environment().client().post(format!("{}/", story.environment().base())).form(&bare);
    assert_eq!(post.send().await.expect("an answer").status(), StatusCode::OK);
    story.until_said("an installation was told without tokens that could prove it").await;
    let page = company.admin.page("/company").await.expect("the page");
    assert!(!page.contains("Установка приложения"), "{page}");
    click_works(&story, &company).await;
    story.end().await;
}
