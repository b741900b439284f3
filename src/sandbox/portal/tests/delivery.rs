//! Events out: click-to-call, installation, removal; subscriptions.

use super::super::{ClickRefused, EventAuth};
use super::{ADMIN, IVANOV, Inbox, NUMBER, Stage, field, violations};
use serde_json::{Value, json};
use std::time::Duration;

async fn bound() -> (Stage, Inbox) {
    let (stage, inbox) = (Stage::new().await, Inbox::open().await);
    stage.get("event.bind", json!({ "event": "OnExternalCallStart", "handler": inbox.url })).await;
    (stage, inbox)
}

#[tokio::test]
async fn a_click_registers_shows_and_tells_the_application() {
    let (stage, mut inbox) = bound().await;
    let clicked = stage.portal.click(IVANOV, NUMBER).await.expect("a call");
    assert_eq!(clicked.deliveries[0].status, Some(200));
    let form = inbox.take().expect("an event");
    assert_eq!(field(&form, "event"), Some("ONEXTERNALCALLSTART"));
    assert_eq!(field(&form, "data[CALL_ID]"), Some(clicked.call.as_str()));
    for (name, value) in [
        ("data[PHONE_NUMBER]", NUMBER),
        ("data[PHONE_NUMBER_INTERNATIONAL]", NUMBER),
        ("data[EXTENSION]", ""),
        ("data[USER_ID]", "7"),
        ("data[CALL_LIST_ID]", "0"),
        ("data[LINE_NUMBER]", ""),
        ("data[IS_MOBILE]", "0"),
        ("data[CRM_ENTITY_TYPE]", "CONTACT"),
        ("data[CRM_ENTITY_ID]", "21"),
        ("ts", "1767268800"),
        ("auth[expires_in]", "3600"),
        ("auth[user_id]", "7"),
        ("auth[member_id]", stage.portal.member_id()),
    ] {
        assert_eq!(field(&form, name), Some(value), "{name}");
    }
    assert_eq!(
        field(&form, "auth[application_token]"),
        stage.portal.keys().as_ref().map(|k| k.application_token.as_str())
    );
    assert_eq!(field(&form, "auth[refresh_token]"), None);
    let token = field(&form, "auth[access_token]").expect("a token");
    assert_eq!(stage.call_with(token, "profile", json!({})).await.1["result"]["ID"], "7");
    let call = stage.portal.open_calls().pop().expect("a call");
    assert_eq!((call.kind, call.external, call.by_portal), (1, None, true));
    assert_eq!(stage.portal.visible(), [(IVANOV, clicked.call)]);
}

#[tokio::test]
async fn a_click_is_refused_while_a_card_is_open_or_nobody_listens() {
    let (stage, _inbox) = bound().await;
    let click = async || stage.portal.click(IVANOV, NUMBER).await;
    let first = click().await.expect("a call");
    assert_eq!(click().await.err(), Some(ClickRefused::CardOpen));
    stage.portal.close_card(IVANOV);
    assert_eq!(click().await.expect("a call").call, first.call, "within 30 minutes it is the same call");
    stage.finish(&first.call, IVANOV, 0).await;
    assert_eq!(stage.portal.click(12, NUMBER).await.err(), Some(ClickRefused::UnknownUser));
    assert_eq!(stage.portal.click(IVANOV, "нет").await.err(), Some(ClickRefused::BadNumber));
    stage.portal.edit_app(|app| app.installed = false);
    assert_eq!(click().await.err(), Some(ClickRefused::NoApplication));
}

#[tokio::test]
async fn registering_a_click_again_under_an_external_id_makes_a_second_call_and_is_a_violation() {
    let (stage, _inbox) = bound().await;
    let clicked = stage.portal.click(IVANOV, NUMBER).await.expect("a call");
    let dialled =
        clicked.deliveries[0].form.iter().find(|(n, _)| n == "data[PHONE_NUMBER]").expect("a number").1.clone();
    let second = stage.register(json!({ "TYPE": 1, "PHONE_NUMBER": dialled, "EXTERNAL_CALL_ID": "x" })).await;
    assert_ne!(second, clicked.call);
    assert!(violations(&stage)[0].contains("registered a second time"));
}

