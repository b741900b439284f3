//! Registration, the 30-minute rule, the end of calls, lines, recordings.

use super::{ADMIN, CALL_NOT_FOUND, IVANOV, NUMBER, PETROV, Stage, merge, violations};
use serde_json::{Value, json};
use std::time::Duration;

const REGISTER: &str = "telephony.externalCall.register";
const FINISH: &str = "telephony.externalCall.finish";

#[tokio::test]
async fn wrong_registrations_are_refused_with_an_empty_code() {
    let stage = Stage::new().await;
    for (change, text) in [
        (json!({ "USER_ID": null }), "USER_ID or USER_PHONE_INNER should be set"),
        (json!({ "USER_ID": null, "USER_PHONE_INNER": "9999" }), "USER_ID or USER_PHONE_INNER should be set"),
        (json!({ "TYPE": 6 }), "Unknown TYPE"),
        (json!({ "TYPE": null }), "Unknown TYPE"),
        (json!({ "CALL_START_DATE": "01.02.2026 10:00" }), "CALL_START_DATE should be in the ISO-8601 format"),
        (json!({ "PHONE_NUMBER": "anonymous" }), "Unsupported phone number format"),
    ] {
        let mut params = json!({ "USER_ID": IVANOV, "PHONE_NUMBER": NUMBER, "TYPE": 2 });
        merge(&mut params, change);
        assert_eq!(stage.refused(REGISTER, params).await, (400, String::new(), text.to_owned()));
    }
    assert_eq!(violations(&stage).len(), 6);
    let gone = json!({ "USER_ID": 12, "PHONE_NUMBER": NUMBER, "TYPE": 2 });
    assert_eq!(stage.refused(REGISTER, gone).await.2, "User is not found or is not active");
    assert_eq!(violations(&stage).len(), 6, "a dismissed employee is nobody's mistake");
    assert!(stage.portal.open_calls().is_empty());
}

#[tokio::test]
async fn a_registration_finds_the_client_and_shows_the_card_by_default() {
    let stage = Stage::new().await;
    let params = json!({ "USER_PHONE_INNER": "1001", "PHONE_NUMBER": "8 (983) 555-11-22", "TYPE": "2" });
    let result = stage.get(REGISTER, params).await;
    let call = result["CALL_ID"].as_str().expect("a CALL_ID");
    let parts: Vec<&str> = call.split('.').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2]), ("externalCall", 32, "1767268800"));
    assert_eq!((&result["CRM_ENTITY_TYPE"], &result["CRM_ENTITY_ID"]), (&json!("CONTACT"), &json!(21)));
    assert_eq!(result["CRM_CREATED_LEAD"], Value::Null);
    assert_eq!(result["CRM_CREATED_ENTITIES"], json!([]));
    assert_eq!(stage.portal.visible(), [(IVANOV, call.to_owned())]);
    assert_eq!(stage.portal.open_calls()[0].number, "89835551122");
}

#[tokio::test]
async fn an_unknown_caller_becomes_a_lead_only_if_asked() {
    let stage = Stage::new().await;
    let unknown = |create: Value| json!({ "USER_ID": IVANOV, "PHONE_NUMBER": "+74950000001", "TYPE": 2, "CRM_CREATE": create, "EXTERNAL_CALL_ID": create.to_string(), "SHOW": 0 });
    let without = stage.get(REGISTER, unknown(json!(0))).await;
    assert_eq!((&without["CRM_ENTITY_ID"], &without["CRM_CREATED_LEAD"]), (&Value::Null, &Value::Null));
    let with = stage.get(REGISTER, unknown(json!(1))).await;
    assert!(with["CRM_CREATED_LEAD"].is_i64());
    assert_eq!(with["CRM_CREATED_ENTITIES"][0]["ENTITY_TYPE"], "LEAD");
    assert!(stage.portal.visible().is_empty(), "SHOW 0 shows nothing");
}

#[tokio::test]
async fn a_call_between_employees_stays_out_of_the_crm() {
    let stage = Stage::new().await;
    let params = json!({ "USER_ID": IVANOV, "PHONE_NUMBER": "1002", "TYPE": 1, "CRM_CREATE": 1 });
    let result = stage.get(REGISTER, params).await;
    assert_eq!((&result["CRM_ENTITY_ID"], &result["CRM_CREATED_LEAD"]), (&Value::Null, &Value::Null));
    let call = result["CALL_ID"].as_str().expect("a CALL_ID");
    assert_eq!(stage.finish(call, IVANOV, 3).await["CRM_ACTIVITY_ID"], Value::Null);
    assert!(stage.portal.finished_calls()[0].call.internal);
}

