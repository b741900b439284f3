//! A switch that tells of more than can be true.

use super::*;
use LegState::{Held, Released, Ringing, Talking};

/// What the test says one call may hold at most, whatever is told of it.
const BOUND: usize = 512;

fn stranger(n: usize, state: LegState) -> LegEvent {
    leg(&format!("x{n}"), "9999", Direction::In, CLIENT, state)
}

#[test]
fn thousands_of_legs_in_one_call_stay_few_and_the_conversation_that_is_heard_of_goes_on() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).incoming("1001", Talking);
    for n in 0..5_000 {
        s.now = s.now + Duration::from_millis(10);
        s.legs(vec![stranger(n, Talking)]);
        if n % 100 == 0 {
            s.incoming("1001", if n % 200 == 0 { Held } else { Talking });
        }
        assert!(s.call.legs.len() <= BOUND);
    }
    s.incoming("1001", Released);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 50s 200"]);
}

#[test]
fn a_leg_that_is_silent_while_thousands_come_is_ended_with_the_seconds_it_was_seen() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).incoming("1001", Talking).after(7).incoming("1001", Held);
    for n in 0..2_000 {
        s.now = s.now + Duration::from_millis(10);
        s.legs(vec![stranger(n, Talking)]);
    }
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 7s 200"]);
    assert!(s.call.crm.iter().all(CrmCall::is_closed));
}

#[test]
fn a_frame_with_ten_thousand_legs_is_taken_in_as_far_as_there_is_room() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(1);
    for round in 0..3 {
        s.legs((0..10_000).map(|n| stranger(round * 10_000 + n, Ringing)).collect()).after(1);
        assert!(s.call.legs.len() <= BOUND, "{}", s.call.legs.len());
    }
    s.event(Event::GiveWay);
    assert!(s.call.is_over());
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 0s 304"));
}

#[test]
fn an_id_that_goes_from_number_to_number_without_end_stays_few_legs() {
    let mut s = Scenario::new();
    for n in 0..3_000 {
        s.now = s.now + Duration::from_millis(10);
        s.legs(vec![leg("l", &(20_000 + n).to_string(), Direction::In, CLIENT, Talking)]);
    }
    s.legs((0..3_000).map(|n| leg("l", &(30_000 + n).to_string(), Direction::In, CLIENT, Talking)).collect());
    assert!(s.call.legs.len() <= BOUND, "{}", s.call.legs.len());
}

#[test]
fn a_client_whose_number_changes_without_end_is_recorded_under_few_numbers_and_to_the_last_second() {
    for long in [false, true] {
        let mut s = Scenario::new();
        s.legs(vec![leg("l", "1001", Direction::In, CLIENT, Ringing)]).after(5);
        for n in 0..500 {
            let state = if long || n % 2 == 1 { Talking } else { Ringing };
            s.legs(vec![leg("l", "1001", Direction::In, &format!("7999{n:07}"), state)]).after(if long {
                5
            } else {
                0
            });
        }
        s.after(7).legs(vec![leg("l", "1001", Direction::In, "79990000499", Released)]).after(60);
        assert!(s.call.is_over());
        assert!((30..=BOUND / 8).contains(&s.call.crm.len()), "{}", s.call.crm.len());
        let requests = s.requests();
        let count = |what: &str| requests.iter().filter(|line| line.contains(what)).count();
        assert_eq!((count("register"), count("finish")), (s.call.crm.len(), s.call.crm.len()), "{requests:?}");
        let seconds_of = |line: &String| line.split(' ').find_map(|word| word.strip_suffix('s')?.parse::<u64>().ok());
        let seconds: u64 = requests.iter().filter_map(seconds_of).sum();
        assert_eq!(seconds, if long { 2507 } else { 7 }, "{requests:?}");
    }
}

#[test]
fn a_queue_that_rings_a_group_for_hours_while_one_caller_waits_is_one_missed_call() {
    let mut s = Scenario::new();
    s.legs(vec![leg("caller", "9000", Direction::Out, "200", Talking)]);
    for round in 0..200 {
        for phone in 1..=9 {
            let id = format!("r{round}-{phone}");
            s.legs(vec![leg(&id, &(1000 + phone).to_string(), Direction::In, CLIENT, Ringing)]);
        }
        s.after(20);
        for phone in 1..=9 {
            let id = format!("r{round}-{phone}");
            s.legs(vec![leg(&id, &(1000 + phone).to_string(), Direction::In, CLIENT, Released)]);
        }
        s.after(5);
        assert!(s.call.legs.len() <= BOUND / 2);
    }
    s.legs(vec![leg("caller", "9000", Direction::Out, "200", Released)]).after(60);
    let requests = s.requests();
    assert_eq!(requests.iter().filter(|line| line.starts_with("register")).count(), 1, "{requests:?}");
    assert_eq!(requests.iter().filter(|line| line.contains("finish")).count(), 1, "{requests:?}");
    assert_eq!(requests.last().map(String::as_str), Some("finish 1 0s 304"));
}

#[test]
fn conversations_of_one_call_are_recorded_up_to_a_number_that_no_call_has() {
    let mut s = Scenario::new();
    for n in 0..1_000 {
        let id = format!("l{n}");
        for state in [Ringing, Talking, Released] {
            s.after(5).legs(vec![leg(&id, "1001", Direction::In, CLIENT, state)]);
        }
    }
    let requests = s.requests();
    let count = |word: &str| requests.iter().filter(|line| line.contains(word)).count();
    assert_eq!((count("register"), count("finish")), (256, 256), "what was begun was ended");
    assert!(s.call.legs.len() <= BOUND && s.call.is_over());
}

#[test]
fn a_call_that_gives_way_is_recorded_with_what_was_seen_and_is_not_counted_twice() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).incoming("1001", Talking).after(40).incoming("1001", Held).after(3_000);
    s.event(Event::GiveWay);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 40s 200"]);
    assert!(s.call.is_over());
    s.incoming("1001", Talking).incoming("1001", Released).after(60);
    assert_eq!(s.requests(), [""; 0]);
}

#[test]
fn a_ringing_call_that_gives_way_is_missed_at_once() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).event(Event::GiveWay);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 2", "finish 1 0s 304"]);
    assert!(s.call.is_over());
    // Whoever rings after that in the same call is a call like any.
    s.legs(vec![leg("again", "1003", Direction::In, CLIENT, Ringing)]);
    assert_eq!(s.requests(), ["/again: register 3 Incoming show"]);
    s.legs(vec![leg("again", "1003", Direction::In, CLIENT, Released)]).after(60);
    assert_eq!(s.requests(), ["/again: hide 3", "/again: finish 3 0s 304"]);
}
