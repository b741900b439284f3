//! What PHP takes for nothing, parameter by parameter.

use super::{IVANOV, NUMBER, PETROV, Stage, merge};
use crate::sandbox::portal::{User, UserKind};
use serde_json::{Value, json};

const REGISTER: &str = "telephony.externalCall.register";
const FINISH: &str = "telephony.externalCall.finish";

fn with(change: Value) -> Value {
    let mut params = json!({ "USER_ID": IVANOV, "PHONE_NUMBER": NUMBER, "TYPE": 2, "SHOW": 0 });
    merge(&mut params, change);
    params
}

#[tokio::test]
async fn what_a_registration_needs_must_be_true_for_php() {
    let stage = Stage::new().await;
    let (number, user, date) = (
        "Unsupported phone number format",
        "USER_ID or USER_PHONE_INNER should be set",
        "CALL_START_DATE should be in the ISO-8601 format",
    );
    for (name, values, text) in [
        ("PHONE_NUMBER", vec![json!("0"), json!(0), json!(""), json!([]), json!(null), json!("false")], number),
        ("USER_ID", vec![json!("0"), json!(0), json!(""), json!([]), json!(null), json!("false")], user),
        ("TYPE", vec![json!("0"), json!(0), json!(""), json!([]), json!(null), json!("false")], "Unknown TYPE"),
        ("CALL_START_DATE", vec![json!("0"), json!(0), json!(false), json!([])], date),
    ] {
        for value in values {
            let refused = stage.refused(REGISTER, with(json!({ name: value }))).await;
            assert_eq!(refused, (400, String::new(), text.to_owned()), "{name} {value}");
        }
    }
    assert!(stage.portal.open_calls().is_empty());
    for number in ["00", "+0", "+"] {
        stage.get(REGISTER, with(json!({ "PHONE_NUMBER": number, "EXTERNAL_CALL_ID": number }))).await;
    }
    assert_eq!(stage.portal.open_calls().len(), 3, "true, whatever it means");
}

#[tokio::test]
async fn flags_of_a_registration_are_phps() {
    let stage = Stage::new().await;
    for (n, (value, means)) in [
        (json!("0"), false),
        (json!(0), false),
        (json!(""), false),
        (json!([]), false),
        (json!(false), false),
        (json!("false"), true),
        (json!("N"), true),
        (json!("00"), true),
        (json!(1), true),
    ]
    .into_iter()
    .enumerate()
    {
        let params = json!({ "PHONE_NUMBER": format!("+7495000000{n}"), "CRM_CREATE": value, "SHOW": value });
        let result = stage.get(REGISTER, with(params)).await;
        assert_eq!(result["CRM_CREATED_LEAD"].is_i64(), means, "CRM_CREATE {value}");
        let shown = !stage.portal.visible().is_empty();
        assert_eq!(shown, means, "SHOW {value}");
        stage.portal.close_card(IVANOV);
    }
    let shown = stage.get(REGISTER, with(json!({ "SHOW": null, "EXTERNAL_CALL_ID": "n" }))).await;
    assert_eq!(stage.portal.visible(), [(IVANOV, shown["CALL_ID"].as_str().unwrap_or_default().to_owned())]);
    let wrong: Vec<_> = stage.portal.violations().into_iter().map(|v| v.text).collect();
    assert_eq!(wrong.len(), 4, "\"false\" and \"N\" are a client's mistake: {wrong:?}");
}

