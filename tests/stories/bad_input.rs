//! Nonsense at every door: a clear answer, and nothing changed.

use crate::support::{CLIENT, Card, IVAN, Story, TestCompany, only};
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::{Method, StatusCode};
use std::time::Duration;

/// A call as always: nothing that happened before has done harm.
async fn all_is_well(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(company.finished(story, before + 1).await[before].code, "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_no_switch_should_send_are_passed_over() {
    let (story, company) = Story::with_company().await;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let long =
        format!(r#"{{"event":"conversations_event","data":[{{"id":"{}","status":"talking"}}]}}"#, "x".repeat(200_000));
    for text in [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "true",
        "\u{0}\u{1}",
        "{\"event\":",
        "conversations_event",
        r#"{"event":"conversations_event"}"#,
        r#"{"event":"conversations_event","data":null}"#,
        r#"{"event":"conversations_event","data":"{"}"#,
        r#"{"event":"conversations_event","data":[null,1,"x",[],{}]}"#,
        r#"{"event":"conversations_event","data":[{"id":null,"status":"alerting"}]}"#,
        r#"{"event":"conversations_event","data":[{"id":"a","status":"alerting"}]}"#,
        r#"{"event":"conversations_event","data":[{"id":"b","call_id":"b","direction":"in","digits":"","remote_digits":"","status":"alerting"}]}"#,
        r#"{"event":"conversations_event","data":[{"id":"c","call_id":"c","direction":"sideways","digits":"1001","status":"levitating"}]}"#,
        r#"{"event":"conversations_event","data":[{"id":"d","call_id":"d","direction":"in","digits":"7777","remote_digits":"шеф","status":"alerting","answer_time":"вчера"}]}"#,
        r#"{"event":"conversations_event","data":[{"id":"d","call_id":"d","direction":"in","digits":"7777","status":"released"}]}"#,
        r#"{"action":"call.make","requestId":99999,"status":200,"payload":{"call_id":"nobody asked"}}"#,
        r#"{"event":"somebody_elses_event","data":{"a":1}}"#,
        deep.as_str(),
        long.as_str(),
    ] {
        story.switch().send_raw(text);
    }
    all_is_well(&story, &company).await;
    assert_eq!(story.switch().registers(), 1, "the connection has held");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legs_with_strange_numbers_harm_no_other_leg_of_the_frame() {
    let (story, company) = Story::with_company().await;
    story.switch().send_raw(
        r#"{"event":"conversations_event","data":[
            {"id":"q1","call_id":"q","direction":"in","digits":"номер","remote_digits":"1","status":"alerting"},
            {"id":"q2","call_id":"q","direction":"in","digits":"1001","remote_digits":"Анонимный","status":"alerting"},
            {"id":"q3","call_id":"q","direction":"in","digits":" 10 02 ","remote_digits":"+7 (983) 555-11-22","status":"alerting"}
        ]}"#,
    );
    company.cards_at(&story, &[7, 8]).await;
    story.switch().send_raw(
        r#"{"event":"conversations_event","data":[
            {"id":"q2","call_id":"q","direction":"in","digits":"1001","status":"released"},
            {"id":"q3","call_id":"q","direction":"in","digits":"1002","status":"released"},
            {"id":"q1","call_id":"q","direction":"in","digits":"номер","status":"released"}
        ]}"#,
    );
    assert_eq!(only(company.finished(&story, 1).await).code, "304");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_says_what_is_wrong_with_a_request() {
    let (story, mut company) = Story::with_company().await;
    let client = story.environment().client().clone();
    let base = story.environment().base();
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let cases: Vec<(&Method, &str, &str, Vec<u8>, u16)> = vec![
        (&get, "/nowhere", "", vec![], 404),
        (&get, "/company/../../etc/passwd", "", vec![], 404),
        (&get, "/static/..%2f..%2fCargo.toml", "", vec![], 404),
        (&get, "/%ff%fe", "", vec![], 404),
        (&put, "/", "", vec![], 405),
        (&Method::DELETE, "/company", "", vec![], 405),
        (&get, "/company", "", vec![], 303),
        (&get, "/company/employees", "", vec![], 401),
        (&put, "/company/employees", "application/json", b"[]".to_vec(), 401),
        (&post, "/company/ecss", "application/x-www-form-urlencoded", b"client_id=x".to_vec(), 401),
        (&post, "/events", "application/x-www-form-urlencoded", vec![], 422),
        (&post, "/events", "application/x-www-form-urlencoded", b"event=ONEXTERNALCALLSTART".to_vec(), 422),
        (&post, "/events", "application/x-www-form-urlencoded", b"event=X&auth[member_id]=none".to_vec(), 403),
        (&post, "/events", "application/json", br#"{"event":"ONEXTERNALCALLSTART"}"#.to_vec(), 422),
        (&post, "/events", "", vec![0xff, 0xfe, 0x00, b'=', b'&', b'%', b'z'], 422),
        (&post, "/events", "", "event[a][b]=1&event[a]=2&%D0%B8=%".into(), 422),
        (&post, "/", "application/x-www-form-urlencoded", b"PLACEMENT=DEFAULT".to_vec(), 422),
        (&post, "/", "application/x-www-form-urlencoded", b"PLACEMENT=DEFAULT&member_id=x&AUTH_ID=y".to_vec(), 403),
        (
            &post,
            "/call/call.html",
            "application/x-www-form-urlencoded",
            b"PLACEMENT=CALL_CARD&member_id=x&AUTH_ID=y".to_vec(),
            403,
        ),
        (&post, "/call/action", "application/json", b"{".to_vec(), 422),
        (&post, "/call/action", "application/json", br#"{"ticket":7}"#.to_vec(), 422),
        (&post, "/call/action", "application/json", b"{}".to_vec(), 401),
        (&get, "/call/stream", "", vec![], 401),
        (&get, "/call/stream?ticket=%00%ff", "", vec![], 401),
        (&get, "/?code=x&state=y", "", vec![], 403),
        (&get, "/?error=access_denied", "", vec![], 403),
    ];
    for (method, path, kind, body, wanted) in cases {
        let request = client.request(method.clone(), format!("{base}{path}"));
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let response = request.body(body.clone()).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        assert_eq!(status.as_u16(), wanted, "{method} {path} {}: {text}", String::from_utf8_lossy(&body));
        assert!(status.is_redirection() || !text.trim().is_empty(), "{method} {path} says what is wrong");
    }
    let large = vec![b'a'; 1024 * 1024 + 1];
    for path in ["/events", "/", "/login", "/call/call.html", "/call/action"] {
        let response = client.post(format!("{base}{path}")).body(large.clone()).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    assert_eq!(company.numbers_of(IVAN).await, ["1001"]);
    all_is_well(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_of_others_open_nothing() {
    let (story, company) = Story::with_company().await;
    let client = story.environment().client();
    let long = format!("ecss_crm_session={}", "A".repeat(6000));
    for cookie in
        ["ecss_crm_session=", "ecss_crm_session=forged", "ecss_crm_session=%00", "=;;;=", "я=я", long.as_str()]
    {
        let request =
            client.get(format!("{}/company", story.environment().base())).header("accept", "application/json");
        let response = request.header("cookie", cookie.as_bytes()).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{}", &cookie[..20.min(cookie.len())]);
    }
    // A page of another site cannot use the admin's session.
    let request = company.admin.request(Method::POST, "/company").header("origin", "https://evil.example");
    let response = request.form(&[("name", "Чужое")]).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(!company.admin.clone().page("/company").await.expect("the page").contains("Чужое"));
    // Who has logged out is out.
    let mut admin = company.admin.clone();
    let stale = admin.clone();
    let out = admin.request(Method::POST, "/logout");
    assert_eq!(admin.send(out).await.expect("an answer").status(), StatusCode::SEE_OTHER);
    let again = stale.request(Method::GET, "/company").header("accept", "application/json").send().await;
    assert_eq!(again.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    all_is_well(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_are_checked_field_by_field_and_changed_only_as_a_whole() {
    let (story, mut company) = Story::with_company().await;
    let good = [
        ("backend", "callapi"),
        ("client_id", "crm"),
        ("api_key", "key"),
        ("addresses", "https://127.0.0.1:8088"),
        ("domain", "firma.local"),
        ("tls", "system"),
    ];
    let long = "ы".repeat(3000);
    for (field, value) in [
        ("backend", "fax"),
        ("client_id", ""),
        ("client_id", long.as_str()),
        ("client_id", "a\nb"),
        ("addresses", ""),
        ("addresses", "ftp://127.0.0.1"),
        ("addresses", "не адрес"),
        ("addresses", "https://user:pass@127.0.0.1:8088"),
        ("domain", ""),
        ("domain", long.as_str()),
        ("tls", "maybe"),
    ] {
        let form: Vec<_> = good.iter().map(|(n, v)| (*n, if *n == field { value } else { v })).collect();
        let request =
            company.admin.request(Method::POST, "/company/ecss").header("accept", "application/json").form(&form);
        let response = company.admin.send(request).await.expect("an answer");
        let status = response.status();
        let body: serde_json::Value = response.json().await.expect("JSON");
        let short: String = value.chars().take(20).collect();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={short}");
        assert!(body["fields"][field].as_str().is_some_and(|t| !t.is_empty()), "{field}={short}: {body}");
    }
    let request = company.admin.request(Method::POST, "/company").form(&[("name", long.as_str())]);
    assert_eq!(company.admin.send(request).await.expect("an answer").status(), StatusCode::UNPROCESSABLE_ENTITY);
    let request = company.admin.request(Method::POST, "/company").form(&[("name", "  ООО «Ромашка» <b>&amp;\"'  ")]);
    assert_eq!(company.admin.send(request).await.expect("an answer").status(), StatusCode::SEE_OTHER);
    let page = company.admin.page("/company").await.expect("the page");
    assert!(page.contains("ООО «Ромашка»") && !page.contains("<b>"), "a name is text: {page}");
    for body in
        ["", "{", "7", "[{}]", r#"{"employees":7}"#, r#"[{"user":"x","numbers":[]}]"#, r#"[{"user":1}]"#, "\u{0}"]
    {
        let request =
            company.admin.request(Method::PUT, "/company/employees").header("content-type", "application/json");
        let response = company.admin.send(request.body(body)).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(company.numbers_of(IVAN).await, ["1001"]);
    all_is_well(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_clicked_as_people_write_them() {
    let (story, company) = Story::with_company().await;
    for (n, (written, dialled)) in [
        ("+7 (983) 555-11-22", "+79835551122"),
        ("8\u{a0}983\u{a0}555\u{a0}11\u{a0}22", "89835551122"),
        ("тел. 8 (383) 200-00-10 доб. 5", "83832000010"),
        ("8 (983) 555-11-22 / 8 (983) 555-11-33", "89835551122"),
        ("  112  ", "112"),
        ("89835551122;12", "89835551122"),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, status) = company.click(IVAN, written).await;
        assert_eq!(status, Some(200), "{written}");
        let command = story.switch().wait_command("call.make").await.expect("the switch is asked");
        assert_eq!(command.payload["to"], dialled, "{written}");
        company.phone_is("1001", PhoneStatus::Ringing).await;
        company.phone("1001").reject().await.expect("it rings");
        company.finished(&story, n + 1).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_are_checked_too() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let card = Card::open(&story, &company, IVAN).await;
    for (action, to, wanted) in [
        ("", "", StatusCode::UNPROCESSABLE_ENTITY),
        ("destroy", "", StatusCode::UNPROCESSABLE_ENTITY),
        ("transfer", "", StatusCode::UNPROCESSABLE_ENTITY),
        ("transfer", "шеф", StatusCode::UNPROCESSABLE_ENTITY),
        ("transfer", "1002", StatusCode::CONFLICT),
        ("hold", "", StatusCode::CONFLICT),
        ("retrieve", "", StatusCode::CONFLICT),
    ] {
        let body = serde_json::json!({ "ticket": card.ticket, "action": action, "call": card.call, "to": to });
        let (status, answer) = card.send(&body).await;
        assert_eq!(status, wanted, "{action} {to}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|m| !m.is_empty()), "{answer}");
    }
    assert_eq!(card.press("answer").await.0, StatusCode::OK);
    company.phone_is("1001", PhoneStatus::Talking).await;
    let body = serde_json::json!({ "ticket": card.ticket, "action": "transfer", "call": card.call, "to": " 10-02 " });
    let mut live = card.stream().await;
    live.phase("talking").await;
    assert_eq!(card.send(&body).await.0, StatusCode::OK);
    company.phone_is("1002", PhoneStatus::Ringing).await;
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1002").hang_up().await.expect("it talks");
    story.truth(call).await;
    assert_eq!(company.finished(&story, 2).await.len(), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_hangs_up_cancels_nothing() {
    let (story, mut company) = Story::with_company().await;
    let rows = serde_json::json!([{ "user": IVAN, "numbers": ["1001", "1077"] }]);
    let request =
        company.admin.request(Method::PUT, "/company/employees").json(&rows).timeout(Duration::from_millis(1));
    // Whether the answer came or not: the request that arrived is carried out as a whole or not at all.
    let _ = company.admin.send(request).await;
    let numbers = company.numbers_of(IVAN).await;
    assert!(numbers == ["1001"] || numbers == ["1001", "1077"], "{numbers:?}");
    all_is_well(&story, &company).await;
    story.end().await;
}
