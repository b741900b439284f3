//! The number table: which employee has which number.

use crate::support::{CLIENT, IVAN, MARIA, PYOTR, Story, TestCompany, only, told};
use ecss_crm_server::sandbox::portal::{Fault, PortalSpec, User, UserKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Numbers by employee.
type Rows = &'static [(i64, &'static [&'static str])];

/// A client calls a number; who owns the record.
async fn owner_of(story: &Story, company: &TestCompany, number: &str) -> i64 {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, number).await;
    company.phone(number).pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(story, before + 1).await[before].user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_saved_counts_from_the_next_call_on() {
    let (mut story, mut company) = Story::with_company().await;
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);
    let swapped: &[(i64, &[&str])] = &[(IVAN, &["1002"]), (PYOTR, &["1001"])];
    let (status, answer) = company.save_numbers(swapped).await;
    assert_eq!(status, StatusCode::OK, "two employees may swap: {answer}");
    assert_eq!(owner_of(&story, &company, "1001").await, PYOTR);
    assert_eq!(owner_of(&story, &company, "1002").await, IVAN);
    assert_eq!(company.save_numbers(&[(PYOTR, &[]), (IVAN, &["1002", "1001"])]).await.0, StatusCode::OK);
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN, "an employee may have several telephones");
    company.click(IVAN, CLIENT).await;
    let command = story.switch().wait_command("call.make").await.expect("the switch is asked");
    assert_eq!(command.payload["from"], "1002", "the first is used for clicks");
    company.phone("1002").reject().await.expect("it rings");
    company.finished(&story, 5).await;
    story.stop_daemon().await;
    story.start_daemon(1).await;
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN, "and it is kept");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_stays_with_whom_it_rang() {
    let (story, mut company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    assert_eq!(company.save_numbers(&[(IVAN, &[]), (PYOTR, &["1001", "1002"])]).await.0, StatusCode::OK);
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, told(&company.portal, "register").len()), (IVAN, 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_are_read_once() {
    let (story, mut company) = Story::with_company().await;
    company.portal.set_user(User::new(IVAN, "Иван", "Переименованный").inner("1077"));
    company.portal.set_user(User::new(30, "Зоя", "Свежая").inner("1030"));
    company.portal.set_user(User::new(31, "Юрий", "Второй").inner("1001"));
    let staff = company.employees().await;
    let row =
        |user: i64| staff.iter().find(|e| e["user"] == user).unwrap_or_else(|| panic!("{user} in {staff:?}")).clone();
    assert_eq!(row(IVAN)["numbers"], json!(["1001"]), "a known employee's profile number is not taken over");
    assert_eq!(row(IVAN)["name"], "Иван Переименованный", "the name is");
    assert_eq!(row(30)["numbers"], json!(["1030"]), "a new employee is there when the list is opened");
    assert_eq!(row(31)["numbers"], json!([]), "nobody gets a number that somebody has");
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_two_employees_is_refused_by_name_and_nothing_is_saved() {
    let (story, mut company) = Story::with_company().await;
    let (status, answer) = company.save_numbers(&[(9, &["1099"]), (PYOTR, &["1002", "1001"])]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let named = (&answer["code"], &answer["user"], &answer["number"], &answer["holder"]);
    assert_eq!(named, (&"taken".into(), &PYOTR.into(), &"1001".into(), &IVAN.into()), "{answer}");
    let message = answer["message"].as_str().expect("a sentence");
    assert!(message.contains("Пётр Петров") && message.contains("1001") && message.contains("Иван"), "{message}");
    assert_eq!(company.numbers_of(9).await, ["1003"], "all or nothing");
    let cases: [(Rows, &str); 5] = [
        (&[(9, &["1050"]), (10, &["1050"])], "taken"),
        (&[(9, &["шеф"])], "wrong_number"),
        (&[(9, &["1050-1055"])], "wrong_number"),
        (&[(9, &["11111111112222222222333333333344444444445"])], "wrong_number"),
        (&[(4711, &["1050"])], "no_such_employee"),
    ];
    for (rows, code) in cases {
        let (status, answer) = company.save_numbers(rows).await;
        assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &code.into()), "{rows:?} {answer}");
    }
    assert_eq!(company.numbers_of(9).await, ["1003"]);
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_is_there_when_the_portal_is_not() {
    let (story, mut company) = Story::with_company().await;
    company.portal.standing(Fault::Outage);
    let request = company.admin.request(Method::GET, "/company/employees").header("accept", "application/json");
    let response = company.admin.send(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let table: Value = response.json().await.expect("JSON");
    assert!(table["employees"].as_array().is_some_and(|rows| rows.len() >= 5), "{table}");
    assert!(table["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "the admin is told: {table}");
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    company.portal.heal();
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1077"]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dismissed_employees_number_counts_for_nobody_until_he_returns() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(owner_of(&story, &company, "1002").await, PYOTR);
    let pyotr = async |company: &mut TestCompany| {
        let staff = company.employees().await;
        let row = staff.iter().find(|e| e["user"] == PYOTR).unwrap_or_else(|| panic!("{staff:?}")).clone();
        (row["active"].clone(), row["numbers"].clone())
    };
    company.portal.dismiss(PYOTR);
    assert_eq!(pyotr(&mut company).await, (false.into(), json!(["1002"])), "the number is kept");
    let page = company.admin.page("/company?tab=employees").await.expect("the table");
    assert!(page.contains("уволен"), "{page}");
    assert!(company.employees().await.iter().filter(|e| e["user"] != PYOTR).all(|e| e["active"] == true));

    let registered = told(&company.portal, "register").len();
    let call = company.incoming(CLIENT, "1002").await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.calls_are_over(&story).await;
    assert_eq!(told(&company.portal, "register").len(), registered, "the portal would not take the calls");
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);

    company.portal.set_user(User::new(PYOTR, "Пётр", "Петров").inner("1002"));
    assert_eq!(pyotr(&mut company).await, (true.into(), json!(["1002"])));
    assert_eq!(owner_of(&story, &company, "1002").await, PYOTR);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_users_that_comes_short_dismisses_nobody() {
    let (story, mut company) = Story::with_company().await;
    for fault in [Fault::EmptyBody, Fault::Html, Fault::Refuse(400, "ACCESS_DENIED".into(), "no".into())] {
        company.portal.next_for("user.get", fault);
        assert!(company.employees().await.iter().all(|e| e["active"] == true));
    }
    // Almost everybody vanishes without having been dismissed: the user we ask as may no longer see them.
    let everybody = company.portal.users();
    for user in everybody.iter().filter(|u| u.id != 1) {
        company.portal.set_user(User { kind: UserKind::Email, ..user.clone() });
    }
    assert!(company.employees().await.iter().all(|e| e["active"] == true));
    for user in everybody {
        company.portal.set_user(user);
    }
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);
    story.end().await;
}

/// The portal reports that somebody has come.
async fn user_added(story: &Story, company: &TestCompany, token: &str) -> StatusCode {
    let form = [
        ("event", "ONUSERADD"),
        ("data[ID]", "30"),
        ("auth[member_id]", company.portal.member_id()),
        ("auth[application_token]", token),
    ];
    let sent =
        story.environment().client().post(format!("{}/events", story.environment().base())).form(&form).send().await;
    sent.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_fetched_when_the_portal_tells_of_a_new_one() {
    let (story, company) = Story::with_company().await;
    let token = company.portal.keys().expect("the application").application_token;
    company.portal.dismiss(PYOTR);
    let lists = || company.portal.requests_of("user.get").len();
    let before = lists();
    assert_eq!(user_added(&story, &company, "forged").await, StatusCode::FORBIDDEN);
    for _ in 0..20 {
        assert_eq!(user_added(&story, &company, &token).await, StatusCode::OK);
    }
    // Active users, and because somebody is missing among them, the dismissed ones.
    story.until("the users are fetched", || (lists() >= before + 2).then_some(())).await;
    assert_eq!(owner_of(&story, &company, "1001").await, IVAN);
    assert_eq!(lists(), before + 2, "once, however often it is told");
    story.end().await;
}

/// The number table as a page.
async fn table_page(company: &TestCompany) -> String {
    let request = company.admin.request(Method::GET, "/company/employees").header("accept", "text/html");
    request.send().await.expect("an answer").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_with_two_numbers_rings_for_both_and_what_cannot_be_read_is_shown() {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.set_user(User::new(MARIA, "Мария", "Сидорова").inner("доб. 1003 / 1004 (приёмная)"));
    company.portal.set_user(User::new(10, "Олег", "Кузнецов").inner("<b>спросить</b> Анну"));
    company.portal.set_user(User::new(PYOTR, "Пётр", "Петров").inner("1002-1005"));
    company.portal.install(1).await.expect("an installation path");
    let mut company = company.register(&story).await;
    assert_eq!(owner_of(&story, &company, "1003").await, MARIA);
    assert_eq!(owner_of(&story, &company, "1004").await, MARIA);

    let staff = company.employees().await;
    let row = |user: i64| staff.iter().find(|e| e["user"] == user).expect("a row").clone();
    assert_eq!((&row(MARIA)["numbers"], &row(MARIA)["profile"]), (&json!(["1003", "1004"]), &Value::Null));
    assert_eq!((&row(10)["numbers"], &row(10)["profile"]), (&json!([]), &json!("<b>спросить</b> Анну")));
    assert_eq!((&row(PYOTR)["numbers"], &row(PYOTR)["profile_unclear"]), (&json!([]), &json!(true)));
    let page = table_page(&company).await;
    assert!(page.contains("У 2 пользователей не удалось"), "{page}");
    assert!(page.contains("спросить") && !page.contains("<b>спросить"), "what people write is text: {page}");

    // The admin decides; the text stays beside the numbers, and nothing is asked any more.
    assert_eq!(company.save_numbers(&[(PYOTR, &["1002"]), (10, &["1010"])]).await.0, StatusCode::OK);
    let staff = company.employees().await;
    let pyotr = staff.iter().find(|e| e["user"] == PYOTR).expect("a row");
    assert_eq!((&pyotr["profile"], &pyotr["profile_unclear"]), (&json!("1002-1005"), &json!(false)));
    let page = table_page(&company).await;
    assert!(page.contains("1002-1005") && !page.contains("не удалось полностью"), "{page}");
    story.end().await;
}
