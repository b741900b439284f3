//! The REST convention: transports, tokens, envelopes, limits, batch.

use super::super::{Bucket, Fault, Limits, Operating, PortalSpec, User};
use super::{ADMIN, IVANOV, NUMBER, PETROV, Stage, violations};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn rest_wants_https_while_the_page_may_come_by_http() {
    let stage = Stage::new().await;
    let url = format!("http://{}/rest/profile?auth={}", stage.portal.domain(), stage.token);
    let response = stage.client.get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!((&body["error"], &body["error_description"]), (&json!("INVALID_REQUEST"), &json!("Https required.")));
    assert_eq!(violations(&stage).len(), 1);
    let page = stage.client.get(stage.portal.page_url()).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn a_token_may_come_as_parameter_or_header_in_any_encoding_and_method_case() {
    let stage = Stage::new().await;
    let base = stage.portal.rest_url();
    let client = &stage.client;
    let token = &stage.token;
    for request in [
        client.get(format!("{base}PROFILE?auth={token}")),
        client.get(format!("{base}profile.json?access_token={token}")),
        client.get(format!("{base}profile")).bearer_auth(token),
        client.post(format!("{base}profile")).form(&[("auth", token)]),
        client.post(format!("{base}Profile")).json(&json!({ "auth": token })),
    ] {
        let body: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(body["result"]["ID"], "1", "{body}");
        assert_eq!(body["result"]["ADMIN"], true);
        assert_eq!(body["time"]["date_start"], "2026-01-01T15:00:00+03:00");
    }
    assert!(stage.portal.requests().iter().all(|r| r.method == "profile" && r.user == Some(ADMIN)));
}

#[tokio::test]
async fn tokens_are_missing_unknown_expired_or_fine() {
    let stage = Stage::new().await;
    let error = async |token: &str| stage.call_with(token, "profile", json!({})).await;
    let (status, body) = error("").await;
    assert_eq!((status, body["error"].as_str()), (401, Some("NO_AUTH_FOUND")));
    let (status, body) = error("nobody's").await;
    assert_eq!((status, body["error"].as_str()), (401, Some("invalid_token")));
    stage.world.advance(Duration::from_secs(3600));
    let (status, body) = error(&stage.token).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("expired_token")));
    assert!(violations(&stage).is_empty(), "an expired token is nobody's mistake");
}

#[tokio::test]
async fn tokens_end_with_the_employee_the_application_and_the_portal() {
    let stage = Stage::new().await;
    let other = stage.world.add_portal(PortalSpec::default()).await.expect("a second portal");
    let foreign = other.issue(ADMIN).access;
    assert_eq!(stage.call_with(&foreign, "profile", json!({})).await.1["error"], "invalid_token");

    let ivanov = stage.portal.issue(IVANOV).access;
    stage.portal.dismiss(IVANOV);
    assert_eq!(stage.call_with(&ivanov, "profile", json!({})).await.1["error"], "authorization_error");

    let petrov = stage.portal.issue(PETROV).access;
    stage.portal.edit_app(|app| app.allowed = Some([ADMIN].into()));
    let (status, body) = stage.call_with(&petrov, "profile", json!({})).await;
    assert_eq!((status, body["error"].as_str()), (403, Some("user_access_error")));

    let old = stage.portal.keys().expect("keys");
    assert_ne!(stage.portal.reissue_app(), old);
    assert_eq!(stage.call("profile", json!({})).await.1["error"], "invalid_token");
}

#[tokio::test]
async fn scopes_and_application_context_are_needed() {
    let stage = Stage::new().await;
    let hook = stage.portal.webhook(ADMIN);
    let url = format!("{hook}telephony.externalCall.register");
    let response =
        stage.client.post(url).json(&json!({ "USER_ID": 7, "PHONE_NUMBER": NUMBER, "TYPE": 2 })).send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 403);
    assert_eq!(response.json::<Value>().await.expect("JSON")["error"], "WRONG_AUTH_TYPE");
    let profile = stage.client.get(format!("{hook}profile")).send().await.expect("an answer");
    assert_eq!(profile.status(), 200);

    stage.portal.edit_app(|app| app.scopes.retain(|s| s != "telephony"));
    let (status, code, _) = stage.refused("telephony.externalCall.show", json!({ "CALL_ID": "x" })).await;
    assert_eq!((status, code.as_str()), (401, "insufficient_scope"));
    assert!(stage.get("scope", json!({})).await == json!(["placement", "user", "call"]));
    stage.portal.edit_app(|app| app.scopes = vec!["user_brief".to_owned()]);
    assert_eq!(stage.call("user.current", json!({})).await.0, 200, "user_brief opens the user methods too");
}

