//! An employee clicks on a number; what can go wrong between the click and the conversation.

use super::*;
use crate::domain::card::CardCommand;
use LegState::{Released, Ringing, Talking};

fn clicked() -> Scenario {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT)).requests();
    s
}

fn ended(cause: Option<Cause>) -> Vec<LegEvent> {
    vec![LegEvent { cause, ..leg("1001", "1001", Direction::Out, CLIENT, Released) }]
}

#[test]
fn an_employee_who_does_not_take_his_own_phone_has_no_answer() {
    for (cause, status) in [(None, "304"), (Some(Cause::NoAnswer), "304"), (Some(Cause::Cancelled), "603-S")] {
        let mut s = clicked();
        s.outgoing("1001", Ringing).after(20).legs(ended(cause));
        assert_eq!(s.requests(), [format!("finish 1 0s {status}")]);
    }
}

#[test]
fn an_employee_who_gives_up_on_the_card_has_cancelled() {
    for cause in [None, Some(Cause::Normal), Some(Cause::Declined)] {
        let mut s = clicked();
        s.outgoing("1001", Ringing);
        s.event(Event::Pressed { user: UserId(1), leg: None, command: CardCommand::Reject });
        assert_eq!(s.legs(ended(cause)).requests(), ["finish 1 0s 603-S"], "{cause:?}");
    }
}

#[test]
fn a_client_who_is_busy_after_the_employee_took_his_phone_is_busy() {
    let mut s = clicked();
    s.outgoing("1001", Ringing).after(4).legs(ended(Some(Cause::Busy)));
    assert_eq!(s.requests(), ["finish 1 0s 486"]);
}

#[test]
fn a_phone_that_rings_long_after_the_click_is_a_call_of_its_own() {
    let mut s = clicked();
    assert_eq!(s.after(31).requests(), ["finish 1 0s 480"]);
    s.outgoing("1001", Ringing).after(3).outgoing("1001", Talking).after(9).outgoing("1001", Released);
    assert_eq!(
        s.requests(),
        ["/1001: register 1 Outgoing show", "/1001: finish 1 9s 200"],
        "what was said is not lost"
    );
}

#[test]
fn a_second_click_on_a_running_click_changes_nothing() {
    let mut s = clicked();
    s.outgoing("1001", Ringing).after(2);
    s.event(click_on(CLIENT));
    assert!(s.requests().is_empty());
    assert_eq!(s.asked.len(), 1, "dialled once");
}

#[test]
fn a_switch_that_calls_the_employee_first_is_understood() {
    // Some switches show the own phone's first ring as an incoming leg.
    let own = |state| vec![leg("i", "1001", Direction::In, CLIENT, state)];
    let mut s = clicked();
    s.legs(own(Ringing)).after(3).legs(own(Talking)).after(8).legs(own(Released));
    assert_eq!(s.requests(), ["finish 1 8s 200"]);
}

#[test]
fn a_clicked_call_is_handed_over_like_any_other() {
    let mut s = clicked();
    s.outgoing("1001", Ringing).after(3).outgoing("1001", Talking).after(8);
    s.incoming("1002", Ringing).outgoing("1001", Released).after(2).incoming("1002", Talking).after(5);
    s.incoming("1002", Released);
    assert_eq!(s.requests(), ["/1002: register 2 Redirected show", "finish 1 8s 200", "/1002: finish 2 5s 200"]);
}

#[test]
fn a_click_on_a_colleague_is_finished_although_it_is_internal() {
    let mut s = Scenario::new();
    s.event(click_on("1002"));
    let both =
        |state| vec![leg("a", "1001", Direction::Out, "1002", state), leg("b", "1002", Direction::In, "1001", state)];
    s.legs(both(Ringing)).after(2).legs(both(Talking)).after(5).legs(both(Released));
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 5s 200"], "the portal has registered it already");
}

#[test]
fn what_else_the_clicked_phone_does_in_this_call_is_judged_like_any_leg() {
    let asked = |state| vec![leg("q", "1001", Direction::In, "1002", state)];
    let mut s = clicked();
    s.outgoing("1001", Ringing).after(2).outgoing("1001", Talking).after(5).legs(asked(Ringing)).legs(asked(Talking));
    assert!(s.after(5).legs(asked(Released)).requests().is_empty(), "a colleague's question");
    assert_eq!(s.outgoing("1001", Released).requests(), ["finish 1 10s 200"]);
    assert!(s.after(1).legs(vec![leg("r", "1001", Direction::In, "1002", Ringing)]).requests().is_empty());
}

#[test]
fn a_client_who_comes_back_to_the_clicked_phone_is_a_conversation_of_its_own() {
    let mut s = clicked();
    s.outgoing("1001", Ringing).after(2).outgoing("1001", Talking).after(5);
    let back = |state| leg("b", "1001", Direction::In, CLIENT, state);
    s.legs(vec![leg("1001", "1001", Direction::Out, CLIENT, Released), back(Ringing)]);
    assert_eq!(s.requests(), ["finish 1 5s 200", "/b: register 1 Redirected show"]);
    s.after(2).legs(vec![back(Talking)]).after(3).legs(vec![back(Released)]);
    assert_eq!(s.requests(), ["/b: finish 1 3s 200"]);
}

#[test]
fn a_click_whose_own_leg_is_never_seen_ends_although_others_of_its_call_are() {
    let mut s = clicked();
    s.breaks().after(5).incoming("1004", Talking).after(3).incoming("1004", Released);
    assert_eq!(s.requests(), ["/1004: register 4 Incoming show", "/1004: finish 4 3s 200"]);
    assert_eq!(s.after(30).requests(), ["finish 1 0s 480"], "the card of who clicked does not stay");
    assert!(s.call.is_over());
}

fn clicked_so(to: Option<&str>, facts: ClickFacts) -> Scenario {
    let mut s = Scenario::new();
    s.event(click(Some("1001"), to, false, facts));
    s
}

#[test]
fn a_click_in_the_mobile_application_opens_the_card_that_the_portal_does_not() {
    let facts = ClickFacts { mobile: true, ..ClickFacts::default() };
    let mut s = clicked_so(Some(CLIENT), facts.clone());
    assert_eq!(s.requests(), ["adopt portal.1", "show 1"]);
    s.outgoing("1001", Ringing).after(3).outgoing("1001", Talking).after(5).outgoing("1001", Released);
    assert_eq!(s.requests(), ["finish 1 5s 200"], "it is not opened twice, and it closes with the call");
    assert_eq!(
        clicked_so(None, facts).requests(),
        ["adopt portal.1", "finish 1 0s 404"],
        "nothing to show, nothing shown"
    );
}

#[test]
fn a_click_on_what_is_no_number_ends_at_once_and_dials_nothing() {
    let mut s = clicked_so(None, ClickFacts::default());
    assert_eq!((s.requests(), s.asked.len()), (vec!["adopt portal.1".to_owned(), "finish 1 0s 404".to_owned()], 0));
    assert!(s.call.is_over());
    s.outgoing("1001", Ringing).after(3).outgoing("1001", Released);
    assert_eq!(s.requests()[0], "/1001: register 1 Outgoing show", "what the phone does then is a call of its own");
}

#[test]
fn what_the_portal_told_of_a_click_stands_in_the_view_and_in_the_trace() {
    let facts = ClickFacts { extension: Some("12".into()), campaign: Some(31), ..ClickFacts::default() };
    let s = clicked_so(Some(CLIENT), facts.clone());
    let click = s.call.view().click.expect("the click");
    assert_eq!((click.user, click.facts), (UserId(1), facts));
}
