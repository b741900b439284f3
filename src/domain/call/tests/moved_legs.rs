//! A leg turns up in another call of the switch: what it did there is not what it did here.

use super::*;
use LegState::{Released, Ringing, Talking};

#[test]
fn a_leg_that_has_left_ends_here_at_that_moment() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(3).incoming("1001", Talking).after(10).event(Event::LegLeft("1001".into()));
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 10s 200"]);
    assert!(s.call.is_over());
    // Nothing that is told late changes that.
    s.after(60).incoming("1001", Released).event(Event::LegLeft("1001".into())).after(100);
    assert_eq!(s.requests(), [""; 0]);
}

#[test]
fn the_call_goes_on_for_those_who_are_left() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).after(3).event(Event::LegLeft("1001".into())).after(2);
    s.incoming("1002", Talking).after(8).incoming("1002", Released);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 1", "finish 2 8s 200"]);
}

#[test]
fn who_comes_from_another_call_talks_here_from_now_on() {
    let mut s = Scenario::new();
    let mut came = leg("m", "1001", Direction::In, CLIENT, Talking);
    came.answered_at = Some(Timestamp(s.now.millis() - 60_000));
    s.event(moved(came)).after(10).legs(vec![leg("m", "1001", Direction::In, CLIENT, Released)]);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 10s 200"]);
}

#[test]
fn who_comes_to_a_ringing_call_has_picked_it_up() {
    for direction in [Direction::In, Direction::Out] {
        let mut s = Scenario::new();
        s.incoming("1001", Ringing).after(4).event(moved(leg("m", "1002", direction, CLIENT, Talking)));
        s.incoming("1001", Released).after(10).legs(vec![leg("m", "1002", direction, CLIENT, Released)]);
        assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "show 2", "finish 2 10s 200"], "{direction:?}");
    }
}

#[test]
fn who_comes_back_has_another_conversation() {
    let mut s = Scenario::new();
    s.incoming("1001", Talking).after(10).event(Event::LegLeft("1001".into())).after(30);
    s.event(moved(leg("1001", "1001", Direction::In, CLIENT, Talking))).after(7).incoming("1001", Released);
    let want =
        ["register 1 Incoming show", "finish 1 10s 200", "/1001: register 1 Redirected show", "/1001: finish 1 7s 200"];
    assert_eq!(s.requests(), want);
}
