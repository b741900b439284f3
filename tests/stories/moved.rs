//! A leg is reported under another call: the leg is the identity, and has left its former call at that moment.

use crate::support::{
    CLIENT, CLIENT_DIGITS, Card, IVAN, PYOTR, Story, TestCompany, assert_nobody_else_talked, assert_talked,
    assert_true, only, seconds, talk, talked_leg, talks, told,
};
use ecss_crm_server::config::Settings;
use ecss_crm_server::sandbox::switch::{CallId, Direction};
use serde_json::json;
use std::time::Duration;

const OTHER: &str = "+73832000010";

/// A client calls Ivan, who picks up.
async fn answered(story: &Story, company: &TestCompany) -> CallId {
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    call
}

/// What a telephone truly talked in all its calls with somebody outside, in seconds.
fn talked_by(story: &Story, number: &str) -> f64 {
    let calls = story.switch().calls();
    let legs = calls.iter().flat_map(|call| call.legs_of(number));
    // Codes and colleagues are nobody's conversation.
    legs.filter(|leg| leg.remote.len() >= 7 && !leg.remote.starts_with('*')).map(seconds).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_moves_is_counted_once_and_ends_in_both_calls() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    talk(2.2).await;
    let second = story.switch().move_call(first, true).expect("they talk");
    talk(2.2).await;
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, talked_by(&story, "1001"));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    assert!(company.portal.missed_calls().is_empty());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_is_released_in_another_call_has_ended_its_own() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    talk(2.3).await;
    let second = story.switch().move_call(first, false).expect("they talk");
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let truth = talked_by(&story, "1001");
    let records = company.over(&story).await;
    let record = only(records);
    assert_eq!((record.user, record.call.kind, record.code.as_str()), (IVAN, 2, "200"));
    assert!((record.duration as f64 - truth).abs() <= 1.0, "talked {truth} s: {record:#?}");
    assert_eq!(told(&company.portal, "register").len(), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_moves_while_it_rings_is_answered_once() {
    for told_at_once in [true, false] {
        let (story, company) = Story::with_company().await;
        let first = company.incoming(CLIENT, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        let second = story.switch().move_call(first, told_at_once).expect("it rings");
        company.phone("1001").pick_up().await.expect("it rings");
        company.cards_at(&story, &[IVAN]).await;
        talk(2.3).await;
        story.switch().remote_hangs_up(second).await.expect("they talk");
        let leg = talked_leg(&story.truth(second).await, "1001");
        let records = company.over(&story).await;
        assert_talked(&records, IVAN, CLIENT, seconds(&leg));
        assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
        assert_eq!(talks(&records, IVAN, CLIENT).len(), 1, "{records:#?}");
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_moves_while_it_rings_and_is_given_up_there_has_no_seconds_and_no_card() {
    let (story, company) = Story::with_company().await;
    let first = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let second = story.switch().move_call(first, false).expect("it rings");
    story.switch().remote_hangs_up(second).await.expect("it rings");
    let records = company.over(&story).await;
    assert!(!records.is_empty(), "somebody has called");
    assert_nobody_else_talked(&records, &[]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_goes_to_a_second_call_and_back_and_to_a_third_talks_no_longer_than_it_did() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    talk(1.7).await;
    let second = story.switch().move_call(first, true).expect("they talk");
    talk(1.7).await;
    story.switch().move_call_back(second, first, true).expect("they talk");
    talk(1.7).await;
    let third = story.switch().move_call(first, true).expect("they talk");
    talk(1.7).await;
    story.switch().remote_hangs_up(third).await.expect("they talk");
    let truth = talked_by(&story, "1001");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, truth);
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_frame_from_the_former_call_does_not_bring_the_leg_back() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    company.lists_active(&story, "talking").await;
    let old = company.phone("1001").picture().expect("it talks");
    talk(1.3).await;
    let second = story.switch().move_call(first, true).expect("they talk");
    talk(1.3).await;
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let truth = talked_by(&story, "1001");
    company.over(&story).await;
    story.switch().report_late(old);
    let next = company.incoming(OTHER, "1002").await;
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(next).await.expect("they talk");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, truth);
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT), (PYOTR, OTHER)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_legs_of_two_colleagues_that_move_are_still_none_of_the_crms_business() {
    let (story, company) = Story::with_company().await;
    let first = company.domain.internal_call("1001", "1002").await.expect("both are free");
    company.phone("1002").pick_up().await.expect("it rings");
    company.lists_active(&story, "1002").await;
    let second = story.switch().move_call(first, true).expect("they talk");
    company.phone("1001").hang_up().await.expect("they talk");
    story.truth(second).await;
    company.over(&story).await;
    assert!(told(&company.portal, "register").is_empty());
    story.end().await;
}

async fn parked(tells_talking: bool) {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.park_tells_talking = tells_talking);
    answered(&story, &company).await;
    talk(2.2).await;
    let parking = company.phone("1001").park().await.expect("it talks");
    let truth = talked_by(&story, "1001");
    company.cards_at(&story, &[]).await;
    // Nobody talks meanwhile.
    talk(2.5).await;
    company.phone("1002").take_back("*69", parking).await.expect("the client waits");
    company.cards_at(&story, &[PYOTR]).await;
    talk(3.3).await;
    story.switch().remote_hangs_up(parking).await.expect("they talk");
    let leg = talked_leg(&story.truth(parking).await, "1002");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, truth);
    assert_talked(&records, PYOTR, CLIENT, seconds(&leg));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT), (PYOTR, CLIENT)]);
    assert!(company.portal.missed_calls().is_empty());
    let numbers: Vec<_> = told(&company.portal, "register").iter().map(|r| r.params["PHONE_NUMBER"].clone()).collect();
    assert!(numbers.iter().all(|number| number == CLIENT_DIGITS), "no code is anybody's number: {numbers:?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_parked_and_taken_back_has_talked_with_each_for_as_long_as_he_did() {
    parked(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parking_call_that_talks_for_a_moment_adds_no_seconds() {
    parked(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_park_and_take_back_crosswise_at_once_keep_their_clients_apart() {
    let (story, company) = Story::with_company().await;
    answered(&story, &company).await;
    company.incoming(OTHER, "1002").await;
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    talk(1.8).await;
    let clients = company.phone("1001").park().await.expect("it talks");
    let others = company.phone("1002").park().await.expect("it talks");
    company.phone("1002").take_back("*69", clients).await.expect("the client waits");
    company.phone("1001").take_back("*69", others).await.expect("the client waits");
    talk(2.8).await;
    story.switch().remote_hangs_up(clients).await.expect("they talk");
    story.switch().remote_hangs_up(others).await.expect("they talk");
    let records = company.over(&story).await;
    for (user, phone) in [(IVAN, "1001"), (PYOTR, "1002")] {
        for number in [CLIENT, OTHER] {
            let calls = story.switch().calls();
            let legs = calls.iter().flat_map(|call| call.legs_of(phone)).filter(|leg| leg.remote == number);
            assert_talked(&records, user, number, legs.map(seconds).sum());
        }
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consulted_leg_that_is_moved_into_the_clients_call_counts_from_there() {
    let (story, company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.join_moves_legs = true);
    let call = answered(&story, &company).await;
    talk(1.4).await;
    company.phone("1001").dial("1002").await.expect("the client is put on hold");
    company.phone("1002").pick_up().await.expect("it rings");
    talk(2.5).await;
    company.phone("1001").transfer("1002").await.expect("both are there");
    company.cards_at(&story, &[PYOTR]).await;
    talk(2.3).await;
    company.phone("1002").hang_up().await.expect("they talk");
    let truth = story.truth(call).await;
    let with_client = truth.legs_of("1002").find(|leg| leg.direction == Direction::In).expect("the moved leg");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, seconds(&talked_leg(&truth, "1001")));
    assert_talked(&records, PYOTR, CLIENT, seconds(with_client));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT), (PYOTR, CLIENT)]);
    assert_eq!(talks(&records, PYOTR, CLIENT)[0].call.kind, 3, "redirected: {records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_moves_while_the_daemon_is_away_talks_no_longer_than_it_did() {
    let (mut story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    company.lists_active(&story, "talking").await;
    talk(1.2).await;
    story.stop_daemon().await;
    let second = story.switch().move_call(first, false).expect("they talk");
    talk(1.2).await;
    story.start_daemon(1).await;
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let truth = talked_by(&story, "1001");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, truth);
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_of_a_conversation_that_has_moved_commands_the_leg_where_it_is() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    company.lists_active(&story, "talking").await;
    let leg = company.phone("1001").state().expect("a phone").legs[0].leg.to_string();
    let second = story.switch().move_call(first, true).expect("they talk");
    let moved = async || {
        let card = Card::open_if_there(&story, &company, IVAN).await?;
        let (status, _) = card.press("hold").await;
        status.is_success().then_some(())
    };
    story.until_asked("the card's button works", moved).await;
    let command = story.switch().wait_command("call.hold").await.expect("the switch is asked");
    assert_eq!(command.payload["id"], leg, "the leg is the same wherever it is");
    story.switch().remote_hangs_up(second).await.expect("the client is held");
    company.over(&story).await;
    story.end().await;
}

/// A second is short for waiting until a leg is seen again.
const GRACE: fn(&mut Settings) = |s| s.reconnect_grace = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_leg_has_gone_on_elsewhere_is_not_revived_by_a_lost_link() {
    let story = Story::begin_with(GRACE).await;
    let mut company = story.company("firma.local").await;
    story.switch().set_quirks(|q| q.replay_on_connect = true);
    let first = answered(&story, &company).await;
    talk(1.3).await;
    let second = story.switch().move_call(first, true).expect("they talk");
    talk(0.3).await;
    story.switch().drop_links();
    story.switch().wait_registers(2).await.expect("a fresh token");
    company.online(&story).await;
    // Longer than the grace: what was not heard of again has ended by then.
    talk(2.5).await;
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let truth = talked_by(&story, "1001");
    let records = company.over(&story).await;
    assert_talked(&records, IVAN, CLIENT, truth);
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    story.end().await;
}

/// A frame about one leg, as the switch writes it.
fn frame(leg: &str, call: &str, own: &str, remote: &str, status: &str) -> String {
    let answered = (status != "alerting").then_some(());
    let mut told = json!({
        "id": leg, "call_id": call, "call_ref": call, "direction": "in", "digits": own, "remote_digits": remote,
        "display_name": null, "status": status, "answer_time": null, "workitem_id": null,
    });
    if answered.is_some() {
        told["has_answer_time"] = json!(true);
    }
    json!({ "event": "conversations_event", "data": [told] }).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_leg_id_in_two_companies_is_two_legs() {
    let story = Story::begin().await;
    let companies = [story.company("a.local").await, story.company("b.local").await];
    let tell = |n: usize, call: &str, status: &str| {
        let text = frame("06510000000000d1", call, "1001", CLIENT_DIGITS, status);
        assert!(story.switch().send_raw_to(&companies[n].simulated.client_id, &text));
    };
    tell(0, "06510000000000d0", "alerting");
    companies[0].cards_at(&story, &[IVAN]).await;
    tell(0, "06510000000000d0", "talking");
    companies[0].lists_active(&story, "talking").await;
    // To the other company the same leg is another call's.
    tell(1, "06510000000000c0", "alerting");
    companies[1].cards_at(&story, &[IVAN]).await;
    talk(2.2).await;
    companies[0].lists_active(&story, "talking").await;
    assert_eq!(companies[0].portal.visible().len(), 1, "nothing has left the first company's call");
    tell(1, "06510000000000c0", "released");
    tell(0, "06510000000000d0", "released");
    let first = only(companies[0].over(&story).await);
    let second = only(companies[1].over(&story).await);
    assert_eq!((first.code.as_str(), second.user), ("200", IVAN));
    assert!((2..=4).contains(&first.duration), "{first:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_the_switch_uses_again_hours_later_are_new_calls() {
    const HOURS: Duration = Duration::from_secs(5 * 3600);
    let (story, company) = Story::with_company().await;
    story.forgive_one_refresh_at_most();
    // The same leg in another call, and the same call once more with another leg.
    let ids = [("d1", "d0"), ("d1", "c0"), ("e1", "d0")];
    for (n, (leg, call)) in ids.into_iter().enumerate() {
        let (leg, call) = (format!("06510000000000{leg}"), format!("06510000000000{call}"));
        let tell = |status| story.switch().send_raw(&frame(&leg, &call, "1001", CLIENT_DIGITS, status));
        tell("alerting");
        company.cards_at(&story, &[IVAN]).await;
        tell("talking");
        company.lists_active(&story, "talking").await;
        talk(1.3).await;
        tell("released");
        let records = company.over(&story).await;
        assert_eq!(records.len(), n + 1, "{records:#?}");
        assert_eq!((records[n].user, records[n].code.as_str()), (IVAN, "200"));
        assert!((1..=3).contains(&records[n].duration), "{records:#?}");
        story.pass(HOURS);
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_after_all_this_are_like_any_others() {
    let (story, company) = Story::with_company().await;
    let first = answered(&story, &company).await;
    let second = story.switch().move_call(first, true).expect("they talk");
    story.switch().remote_hangs_up(second).await.expect("they talk");
    let before = company.over(&story).await.len();
    let call = answered(&story, &company).await;
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = story.truth(call).await;
    let records = company.over(&story).await;
    assert_eq!(records.len(), before + 1);
    assert_true(&records[before], &talked_leg(&truth, "1001"));
    story.end().await;
}
