//! Misfortunes: each does what it says, once or until healed.

use super::super::{Fault, Network};
use super::{CALL_NOT_FOUND, IVANOV, NUMBER, Stage, violations};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn refusals_have_their_status_and_code() {
    let stage = Stage::new().await;
    for (fault, status, code) in [
        (Fault::ExpiredToken, 401, "expired_token"),
        (Fault::InvalidToken, 401, "invalid_token"),
        (Fault::QueryLimit, 503, "QUERY_LIMIT_EXCEEDED"),
        (Fault::Overload, 503, "OVERLOAD_LIMIT"),
        (Fault::OperationTimeLimit(60), 429, "OPERATION_TIME_LIMIT"),
        (Fault::PaymentRequired, 402, "PAYMENT_REQUIRED"),
        (Fault::NotInPlan, 401, "ACCESS_DENIED"),
        (Fault::AuthServerUnreachable, 401, "CONNECTION_ERROR"),
        (Fault::InternalError, 500, "INTERNAL_SERVER_ERROR"),
        (Fault::PortalDeleted, 500, "PORTAL_DELETED"),
        (Fault::Refuse(418, "TEA".to_owned(), "pot".to_owned()), 418, "TEA"),
    ] {
        stage.portal.next(fault);
        let refused = stage.refused("profile", json!({})).await;
        assert_eq!((refused.0, refused.1.as_str()), (status, code));
    }
    assert_eq!(stage.call("profile", json!({})).await.0, 200, "single faults are used up");
    assert!(violations(&stage).is_empty());
    assert!(stage.portal.requests().iter().rev().skip(1).all(|r| !r.executed));
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_healed_and_speaks_html() {
    let stage = Stage::new().await;
    stage.portal.standing(Fault::Outage);
    for _ in 0..2 {
        let request = stage.client.get(format!("{}profile?auth={}", stage.portal.rest_url(), stage.token));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 503);
        assert!(response.text().await.expect("text").contains("<html>"));
    }
    stage.portal.heal();
    assert_eq!(stage.call("profile", json!({})).await.0, 200);
}

#[tokio::test]
async fn a_lost_answer_was_executed_and_a_dropped_request_was_not() {
    let stage = Stage::new().await;
    let register = || {
        let params = json!({ "auth": stage.token, "USER_ID": IVANOV, "PHONE_NUMBER": NUMBER, "TYPE": 2, "EXTERNAL_CALL_ID": "x" });
        stage.client.post(format!("{}telephony.externalCall.register", stage.portal.rest_url())).json(&params).send()
    };
    stage.portal.next_for("telephony.externalCall.register", Fault::DropBefore);
    assert_eq!(stage.call("profile", json!({})).await.0, 200, "another method does not use it up");
    assert!(register().await.is_err());
    assert!(stage.portal.open_calls().is_empty());
    stage.portal.next(Fault::DropAfter);
    assert!(register().await.is_err());
    let call = stage.portal.open_calls().pop().expect("a call").id;
    let lost = stage.portal.requests_of("telephony.externalcall.register").pop().expect("a request");
    assert_eq!((lost.status, lost.executed), (0, true));
    let again: Value = register().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(again["result"]["CALL_ID"], call, "the repetition finds the same call");

    stage.portal.next(Fault::DropAfter);
    let finish = json!({ "auth": stage.token, "CALL_ID": call, "USER_ID": IVANOV, "DURATION": 3 });
    let url = format!("{}telephony.externalCall.finish", stage.portal.rest_url());
    assert!(stage.client.post(url).json(&finish).send().await.is_err());
    assert_eq!(stage.refused("telephony.externalCall.finish", finish).await.2, CALL_NOT_FOUND);
    assert_eq!(stage.portal.finished_calls().len(), 1);
    stage.portal.assert_silent();
}

#[tokio::test]
async fn a_fault_for_a_method_also_meets_it_inside_a_batch() {
    let stage = Stage::new().await;
    stage.portal.next_for("telephony.externalCall.show", Fault::QueryLimit);
    let batch = json!({ "cmd": { "a": "telephony.externalCall.show?CALL_ID=x&USER_ID=7" } });
    assert_eq!(stage.call("batch", batch).await.0, 503);
}

#[tokio::test]
async fn a_hanging_portal_answers_nothing() {
    let stage = Stage::new().await;
    stage.portal.next(Fault::Hang);
    let request = stage.client.get(format!("{}profile?auth={}", stage.portal.rest_url(), stage.token));
    let answer = request.timeout(Duration::from_millis(200)).send().await;
    assert!(answer.expect_err("no answer").is_timeout());
}

