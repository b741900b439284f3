//! Employees see and control their own calls only.

use crate::support::{CLIENT, Card, IVAN, PYOTR, Story, TestCompany, only};
use ecss_crm_server::sandbox::portal::{FramePost, PortalSpec};
use ecss_crm_server::sandbox::switch::{CallId, PhoneStatus};
use reqwest::StatusCode;
use serde_json::json;

/// Ivan and Pyotr see cards of one ringing group call.
async fn ringing(story: &Story, company: &TestCompany) -> CallId {
    let call = company.domain.group_call(CLIENT, &["1001", "1002"]).await.expect("both are free");
    company.cards_at(story, &[IVAN, PYOTR]).await;
    call
}

fn still_rings(company: &TestCompany) {
    for number in ["1001", "1002"] {
        assert_eq!(company.phone(number).state().map(|p| p.status), Some(PhoneStatus::Ringing), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleagues_leg_is_out_of_reach() {
    let (story, company) = Story::with_company().await;
    let call = ringing(&story, &company).await;
    let (ivan, pyotr) = (Card::open(&story, &company, IVAN).await, Card::open(&story, &company, PYOTR).await);
    let theirs = pyotr.state["current"]["leg"].clone();
    assert_ne!(ivan.state["current"]["leg"], theirs, "each sees the own leg");
    assert_eq!(ivan.state["calls"].as_array().map(Vec::len), Some(1));
    for action in ["answer", "reject", "hold", "retrieve", "transfer"] {
        let body = json!({ "ticket": ivan.ticket, "action": action, "call": ivan.call, "leg": theirs, "to": "1003" });
        let (status, answer) = ivan.send(&body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &"not_yours".into()), "{action} {answer}");
    }
    still_rings(&company);
    let mut live = ivan.stream().await;
    live.phase("ringing").await;
    assert_eq!(pyotr.press("answer").await.0, StatusCode::OK);
    let shown = live.until("the own leg is over", |s| s["current"]["phase"] == "ended").await;
    assert_eq!(shown["calls"].as_array().map(Vec::len), Some(1), "not the colleague's conversation: {shown}");
    assert_eq!(ivan.press("reject").await.0, StatusCode::CONFLICT, "the leg is over");
    assert_eq!(company.phone("1002").state().map(|p| p.status), Some(PhoneStatus::Talking));
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(&story, 1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_ticket_opens_nothing() {
    let (story, company) = Story::with_company().await;
    let call = ringing(&story, &company).await;
    let card = Card::open(&story, &company, IVAN).await;
    let (text, tag) = card.ticket.split_once('.').expect("signed");
    let client = story.environment().client();
    for forged in [
        String::new(),
        "x".to_owned(),
        format!("{text}."),
        format!(".{tag}"),
        format!("{text}.{}", "A".repeat(tag.len())),
        format!("A{text}.{tag}"),
        "A".repeat(100_000),
    ] {
        let body = json!({ "ticket": forged, "action": "reject", "call": card.call });
        let (status, answer) = card.send(&body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &"stale_ticket".into()), "{answer}");
        let short: String = forged.chars().take(2000).collect();
        let stream = client.get(format!("{}/call/stream", story.environment().base())).query(&[("ticket", short)]);
        assert_eq!(stream.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    }
    still_rings(&company);
    for body in [
        json!({ "ticket": card.ticket, "action": "reject", "call": "externalCall.unknown.1" }),
        json!({ "ticket": card.ticket, "action": "reject", "call": card.call, "leg": "00ff00ff00ff00ff" }),
    ] {
        assert_eq!(card.send(&body).await.0, StatusCode::NOT_FOUND, "{body}");
    }
    still_rings(&company);
    story.switch().remote_hangs_up(call).await.expect("it rings");
    company.finished(&story, 1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_opened_only_by_whom_the_portal_vouches_for() {
    let (story, company) = Story::with_company().await;
    let strangers = story.newcomer("andere.local", PortalSpec::default()).await;
    let call = ringing(&story, &company).await;
    let frame = company.portal.card_frames(IVAN).remove(0);
    let change = |field: &str, value: &str| {
        let mut frame = frame.clone();
        frame.fields.iter_mut().filter(|(name, _)| name == field).for_each(|(_, v)| value.clone_into(v));
        frame
    };
    let foreign = strangers.portal.issue(1).access;
    let without = FramePost { fields: Vec::new(), ..frame.clone() };
    for (frame, wanted) in [
        (change("AUTH_ID", "forged"), StatusCode::FORBIDDEN),
        (change("AUTH_ID", &foreign), StatusCode::FORBIDDEN),
        (change("AUTH_ID", ""), StatusCode::UNPROCESSABLE_ENTITY),
        (change("member_id", &"f".repeat(32)), StatusCode::FORBIDDEN),
        (change("member_id", strangers.portal.member_id()), StatusCode::FORBIDDEN),
        (without, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let response = frame.send(story.environment().client()).await.expect("an answer");
        assert_eq!(response.status(), wanted, "{:?}", frame.fields);
        let page = response.text().await.expect("a page");
        assert!(!page.contains("data-ticket"), "{page}");
    }
    // A card of an unknown call shows the employee's own one: another application may have opened it.
    let options = r#"{"CALL_ID":"externalCall.foreign.7","PHONE_NUMBER":"+70000000000"}"#;
    let response = change("PLACEMENT_OPTIONS", options).send(story.environment().client()).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    story.switch().remote_hangs_up(call).await.expect("it rings");
    assert_eq!(only(company.finished(&story, 1).await).code, "304");
    story.end().await;
}
