//! A switch that forgets to tell the end.

use super::*;
use LegState::{Held, Released, Ringing, Talking};

const HOUR: u64 = 3600;

#[test]
fn a_call_without_an_end_is_closed_at_the_companys_limit_without_inventing_a_duration() {
    let mut s = Scenario::with(&CallSettings { longest_call_h: 2, ..CallSettings::default() });
    s.incoming("1001", Ringing).after(5).incoming("1001", Talking).after(40).incoming("1001", Held);
    s.after(2 * HOUR - 50);
    assert_eq!(s.requests(), ["register 1 Incoming show"]);
    s.after(10);
    assert_eq!(s.requests(), ["finish 1 40s 200"], "as long as it was seen to last");
    assert!(s.call.is_over());
    // Whatever is told of it later is not believed.
    s.after(20 * HOUR).incoming("1001", Talking).incoming("1001", Released).after(60);
    assert_eq!(s.requests(), [""; 0]);
}

#[test]
fn a_phone_that_rings_for_ever_is_one_missed_call() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).after(13 * HOUR);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 1,2", "finish 1 0s 304"]);
    assert!(s.call.is_over());
}

#[test]
fn the_limit_holds_while_the_connection_is_down() {
    let mut s = Scenario::new();
    s.outgoing("1001", Talking).after(100);
    let now = s.now;
    s.event(Event::LinkLost(now)).after(13 * HOUR);
    assert_eq!(s.requests(), ["register 1 Outgoing show", "finish 1 100s 200"]);
    s.event(Event::LinkBack).outgoing("1001", Talking).after(60);
    assert_eq!(s.requests(), [""; 0]);
}
