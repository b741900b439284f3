//! The clock is put forth and back by an hour in mid-call.

use super::*;
use LegState::{Released, Ringing, Talking};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_clock_put_back_neither_stretches_nor_stalls_a_call() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).incoming("1001", Talking).after(60).incoming("1001", Talking).requests();
    s.now = s.now - HOUR;
    s.incoming("1001", Talking).after(30);
    assert_eq!(s.incoming("1001", Released).requests(), ["finish 1 90s 200"]);
}

#[test]
fn timers_set_after_the_clock_was_put_back_fall_due_in_time() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(20).requests();
    s.now = s.now - HOUR;
    s.incoming("1001", Released);
    assert_eq!(s.requests(), ["hide 1"]);
    assert_eq!(s.after(4).requests(), ["finish 1 0s 304"], "in seconds, not in an hour");
}

#[test]
fn after_a_restart_under_a_corrected_clock_open_calls_still_end() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(60).incoming("1001", Talking).requests();
    let stored_at = s.now;
    s.now = s.now - HOUR;
    s.event(Event::LinkLost(stored_at)).event(Event::LinkBack);
    assert_eq!(s.after(31).requests(), ["finish 1 60s 200"]);
}

#[test]
fn a_call_that_begins_after_the_clock_was_put_back_is_not_dated_into_the_future() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(60).incoming("1001", Talking).requests();
    s.now = s.now - HOUR;
    let next = Event::Legs(vec![sighting(leg("n", "1002", Direction::In, CLIENT, Ringing))]);
    let Step { actions, .. } = step(s.call.clone(), next, s.now);
    let dates: Vec<_> = actions
        .iter()
        .filter_map(|a| match a {
            Action::Crm(Intent { step: CrmStep::Register { started_at, .. }, .. }) => Some(*started_at),
            _ => None,
        })
        .collect();
    assert_eq!(dates, [s.now]);
    assert!(actions.contains(&Action::Note(Note::ClockBack { seconds: 3600 })), "{actions:?}");
}

#[test]
fn the_switchs_answer_time_is_believed_only_where_it_can_be_true() {
    // Our clock was an hour behind and is put right in mid-call: the switch's moment lies before our first sight.
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).requests();
    let answered_at = Some(s.now + HOUR);
    s.legs(vec![LegEvent { answered_at, ..leg("1001", "1001", Direction::In, CLIENT, Talking) }]);
    assert_eq!(s.after(20).incoming("1001", Released).requests(), ["finish 1 20s 200"]);
}