#[tokio::test]
async fn html_and_empty_bodies_come_with_status_200() {
    let stage = Stage::new().await;
    let body = async || {
        let request = stage.client.get(format!("{}user.admin?auth={}", stage.portal.rest_url(), stage.token));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.text().await.expect("text")
    };
    stage.portal.next(Fault::Html);
    assert!(body().await.starts_with("<html>"));
    stage.portal.next(Fault::EmptyBody);
    assert_eq!(body().await, "");
    stage.portal.next(Fault::Padded(200_000));
    let padded = body().await;
    assert!(padded.len() == 200_000 && padded.contains("\"result\":"), "{} bytes", padded.len());
    assert_eq!(stage.portal.requests().iter().map(|r| r.executed).collect::<Vec<_>>(), [false, true, true]);
}

#[tokio::test]
async fn latency_comes_before_the_work_and_a_slow_answer_after_it() {
    let stage = Stage::new().await;
    let pause = Duration::from_millis(30);
    stage.portal.next(Fault::Latency(pause));
    assert_eq!(stage.call("profile", json!({})).await.0, 200);
    stage.portal.next(Fault::SlowAnswer(Duration::from_secs(600)));
    let request = stage.client.get(format!("{}profile?auth={}", stage.portal.rest_url(), stage.token)).send();
    let executed = stage.world.until(Duration::from_secs(60), || (stage.portal.requests().len() == 2).then_some(()));
    tokio::select! {
        _ = request => panic!("the answer is slow"),
        done = executed => assert_eq!(done, Some(()), "it is executed at once"),
    }
}

#[tokio::test]
async fn a_renamed_portal_redirects_from_its_old_address() {
    let stage = Stage::new().await;
    let old = stage.portal.rest_url();
    let domain = stage.portal.rename().await.expect("a new address");
    let request = stage.client.post(format!("{old}profile")).json(&json!({ "auth": stage.token }));
    let moved = request.send().await.expect("an answer");
    assert_eq!(moved.status(), 302);
    assert_eq!(moved.headers()["location"].to_str().expect("text"), format!("https://{domain}/rest/profile"));
    assert_eq!(stage.call("profile", json!({})).await.0, 200, "the new address answers");
}

#[tokio::test]
async fn expired_and_revoked_grants_can_be_ordered() {
    let stage = Stage::new().await;
    stage.portal.expire_tokens();
    assert_eq!(stage.refused("profile", json!({})).await.1, "expired_token");
    stage.portal.revoke_grants();
    assert_eq!(stage.refused("profile", json!({})).await.1, "invalid_token");
}

#[tokio::test]
async fn one_command_of_a_batch_is_refused_and_what_builds_on_it_is_nobodys_fault() {
    let stage = Stage::new().await;
    stage.portal.next_inside("telephony.externalCall.register", Fault::OperationTimeLimit(60));
    let register = |external: &str| {
        format!(
            "telephony.externalCall.register?USER_ID={IVANOV}&PHONE_NUMBER=79835551122&TYPE=2&EXTERNAL_CALL_ID={external}"
        )
    };
    let show = |name: &str| format!("telephony.externalCall.show?CALL_ID=$result[{name}][CALL_ID]&USER_ID={IVANOV}");
    let finish = format!("telephony.externalCall.finish?CALL_ID=$result[a][CALL_ID]&USER_ID={IVANOV}&DURATION=0");
    let cmd = json!({ "a": register("x"), "b": finish, "c": register("y"), "d": show("c"), "e": show("a") });
    let all = stage.get("batch", json!({ "halt": 0, "cmd": cmd })).await;
    assert_eq!(all["result_error"]["a"]["error"], "OPERATION_TIME_LIMIT");
    assert!(all["result_error"]["b"].is_object(), "{all}");
    assert!(all["result"]["c"]["CALL_ID"].is_string() && all["result"]["d"] == true, "{all}");
    assert_eq!(stage.portal.open_calls().len(), 1);
    assert!(violations(&stage).is_empty(), "{:?}", violations(&stage));
    stage.get("batch", json!({ "cmd": { "a": register("z") } })).await;
    assert_eq!(stage.portal.open_calls().len(), 2, "single faults are used up");
}

#[tokio::test]
async fn a_way_there_and_a_way_back_take_their_time() {
    let stage = Stage::new().await;
    let half = Duration::from_millis(60);
    stage.portal.set_network(Network::round_trip(half * 2));
    let began = Instant::now();
    let asked = stage.call("profile", json!({}));
    let arrived = async {
        let seen = || (!stage.portal.requests().is_empty()).then(|| began.elapsed());
        stage.world.until(Duration::from_secs(60), seen).await.expect("it arrives")
    };
    let ((status, _), arrived) = tokio::join!(asked, arrived);
    assert_eq!(status, 200);
    assert!(arrived >= half && began.elapsed() >= arrived + half, "{arrived:?} {:?}", began.elapsed());
}
