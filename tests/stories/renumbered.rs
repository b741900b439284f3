//! The client's number becomes known, or changes, during the call.

use crate::support::{
    CLIENT, CLIENT_DIGITS, IVAN, PYOTR, Story, TestCompany, assert_nobody_else_talked, assert_talked, assert_true,
    only, same, seconds, talk, talked_leg, talks, told,
};
use ecss_crm_server::domain::Timestamp;
use ecss_crm_server::sandbox::portal::FinishedCall;
use ecss_crm_server::sandbox::switch::{CallId, HiddenStyle, TrueLeg};

/// What the switch shows before it knows better.
const TECHNICAL: &str = "91201";
const OTHER: &str = "+73832000010";

async fn ended(story: &Story, company: &TestCompany, call: CallId, number: &str) -> (TrueLeg, Vec<FinishedCall>) {
    story.switch().remote_hangs_up(call).await.expect("it goes on");
    let leg = talked_leg(&story.truth(call).await, number);
    (leg, company.over(story).await)
}

/// Waits until this employee's card is that of a call with this number.
async fn card_of(story: &Story, company: &TestCompany, user: i64, number: &str) {
    let portal = company.portal.clone();
    let look = || {
        let (_, call) = portal.visible().into_iter().find(|(seen_by, _)| *seen_by == user)?;
        portal.open_calls().into_iter().find(|open| open.id == call && same(&open.number, number)).map(drop)
    };
    story.until(&format!("the card of {number} stands at {user}"), look).await;
}

