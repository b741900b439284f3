//! The same call, however the switch spells and orders its events.

use crate::support::{CLIENT, IVAN, PYOTR, Story, assert_true, only, talked_leg, told};
use ecss_crm_server::sandbox::switch::{Aliases, CauseStyle, Heartbeat, HeartbeatStyle, PhoneStatus, Quirks};
use std::time::Duration;

/// An incoming call answered, a group call answered by one, a click answered: recorded as on the plainest switch.
async fn as_always(quirks: fn(&mut Quirks)) {
    let story = Story::begin().await;
    story.switch().set_quirks(quirks);
    let company = story.company("firma.local").await;

    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1001").hold().await.expect("it talks");
    company.phone("1001").retrieve().await.expect("it holds");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.user, record.call.kind, record.call.bound.as_ref().map(|b| b.id)), (IVAN, 2, Some(21)));

    let group = company.domain.group_call("+73832000010", &["1001", "1002"]).await.expect("both are free");
    company.cards_at(&story, &[IVAN, PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    company.cards_at(&story, &[PYOTR]).await;
    story.switch().remote_hangs_up(group).await.expect("it talks");
    let record = company.finished(&story, 2).await.remove(1);
    assert_eq!((record.user, record.code.as_str()), (PYOTR, "200"));

    let (crm, _) = company.click(IVAN, "8 983 555-11-22").await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").pick_up().await.expect("it rings");
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = company.finished(&story, 3).await.remove(2);
    assert_eq!((record.call.id, record.code.as_str()), (crm, "200"));
    assert_eq!(told(&company.portal, "register").len(), 2);
    story.end().await;
}

macro_rules! as_always {
    ($($name:ident: $quirks:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            as_always($quirks).await;
        }
    )+};
}

as_always! {
    plain: |_| {};
    one_leg_per_frame: |q| q.single_object = true;
    json_inside_a_string: |q| q.string_payload = true;
    one_leg_per_frame_inside_a_string: |q| (q.single_object, q.string_payload) = (true, true);
    other_names_of_fields: |q| q.aliases = Aliases { fields: true, ..Aliases::default() };
    other_words_for_phases: |q| q.aliases = Aliases { statuses: true, ..Aliases::default() };
    another_envelope: |q| q.aliases = Aliases { envelope: true, ..Aliases::default() };
    another_place_of_the_token: |q| q.aliases = Aliases { token: true, ..Aliases::default() };
    everything_spelled_differently: |q| {
        (q.aliases, q.single_object, q.string_payload) = (Aliases::all(), true, true);
        (q.cause, q.has_answer_time, q.keep_plus) = (CauseStyle::Sip, true, true);
    };
    every_event_twice: |q| q.duplicate_events = true;
    events_out_of_order: |q| q.reorder = true;
    events_twice_and_out_of_order: |q| (q.duplicate_events, q.reorder, q.single_object) = (true, true, true);
    no_word_when_the_socket_is_open: |q| q.no_open_message = true;
    events_before_the_answer_to_a_command: |q| q.events_before_answer = true;
    late_events: |q| q.late_events = Some(Duration::from_millis(300));
    causes_in_words: |q| (q.cause, q.has_answer_time) = (CauseStyle::Words, true);
    numbers_with_a_plus: |q| q.keep_plus = true;
    a_clock_that_is_ahead: |q| q.answer_skew_ms = 90_000;
    a_clock_that_is_behind: |q| q.answer_skew_ms = -90_000;
    a_clock_in_another_zone: |q| q.answer_zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(11));
    running_calls_told_again: |q| q.replay_on_connect = true;
}

async fn transferred(quirks: fn(&mut Quirks)) {
    let story = Story::begin().await;
    story.switch().set_quirks(quirks);
    let company = story.company("firma.local").await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.phone("1001").dial("1002").await.expect("the client is put on hold");
    company.phone("1002").pick_up().await.expect("it rings");
    company.phone("1001").transfer("1002").await.expect("both are there");
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").hang_up().await.expect("it talks");
    story.truth(call).await;
    let records = company.finished(&story, 2).await;
    let said: Vec<_> = records.iter().map(|r| (r.user, r.code.as_str(), r.call.number.as_str())).collect();
    assert_eq!(said, [(IVAN, "200", "79835551122"), (PYOTR, "200", "79835551122")]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_ends_the_old_legs_first() {
    transferred(|q| q.transfer_releases_first = true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_keeps_the_clients_leg() {
    transferred(|q| q.transfer_keeps_leg = true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_told_in_single_frames_out_of_order() {
    transferred(|q| (q.single_object, q.reorder) = (true, true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_of_every_kind_are_answered() {
    let story = Story::begin().await;
    let often = Heartbeat { every: Some(Duration::from_millis(200)), style: HeartbeatStyle::Both, misses: 3 };
    story.switch().set_heartbeat(often);
    let company = story.company("firma.local").await;
    story.switch().wait_pongs(10).await.expect("pongs");
    assert_eq!(story.switch().registers(), 1, "the connection has held");
    assert_eq!(story.switch().links_of(&company.simulated.client_id), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hides_his_number_is_a_caller() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming("", "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.user, record.code.as_str()), (IVAN, "200"));
    story.end().await;
}
