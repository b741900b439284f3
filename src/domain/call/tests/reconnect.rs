//! The connection to the switch breaks in mid-call, or we come late.

use super::*;
use LegState::{Held, Released, Ringing, Talking};

/// 1001 has talked for a minute when the connection breaks; it is back after ten seconds, the leg stays silent.
fn lost() -> Scenario {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(60).requests();
    s.event(Event::LinkLost(s.now)).after(10).event(Event::LinkBack).after(31);
    assert_eq!(s.requests(), ["finish 1 60s 200"]);
    s
}

#[test]
fn the_rest_of_a_conversation_that_went_on_in_silence_is_recorded_too() {
    let mut s = lost();
    s.after(200).incoming("1001", Released);
    // 10 s of break, 31 s of grace, 200 s more: nothing lost, nothing twice.
    assert_eq!(s.requests(), ["/1001: register 1 Redirected", "/1001: finish 1 241s 200"]);
    assert!(s.incoming("1001", Released).requests().is_empty(), "told again");
    assert!(s.call.is_over());
}

#[test]
fn a_conversation_that_is_heard_of_again_gets_its_card_back() {
    let mut s = lost();
    s.after(20).incoming("1001", Held);
    assert_eq!(s.requests(), ["/1001: register 1 Redirected show"]);
    s.after(5).incoming("1001", Talking).after(5).incoming("1001", Released);
    assert_eq!(s.requests(), ["/1001: finish 1 71s 200"]);
}

#[test]
fn an_outgoing_conversation_goes_on_as_an_outgoing_one() {
    let mut s = Scenario::new();
    s.outgoing("1001", Talking).after(60).breaks().after(40);
    s.outgoing("1001", Released);
    let requests = s.requests();
    assert_eq!(requests[1..], ["finish 1 60s 200", "/1001: register 1 Outgoing", "/1001: finish 1 40s 200"]);
}

#[test]
fn a_ring_whose_end_was_not_seen_and_that_nobody_took_stays_one_missed_call() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).breaks().after(40);
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "finish 1 0s 304"]);
    assert!(s.incoming("1001", Released).requests().is_empty());
    assert!(s.incoming("1001", Released).after(60).requests().is_empty());
}

#[test]
fn a_ring_that_was_picked_up_unseen_is_recorded_when_it_is_heard_of() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).breaks().after(40).requests();
    let answered_at = Some(Timestamp(s.now.millis() - 25_500));
    s.after(5).legs(vec![LegEvent { answered_at, ..leg("1001", "1001", Direction::In, CLIENT, Released) }]);
    assert_eq!(s.requests(), ["/1001: register 1 Incoming", "/1001: finish 1 31s 200"]);
}

#[test]
fn a_leg_given_up_while_others_of_the_call_still_ring_comes_back_into_it() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).after(5).requests();
    s.breaks().after(1).incoming("1002", Ringing).after(30);
    assert_eq!(s.requests(), ["hide 1"]);
    assert_eq!(s.incoming("1001", Ringing).requests(), ["show 1"]);
    s.after(1).incoming("1001", Talking).incoming("1002", Released).after(5).incoming("1001", Released);
    assert_eq!(s.requests(), ["hide 2", "finish 1 5s 200"]);
}

#[test]
fn the_end_is_called_unknown_only_where_it_matters() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).after(5).incoming("1001", Talking);
    s.breaks().after(1).incoming("1001", Talking).after(40);
    let Step { actions, .. } =
        step(s.call.clone(), Event::Legs(vec![sighting(leg("1001", "1001", Direction::In, CLIENT, Released))]), s.now);
    let reasons: Vec<_> = actions
        .iter()
        .filter_map(|a| match a {
            Action::Crm(Intent { step: CrmStep::Finish { reason, .. }, .. }) => Some(*reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [None], "the loser's end was not seen, the winner's was");
}

#[test]
fn a_daemon_that_starts_in_mid_call_records_what_the_switch_remembers() {
    for (state, shown) in [(Talking, " show"), (Held, " show"), (Released, "")] {
        let mut s = Scenario::new();
        let answered_at = Some(Timestamp(s.now.millis() - 30_500));
        s.legs(vec![LegEvent { answered_at, ..leg("x", "1001", Direction::In, CLIENT, state) }]);
        let mut seconds = 31;
        if state != Released {
            s.after(10).legs(vec![LegEvent { answered_at, ..leg("x", "1001", Direction::In, CLIENT, Released) }]);
            seconds += 10;
        }
        assert_eq!(s.requests(), [format!("register 1 Incoming{shown}"), format!("finish 1 {seconds}s 200")]);
    }
}

#[test]
fn an_answer_during_the_break_is_dated_by_the_switch_however_soon_we_hear_of_it() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2);
    s.event(Event::LinkLost(s.now)).after(3).event(Event::LinkBack);
    let answered = s.now - Duration::from_secs(2);
    let late = LegEvent { answered_at: Some(answered), ..leg("1001", "1001", Direction::In, CLIENT, Talking) };
    s.legs(vec![late]).after(4).incoming("1001", Released);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 6s 200"));
}