#[tokio::test]
async fn an_unknown_method_is_a_violation() {
    let stage = Stage::new().await;
    let (status, code, _) = stage.refused("telephony.externalCall.open", json!({})).await;
    assert_eq!((status, code.as_str()), (404, "ERROR_METHOD_NOT_FOUND"));
    assert_eq!(violations(&stage), ["Method not found!"]);
    assert!(!stage.portal.verdict().is_silent());
}

#[tokio::test]
async fn the_bucket_refuses_what_does_not_fit() {
    let limits = Limits { bucket: Some(Bucket { burst: 3.0, leak: 2.0 }), operating: None };
    let stage = Stage::of(PortalSpec { limits, ..PortalSpec::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(stage.call("profile", json!({})).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 503, 503]);
    assert_eq!(stage.refused("profile", json!({})).await.1, "QUERY_LIMIT_EXCEEDED");
    stage.world.advance(Duration::from_secs(1));
    assert_eq!(stage.call("profile", json!({})).await.0, 200);
    assert!(violations(&stage).is_empty());
}

#[tokio::test]
async fn operating_time_blocks_one_method_until_it_is_forgotten() {
    let operating = Some(Operating { limit: 1.0, per_call: 0.5 });
    let stage = Stage::of(PortalSpec { limits: Limits { bucket: None, operating }, ..PortalSpec::default() }).await;
    let (_, first) = stage.call("user.current", json!({})).await;
    assert_eq!(first["time"]["operating"], 0.5);
    stage.call("user.current", json!({})).await;
    let (status, body) = stage.call("user.current", json!({})).await;
    assert_eq!((status, body["error"].as_str()), (429, Some("OPERATION_TIME_LIMIT")));
    let reset_at = body["time"]["operating_reset_at"].as_i64().expect("a moment");
    assert_eq!(stage.call("profile", json!({})).await.0, 200);
    stage
        .world
        .advance(Duration::from_secs(u64::try_from(reset_at - stage.world.now().millis() / 1000).expect("later")));
    // The token is older than the pause by now only if an hour has passed: it has not.
    assert_eq!(stage.call("user.current", json!({})).await.0, 200);
}

#[tokio::test]
async fn a_batch_registers_and_shows_with_one_request() {
    let stage = Stage::new().await;
    let register = format!("telephony.externalCall.register?USER_ID=7&PHONE_NUMBER={}&TYPE=2&SHOW=1", "%2B79835551122");
    let show = "telephony.externalCall.show?CALL_ID=$result[z][CALL_ID]&USER_ID[]=8&USER_ID[]=9";
    let body =
        format!(r#"{{"auth":"{}","halt":1,"cmd":{{"z":"{register}","a":"{show}","e":"user.nothing"}}}}"#, stage.token);
    let url = format!("{}batch", stage.portal.rest_url());
    let request = stage.client.post(url).header("content-type", "application/json").body(body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let parts = &answer["result"];
    let call = parts["result"]["z"]["CALL_ID"].as_str().expect("a CALL_ID");
    assert_eq!(parts["result"]["a"], true);
    assert_eq!(parts["result_error"]["e"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(parts["result_total"], json!([]));
    assert!(parts["result_time"]["z"]["date_start"].is_string());
    assert_eq!(stage.portal.visible(), [(7, call.to_owned()), (8, call.to_owned()), (9, call.to_owned())]);
    let methods: Vec<_> = stage.portal.requests().into_iter().map(|r| (r.method, r.in_batch)).collect();
    assert_eq!(methods.first(), Some(&("telephony.externalcall.register".to_owned(), true)));
    assert_eq!(methods.last(), Some(&("batch".to_owned(), false)));
    assert_eq!(violations(&stage), ["Method not found!"]);
}

#[tokio::test]
async fn one_request_counts_once_in_the_bucket_however_many_commands_it_carries() {
    let limits = Limits { bucket: Some(Bucket { burst: 1.0, leak: 0.0 }), operating: None };
    let stage = Stage::of(PortalSpec { limits, ..PortalSpec::default() }).await;
    let all = stage.get("batch", json!({ "cmd": ["profile", "user.current"] })).await;
    assert_eq!(all["result"].as_array().map(Vec::len), Some(2), "numbered commands answer as a list");
    assert_eq!(stage.call("profile", json!({})).await.0, 503);
}

#[tokio::test]
async fn an_answer_without_a_portal_user_is_not_given() {
    let stage = Stage::new().await;
    stage.portal.set_user(User::new(40, "Новый", "Сотрудник"));
    let token = stage.portal.issue(40).access;
    assert_eq!(stage.call_with(&token, "user.admin", json!({})).await.1["result"], false);
    stage.portal.next(Fault::InvalidToken);
    assert_eq!(stage.call_with(&token, "user.admin", json!({})).await.1["error"], "invalid_token");
}
