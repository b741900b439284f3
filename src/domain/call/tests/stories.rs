//! What people would see: whole calls, told from the first ring to the record.

use super::*;
use crate::domain::card::{CardCommand, Phase};
use crate::domain::company::CrmCreate;
use LegState::{Held, Released, Ringing, Talking};

#[test]
fn an_incoming_call_answered_on_the_phone() {
    let mut s = Scenario::new();
    assert_eq!(s.incoming("1001", Ringing).requests(), ["register 1 Incoming show"]);
    assert!(s.after(5).incoming("1001", Talking).requests().is_empty());
    assert_eq!(s.after(42).incoming("1001", Released).requests(), ["finish 1 42s 200"]);
    assert!(s.call.is_over());
}

#[test]
fn a_missed_call_closes_the_card_at_once_and_is_recorded_when_no_queue_goes_on() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).requests();
    assert_eq!(s.after(20).incoming("1001", Released).requests(), ["hide 1"]);
    assert_eq!(s.after(3).requests(), ["finish 1 0s 304"]);
}

#[test]
fn a_rejected_call_says_so() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).event(Event::Pressed { user: UserId(1), leg: None, command: CardCommand::Reject });
    assert_eq!(s.asked, [SwitchCommand::Release("1001".into())]);
    s.incoming("1001", Released).after(3);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 0s 603"));
}

#[test]
fn a_release_the_switch_refused_is_no_rejection() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).event(Event::Pressed { user: UserId(1), leg: None, command: CardCommand::Reject });
    s.event(Event::ReleaseRefused("1001".into())).after(9).incoming("1001", Released).after(3);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 0s 304"));
}

#[test]
fn a_group_is_registered_once_and_the_others_see_no_stale_card() {
    let ring = |state| ["1001", "1002", "1003"].map(|n| leg(n, n, Direction::In, CLIENT, state)).to_vec();
    let mut s = Scenario::new();
    assert_eq!(s.legs(ring(Ringing)).requests(), ["register 1 Incoming show", "show 2,3"]);
    assert_eq!(s.after(4).incoming("1002", Talking).requests(), ["hide 1,3"]);
    s.incoming("1001", Released).incoming("1003", Released);
    assert!(s.requests().is_empty(), "losers leave without a trace in the CRM");
    assert_eq!(s.after(30).incoming("1002", Released).requests(), ["finish 2 30s 200"]);
}

#[test]
fn a_group_nobody_answers_is_one_missed_call() {
    let mut s = Scenario::with(&CallSettings { responsible: Some(UserId(9)), ..CallSettings::default() });
    for n in ["1001", "1002"] {
        s.incoming(n, Ringing);
    }
    s.after(15).incoming("1001", Released).incoming("1002", Released).after(5);
    assert_eq!(s.requests(), ["register 1 Incoming show", "show 2", "hide 1", "hide 2", "finish 9 0s 304"]);
}

#[test]
fn a_sequential_queue_moves_the_card_and_records_one_call() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(10).incoming("1001", Released).after(1).incoming("1002", Ringing);
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "show 2"]);
    s.after(2).incoming("1002", Talking).after(7).incoming("1002", Released);
    assert_eq!(s.requests(), ["finish 2 7s 200"]);
}

#[test]
fn an_ivr_that_picks_up_the_callers_leg_is_no_answer() {
    let caller = |state| leg("a", "2001", Direction::Out, "112", state);
    let operator = |state| leg("b", "1002", Direction::In, "2001", state);
    let mut s = Scenario::new();
    s.legs(vec![caller(Ringing)]).after(1).legs(vec![caller(Talking)]);
    assert!(s.requests().is_empty(), "2001 and 112 belong to nobody");
    assert_eq!(s.after(1).legs(vec![operator(Ringing)]).requests(), ["register 2 Incoming show"]);
    assert!(s.after(20).legs(vec![operator(Released)]).after(10).requests() == ["hide 2"], "the caller still waits");
    assert_eq!(s.legs(vec![caller(Released)]).requests(), ["finish 2 0s 304"]);
}

#[test]
fn outgoing_calls_tell_why_they_failed() {
    for (cause, want) in [
        (None, "304"),
        (Some(Cause::Busy), "486"),
        (Some(Cause::WrongNumber), "404"),
        (Some(Cause::Unavailable), "480"),
        (Some(Cause::Failed), "503"),
        (Some(Cause::Cancelled), "603-S"),
    ] {
        let mut s = Scenario::new();
        s.outgoing("1001", Ringing).after(8);
        s.legs(vec![LegEvent { cause, ..leg("1001", "1001", Direction::Out, CLIENT, Released) }]);
        assert_eq!(s.requests(), ["register 1 Outgoing show".to_owned(), format!("finish 1 0s {want}")]);
    }
}

