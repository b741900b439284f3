//! Two companies with the same internal numbers on one server.

use crate::support::{CLIENT, Card, IVAN, PYOTR, Story, only, told};
use ecss_crm_server::sandbox::portal::Fault;
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_its_own_calls_only() {
    let story = Story::begin().await;
    let (here, there) = (story.company("odin.local").await, story.company("dva.local").await);
    let first = here.incoming(CLIENT, "1001").await;
    here.cards_at(&story, &[IVAN]).await;
    let second = there.incoming("+73832000010", "1001").await;
    there.cards_at(&story, &[IVAN]).await;
    assert_eq!(only(told(&here.portal, "register")).params["PHONE_NUMBER"], "79835551122");
    assert_eq!(only(told(&there.portal, "register")).params["PHONE_NUMBER"], "73832000010");

    // A ticket of one company is worth nothing in the other.
    let (mine, theirs) = (Card::open(&story, &here, IVAN).await, Card::open(&story, &there, IVAN).await);
    let leg = theirs.state["current"]["leg"].clone();
    let key = theirs.state["current"]["call"].clone();
    for body in [
        json!({ "ticket": mine.ticket, "action": "reject", "call": theirs.call }),
        json!({ "ticket": mine.ticket, "action": "reject", "call": key, "leg": leg }),
        json!({ "ticket": mine.ticket, "action": "reject", "call": mine.call, "leg": leg }),
    ] {
        let (status, answer) = mine.send(&body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{body} {answer}");
    }
    here.phone("1001").pick_up().await.expect("it rings");
    assert!(there.phone("1001").state().is_some_and(|p| p.status == PhoneStatus::Ringing));
    story.switch().remote_hangs_up(first).await.expect("it talks");
    here.finished(&story, 1).await;
    there.cards_at(&story, &[IVAN]).await;
    there.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(second).await.expect("it talks");
    there.finished(&story, 1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_companys_trouble_is_not_the_others() {
    let story = Story::begin().await;
    let (here, there) = (story.company("odin.local").await, story.company("dva.local").await);
    here.portal.standing(Fault::Latency(Duration::from_secs(20)));
    let slow = here.incoming(CLIENT, "1001").await;
    let call = there.incoming(CLIENT, "1002").await;
    there.cards_at(&story, &[PYOTR]).await;
    assert!(told(&here.portal, "register").is_empty(), "the other company's card has not waited for the slow portal");
    there.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    there.finished(&story, 1).await;
    here.portal.heal();
    here.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(slow).await.expect("it talks");
    assert_eq!(only(here.finished(&story, 1).await).code, "200");
    story.end().await;
}
