//! What a portal lets us set up and says of itself, what it refuses, and what comes of it once it does not any more.

use crate::support::{CLIENT, IVAN, Story, TestCompany, only};
use ecss_crm_server::sandbox::environment::Admin;
use ecss_crm_server::sandbox::portal::{EventAuth, Fault, PortalSpec, User, UserKind};
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::{Method, StatusCode};
use std::time::Duration;

/// What stands above the tabs of the company's page.
async fn state(admin: &mut Admin) -> String {
    admin.page("/company/state").await.unwrap_or_default()
}

/// Waits until it says this, or no longer.
async fn page_says(story: &Story, company: &mut TestCompany, text: &str, says: bool) {
    let admin = &mut company.admin;
    let what = format!("the page says {text:?}: {says}");
    story.until_asked(&what, async || (state(admin).await.contains(text) == says).then_some(())).await;
}

/// Clicks, lets the telephone ring, rejects.
async fn click_works(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, before + 1).await;
}

async fn choose(company: &mut TestCompany, choices: &[(&str, &str)]) {
    let request = company.admin.request(Method::POST, "/company/calls").form(choices);
    let status = company.admin.send(request).await.expect("an answer").status();
    assert!(status == StatusCode::SEE_OTHER || status == StatusCode::OK, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_refuses_bindings_is_told_of_on_the_page_and_asked_again_until_it_takes_them() {
    let story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.refuse_bindings();
    company.admin = story.environment().register(&company.simulated).await.expect("the registration");
    for title in ["не принимает подписку", "не встраивает карточку", "не принимает линию"]
    {
        page_says(&story, &mut company, title, true).await;
    }
    let shown = state(&mut company.admin).await;
    assert!(shown.contains("Access denied!") && shown.contains("Placement max count"), "the portal's words: {shown}");
    assert!(
        shown.contains("Следующая попытка:") && shown.contains("Войти заново"),
        "what happens, what to do: {shown}"
    );
    // Calls are recorded meanwhile.
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    company.finished(&story, 1).await;
    let binds = company.portal.requests_of("placement.bind").len();
    let portal = company.portal.clone();
    let again = || (portal.requests_of("placement.bind").len() > binds).then_some(());
    story.until("it is tried again by itself", again).await;
    for what in ["click", "card", "line"] {
        let said = story.warned(&format!("what=\"{what}\"")) + story.warned(&format!("what={what}"));
        assert_eq!(said, 1, "{what}: once, however often it is tried");
    }
    company.portal.heal();
    company.settled(&story).await;
    page_says(&story, &mut company, "Ответ портала:", false).await;
    story.until_said("the portal has taken everything that it had refused before").await;
    assert_eq!(story.said("BindReport"), 0, "a line for people");
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_one_thing_fails_by_the_others_are_set_up_and_it_is_told_and_tried_again_soon() {
    let story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
    let scope = "The request requires higher privileges than provided by the access token";
    let refuse = |http, code: &str, text: &str| Fault::Refuse(http, code.to_owned(), text.to_owned());
    company.portal.standing_for("event.bind", refuse(401, "insufficient_scope", scope));
    company.portal.standing_for("placement.bind", Fault::Html);
    company.portal.standing_for("telephony.externalline.add", Fault::OperationTimeLimit(1));
    company.portal.standing_for("user.get", refuse(403, "ACCESS_DENIED", "Access denied!"));
    company.admin = story.environment().register(&company.simulated).await.expect("the registration");
    let titles =
        ["не принимает подписку", "не встраивает карточку", "не принимает линию", "не отдаёт список пользователей"];
    for title in titles {
        page_says(&story, &mut company, title, true).await;
    }
    for words in [scope, "a page titled &quot;Authorization&quot;", "Access denied! [ACCESS_DENIED]"] {
        let unquoted = words.replace("&quot;", "&#34;");
        let shown = state(&mut company.admin).await;
        assert!(shown.contains(words) || shown.contains(&unquoted), "{words}: {shown}");
    }
    assert!(!state(&mut company.admin).await.contains("the portal refused"), "the portal's words, not ours");
    // The list of users says the same, and other requests that work change nothing.
    company.employees().await;
    let page = company.admin.page("/company/employees").await.expect("the table");
    assert!(page.contains("Портал не отдал список пользователей") && page.contains("Access denied!"), "{page}");
    company.portal.app_frame(1).send(story.environment().client()).await.expect("an answer");
    for title in titles {
        assert!(state(&mut company.admin).await.contains(title), "{title}");
    }
    let (asked, binds) = (company.portal.requests_of("user.get").len(), company.portal.requests_of("event.bind").len());
    let portal = company.portal.clone();
    let again = || {
        let both = (portal.requests_of("user.get").len(), portal.requests_of("event.bind").len());
        (both.0 > asked && both.1 > binds).then_some(())
    };
    story.until("both are tried again by themselves", again).await;
    company.portal.heal();
    company.settled(&story).await;
    for title in titles {
        page_says(&story, &mut company, title, false).await;
    }
    assert_eq!(company.numbers_of(IVAN).await, ["1001"]);
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_has_waited_for_the_log_in_is_proved_with_whatever_is_still_good() {
    for (hours, portal_fails, server_fails) in [(3, false, false), (0, true, false), (3, true, false), (0, false, true)]
    {
        let story = Story::begin().await;
        let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
        company.portal.set_language("en");
        company.portal.install(1).await.expect("an installation path");
        // Strangers say the same of this portal.
        let form = company.portal.deliveries().pop().expect("the installation").form;
        for n in 0..6 {
            forge(&story, &form, n).await;
        }
        story.pass(Duration::from_secs(hours * 3600));
        company.portal.set_event_auth(EventAuth::NoTokens);
        if portal_fails {
            // The first is the administrator's own log-in.
            company.portal.next_for("profile", Fault::Latency(Duration::ZERO));
            company.portal.next_for("profile", Fault::Outage);
        }
        if server_fails {
            let refuse = Fault::Refuse(402, "PAYMENT_REQUIRED".to_owned(), "Payment required".to_owned());
            story.environment().portals.auth_next_for("app.info", refuse);
        }
        company = company.register(&story).await;
        page_says(&story, &mut company, "Установка приложения", false).await;
        click_works(&story, &company).await;
        assert_eq!(story.said("an installation was never confirmed"), 0, "{hours} {portal_fails}");
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_is_told_while_the_administrator_logs_in_is_never_lost() {
    let story = Story::begin().await;
    for n in 0..20 {
        let company = story.newcomer(&format!("firma{n}.local"), PortalSpec::default()).await;
        let portal = company.portal.clone();
        let pause = Duration::from_millis(2 * n);
        let told = async {
            tokio::time::sleep(pause).await;
            portal.install(1).await.expect("an installation path").status
        };
        let (told, mut company) = tokio::join!(told, company.register(&story));
        assert_eq!(told, Some(200));
        company.portal.set_event_auth(EventAuth::NoTokens);
        page_says(&story, &mut company, "Установка приложения", false).await;
        // The portal drops an application's handlers when it is installed.
        company.settled(&story).await;
        story
            .until_asked("a click is proved by the application token", async || {
                let (_, status) = company.click(IVAN, CLIENT).await;
                if status != Some(200) {
                    company.portal.forget_open_calls();
                }
                (status == Some(200)).then_some(())
            })
            .await;
        company.phone_is("1001", PhoneStatus::Ringing).await;
        company.phone("1001").reject().await.expect("it rings");
        company.finished(&story, 1).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_was_under_way_for_hours_is_confirmed_with_its_other_token() {
    let story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await.register(&story).await;
    company.portal.set_event_auth(EventAuth::NoTokens);
    let base = story.environment().base();
    company.portal.set_handler(&base, "http://127.0.0.1:9/");
    company.portal.install(1).await.expect("an installation path");
    let form = company.portal.deliveries().pop().expect("the installation").form;
    story.pass(Duration::from_secs(2 * 3600));
    let sent = story.environment().client().post(format!("{base}/")).form(&form).send().await.expect("an answer");
    assert!(sent.status().is_success());
    story.until_said("the application was installed in the portal and is confirmed").await;
    company.settled(&story).await;
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_installation_that_nothing_can_prove_does_not_cost_the_company_its_bindings() {
    let (story, mut company) = Story::with_company().await;
    let refuse = Fault::Refuse(401, "WRONG_CLIENT".to_owned(), "Wrong client".to_owned());
    story.environment().portals.auth_standing(refuse);
    company.portal.install(1).await.expect("an installation path");
    page_says(&story, &mut company, "Сервер авторизации Битрикс24:", true).await;
    let shown = state(&mut company.admin).await;
    assert!(shown.contains("Wrong client") && shown.contains("Войти заново"), "{shown}");
    company.settled(&story).await;
    click_works(&story, &company).await;
    story.environment().portals.auth_heal();
    page_says(&story, &mut company, "Установка приложения", false).await;
    company.settled(&story).await;
    // Told without any tokens.
    let mut form = company.portal.deliveries().into_iter().rfind(|d| d.event == "ONAPPINSTALL").expect("told").form;
    form.retain(|(name, _)| !name.ends_with("access_token]") && !name.ends_with("refresh_token]"));
    let client = story.environment().client();
    client.post(format!("{}/", story.environment().base())).form(&form).send().await.expect("an answer");
    page_says(&story, &mut company, "без ключей доступа", true).await;
    click_works(&story, &company).await;
    story.end().await;
}

/// Posts an installation with tokens that nobody has issued.
async fn forge(story: &Story, form: &[(String, String)], n: u32) {
    let mut form = form.to_vec();
    for (name, value) in &mut form {
        if name == "auth[application_token]" || name.ends_with("access_token]") || name.ends_with("refresh_token]") {
            *value = format!("forged{n}").repeat(4);
        }
    }
    let sent = story.environment().client().post(format!("{}/", story.environment().base())).form(&form).send().await;
    assert!(sent.expect("an answer").status().is_success(), "an installation waits to be confirmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_nobody_could_confirm_is_confirmed_by_itself_even_after_a_restart() {
    let mut story = Story::begin().await;
    let mut companies = Vec::new();
    for domain in ["firma.local", "andere.local"] {
        let company = story.newcomer(domain, PortalSpec::default()).await;
        // Only the application token proves these clicks, and it comes with the installation: the portal knows no test
        // events, by which it could be asked for.
        company.portal.refuse_test_events();
        let company = company.register(&story).await;
        company.portal.set_event_auth(EventAuth::NoTokens);
        companies.push(company);
    }
    // A third one, whose keys nobody knows, must not be in the way.
    let stranger = story.newcomer("dritte.local", PortalSpec::default()).await;
    story.environment().portals.auth_standing(Fault::Outage);
    assert_eq!(stranger.portal.install(1).await.expect("an installation path").status, Some(200));
    for company in &mut companies {
        assert_eq!(company.portal.install(1).await.expect("an installation path").status, Some(200));
        page_says(&story, company, "ещё не подтверждена", true).await;
        let shown = state(&mut company.admin).await;
        assert!(shown.contains("HTTP 503"), "what was seen: {shown}");
    }
    story.stop_daemon().await;
    story.environment().portals.auth_heal();
    story.environment().portals.auth_standing(Fault::DropBefore);
    story.start_daemon(2).await;
    for company in &mut companies {
        page_says(&story, company, "ещё не подтверждена", true).await;
        company.settled(&story).await;
        let (_, status) = company.click(IVAN, CLIENT).await;
        assert_eq!(status, Some(403), "nothing proves it yet");
        company.portal.forget_open_calls();
    }
    story.environment().portals.auth_heal();
    for company in &mut companies {
        page_says(&story, company, "ещё не подтверждена", false).await;
        click_works(&story, company).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_waits_longer_than_its_token_lives_is_confirmed_with_the_other_one() {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.refuse_test_events();
    let mut company = company.register(&story).await;
    company.portal.set_event_auth(EventAuth::NoTokens);
    story.environment().portals.auth_standing(Fault::Outage);
    company.portal.install(1).await.expect("an installation path");
    page_says(&story, &mut company, "ещё не подтверждена", true).await;
    story.environment().portals.advance(Duration::from_secs(2 * 3600));
    story.environment().portals.auth_heal();
    page_says(&story, &mut company, "ещё не подтверждена", false).await;
    company.settled(&story).await;
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_that_names_no_user_does_not_make_us_forget_who_stands_in() {
    let (story, mut company) = Story::with_company().await;
    let told = company.portal.install(1).await.expect("an installation path");
    assert!(!told.form.iter().any(|(name, _)| name == "auth[user_id]"), "as the official sample");
    story.until_said("the application was installed in the portal and is confirmed").await;
    company.settled(&story).await;
    let page = company.admin.page("/company?tab=bitrix").await.expect("the page");
    assert!(page.contains("Анна Орлова"), "in whose name the token is: {page}");
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone_is("1001", PhoneStatus::Talking).await;
    company.portal.dismiss(IVAN);
    company.portal.close_card(IVAN);
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.code.as_str()), (1, "200"), "the token's owner stands in");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_by_our_line_make_crm_items_as_the_company_has_chosen() {
    let (story, mut company) = Story::with_company().await;
    company.portal.edit_app(|app| "ecss-10".clone_into(&mut app.outgoing_line));
    let unknown = "+74950000001";
    let portal = company.portal.clone();
    let creates = |wanted: bool| {
        let portal = portal.clone();
        move || (portal.creates_for_line("ecss-10") == Some(wanted)).then_some(())
    };
    story.until("the line makes no items by default", creates(false)).await;
    for (n, (choice, made)) in
        [("none", false), ("outgoing", true), ("incoming", false), ("all", true)].into_iter().enumerate()
    {
        choose(&mut company, &[("crm_create", choice)]).await;
        story.until(&format!("the line follows {choice}"), creates(made)).await;
        company.click(IVAN, unknown).await;
        company.phone_is("1001", PhoneStatus::Ringing).await;
        company.phone("1001").reject().await.expect("it rings");
        let record = company.finished(&story, n + 1).await.remove(n);
        assert_eq!(record.call.bound.is_some_and(|b| b.created), made, "{choice}");
    }
    // With the application itself as the number the portal always does, which the page warns of.
    company.portal.edit_app(|app| app.outgoing_line.clear());
    choose(&mut company, &[("crm_create", "none")]).await;
    story.until("the line follows", creates(false)).await;
    company.click(IVAN, unknown).await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    assert!(company.finished(&story, 5).await.remove(4).call.bound.is_some_and(|b| b.created));
    let page = company.admin.page("/company?tab=bitrix").await.expect("the page");
    assert!(page.contains("линию «ECSS-10», а не само приложение"), "{page}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_box_without_the_lines_flag_is_served_like_any_other() {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.forget_crm_auto_create();
    company.portal.install(1).await.expect("an installation path");
    let mut company = company.register(&story).await;
    assert!(company.portal.lines().iter().any(|(number, name)| number == "ecss-10" && name == "ECSS-10"));
    assert!(!state(&mut company.admin).await.contains("Ответ портала:"));
    click_works(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_of_the_portal_are_no_employees_and_those_of_old_are_dismissed() {
    let (story, mut company) = Story::with_company().await;
    let guest =
        |id: i64, number: &str, kind| User { kind, ..User::new(id, "Гость", "Подрядчик").inner(number) };
    company.portal.set_user(guest(50, "1050", UserKind::Extranet));
    // As if the guest had got into the table before guests were distinguished from employees.
    company.portal.set_user(guest(51, "1051", UserKind::Employee));
    assert_eq!(company.numbers_of(51).await, ["1051"]);
    company.portal.set_user(guest(51, "1051", UserKind::Extranet));
    let staff = company.employees().await;
    assert!(!staff.iter().any(|e| e["user"] == 50), "{staff:?}");
    let old = staff.iter().find(|e| e["user"] == 51).expect("the row is kept");
    assert_eq!(old["active"], false, "{old}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_late_stays_out_of_the_chats() {
    let (story, company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.calls_are_over(&story).await;
    company.portal.heal();
    assert!(!only(company.finished(&story, 1).await).to_chat, "the portal is told of it after its end");
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert!(company.finished(&story, 2).await.remove(1).to_chat, "told at once");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ended_while_the_daemon_was_away_stays_out_of_the_chats() {
    let (mut story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.lists_active(&story, "talking").await;
    story.stop_daemon().await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    story.pass(Duration::from_secs(600));
    story.start_daemon(1).await;
    assert!(!only(company.finished(&story, 1).await).to_chat, "it ended ten minutes ago");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reasons_are_in_the_portals_language_also_after_a_restart() {
    let mut story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.set_language("en");
    company.portal.install(1).await.expect("an installation path");
    let mut company = company.register(&story).await;
    company.portal.set_user(User::new(20, "New", "Colleague"));
    company.employees().await;
    for n in 0..2 {
        company.click(20, CLIENT).await;
        let record = company.finished(&story, n + 1).await.remove(n);
        assert!(record.reason.contains("no extension"), "{}", record.reason);
        // An employee who opens the application in another language changes nothing.
        company.portal.app_frame(1).send(story.environment().client()).await.expect("an answer");
        story.stop_daemon().await;
        story.start_daemon(1).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gets_in_as_an_administrator_is_seen_at_the_usual_level() {
    let (story, company) = Story::with_company().await;
    let line = "an administrator has logged in";
    assert_eq!(story.warned(line), 1, "by the form");
    company.portal.app_frame(1).send(story.environment().client()).await.expect("an answer");
    assert_eq!(story.warned(line), 1, "the frame in the portal lets nobody in");
    story.environment().admin().log_in(&company.portal, 1, None).await.expect("its button leads through the portal");
    assert_eq!(story.warned(line), 2, "once more by the portal");
    story.environment().admin().log_in(&company.portal, IVAN, None).await.expect_err("no administrator");
    assert_eq!(story.warned(line), 2, "an employee does not get in");
    story.end().await;
}