#[tokio::test]
async fn a_repeated_registration_is_the_same_call_for_thirty_minutes() {
    let stage = Stage::new().await;
    let first = stage.register(json!({ "EXTERNAL_CALL_ID": "x-1", "LINE_NUMBER": "200" })).await;
    assert_eq!(stage.register(json!({ "EXTERNAL_CALL_ID": "x-1", "LINE_NUMBER": "200" })).await, first);
    assert_eq!(stage.register(json!({ "EXTERNAL_CALL_ID": "x-1" })).await, first, "the line counts only if given");
    assert_eq!(stage.register(json!({})).await, first, "the external id counts only if given");
    for other in [
        json!({ "EXTERNAL_CALL_ID": "x-2" }),
        json!({ "LINE_NUMBER": "201" }),
        json!({ "USER_ID": PETROV }),
        json!({ "TYPE": 3 }),
        json!({ "PHONE_NUMBER": "+79990000000" }),
    ] {
        let mut params = json!({ "SHOW": 0 });
        merge(&mut params, other.clone());
        assert_ne!(stage.register(params).await, first, "{other}");
    }
    assert_eq!(stage.portal.open_calls()[0].registrations, 4);
    stage.world.advance(Duration::from_secs(30 * 60));
    assert_ne!(stage.register(json!({ "EXTERNAL_CALL_ID": "x-1", "LINE_NUMBER": "200", "SHOW": 0 })).await, first);
}

#[tokio::test]
async fn an_old_start_date_defeats_the_rule_and_a_finish_ends_it() {
    let stage = Stage::new().await;
    let late = json!({ "EXTERNAL_CALL_ID": "x-1", "CALL_START_DATE": "2026-01-01T14:29:00+03:00", "SHOW": 0 });
    let first = stage.register(late.clone()).await;
    assert_ne!(stage.register(late).await, first);
    let third = stage.register(json!({ "EXTERNAL_CALL_ID": "x-3", "SHOW": 0 })).await;
    stage.finish(&third, IVANOV, 1).await;
    assert_ne!(stage.register(json!({ "EXTERNAL_CALL_ID": "x-3", "SHOW": 0 })).await, third);
}

#[tokio::test]
async fn a_finish_writes_the_truth_of_the_duration() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "EXTERNAL_CALL_ID": "x-1" })).await;
    let row = stage.finish(&call, PETROV, 42).await;
    assert_eq!(row["CALL_STATUS"], 1);
    assert_eq!(row["CALL_FAILED_CODE"], "200");
    assert_eq!(row["PORTAL_USER_ID"], PETROV, "the user who finishes owns the row");
    assert_eq!(row["EXTERNAL_CALL_ID"], "x-1");
    assert_eq!(row["INCOMING"], "2");
    assert_eq!(row["CALL_START_DATE"], json!({}), "a date object loses its content");
    assert!(row["CRM_ACTIVITY_ID"].is_i64());
    assert_eq!((&row["CRM_ENTITY_TYPE"], &row["CRM_ENTITY_ID"]), (&json!("CONTACT"), &json!("21")));
    let again = stage.refused(FINISH, json!({ "CALL_ID": call, "USER_ID": PETROV })).await;
    assert_eq!(again, (400, String::new(), CALL_NOT_FOUND.to_owned()));
    assert!(violations(&stage).is_empty(), "a repeated finish may follow a lost answer");
}

#[tokio::test]
async fn the_status_code_follows_the_duration_unless_it_is_given() {
    let stage = Stage::new().await;
    for (params, code, status) in [
        (json!({}), "304", 0),
        (json!({ "DURATION": 5 }), "200", 1),
        (json!({ "DURATION": "0", "STATUS_CODE": "603-S" }), "603-S", 0),
    ] {
        let mut params = params;
        let call = stage.register(json!({ "SHOW": 0 })).await;
        merge(&mut params, json!({ "CALL_ID": call, "USER_ID": IVANOV }));
        let row = stage.get(FINISH, params).await;
        assert_eq!((row["CALL_FAILED_CODE"].as_str(), row["CALL_STATUS"].as_i64()), (Some(code), Some(status)));
    }
    assert!(!stage.portal.finished_calls()[0].to_chat, "a missing ADD_TO_CHAT is no");
    stage.portal.assert_silent();
}

#[tokio::test]
async fn contradictions_and_unknown_codes_are_violations_though_the_portal_takes_them() {
    let stage = Stage::new().await;
    for (duration, code) in [(0, "200"), (9, "304"), (0, "999")] {
        let call = stage.register(json!({ "SHOW": 0 })).await;
        let params = json!({ "CALL_ID": call, "USER_ID": IVANOV, "DURATION": duration, "STATUS_CODE": code });
        stage.get(FINISH, params).await;
    }
    assert_eq!(
        violations(&stage),
        [
            "STATUS_CODE 200 contradicts DURATION 0",
            "STATUS_CODE 304 contradicts DURATION 9",
            "STATUS_CODE 999 is not known"
        ]
    );
}

