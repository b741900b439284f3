//! Lists: users and statistics.

use super::super::{PortalSpec, User};
use super::{ADMIN, IVANOV, Stage};
use serde_json::{Value, json};

fn crowd(n: i64) -> PortalSpec {
    let mut users = vec![User { admin: true, ..User::new(ADMIN, "Анна", "Орлова") }];
    users.extend((2..=n).map(|id| User::new(id, "Имя", &format!("Фамилия{id}")).inner(&format!("{}", 1000 + id))));
    PortalSpec { users, ..PortalSpec::default() }
}

#[tokio::test]
async fn users_come_by_fifty_with_total_and_next() {
    let stage = Stage::of(crowd(120)).await;
    let page = async |start: i64| stage.call("user.get", json!({ "start": start })).await.1;
    let first = page(0).await;
    assert_eq!(first["result"].as_array().map(Vec::len), Some(50));
    assert_eq!((&first["total"], &first["next"]), (&json!(120), &json!(50)));
    let last = page(100).await;
    assert_eq!(last["result"].as_array().map(Vec::len), Some(20));
    assert!(last.get("next").is_none());
    let beyond = page(150).await;
    assert_eq!(beyond["result"], json!([]));
    assert!(beyond.get("total").is_none());
    let uncounted = page(-1).await;
    assert_eq!(uncounted["result"].as_array().map(Vec::len), Some(50));
    assert!(uncounted.get("total").is_none() && uncounted.get("next").is_none());
}

#[tokio::test]
async fn ids_are_text_and_fields_may_be_null_or_missing() {
    let stage = Stage::new().await;
    let all = stage.get("user.get", json!({})).await;
    let row = |id: &str| all.as_array().and_then(|rows| rows.iter().find(|r| r["ID"] == id)).cloned();
    assert_eq!(row("7").expect("Ivanov")["UF_PHONE_INNER"], "1001");
    assert_eq!(row("7").expect("Ivanov")["ACTIVE"], true);
    let nameless = row("11").expect("the nameless one");
    assert!(nameless["NAME"].is_null() && nameless.get("UF_PHONE_INNER").is_none());
    assert_eq!(row("12").expect("the dismissed one")["ACTIVE"], false);
    assert_eq!(row("13"), None, "bots are not listed");
}

#[tokio::test]
async fn filters_stand_under_filter_or_at_the_top() {
    let stage = Stage::new().await;
    let ids = async |params: Value| -> Vec<String> {
        let rows = stage.get("user.get", params).await;
        rows.as_array().into_iter().flatten().filter_map(|r| r["ID"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(ids(json!({ "FILTER": { "UF_PHONE_INNER": "1002" } })).await, ["8"]);
    assert_eq!(ids(json!({ "ID": 7 })).await, ["7"]);
    assert_eq!(ids(json!({ "FILTER": { "ID": [7, "9"] } })).await, ["7", "9"]);
    assert!(!ids(json!({ "FILTER": { "ACTIVE": true } })).await.contains(&"12".to_owned()));
    assert!(!ids(json!({ "FILTER": { "!UF_PHONE_INNER": "" } })).await.contains(&"11".to_owned()));
    assert_eq!(ids(json!({ "SORT": "ID", "ORDER": "desc", "FILTER": { "ID": [7, 9] } })).await, ["9", "7"]);
    let found = stage.get("user.search", json!({ "FIND": "ивано" })).await;
    assert_eq!(found[0]["ID"], "7");
}

#[tokio::test]
async fn statistics_are_text_and_for_admins() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "EXTERNAL_CALL_ID": "x-1", "LINE_NUMBER": "383200" })).await;
    stage.finish(&call, IVANOV, 61).await;
    let rows = stage.get("voximplant.statistic.get", json!({ "FILTER": { "EXTERNAL_CALL_ID": "x-1" } })).await;
    assert_eq!(rows[0]["CALL_ID"], call);
    assert_eq!(rows[0]["CALL_DURATION"], "61");
    assert_eq!(rows[0]["CALL_TYPE"], "2");
    assert_eq!(rows[0]["PORTAL_NUMBER"], "383200");
    assert_eq!(rows[0]["CALL_START_DATE"], "2026-01-01T15:00:00+03:00");
    let none = stage.call("voximplant.statistic.get", json!({ "FILTER": { "CALL_ID": "other" } })).await.1;
    assert_eq!(none["result"], json!([]));
    assert!(none.get("total").is_none());
    let token = stage.portal.issue(IVANOV).access;
    let (status, body) = stage.call_with(&token, "voximplant.statistic.get", json!({})).await;
    assert_eq!((status, body["error"].as_str()), (403, Some("ACCESS_DENIED")));
}