#[tokio::test]
async fn names_that_are_set_count_though_they_are_empty_or_zero() {
    let stage = Stage::new().await;
    let id = async |external: Value| {
        let result = stage.get(REGISTER, with(json!({ "EXTERNAL_CALL_ID": external }))).await;
        result["CALL_ID"].as_str().expect("a call").to_owned()
    };
    let (zero, empty, other) = (id(json!("0")).await, id(json!("")).await, id(json!("x")).await);
    assert!(zero != empty && empty != other && zero != other);
    assert_eq!(id(json!("0")).await, zero);
    let on_zero = stage.get(REGISTER, with(json!({ "LINE_NUMBER": " 0 ", "EXTERNAL_CALL_ID": "l" }))).await;
    assert!(stage.portal.lines().iter().any(|(number, _)| number == "0"), "a line called 0 is a line");
    let row = stage.finish(on_zero["CALL_ID"].as_str().unwrap_or_default(), IVANOV, 1).await;
    assert!(row["PORTAL_NUMBER"].as_str().is_some_and(|n| n.starts_with("REST_APP:")), "and yet not told: {row}");
    let nobody = with(json!({ "CRM_ENTITY_TYPE": "", "CRM_ENTITY_ID": "", "EXTERNAL_CALL_ID": "e" }));
    assert_eq!(stage.get(REGISTER, nobody).await["CRM_ENTITY_ID"], Value::Null, "two empty fields bind to nobody");
}

#[tokio::test]
async fn the_end_of_a_call_is_read_with_phps_eyes() {
    let stage = Stage::new().await;
    for (change, code, chat) in [
        (json!({ "STATUS_CODE": "0", "DURATION": "12 s", "ADD_TO_CHAT": "0" }), "200", false),
        (json!({ "STATUS_CODE": "", "DURATION": "", "ADD_TO_CHAT": "" }), "304", false),
        (json!({ "STATUS_CODE": null, "DURATION": null, "ADD_TO_CHAT": null }), "304", false),
        (json!({ "STATUS_CODE": "486", "DURATION": 0, "ADD_TO_CHAT": "N" }), "486", true),
    ] {
        let call = stage.register(json!({ "EXTERNAL_CALL_ID": change.to_string() })).await;
        let mut params = json!({ "CALL_ID": call, "USER_ID": IVANOV });
        merge(&mut params, change.clone());
        stage.get(FINISH, params).await;
        let record = stage.portal.finished_calls().pop().expect("a record");
        assert_eq!((record.code.as_str(), record.to_chat), (code, chat), "{change}");
    }
    let call = stage.register(json!({})).await;
    for user in [json!("0"), json!(""), json!([]), json!(null), json!("false")] {
        let refused = stage.refused(FINISH, json!({ "CALL_ID": call, "USER_ID": user })).await;
        assert_eq!(refused.2, "USER_ID or USER_PHONE_INNER should be set", "{user}");
    }
    for id in [json!(7), json!([]), json!(null), json!(false)] {
        assert_eq!(stage.refused(FINISH, json!({ "CALL_ID": id, "USER_ID": IVANOV })).await.1, "INVALID_ARGUMENT");
    }
    let gone = stage.refused(FINISH, json!({ "CALL_ID": call, "USER_ID": 12 })).await;
    assert_eq!(gone.2, "User is not found or is not active");
}

#[tokio::test]
async fn a_line_makes_items_unless_it_says_anything_but_yes() {
    let stage = Stage::new().await;
    let creates = |number: &str| stage.portal.creates_for_line(number);
    for (n, (value, means)) in
        [(json!(null), true), (json!("Y"), true), (json!("N"), false), (json!(true), false), (json!("1"), false)]
            .into_iter()
            .enumerate()
    {
        let number = format!("20{n}");
        stage.get("telephony.externalLine.add", json!({ "NUMBER": number, "CRM_AUTO_CREATE": value })).await;
        assert_eq!(creates(&number), Some(means), "{value}");
    }
    let update = "telephony.externalLine.update";
    stage.get(update, json!({ "NUMBER": "202", "CRM_AUTO_CREATE": "Y" })).await;
    stage.get(update, json!({ "NUMBER": "201", "NAME": "", "CRM_AUTO_CREATE": null })).await;
    assert_eq!((creates("202"), creates("201")), (Some(true), Some(true)), "what is not set stays");
    let nothing = stage.refused(update, json!({ "NUMBER": "202", "CRM_AUTO_CREATE": null })).await;
    assert_eq!(nothing.2, "There are no fields to update");
    assert_eq!(
        stage.refused("telephony.externalLine.add", json!({ "NUMBER": " " })).await.2,
        "NUMBER should not be empty"
    );
    stage.portal.forget_crm_auto_create();
    stage.get(update, json!({ "NUMBER": "202", "NAME": "x", "CRM_AUTO_CREATE": "N" })).await;
    assert_eq!(creates("202"), Some(true), "an older box has no such field");
    let lines = stage.get("telephony.externalLine.get", json!({})).await;
    assert!(lines[0].get("CRM_AUTO_CREATE").is_none(), "{lines}");
}

