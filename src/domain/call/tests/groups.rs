//! Several phones, one client: groups, queues, forwarding, pickup.

use super::*;
use crate::domain::card::CardCommand;
use LegState::{Held, Released, Ringing, Talking};

fn all(numbers: &[&str], state: LegState) -> Vec<LegEvent> {
    numbers.iter().map(|n| leg(n, n, Direction::In, CLIENT, state)).collect()
}

fn reject(user: i64) -> Event {
    Event::Pressed { user: UserId(user), leg: None, command: CardCommand::Reject }
}

#[test]
fn of_two_phones_picked_up_at_once_the_one_the_switch_keeps_has_the_call() {
    for (loser, requests) in [("1002", "finish 1 60s 200"), ("1001", "finish 2 60s 200")] {
        let winner = if loser == "1001" { "1002" } else { "1001" };
        let mut s = Scenario::new();
        s.legs(all(&["1001", "1002"], Ringing)).after(5).legs(all(&["1001", "1002"], Talking));
        s.after(1).incoming(loser, Released).after(59).incoming(winner, Released);
        assert_eq!(s.requests().last().map(String::as_str), Some(requests));
        assert_eq!(s.call.crm.len(), 1, "one call, one record");
    }
}

#[test]
fn a_losers_late_talking_opens_no_card_and_makes_no_record() {
    let mut s = Scenario::new();
    s.legs(all(&["1001", "1002"], Ringing)).after(5).incoming("1001", Talking).requests();
    assert!(s.after(1).incoming("1002", Talking).requests().is_empty());
    assert!(s.after(1).incoming("1002", Released).requests().is_empty());
    assert_eq!(s.after(10).incoming("1001", Released).requests(), ["finish 1 12s 200"]);
}

#[test]
fn two_who_both_go_on_talking_have_a_conversation_each() {
    let mut s = Scenario::new();
    s.legs(all(&["1001", "1002"], Ringing)).after(5).legs(all(&["1001", "1002"], Talking)).requests();
    assert_eq!(s.after(3).requests(), ["/1002: register 2 Redirected show"]);
    assert_eq!(s.after(7).incoming("1001", Released).requests(), ["finish 1 10s 200"]);
    assert_eq!(s.after(5).incoming("1002", Released).requests(), ["/1002: finish 2 15s 200"]);
}

#[test]
fn one_employee_with_two_phones_in_a_group_sees_one_card() {
    let two = |state| {
        let mut legs = all(&["1001", "1002"], state);
        legs.push(leg("m", "1001", Direction::In, CLIENT, state));
        legs
    };
    let mut s = Scenario::new();
    assert_eq!(s.legs(two(Ringing)).requests(), ["register 1 Incoming show", "show 2"]);
    s.after(4).legs(vec![leg("m", "1001", Direction::In, CLIENT, Talking)]);
    s.legs(all(&["1001", "1002"], Released)).after(6).legs(vec![leg("m", "1001", Direction::In, CLIENT, Released)]);
    assert_eq!(s.requests(), ["hide 2", "finish 1 6s 200"]);
}

#[test]
fn a_hunt_with_gaps_is_one_call() {
    for gap in [0, 1, 2] {
        let mut s = Scenario::new();
        for n in ["1001", "1002", "1003"] {
            s.incoming(n, Ringing).after(10).incoming(n, Released).after(gap);
        }
        s.incoming("1001", Released).after(60);
        let requests = s.requests();
        assert_eq!(
            requests.iter().filter(|l| l.contains("finish")).collect::<Vec<_>>(),
            ["finish 1 0s 304"],
            "{requests:?}"
        );
    }
}