#[tokio::test]
async fn an_unknown_number_becomes_a_lead_on_a_click() {
    let (stage, mut inbox) = bound().await;
    stage.portal.click(IVANOV, "8 (495) 000-00-01").await.expect("a call");
    let form = inbox.take().expect("an event");
    assert_eq!(field(&form, "data[PHONE_NUMBER]"), Some("8 (495) 000-00-01"), "as it stood on the page");
    assert_eq!(field(&form, "data[PHONE_NUMBER_INTERNATIONAL]"), Some("+74950000001"));
    assert_eq!(field(&form, "data[CRM_ENTITY_TYPE]"), Some("LEAD"));
    assert_eq!(field(&form, "data[CRM_CREATED_LEAD]"), field(&form, "data[CRM_CREATED_ENTITIES][0][ENTITY_ID]"));
}

#[tokio::test]
async fn an_event_is_sent_once_whatever_the_answer() {
    let (stage, inbox) = bound().await;
    drop(inbox);
    stage.get("event.bind", json!({ "event": "ONEXTERNALCALLSTART", "handler": "http://127.0.0.1:9/nobody" })).await;
    let clicked = stage.portal.click(IVANOV, NUMBER).await.expect("a call");
    assert_eq!(clicked.deliveries.len(), 2, "every handler is told");
    assert!(clicked.deliveries[1].failure.is_some());
    assert_eq!(stage.portal.deliveries().len(), 2, "nothing is repeated");
}

#[tokio::test]
async fn the_auth_block_of_an_event_is_not_reliable() {
    let (stage, mut inbox) = bound().await;
    stage.portal.set_event_auth(EventAuth::NoTokens);
    let first = stage.portal.click(IVANOV, NUMBER).await.expect("a call");
    let form = inbox.take().expect("an event");
    assert_eq!(field(&form, "auth[access_token]"), None);
    assert!(field(&form, "auth[application_token]").is_some());
    stage.finish(&first.call, IVANOV, 0).await;
    stage.portal.set_event_auth(EventAuth::NoServerEndpoint);
    stage.portal.click(IVANOV, NUMBER).await.expect("a call");
    let form = inbox.take().expect("an event");
    assert_eq!(field(&form, "auth[server_endpoint]"), None);
    assert!(field(&form, "auth[access_token]").is_some());
    let again = stage.portal.redeliver(1).await.expect("a delivery");
    assert_eq!(again.form, form, "the very same event twice");
    assert_eq!(inbox.take(), Some(form));
}

#[tokio::test]
async fn installing_posts_all_tokens_and_removing_posts_none() {
    let (stage, mut inbox) = (Stage::new().await, Inbox::open().await);
    stage.portal.set_handler("https://127.0.0.1:8802/", &inbox.url);
    assert_eq!(stage.portal.install(ADMIN).await.and_then(|d| d.status), Some(200));
    let form = inbox.take().expect("an installation");
    for (name, value) in [
        ("event", "ONAPPINSTALL"),
        ("data[VERSION]", "1"),
        ("data[ACTIVE]", "Y"),
        ("data[INSTALLED]", "Y"),
        ("data[LANGUAGE_ID]", "ru"),
        ("auth[status]", "L"),
        ("auth[scope]", "placement,user,telephony,call"),
        ("auth[domain]", &stage.portal.domain()),
        ("auth[client_endpoint]", &stage.portal.rest_url()),
    ] {
        assert_eq!(field(&form, name), Some(value), "{name}");
    }
    assert!(field(&form, "auth[refresh_token]").is_some());
    let token = stage.portal.keys().map(|k| k.application_token);

    let sent = stage.portal.uninstall(true).await;
    assert_eq!(sent.len(), 1);
    let form = inbox.take().expect("a removal");
    assert_eq!((field(&form, "event"), field(&form, "data[CLEAN]")), (Some("ONAPPUNINSTALL"), Some("1")));
    assert_eq!((field(&form, "auth[access_token]"), field(&form, "auth[refresh_token]")), (None, None));
    assert_eq!(field(&form, "auth[application_token]"), token.as_deref());
    assert_eq!(stage.call("profile", json!({})).await.0, 401);
    assert!(stage.portal.handlers().is_empty() && stage.portal.keys().is_none());
}

