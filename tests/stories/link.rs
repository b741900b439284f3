//! The switch restarts, fails over, refuses the key.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, assert_true, only, talk, talked_leg, told};
use ecss_crm_server::sandbox::environment::{Admin, free_port};
use ecss_crm_server::sandbox::portal::PortalSpec;
use ecss_crm_server::sandbox::switch::{CallId, PhoneStatus, SwitchWorld, What};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Registers that were refused.
fn refusals(switch: &SwitchWorld) -> usize {
    switch.journal().iter().filter(|entry| entry.what == What::Register(401)).count()
}

/// A client calls, the employee answers.
async fn answered(story: &Story, company: &TestCompany) -> CallId {
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    call
}

async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = answered(story, company).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = company.finished(story, before + 1).await.remove(before);
    assert_true(&record, &talked_leg(&truth, "1001"));
}

/// Saves the switch settings with this key and these addresses.
async fn save(admin: &mut Admin, company: &TestCompany, key: &str, addresses: &str) -> StatusCode {
    let form = [
        ("backend", "callapi"),
        ("client_id", company.simulated.client_id.as_str()),
        ("api_key", key),
        ("addresses", addresses),
        ("domain", company.simulated.domain.as_str()),
        ("tls", "system"),
    ];
    let request = admin.request(Method::POST, "/company/ecss").form(&form);
    admin.send(request).await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_switch_in_mid_call_changes_nothing_about_the_record() {
    let (story, mut company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    let registers = story.switch().registers();
    story.switch().restart();
    story.switch().wait_registers(registers + 1).await.expect("a fresh token");
    company.online(&story).await;
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert!(record.reason.is_empty(), "the end was seen: {}", record.reason);
    whole_call(&story, &company).await;
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(&story, 3).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_calls_that_the_switch_tells_again_are_not_new_calls() {
    let (story, mut company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.replay_on_connect = true);
    let call = answered(&story, &company).await;
    let ringing = company.incoming("+73832000010", "1002").await;
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    for n in 2..=3 {
        story.switch().drop_links();
        story.switch().wait_registers(n).await.expect("a fresh token");
        company.online(&story).await;
    }
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(ringing).await.expect("it talks");
    company.finished(&story, 2).await;
    assert_eq!(told(&company.portal, "register").len(), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_call_that_was_not_seen_is_said_and_its_length_not_invented() {
    let story = Story::begin_with(|s| s.reconnect_grace = Duration::from_secs(1)).await;
    let mut company = story.company("firma.local").await;
    let talking = answered(&story, &company).await;
    let ringing = company.incoming("+73832000010", "1002").await;
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    talk(1.2).await;
    story.switch().stop_node(0).await;
    let lost = story.switch().clock().now();
    company.link_is(&story, "busy").await;
    talk(2.5).await;
    story.switch().remote_hangs_up(talking).await.expect("it talks");
    story.switch().remote_hangs_up(ringing).await.expect("it rings");
    story.switch().start_node(0).await.expect("the node comes back");
    let truth = story.truth(talking).await;
    let mut records = company.finished(&story, 2).await;
    records.sort_by_key(|r| r.user);
    let seen = lost.since(talked_leg(&truth, "1001").answered.expect("answered")).as_secs_f64();
    let recorded = records[0].duration as f64;
    assert_eq!(records[0].code, "200");
    assert!((recorded - seen).abs() <= 1.0, "seen for {seen} s, recorded {recorded} s");
    assert!(!records[0].reason.is_empty(), "the manager reads that the end was not seen");
    assert_eq!((records[1].code.as_str(), records[1].duration), ("304", 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_first_heard_of_at_its_end_is_recorded_without_a_card() {
    let (story, mut company) = Story::with_company().await;
    story.switch().stop_node(0).await;
    company.link_is(&story, "busy").await;
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().start_node(0).await.expect("the node comes back");
    company.online(&story).await;
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!(only(told(&company.portal, "register")).params["SHOW"], 0);
    assert!(company.portal.pushes().iter().all(|push| push.kind != ecss_crm_server::sandbox::portal::PushKind::Show));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_node_stops_the_other_takes_over_and_keeps() {
    let story = Story::begin().await;
    let tls = Some(Arc::clone(&story.environment().certs.server));
    story.switch().listen(SocketAddr::from(([127, 0, 0, 1], 0)), tls).await.expect("a second node");
    let mut company = story.company("firma.local").await;
    assert_eq!(story.switch().links_on(0), 1, "the first address is preferred");
    let call = answered(&story, &company).await;
    story.switch().stop_node(0).await;
    story
        .switch()
        .wait_for("a link to the other node", |s| (s.links_on(1) == 1).then_some(()))
        .await
        .expect("fail-over");
    company.online(&story).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.switch().start_node(0).await.expect("the node comes back");
    whole_call(&story, &company).await;
    assert_eq!((story.switch().links_on(0), story.switch().links_on(1)), (0, 1), "what works is kept");
    story.switch().stop_node(1).await;
    story.switch().wait_for("a link to the first node", |s| (s.links_on(0) == 1).then_some(())).await.expect("back");
    company.online(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_tried_once_and_mended_in_the_page() {
    let story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
    let mut admin = story.environment().admin();
    admin.log_in(&company.portal, 1, company.portal.keys().as_ref()).await.expect("the registration");
    let address = story.switch().base_url(0);
    let wrong = "W".repeat(64);
    story.secret(&wrong);
    assert_eq!(save(&mut admin, &company, &wrong, &address).await, StatusCode::SEE_OTHER);
    company.admin = admin.clone();
    company.link_is(&story, "bad").await;
    talk(1.5).await;
    assert_eq!(refusals(story.switch()), 1, "nobody knocks again before the key is changed");

    let request = admin.request(Method::POST, "/company/ecss/check").header("accept", "application/json");
    let checked: Value = admin.send(request).await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&checked["ok"], &checked["code"]), (&false.into(), &"wrong_key".into()), "{checked}");
    assert!(checked["todo"].as_str().is_some_and(|todo| !todo.is_empty()), "{checked}");
    assert_eq!(refusals(story.switch()), 2);

    let right = company.simulated.api_key.expose_secret().to_owned();
    assert_eq!(save(&mut admin, &company, &right, &address).await, StatusCode::SEE_OTHER);
    company.online(&story).await;
    company.settled(&story).await;
    whole_call(&story, &company).await;
    assert_eq!(refusals(story.switch()), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_replaced_at_the_switch_is_noticed_at_the_next_connection() {
    let (story, mut company) = Story::with_company().await;
    let key = story.switch().replace_api_key(&company.simulated.client_id).expect("known");
    story.secret(key.expose_secret());
    whole_call(&story, &company).await;
    story.switch().restart();
    company.link_is(&story, "bad").await;
    let page = company.admin.page("/company?tab=ecss").await.expect("the page");
    assert!(!page.contains(company.simulated.api_key.expose_secret()), "the page never shows the key");
    let mut admin = company.admin.clone();
    // An empty field keeps the old key, so this mends nothing.
    assert_eq!(save(&mut admin, &company, "", &story.switch().base_url(0)).await, StatusCode::SEE_OTHER);
    company.link_is(&story, "bad").await;
    let address = story.switch().base_url(0);
    assert_eq!(save(&mut admin, &company, key.expose_secret(), &address).await, StatusCode::SEE_OTHER);
    company.online(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_client_of_the_same_integration_is_not_fought() {
    let (story, mut company) = Story::with_company().await;
    let call = answered(&story, &company).await;
    let before = story.switch().registers();
    story.switch().evict(&company.simulated.client_id);
    story.switch().wait_registers(before + 1).await.expect("it comes back");
    company.online(&story).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    assert_eq!(story.switch().registers(), before + 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_where_nobody_listens_is_passed_over() {
    let (story, mut company) = Story::with_company().await;
    let mut admin = company.admin.clone();
    let free = free_port().expect("a port");
    let addresses = format!("https://127.0.0.1:{free}\n{}", story.switch().base_url(0));
    let key = company.simulated.api_key.expose_secret().to_owned();
    assert_eq!(save(&mut admin, &company, &key, &addresses).await, StatusCode::SEE_OTHER);
    let before = story.switch().registers();
    story.switch().wait_registers(before.max(2)).await.expect("the second address");
    company.online(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}