#[tokio::test]
async fn a_click_makes_items_by_its_lines_flag_and_always_without_a_line() {
    let stage = Stage::new().await;
    let bind = json!({ "event": "OnExternalCallStart", "handler": "https://127.0.0.1:1/events" });
    stage.get("event.bind", bind).await;
    for (line, flag, creates) in [("200", "N", false), ("201", "Y", true), ("", "", true)] {
        if !line.is_empty() {
            stage.get("telephony.externalLine.add", json!({ "NUMBER": line, "CRM_AUTO_CREATE": flag })).await;
        }
        stage.portal.edit_app(|app| line.clone_into(&mut app.outgoing_line));
        let clicked = stage.portal.click(PETROV, "+74950000001").await.expect("a click");
        let call = stage.portal.open_calls().into_iter().find(|c| c.id == clicked.call).expect("the call");
        assert_eq!(call.bound.is_some_and(|b| b.created), creates, "line {line:?}");
        stage.finish(&clicked.call, PETROV, 0).await;
    }
}

#[tokio::test]
async fn a_colleague_is_known_by_the_digits_of_his_profile_only() {
    let stage = Stage::new().await;
    stage.portal.set_user(User::new(40, "Зоя", "Кольцова").inner("доб. 1031"));
    stage.portal.set_user(User::new(41, "Лев", "Дальний").inner("12345"));
    stage.portal.set_user(User::new(42, "Ева", "Без номера"));
    for (number, internal) in [("1031", true), ("12345", false), ("1042", false)] {
        let params = with(json!({ "PHONE_NUMBER": number, "CRM_CREATE": 1, "EXTERNAL_CALL_ID": number }));
        let result = stage.get(REGISTER, params).await;
        assert_eq!(result["CRM_CREATED_LEAD"].is_i64(), !internal, "{number}");
    }
}

#[tokio::test]
async fn guests_are_listed_to_those_who_share_a_group_unless_only_employees_are_wanted() {
    let stage = Stage::new().await;
    let guest = |id, groups: &[i64]| User {
        kind: UserKind::Extranet,
        groups: groups.to_vec(),
        ..User::new(id, "Гость", "Подрядчик")
    };
    stage.portal.set_user(guest(50, &[1]));
    stage.portal.set_user(guest(51, &[9]));
    let ids = async |filter: Value| -> Vec<String> {
        let rows = stage.get("user.get", json!({ "FILTER": filter })).await;
        rows.as_array().into_iter().flatten().filter_map(|r| r["ID"].as_str().map(str::to_owned)).collect()
    };
    let all = ids(json!({ "ACTIVE": true })).await;
    assert!(all.contains(&"50".to_owned()) && !all.contains(&"51".to_owned()), "{all:?}");
    let employees = ids(json!({ "ACTIVE": true, "USER_TYPE": "employee" })).await;
    assert!(!employees.contains(&"50".to_owned()) && employees.contains(&"7".to_owned()), "{employees:?}");
    let rows = stage.get("user.get", json!({ "FILTER": { "ACTIVE": "false" }, "ID": 7 })).await;
    assert!(rows.as_array().is_some_and(|r| r.len() > 1), "\"false\" is a yes, and beside FILTER nothing counts");
}