#[tokio::test]
async fn subscriptions_are_checked() {
    let stage = Stage::new().await;
    let bind = |event: &str, handler: &str| json!({ "event": event, "handler": handler });
    let url = "https://127.0.0.1:8802/bitrix/events";
    for (params, status, code) in [
        (bind("ONCRMLEADADD", url), 400, "ERROR_EVENT_NOT_FOUND"),
        (bind("OnExternalCallStart", "ftp://127.0.0.1/x"), 400, "ERROR_UNSUPPORTED_PROTOCOL"),
        (bind("OnExternalCallStart", "https://localhost/x"), 400, "ERROR_WRONG_HANDLER_URL"),
        (bind("OnExternalCallStart", "nonsense"), 400, "ERROR_WRONG_HANDLER_URL"),
        (bind("OnExternalCallStart", ""), 400, "ERROR_ARGUMENT"),
    ] {
        let refused = stage.refused("event.bind", params).await;
        assert_eq!((refused.0, refused.1.as_str()), (status, code));
    }
    assert_eq!(stage.get("event.bind", bind("OnExternalCallStart", url)).await, true);
    let (status, _, text) = stage.refused("event.bind", bind("ONEXTERNALCALLSTART", url)).await;
    assert_eq!((status, text.as_str()), (400, "Unable to set event handler: Handler already binded"));
    let all = stage.get("event.get", json!({})).await;
    assert_eq!(all, json!([{ "event": "ONEXTERNALCALLSTART", "handler": url, "auth_type": "0", "offline": 0 }]));
    assert_eq!(stage.get("event.unbind", bind("onexternalcallstart", url)).await, json!({ "count": 1 }));
    assert_eq!(stage.get("event.get", json!({})).await, json!([]));
    let names = stage.get("events", json!({})).await;
    assert!(names.as_array().is_some_and(|n| n.contains(&json!("ONEXTERNALCALLSTART"))));
}

#[tokio::test]
async fn a_test_event_brings_back_what_was_sent_to_whoever_is_bound_to_it() {
    let (stage, mut inbox) = (Stage::new().await, Inbox::open().await);
    // Nobody is bound: nobody is told.
    assert_eq!(stage.get("event.test", json!({ "any": "early" })).await, true);
    stage.get("event.bind", json!({ "event": "OnAppTest", "handler": inbox.url })).await;
    assert_eq!(stage.get("event.test", json!({ "any": "data", "more": { "deep": [7] } })).await, true);
    let told = || stage.portal.deliveries().into_iter().find(|d| d.status.is_some());
    let told = stage.portal.world().until(Duration::from_secs(30), told).await.expect("an event");
    assert_eq!((told.event.as_str(), told.status), ("ONAPPTEST", Some(200)));
    let form = inbox.take().expect("an event");
    let keys = stage.portal.keys().expect("the application");
    for (name, value) in [
        ("event", "ONAPPTEST"),
        ("data[QUERY][any]", "data"),
        ("data[QUERY][more][deep][0]", "7"),
        ("data[LANGUAGE_ID]", "ru"),
        ("auth[member_id]", stage.portal.member_id()),
        ("auth[application_token]", keys.application_token.as_str()),
    ] {
        assert_eq!(field(&form, name), Some(value), "{name}");
    }
    assert!(field(&form, "auth[refresh_token]").is_some());
    assert!(!form.iter().any(|(name, _)| name.contains("[auth]")), "the caller's own token is not passed on");
    assert_eq!(stage.portal.deliveries().len(), 1, "the first one found nobody");
}

#[tokio::test]
async fn who_is_no_admin_subscribes_for_himself_and_online_only() {
    let stage = Stage::new().await;
    let token = stage.portal.issue(IVANOV).access;
    let bind = async |extra: Value| {
        let mut params = json!({ "event": "ONEXTERNALCALLSTART", "handler": "https://127.0.0.1/e" });
        super::merge(&mut params, extra);
        stage.call_with(&token, "event.bind", params).await
    };
    assert_eq!(bind(json!({ "event_type": "offline" })).await.1["error"], "ACCESS_DENIED");
    assert_eq!(bind(json!({ "auth_type": 8 })).await.0, 403);
    assert_eq!(bind(json!({})).await.1["result"], true);
    assert_eq!(stage.portal.handlers()[0].auth_type, IVANOV);
}