#[test]
fn a_queue_that_has_shown_to_be_slow_is_waited_for() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(10).incoming("1001", Released).after(2);
    s.incoming("1002", Ringing).after(10).incoming("1002", Released).after(3);
    s.legs(vec![leg("x", "1003", Direction::In, CLIENT, Ringing)]).after(2);
    s.legs(vec![leg("x", "1003", Direction::In, CLIENT, Talking)]).after(9);
    s.legs(vec![leg("x", "1003", Direction::In, CLIENT, Released)]);
    let requests = s.requests();
    assert_eq!(requests.last().map(String::as_str), Some("finish 3 9s 200"));
    assert_eq!(requests.iter().filter(|l| l.contains("finish")).count(), 1, "{requests:?}");
}

#[test]
fn a_ring_long_after_a_missed_one_is_a_call_of_its_own() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(10).incoming("1001", Released).after(50).requests();
    s.incoming("1002", Ringing).after(5).incoming("1002", Talking).after(7).incoming("1002", Released);
    assert_eq!(s.requests(), ["/1002: register 2 Incoming show", "/1002: finish 2 7s 200"]);
}

#[test]
fn a_colleague_who_calls_the_queue_is_no_client() {
    let caller = |state| leg("a", "1001", Direction::Out, "112", state);
    let operator = |state| leg("b", "1002", Direction::In, "1001", state);
    let mut s = Scenario::new();
    s.legs(vec![caller(Ringing)]).after(1).legs(vec![caller(Talking)]).after(3).legs(vec![operator(Ringing)]);
    s.after(5).legs(vec![operator(Talking)]).after(20).legs(vec![operator(Released), caller(Released)]);
    assert_eq!(
        s.requests(),
        ["register 1 Outgoing show", "finish 1 28s 200"],
        "112 is nobody we know; 1002 is a colleague"
    );

    let mut s = Scenario::with(&CallSettings { internal: InternalCalls::Card, ..CallSettings::default() });
    s.legs(vec![caller(Ringing)]).after(1).legs(vec![caller(Talking)]).after(3).legs(vec![operator(Ringing)]);
    assert_eq!(
        s.requests().last().map(String::as_str),
        Some("/b: register 2 Incoming show"),
        "nobody handed anything over"
    );
}

#[test]
fn a_call_forwarded_after_no_answer_stays_one_call() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(15).incoming("1001", Released).incoming("1002", Ringing);
    s.after(5).incoming("1002", Talking).after(8).incoming("1002", Released);
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "show 2", "finish 2 8s 200"]);
}

#[test]
fn a_leg_that_changes_its_number_while_it_rings_takes_the_card_along() {
    let at = |own, state| vec![leg("x", own, Direction::In, CLIENT, state)];
    let mut s = Scenario::new();
    s.legs(at("1001", Ringing)).after(10).legs(at("1002", Ringing));
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "show 2"]);
    assert!(s.legs(at("1001", Ringing)).requests().is_empty(), "an overtaken message");
    s.after(5).legs(at("1002", Talking)).after(20).legs(at("1002", Released));
    assert_eq!(s.requests(), ["finish 2 20s 200"]);
    assert!(s.call.is_over());
}

#[test]
fn a_leg_that_changes_its_number_while_it_talks_credits_both() {
    let at = |own, state| vec![leg("x", own, Direction::In, CLIENT, state)];
    let mut s = Scenario::new();
    s.legs(at("1001", Ringing)).after(5).legs(at("1001", Talking)).after(10).legs(at("1002", Talking));
    let requests = s.requests();
    assert_eq!(requests, ["register 1 Incoming show", "finish 1 10s 200", "/x: register 2 Redirected show"]);
    let answered_at = Some(Timestamp(s.now.millis() - 10_000));
    s.after(7).legs(vec![LegEvent { answered_at, ..leg("x", "1002", Direction::In, CLIENT, Released) }]);
    assert_eq!(s.requests(), ["/x: finish 2 7s 200"]);
    s = Scenario::new();
    s.legs(at("1001", Talking)).after(5).legs(at("1002", Talking)).after(5).legs(at("1003", Talking));
    assert_eq!(s.requests().last().map(String::as_str), Some("/x/2: register 3 Redirected show"), "each has a name");
}