#[test]
fn crm_items_are_made_for_the_chosen_direction_only() {
    for (create, incoming, outgoing) in [
        (CrmCreate::None, false, false),
        (CrmCreate::Incoming, true, false),
        (CrmCreate::Outgoing, false, true),
        (CrmCreate::All, true, true),
    ] {
        let settings = CallSettings { crm_create: create, ..CallSettings::default() };
        let first = |s: &mut Scenario| s.requests()[0].ends_with("create");
        assert_eq!(first(Scenario::with(&settings).incoming("1001", Ringing)), incoming);
        assert_eq!(first(Scenario::with(&settings).outgoing("1001", Ringing)), outgoing);
    }
}

#[test]
fn a_click_reuses_the_portals_call() {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT));
    assert_eq!(s.asked, [SwitchCommand::Make { from: phone("1001"), to: phone(CLIENT) }]);
    s.after(1).outgoing("1001", Ringing).after(5).outgoing("1001", Talking).after(12).outgoing("1001", Released);
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 12s 200"]);
}

#[test]
fn clicks_that_cannot_be_dialled_are_finished_with_a_reason() {
    let mut s = Scenario::new();
    s.event(click(None, Some(CLIENT), false, ClickFacts::default()));
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 0s 404"]);

    let mut s = Scenario::new();
    s.event(click_on(CLIENT));
    s.event(Event::DialFailed(DialFailure::Busy)).event(Event::DialFailed(DialFailure::Failed));
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 0s 486"]);

    let mut s = Scenario::new();
    s.event(click_on(CLIENT));
    assert_eq!(s.after(31).requests(), ["adopt portal.1", "finish 1 0s 480"], "no phone ever rang");
}

#[test]
fn a_failure_told_after_the_phone_rang_changes_nothing() {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT));
    s.outgoing("1001", Ringing).event(Event::DialFailed(DialFailure::Failed)).after(2).outgoing("1001", Talking);
    s.after(3).outgoing("1001", Released);
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 3s 200"]);
}

#[test]
fn colleagues_talk_among_themselves() {
    let both =
        |state| vec![leg("a", "1001", Direction::Out, "1002", state), leg("b", "1002", Direction::In, "1001", state)];
    let mut s = Scenario::new();
    s.legs(both(Ringing)).after(3).legs(both(Talking));
    assert!(s.call.view().internal);
    assert_eq!(s.call.view().legs.len(), 2, "still in the list of active calls");
    assert!(s.after(9).legs(both(Released)).after(9).requests().is_empty());

    let mut s = Scenario::with(&CallSettings { internal: InternalCalls::Card, ..CallSettings::default() });
    s.legs(both(Ringing)).after(3).legs(both(Talking)).after(9).legs(both(Released));
    assert_eq!(s.requests(), ["register 2 Incoming show", "finish 2 9s 200"]);
}

#[test]
fn a_transfer_credits_each_who_talked() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(10);
    s.incoming("1002", Ringing);
    assert_eq!(s.requests(), ["register 1 Incoming show", "/1002: register 2 Redirected show"]);
    assert_eq!(s.incoming("1001", Released).requests(), ["finish 1 10s 200"]);
    s.after(3).incoming("1002", Talking).after(20).incoming("1002", Released);
    assert_eq!(s.requests(), ["/1002: finish 2 20s 200"]);
}

#[test]
fn a_consultation_becomes_the_clients_call_when_it_is_handed_over() {
    let consult = |remote, state| leg("k", "1002", Direction::In, remote, state);
    let mut s = Scenario::new();
    s.incoming("1001", Talking).after(10);
    s.incoming("1001", Held).legs(vec![consult("1001", Ringing)]).after(2).legs(vec![consult("1001", Talking)]);
    assert_eq!(s.requests(), ["register 1 Incoming show"], "colleagues consult in private");
    s.after(5).legs(vec![consult(CLIENT, Talking)]).incoming("1001", Released);
    assert_eq!(s.requests(), ["/k: register 2 Redirected show", "finish 1 17s 200"]);
    s.after(30).legs(vec![consult(CLIENT, Released)]);
    assert_eq!(s.requests(), ["/k: finish 2 30s 200"], "the consultation itself is not counted");
}

