//! Cards on screens, and the application's frames in them.

use super::super::PushKind;
use super::{ADMIN, IVANOV, Inbox, PETROV, Stage, field, violations};
use serde_json::{Value, json};

const SHOW: &str = "telephony.externalCall.show";
const HIDE: &str = "telephony.externalCall.hide";

#[tokio::test]
async fn a_finish_hides_only_the_card_of_the_one_who_finishes() {
    let stage = Stage::new().await;
    let call = stage.register(json!({})).await;
    assert_eq!(stage.get(SHOW, json!({ "CALL_ID": call, "USER_ID": [PETROV, 9] })).await, true);
    assert_eq!(stage.get(HIDE, json!({ "CALL_ID": call, "USER_ID": 9 })).await, true);
    stage.finish(&call, IVANOV, 5).await;
    assert_eq!(stage.portal.visible(), [(PETROV, call.clone())]);
    assert_eq!(stage.get(HIDE, json!({ "CALL_ID": call, "USER_ID": PETROV })).await, false, "too late");
    assert_eq!(stage.portal.verdict().visible, [(PETROV, call)]);
    assert!(!stage.portal.verdict().is_silent());
    stage.portal.close_card(PETROV);
    stage.portal.assert_silent();
}

#[tokio::test]
#[should_panic(expected = "call left unfinished")]
async fn the_judge_names_what_was_left() {
    let stage = Stage::new().await;
    stage.register(json!({})).await;
    stage.world.assert_silent();
}

#[tokio::test]
async fn show_and_hide_mean_the_employee_of_the_call_unless_told() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "SHOW": 0 })).await;
    assert_eq!(stage.get(SHOW, json!({ "CALL_ID": call })).await, true);
    assert_eq!(stage.portal.visible(), [(IVANOV, call.clone())]);
    assert_eq!(stage.get(HIDE, json!({ "CALL_ID": call })).await, true);
    assert!(stage.portal.visible().is_empty());
    assert_eq!(stage.get(SHOW, json!({ "CALL_ID": "externalCall.none" })).await, false);
    assert!(violations(&stage).is_empty());
}

#[tokio::test]
async fn a_card_for_nobody_is_a_violation() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "SHOW": 0 })).await;
    stage.get(SHOW, json!({ "CALL_ID": call, "USER_ID": "" })).await;
    stage.get(SHOW, json!({ "CALL_ID": call, "USER_ID": [] })).await;
    stage.get(HIDE, json!({ "USER_ID": IVANOV })).await;
    assert_eq!(violations(&stage).len(), 3, "{:?}", violations(&stage));
}

#[tokio::test]
async fn a_browser_with_an_open_card_ignores_another_call() {
    let stage = Stage::new().await;
    let first = stage.register(json!({ "EXTERNAL_CALL_ID": "1" })).await;
    let second = stage.register(json!({ "EXTERNAL_CALL_ID": "2" })).await;
    assert_eq!(stage.portal.visible(), [(IVANOV, first.clone())]);
    let push = stage.portal.pushes().pop().expect("a push");
    assert_eq!((push.kind, push.call.as_str(), push.took_effect), (PushKind::Show, second.as_str(), false));
    stage.get(HIDE, json!({ "CALL_ID": second, "USER_ID": IVANOV })).await;
    assert_eq!(stage.portal.visible(), [(IVANOV, first)], "a hide concerns its own card only");
}

#[tokio::test]
async fn a_repeated_registration_opens_the_card_again() {
    let stage = Stage::new().await;
    let call = stage.register(json!({ "EXTERNAL_CALL_ID": "1" })).await;
    stage.portal.close_card(IVANOV);
    assert_eq!(stage.register(json!({ "EXTERNAL_CALL_ID": "1" })).await, call);
    assert_eq!(stage.portal.visible(), [(IVANOV, call)]);
}