/// Seconds between two moments.
fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> f64 {
    to.zip(from).map_or(0.0, |(to, from)| to.since(from).as_secs_f64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technical_number_gives_way_to_the_clients_at_the_answer() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(TECHNICAL, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").remote_will_be(CLIENT).expect("it rings");
    company.phone("1001").pick_up().await.expect("it rings");
    card_of(&story, &company, IVAN, CLIENT).await;
    talk(2.4).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    assert_talked(&records, IVAN, CLIENT, seconds(&leg));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    let own = talks(&records, IVAN, CLIENT);
    assert_eq!(own.len(), 1, "one conversation: {records:#?}");
    assert!([2, 3].contains(&own[0].call.kind), "the client has called: {records:#?}");
    assert_eq!(own[0].call.bound.as_ref().map(|b| b.id), Some(21), "it stands in the client's history");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_number_that_is_known_at_the_answer_is_the_clients_call() {
    for style in [HiddenStyle::Null, HiddenStyle::Empty, HiddenStyle::Word] {
        let (story, company) = Story::with_company().await;
        story.switch().set_quirks(|q| q.hidden = style);
        let call = company.incoming("", "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        company.phone("1001").remote_will_be(CLIENT).expect("it rings");
        company.phone("1001").pick_up().await.expect("it rings");
        card_of(&story, &company, IVAN, CLIENT).await;
        talk(2.4).await;
        let (leg, records) = ended(&story, &company, call, "1001").await;
        assert_talked(&records, IVAN, CLIENT, seconds(&leg));
        assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
        assert_eq!(talks(&records, IVAN, CLIENT).len(), 1, "{style:?}: {records:#?}");
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_number_that_is_known_seconds_after_the_answer_loses_and_doubles_none() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming("", "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(2.2).await;
    company.phone("1001").remote_becomes(CLIENT).expect("it talks");
    talk(2.4).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    let known = leg.earlier_remotes.last().map(|(until, _)| *until);
    let all: i64 = records.iter().map(|r| r.duration).sum();
    let with_client: i64 = talks(&records, IVAN, CLIENT).iter().map(|r| r.duration).sum();
    let (before, after) = (span(leg.answered, known), span(known, leg.ended));
    assert!(with_client as f64 >= after - 1.0, "the client's own history has it: {records:#?}");
    assert!(with_client as f64 <= before + after + 1.0, "{records:#?}");
    assert!((all as f64 - before - after).abs() <= 2.0, "{before} s and {after} s: {records:#?}");
    assert!(records.iter().all(|r| r.user == IVAN), "{records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_changes_while_a_whole_group_rings_leaves_one_card_each_and_one_conversation() {
    for first in [TECHNICAL, ""] {
        let (story, company) = Story::with_company().await;
        let call = company.domain.group_call(first, &["1001", "1002"]).await.expect("both are free");
        company.cards_at(&story, &[IVAN, PYOTR]).await;
        story.switch().remote_becomes(call, CLIENT).expect("it rings");
        for user in [IVAN, PYOTR] {
            card_of(&story, &company, user, CLIENT).await;
        }
        company.phone("1002").pick_up().await.expect("it rings");
        company.cards_at(&story, &[PYOTR]).await;
        talk(2.3).await;
        let (leg, records) = ended(&story, &company, call, "1002").await;
        assert_talked(&records, PYOTR, CLIENT, seconds(&leg));
        assert_nobody_else_talked(&records, &[(PYOTR, CLIENT)]);
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_far_side_hands_over_each_number_has_its_own_seconds() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(2.2).await;
    company.phone("1001").remote_becomes(OTHER).expect("it talks");
    card_of(&story, &company, IVAN, OTHER).await;
    talk(3.3).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    let changed = leg.earlier_remotes.last().map(|(until, _)| *until);
    assert_talked(&records, IVAN, CLIENT, span(leg.answered, changed));
    assert_talked(&records, IVAN, OTHER, span(changed, leg.ended));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT), (IVAN, OTHER)]);
    assert_eq!(talks(&records, IVAN, CLIENT)[0].call.kind, 2);
    assert_eq!(talks(&records, IVAN, OTHER)[0].call.kind, 3, "redirected: {records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_spelling_of_the_same_number_is_no_other_client() {
    let spellings = [
        ("89835551122", "+79835551122"),
        ("79835551122", "989835551122"),
        ("5551122", "+79835551122"),
        (CLIENT, "5551122"),
    ];
    let (story, company) = Story::with_company().await;
    for (n, (first, then)) in spellings.into_iter().enumerate() {
        let call = company.incoming(first, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        company.phone("1001").remote_will_be(then).expect("it rings");
        company.phone("1001").pick_up().await.expect("it rings");
        talk(1.3).await;
        company.phone("1001").remote_becomes(first).expect("it talks");
        talk(1.3).await;
        let (leg, records) = ended(&story, &company, call, "1001").await;
        assert_eq!(records.len(), n + 1, "{first} and {then} are one client: {records:#?}");
        assert_true(&records[n], &leg);
        assert_eq!(told(&company.portal, "register").len(), n + 1);
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialled_number_that_is_spelled_otherwise_at_the_answer_is_one_call() {
    let (story, company) = Story::with_company().await;
    let call = company.phone("1001").dial("989835551122").await.expect("the phone is free");
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").remote_will_be(CLIENT).expect("it dials");
    story.switch().remote_answers(call).await.expect("it rings there");
    talk(2.3).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    let record = only(records);
    assert_true(&record, &leg);
    assert_eq!((record.user, record.call.kind), (IVAN, 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_frame_that_arrives_late_changes_nothing_back() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(TECHNICAL, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let phone = company.phone("1001");
    let (old, older) = (phone.picture().expect("it rings"), phone.picture().expect("it rings"));
    phone.remote_will_be(CLIENT).expect("it rings");
    phone.pick_up().await.expect("it rings");
    let portal = company.portal.clone();
    let clients = || portal.open_calls().into_iter().find(|c| same(&c.number, CLIENT)).map(drop);
    story.until("the client's call is known", clients).await;
    story.switch().report_late(old);
    talk(2.3).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    let before = records.len();
    // Even after the end.
    story.switch().report_late(older);
    let next = company.incoming(OTHER, "1002").await;
    company.phone("1002").pick_up().await.expect("it rings");
    let (_, records) = ended(&story, &company, next, "1002").await;
    assert_eq!(records.len(), before + 1, "{records:#?}");
    assert_talked(&records, IVAN, CLIENT, seconds(&leg));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT), (PYOTR, OTHER)]);
    assert_eq!(talks(&records, IVAN, CLIENT).len(), 1, "{records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_flips_for_a_moment_and_back_adds_no_second() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let phone = company.phone("1001");
    phone.pick_up().await.expect("it rings");
    talk(3.2).await;
    for number in ["5900", CLIENT, "", CLIENT] {
        phone.remote_becomes(number).expect("it talks");
    }
    talk(3.2).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    let all: i64 = records.iter().map(|r| r.duration).sum();
    let flips = records.len() as f64;
    assert!(all as f64 <= seconds(&leg) + flips, "more than was talked: {records:#?}");
    let mine = talks(&records, IVAN, CLIENT);
    let with_client: i64 = mine.iter().map(|r| r.duration).sum();
    assert!((with_client as f64 - seconds(&leg)).abs() <= 2.0 * mine.len() as f64, "{records:#?}");
    assert!(mine.len() <= 3, "not a record for each blink: {records:#?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_becomes_known_while_the_daemon_is_away_is_the_clients_call() {
    let (mut story, company) = Story::with_company().await;
    let call = company.incoming(TECHNICAL, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.stop_daemon().await;
    company.phone("1001").remote_will_be(CLIENT).expect("it rings");
    company.phone("1001").pick_up().await.expect("it rings");
    story.start_daemon(1).await;
    talk(1.2).await;
    let (leg, records) = ended(&story, &company, call, "1001").await;
    assert_talked(&records, IVAN, CLIENT, seconds(&leg));
    assert_nobody_else_talked(&records, &[(IVAN, CLIENT)]);
    assert!(records.iter().any(|r| r.call.number == CLIENT_DIGITS));
    story.end().await;
}