#[test]
fn a_leg_first_seen_when_it_is_over_is_still_recorded() {
    let mut s = Scenario::new();
    let answered_at = Some(Timestamp(s.now.millis() - 33_000));
    s.legs(vec![LegEvent { answered_at, ..leg("x", "1001", Direction::In, CLIENT, Released) }]);
    assert_eq!(s.requests(), ["register 1 Incoming", "finish 1 33s 200"]);

    let mut s = Scenario::new();
    s.incoming("1001", Released).after(3);
    assert_eq!(s.requests(), ["register 1 Incoming", "finish 1 0s 304"]);
}

#[test]
fn the_switchs_own_answer_time_helps_where_ours_is_missing() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(20).requests();
    let answered_at = Some(Timestamp(s.now.millis() - 15_000));
    s.legs(vec![LegEvent { answered_at, ..leg("1001", "1001", Direction::In, CLIENT, Released) }]);
    assert_eq!(s.requests(), ["finish 1 15s 200"], "the talking frame was lost");

    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(5).requests();
    let wrong_zone = Some(Timestamp(s.now.millis() - 7 * 3_600_000));
    s.legs(vec![LegEvent { answered_at: wrong_zone, ..leg("1001", "1001", Direction::In, CLIENT, Talking) }]);
    assert_eq!(s.after(8).incoming("1001", Released).requests(), ["finish 1 8s 200"], "a wrong zone is not believed");
}

#[test]
fn a_lost_connection_neither_invents_a_duration_nor_leaves_a_card() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(60);
    s.event(Event::LinkLost(s.now)).after(100).event(Event::LinkBack).requests();
    assert!(s.after(29).requests().is_empty(), "the leg may still report");
    assert_eq!(s.after(2).requests(), ["finish 1 60s 200"], "known to have lasted until the break");
}

#[test]
fn a_leg_seen_again_after_a_break_goes_on() {
    let mut s = Scenario::new();
    s.incoming("1001", Talking).after(10);
    s.event(Event::LinkLost(s.now)).after(5).event(Event::LinkBack);
    s.after(3).incoming("1001", Talking).after(100).incoming("1001", Released);
    assert_eq!(s.requests().last().map(String::as_str), Some("finish 1 118s 200"));
}

#[test]
fn buttons_act_on_own_legs_in_the_right_phase() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing);
    let press =
        |user, leg: Option<&str>, command| Event::Pressed { user: UserId(user), leg: leg.map(Into::into), command };
    s.event(press(3, None, CardCommand::Answer)).event(press(1, Some("1002"), CardCommand::Reject));
    assert_eq!(s.refused, [CommandRefused::NotYours, CommandRefused::NotYours]);
    s.event(press(1, None, CardCommand::Hold));
    assert_eq!(s.refused.last(), Some(&CommandRefused::WrongPhase));
    s.event(press(2, None, CardCommand::Answer));
    assert_eq!(s.asked, [SwitchCommand::Answer("1002".into())]);
}

#[test]
fn the_card_shows_a_click_before_the_phone_rings() {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT));
    let view = s.call.view();
    assert_eq!(view.crm, ["portal.1".into()]);
    assert_eq!(view.leg_of(UserId(1)).map(|l| l.phase), Some(Phase::Dialing));
}

#[test]
fn a_number_of_nobody_makes_no_card() {
    let mut s = Scenario::new();
    s.incoming("2002", Ringing).after(2).incoming("2002", Released).after(9);
    assert!(s.requests().is_empty());
    assert!(s.call.is_over());
}

#[test]
fn a_portal_that_refuses_the_call_is_not_asked_again() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).requests();
    s.event(Event::RegisterRefused { lane: "c1".into() }).after(2).incoming("1001", Talking);
    assert!(s.after(2).incoming("1001", Released).requests().is_empty());
}

#[test]
fn a_phone_that_rings_is_not_answered_whatever_time_is_told_with_it() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2);
    let answered_at = Some(s.now - Duration::from_secs(1));
    s.legs(vec![LegEvent { answered_at, ..leg("1001", "1001", Direction::In, CLIENT, Ringing) }]).after(3);
    assert_eq!(s.requests(), ["register 1 Incoming show"]);
    s.incoming("1001", Talking).after(9).incoming("1001", Released);
    assert_eq!(s.requests(), ["finish 1 9s 200"]);
}