#[test]
fn a_leg_forwarded_to_somebody_unknown_ends_for_its_first_owner() {
    let at = |own, state| vec![leg("x", own, Direction::In, CLIENT, state)];
    let mut s = Scenario::new();
    s.legs(at("1001", Ringing)).after(10).legs(at("2002", Ringing)).after(1).legs(at("2002", Talking)).after(30);
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "finish 1 0s 304"]);
    assert!(s.legs(at("2002", Released)).requests().is_empty());
    assert!(s.call.is_over());
}

#[test]
fn a_colleague_picks_up_for_another() {
    for released_first in [false, true] {
        let mut s = Scenario::new();
        s.incoming("1001", Ringing).after(6).requests();
        if released_first {
            s.incoming("1001", Released).incoming("1002", Talking);
            assert_eq!(s.requests(), ["hide 1", "show 2"]);
        } else {
            s.incoming("1002", Talking).incoming("1001", Released);
            assert_eq!(s.requests(), ["hide 1", "show 2"]);
        }
        assert_eq!(s.after(11).incoming("1002", Released).requests(), ["finish 2 11s 200"]);
    }
}

#[test]
fn a_missed_call_of_a_group_is_declined_if_one_of_them_said_no() {
    let mut s = Scenario::new();
    s.legs(all(&["1001", "1002"], Ringing)).event(reject(2)).incoming("1002", Released).after(9);
    s.incoming("1001", Released).after(4);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 0s 603"));

    let mut s = Scenario::new();
    s.legs(all(&["1001", "1002"], Ringing)).event(reject(2)).incoming("1002", Released).after(9);
    s.incoming("1001", Talking).after(4).incoming("1001", Released);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 4s 200"), "somebody else answered");
}

#[test]
fn the_responsible_employee_gets_missed_calls_even_if_he_rang_himself() {
    let mut s = Scenario::with(&CallSettings { responsible: Some(UserId(2)), ..CallSettings::default() });
    s.legs(all(&["1001", "1002"], Ringing)).after(9).legs(all(&["1001", "1002"], Released)).after(4);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 1,2", "finish 2 0s 304"]);

    let mut s = Scenario::with(&CallSettings { responsible: Some(UserId(2)), ..CallSettings::default() });
    s.outgoing("1001", Ringing).after(9).outgoing("1001", Released);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 0s 304"), "an employee's own call stays his");
}

#[test]
fn missed_calls_do_not_go_to_somebody_who_has_left() {
    use crate::domain::directory::{Directory, Employee};
    let employee = |user, active| Employee { user: UserId(user), name: String::new(), active, numbers: Vec::new() };
    let staff = Directory::new([employee(1, true), employee(2, false)]);
    for (chosen, goes_to) in [(Some(1), Some(1)), (Some(2), None), (Some(3), None), (None, None)] {
        let settings = CallSettings { responsible: chosen.map(UserId), ..CallSettings::default() };
        let policy = CallPolicy::new(&settings, Duration::from_secs(30)).among(&staff);
        assert_eq!(policy.responsible, goes_to.map(UserId), "{chosen:?}");
    }
}

#[test]
fn hold_is_still_a_conversation() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(5).requests();
    s.incoming("1001", Held).after(5).incoming("1001", Talking).after(5).incoming("1001", Held).after(5);
    assert_eq!(s.incoming("1001", Released).requests(), ["finish 1 20s 200"]);
}

#[test]
fn a_ring_that_the_switch_forgot_to_end_keeps_no_card_open() {
    let mut s = Scenario::new();
    s.legs(all(&["1001", "1002"], Ringing)).after(3).incoming("1001", Talking).after(10).incoming("1001", Released);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 2", "finish 1 10s 200"]);
    s.after(5).incoming("1002", Talking).after(6).incoming("1002", Released);
    assert_eq!(
        s.requests(),
        ["/1002: register 2 Redirected show", "/1002: finish 2 6s 200"],
        "should it talk after all"
    );
}
