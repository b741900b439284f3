//! The number table.

use super::{Ask, Site};
use crate::domain::profile::Profile;
use crate::domain::written::AsWritten;
use crate::domain::{Phone, UserId};
use crate::web::service::{Import, TakenNumber};
use axum::http::StatusCode;

#[tokio::test]
async fn opening_the_list_imports_the_portals_users() {
    let site = Site::new();
    let json = site.send(Ask::get("/company/employees").admin().json()).await.json();
    assert_eq!(json["employees"][0]["user"], 7);
    assert_eq!(json["employees"][1]["numbers"], serde_json::json!(["1002", "1003"]));
    assert_eq!(json["notes"], serde_json::json!([]));
    assert_eq!(site.service.world().log, ["import"]);
    let page = site.send(Ask::get("/company/employees").admin().html()).await;
    page.shows(&["Иван Петров", "name=\"numbers.8\" value=\"1002, 1003\""]);
}

#[tokio::test]
async fn a_silent_portal_leaves_the_list_as_it_was() {
    let site = Site::new();
    site.service.world().import = Import::Failed("timeout".to_owned());
    let reply = site.send(Ask::get("/company/employees").admin().html()).await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&["Портал не ответил, показан прежний список", "Иван Петров"]);
    site.service.world().import = Import::Refused("Access denied! [ACCESS_DENIED]".to_owned());
    let reply = site.send(Ask::get("/company/employees").admin().html()).await;
    reply.shows(&["Ответ портала:", "Access denied! [ACCESS_DENIED]", "право «Пользователи (user)»", "Иван Петров"]);
    assert!(!reply.body.contains("не ответил"), "it did answer");
    let taken = TakenNumber { number: Phone::parse("1001").expect("number"), user: UserId(8), holder: UserId(7) };
    site.service.world().import = Import::Done { added: 1, taken: vec![taken] };
    let json = site.send(Ask::get("/company/employees").admin().json().english()).await.json();
    let note = json["notes"][0].as_str().expect("note");
    assert!(note.contains("1001") && note.contains("Анна") && note.contains("Иван"), "{note}");
}

#[tokio::test]
async fn the_dialog_saves_what_was_changed() {
    let site = Site::new();
    let body = r#"{"employees":[{"user":7,"numbers":["1001"," 20-01 "]},{"user":8,"numbers":[]}]}"#;
    let reply = site.send(Ask::put("/company/employees", body).admin()).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json()["ok"], true);
    assert_eq!(site.service.world().log, ["numbers 7=1001+2001 8="]);
}

#[tokio::test]
async fn conflicts_name_the_row() {
    let site = Site::new();
    let body = r#"[{"user":7,"numbers":["1002"]}]"#;
    let reply = site.send(Ask::put("/company/employees", body).admin()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    let json = reply.json();
    assert_eq!((&json["user"], &json["number"], &json["holder"]), (&7.into(), &"1002".into(), &8.into()));
    let message = json["message"].as_str().expect("message");
    assert!(message.contains("Иван Петров") && message.contains("1002") && message.contains("Анна"), "{message}");

    let twice = r#"[{"user":7,"numbers":["5"]},{"user":8,"numbers":["5"]}]"#;
    let json = site.send(Ask::put("/company/employees", twice).admin()).await.json();
    assert_eq!((&json["code"], &json["user"], &json["holder"]), (&"taken".into(), &8.into(), &7.into()));

    for (body, code) in [
        (r#"[{"user":7,"numbers":["шеф"]}]"#, "wrong_number"),
        (r#"[{"user":99,"numbers":["5"]}]"#, "no_such_employee"),
        ("{", "malformed"),
    ] {
        let reply = site.send(Ask::put("/company/employees", body).admin()).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(reply.json()["code"], code);
    }
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn without_scripts_a_form_does_the_same() {
    let site = Site::new();
    let reply = site.send(Ask::post("/company/employees", "numbers.7=1001%2C+1005&numbers.8=").admin().html()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/company?tab=employees&saved=1");
    assert_eq!(site.service.world().log, ["numbers 7=1001+1005 8="]);
    let reply = site.send(Ask::post("/company/employees", "numbers.7=1002&numbers.8=1002").admin().html()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reply.shows(&["уже у «Иван Петров»", "id=\"f8\"", "name=\"numbers.7\" value=\"1002\""]);
}

#[tokio::test]
async fn a_nameless_employee_is_still_somebody() {
    let site = Site::new();
    site.service.world().employees[0].name.clear();
    site.service.world().employees[0].active = false;
    site.send(Ask::get("/company/employees").admin().html()).await.shows(&["Пользователь 7", "уволен"]);
}

#[tokio::test]
async fn what_a_profile_says_stands_beside_the_row_and_is_counted_above() {
    let site = Site::new();
    let profile = |user, text: &str, settled| Profile { user: UserId(user), text: AsWritten::new(text), settled };
    site.service.world().profiles = vec![profile(7, "10…\n<i>вечером</i>", false), profile(8, "1002 / 1003", false)];
    let json = site.send(Ask::get("/company/employees").admin().json().english()).await.json();
    let row = &json["employees"][0];
    assert_eq!((&row["profile"], &row["profile_unclear"]), (&"10…\n<i>вечером</i>".into(), &true.into()));
    let keys: Vec<_> = json["employees"][1].as_object().expect("a row").keys().map(String::as_str).collect();
    assert_eq!(keys, ["active", "name", "numbers", "user"], "a profile that says the same needs no remark");
    assert!(json["notes"][0].as_str().is_some_and(|note| note.starts_with("1 user has")), "{json}");
    let page = site.send(Ask::get("/company/employees").admin().html()).await;
    page.shows(&[
        "У 1 пользователя не удалось",
        "&#60;i&#62;вечером",
        "aria-describedby=\"p7\"",
        "class=\"warn\" id=\"p7\"",
    ]);
    page.hides(&["id=\"p8\""]);

    // Settled, or of somebody who has left: nothing is asked of the admin.
    site.service.world().profiles[0].settled = true;
    let json = site.send(Ask::get("/company/employees").admin().json()).await.json();
    assert_eq!((&json["employees"][0]["profile_unclear"], &json["notes"]), (&false.into(), &serde_json::json!([])));
    site.service.world().profiles[0].settled = false;
    site.service.world().employees[0].active = false;
    let json = site.send(Ask::get("/company/employees").admin().json()).await.json();
    assert_eq!((&json["employees"][0]["profile"], &json["notes"]), (&serde_json::Value::Null, &serde_json::json!([])));
}