#[tokio::test]
async fn placements_answer_some_mistakes_with_200() {
    let stage = Stage::new().await;
    let bind = |extra: Value| {
        let mut params =
            json!({ "PLACEMENT": "CALL_CARD", "HANDLER": "https://127.0.0.1:1/call/call.html", "TITLE": "ECSS-10" });
        super::merge(&mut params, extra);
        stage.call("placement.bind", params)
    };
    let (status, body) = bind(json!({ "HANDLER": "" })).await;
    assert_eq!((status, &body["error"], &body["argument"]), (200, &json!("ERROR_ARGUMENT"), &json!("HANDLER")));
    let (status, body) = bind(json!({ "PLACEMENT": "CALL_LIST" })).await;
    assert_eq!((status, &body["error"]), (400, &json!("ERROR_PLACEMENT_NOT_FOUND")));
    let (status, body) = bind(json!({ "USER_ID": 7 })).await;
    assert_eq!((status, &body["error"]), (400, &json!("ERROR_PLACEMENT_USER_MODE")));
    assert_eq!(bind(json!({})).await.1["result"], true);
    let (status, body) = bind(json!({})).await;
    assert_eq!((status, &body["error"]), (400, &json!("ERROR_CORE")));
    assert_eq!(body["error_description"], "Unable to set placement handler: Handler already binded");

    let token = stage.portal.issue(IVANOV).access;
    let (status, body) = stage.call_with(&token, "placement.get", json!({})).await;
    assert_eq!((status, &body["error"]), (403, &json!("ACCESS_DENIED")), "admins only");

    let bound = stage.get("placement.get", json!({})).await;
    assert_eq!((&bound[0]["placement"], &bound[0]["title"]), (&json!("CALL_CARD"), &json!("ECSS-10")));
    assert_eq!(bound[0]["langAll"], json!([]), "an empty object is a list");
    let gone = stage.get("placement.unbind", json!({ "PLACEMENT": "CALL_CARD" })).await;
    assert_eq!(gone, json!({ "count": 1 }));
    assert_eq!(stage.get("placement.get", json!({})).await, json!([]));
}

#[tokio::test]
async fn the_frame_gets_the_employees_token_and_the_calls_options() {
    let stage = Stage::new().await;
    let mut inbox = Inbox::open().await;
    let bind = json!({ "PLACEMENT": "CALL_CARD", "HANDLER": inbox.url, "TITLE": "ECSS-10" });
    stage.get("placement.bind", bind).await;
    assert!(stage.portal.card_frames(PETROV).is_empty(), "no card, no frame");
    let call = stage.register(json!({ "LINE_NUMBER": "383200" })).await;
    let [frame] = &stage.portal.card_frames(IVANOV)[..] else { panic!("one tab") };
    let query = super::super::php::pairs(frame.url.split_once('?').expect("a query").1);
    assert_eq!(query.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["DOMAIN", "PROTOCOL", "LANG", "APP_SID"]);
    assert_eq!(field(&query, "DOMAIN"), Some(stage.portal.domain().as_str()));
    frame.send(&stage.client).await.expect("an answer");
    let form = inbox.take().expect("a post");
    let token = field(&form, "AUTH_ID").expect("a token");
    assert_eq!(stage.call_with(token, "profile", json!({})).await.1["result"]["ID"], "7");
    assert_eq!(field(&form, "member_id"), Some(stage.portal.member_id()));
    assert_eq!(field(&form, "APPLICATION_TOKEN"), stage.portal.keys().as_ref().map(|k| k.application_token.as_str()));
    assert_eq!((field(&form, "PLACEMENT"), field(&form, "status")), (Some("CALL_CARD"), Some("L")));
    let options: Value = serde_json::from_str(field(&form, "PLACEMENT_OPTIONS").expect("options")).expect("JSON");
    assert_eq!(options["CALL_ID"], call);
    assert_eq!((&options["CALL_DIRECTION"], &options["CALL_STATE"]), (&json!("incoming"), &json!("connected")));
    assert_eq!((&options["LINE_NUMBER"], &options["LINE_NAME"]), (&json!("383200"), &json!("383200")));
    assert_eq!(options["CRM_BINDINGS"], json!([{ "ENTITY_TYPE": "CONTACT", "ENTITY_ID": "21" }]));
    assert_eq!(options["CRM_ACTIVITY_ID"], "undefined");
    let all_text =
        options.as_object().into_iter().flatten().filter(|(n, _)| *n != "CRM_BINDINGS").all(|(_, v)| v.is_string());
    assert!(all_text, "{options}");
}

#[tokio::test]
async fn the_applications_own_page_opens_with_the_default_placement() {
    let stage = Stage::new().await;
    stage.portal.set_handler("http://127.0.0.1:1/bitrix?x=1", "");
    let frame = stage.portal.app_frame(ADMIN);
    assert!(frame.url.starts_with("http://127.0.0.1:1/bitrix?x=1&DOMAIN="));
    assert_eq!(frame.field("PLACEMENT"), Some("DEFAULT"));
}
