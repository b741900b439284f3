//! The four requests against a portal on loopback.

use super::*;
use crate::bitrix::ApiError;
use crate::bitrix::portal::tests::World;
use crate::bitrix::testing::{FakeAnswer, FakeRequest};
use crate::domain::call::FinishStatus;
use crate::domain::{CrmCallId, Phone, Timestamp, UserId};
use serde_json::json;

fn cards(users: &[i64]) -> Cards {
    Cards { call: "externalCall.abc.1".into(), users: users.iter().copied().map(UserId).collect() }
}

fn finish() -> Finish {
    Finish {
        call: "externalCall.abc.1".into(),
        user: UserId(7),
        duration_s: 42,
        status_code: FinishStatus::Answered,
        failed_reason: None,
        add_to_chat: false,
    }
}

#[tokio::test]
async fn a_call_runs_its_course() {
    let world = World::new(|hit: &FakeRequest| match hit.rest() {
        REGISTER => FakeAnswer::result(
            &json!({"CALL_ID": "externalCall.abc.1", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "3"}),
        ),
        SHOW | HIDE => FakeAnswer::result(&json!(true)),
        FINISH => FakeAnswer::result(&json!({"CALL_ID": "externalCall.abc.1", "ID": "15", "CRM_ACTIVITY_ID": 99})),
        other => panic!("{other} was not expected"),
    })
    .await;
    let register = RegisterRequest {
        user: UserId(7),
        number: Phone::parse("+79835551122").ok(),
        kind: CallKind::Incoming,
        started_at: Timestamp(1_795_341_600_000),
        crm_create: false,
        show: true,
        external_id: "x".into(),
        line: Some(LINE_NUMBER.into()),
    };
    let mut answers = Vec::new();
    for command in [register.command(), cards(&[8, 9]).show(), cards(&[8]).hide(), finish().command()] {
        answers.extend(world.portal.send(&[command], true).await.expect("an answer"));
    }
    let answers: Vec<_> = answers.into_iter().map(|a| a.expect("carried out")).collect();
    assert_eq!(RegisteredCall::read(&answers[0].result).map(|r| r.call), Ok(CrmCallId::from("externalCall.abc.1")));
    assert!(Cards::read(&answers[1]) && Cards::read(&answers[2]));
    assert_eq!(Finished::read(&answers[3].result).activity, Some(99));
    let sent: Vec<_> = world.rest.hits().iter().map(|h| h.json()["USER_ID"].clone()).collect();
    assert_eq!(sent, [json!(7), json!([8, 9]), json!(8), json!(7)]);
}

#[tokio::test]
async fn a_call_that_is_gone_is_told_by_its_words() {
    let words = "Call is not found (call should be registered prior to finishing";
    let world = World::new(move |hit: &FakeRequest| match hit.rest() {
        FINISH => FakeAnswer::error(400, "", words),
        _ => FakeAnswer::result(&json!(false)),
    })
    .await;
    let outcomes = world.portal.send(&[finish().command()], true).await.expect("an answer");
    assert_eq!(outcomes, [Err(ApiError::NotFoundCall)]);
    let outcomes = world.portal.send(&[cards(&[8]).hide()], true).await.expect("an answer");
    assert!(!Cards::read(outcomes[0].as_ref().expect("an answer")));
}