#[tokio::test]
async fn a_finish_checks_its_arguments_in_order() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "SHOW": 0 })).await;
    let nobody = stage.refused(FINISH, json!({ "CALL_ID": call })).await;
    assert_eq!(nobody.2, "USER_ID or USER_PHONE_INNER should be set");
    for id in [json!(5), json!(null), json!([call])] {
        let (status, code, text) = stage.refused(FINISH, json!({ "CALL_ID": id, "USER_ID": IVANOV })).await;
        assert_eq!((status, code.as_str(), text.as_str()), (400, "INVALID_ARGUMENT", "CALL_ID must be a string"));
    }
    let gone = stage.refused(FINISH, json!({ "CALL_ID": call, "USER_ID": 12 })).await;
    assert_eq!(gone.2, "User is not found or is not active");
    assert_eq!(stage.portal.open_calls().len(), 1);
    assert_eq!(stage.portal.verdict().unfinished, [call]);
}

#[tokio::test]
async fn missed_calls_are_counted_until_somebody_calls_back() {
    let stage = Stage::new().await;
    let missed = stage.register(json!({})).await;
    stage.finish(&missed, IVANOV, 0).await;
    assert_eq!(stage.portal.missed_calls(), [(NUMBER.to_owned(), IVANOV)]);
    let back = stage.register(json!({ "TYPE": 1 })).await;
    stage.finish(&back, IVANOV, 10).await;
    assert!(stage.portal.missed_calls().is_empty());
}

#[tokio::test]
async fn lines_belong_to_the_application_and_registrations_add_them() {
    let stage = Stage::new().await;
    let add = |number: &str| json!({ "NUMBER": number, "NAME": "Главный" });
    assert!(stage.get("telephony.externalLine.add", add("383200")).await["ID"].is_i64());
    assert_eq!(stage.refused("telephony.externalLine.add", add("383200")).await.2, "Line already exists");
    assert_eq!(stage.refused("telephony.externalLine.add", add(" ")).await.2, "NUMBER should not be empty");
    let update = stage.refused("telephony.externalLine.update", json!({ "NUMBER": "5", "NAME": "x" })).await;
    assert_eq!(update.2, "Could not find line with number 5");
    assert_eq!(
        stage.refused("telephony.externalLine.update", json!({ "NUMBER": "5" })).await.2,
        "There are no fields to update"
    );
    stage.register(json!({ "LINE_NUMBER": "777", "SHOW": 0 })).await;
    let long = "9".repeat(60);
    stage.register(json!({ "LINE_NUMBER": long, "SHOW": 0 })).await;
    let lines = stage.get("telephony.externalLine.get", json!({})).await;
    assert_eq!(lines[0], json!({ "NUMBER": "383200", "NAME": "Главный", "CRM_AUTO_CREATE": "Y" }));
    assert_eq!(lines[1]["NUMBER"], "777");
    assert_eq!(lines[2]["NUMBER"].as_str().map(str::len), Some(50), "longer numbers are cut");
    assert!(violations(&stage).iter().any(|v| v.contains("longer than 50")));
    assert_eq!(stage.get("telephony.externalLine.delete", json!({ "NUMBER": "777" })).await, json!([]));
}

#[tokio::test]
async fn recordings_come_after_the_end() {
    let stage = Stage::new().await;
    let attach = "telephony.externalCall.attachRecord";
    let call = stage.register(json!({ "SHOW": 0 })).await;
    let file = |name: &str, content: &str| json!({ "CALL_ID": call, "FILENAME": name, "FILE_CONTENT": content });
    assert!(
        stage.refused(attach, file("a.mp3", "QUJD")).await.2.starts_with("Call is not found in the statistic table")
    );
    stage.finish(&call, IVANOV, 4).await;
    assert!(stage.refused(attach, json!({ "CALL_ID": call })).await.2.starts_with("Required parameters are not set"));
    assert!(stage.refused(attach, file("a.ogg", "QUJD")).await.2.starts_with("Wrong file extension"));
    assert!(stage.refused(attach, file("a.mp3", "%%%")).await.2.starts_with("File content is not properly encoded"));
    assert_eq!(stage.refused(attach, file("a.mp3", "")).await.2, "File content is empty.");
    assert!(stage.get(attach, file("a.MP3", "QUJD")).await["FILE_ID"].is_i64());
    assert_eq!(stage.get(attach, json!({ "CALL_ID": call, "FILENAME": "a.mp3" })).await["fieldName"], "file");
    assert!(stage.portal.finished_calls()[0].record.is_some());
}

#[tokio::test]
async fn a_caller_is_found_with_his_responsible_employee() {
    let stage = Stage::new().await;
    let search = "telephony.externalCall.searchCrmEntities";
    let found = stage.get(search, json!({ "PHONE_NUMBER": "89835551122" })).await;
    assert_eq!((&found[0]["CRM_ENTITY_TYPE"], &found[0]["NAME"]), (&json!("CONTACT"), &json!("Сергей Клиентов")));
    assert_eq!(found[0]["ASSIGNED_BY"]["ID"], ADMIN);
    assert_eq!(stage.get(search, json!({ "PHONE_NUMBER": "+70000000000" })).await, json!([]));
    assert_eq!(stage.refused(search, json!({})).await.2, "PHONE_NUMBER is empty");
}
