//! The four requests against a portal on loopback.

use super::*;
use crate::bitrix::portal::tests::World;
use crate::bitrix::testing::{Hit, Say};
use crate::domain::call::Status;
use crate::domain::{Phone, Timestamp};
use serde_json::json;

fn call() -> CrmCallId {
    "externalCall.abc.1".into()
}

fn finish() -> Finish {
    Finish {
        call: call(),
        user: UserId(7),
        duration_s: 42,
        status_code: Status::Answered,
        failed_reason: None,
        add_to_chat: false,
    }
}

#[tokio::test]
async fn a_call_runs_its_course() {
    let world = World::new(|hit: &Hit| match hit.rest() {
        REGISTER => {
            Say::result(&json!({"CALL_ID": "externalCall.abc.1", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "3"}))
        }
        SHOW | HIDE => Say::result(&json!(true)),
        FINISH => Say::result(&json!({"CALL_ID": "externalCall.abc.1", "ID": "15", "CRM_ACTIVITY_ID": 99})),
        other => panic!("{other} was not expected"),
    })
    .await;
    let register = Register {
        user: UserId(7),
        number: Phone::parse("+79835551122").ok(),
        kind: CallKind::Incoming,
        started_at: Timestamp(1_795_341_600_000),
        crm_create: false,
        show: true,
        external_id: "x".into(),
        line: Some(LINE_NUMBER.into()),
    };
    let registered = world.portal.register(&register).await.expect("registered");
    assert_eq!(registered.call, call());
    assert_eq!(world.portal.show(&call(), &[UserId(8), UserId(9)]).await, Ok(true));
    assert_eq!(world.portal.hide(&call(), &[UserId(8)]).await, Ok(true));
    assert_eq!(world.portal.finish(&finish()).await.expect("finished").activity, Some(99));
    let sent: Vec<_> = world.rest.hits().iter().map(|h| h.json()["USER_ID"].clone()).collect();
    assert_eq!(sent, [json!(7), json!([8, 9]), json!(8), json!(7)]);
}

#[tokio::test]
async fn showing_to_nobody_asks_nobody() {
    let world = World::new(|_| Say::result(&json!(true))).await;
    assert_eq!(world.portal.show(&call(), &[]).await, Ok(false));
    assert_eq!(world.portal.hide(&call(), &[]).await, Ok(false));
    assert!(world.rest.hits().is_empty());
}

#[tokio::test]
async fn a_call_that_is_gone_is_told_by_its_words() {
    let words = "Call is not found (call should be registered prior to finishing";
    let world = World::new(move |hit: &Hit| match hit.rest() {
        FINISH => Say::error(400, "", words),
        _ => Say::result(&json!(false)),
    })
    .await;
    assert_eq!(world.portal.finish(&finish()).await, Err(ApiError::NotFoundCall));
    assert_eq!(world.portal.hide(&call(), &[UserId(8)]).await, Ok(false));
}
