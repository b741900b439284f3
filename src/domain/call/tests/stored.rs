//! Calls that version 1.0.0 has stored are taken up where they stood.
//!
//! `calls_of_1_0_0.json` was written by that version: what it had stored at the end of each of these stories.

use super::*;
use crate::domain::card::CardCommand;
use LegState::{Held, Released, Ringing, Talking};
use serde_json::Value;
use std::collections::BTreeMap;

const COLLEAGUE: &str = "1009";
const OTHER: &str = "+73832000010";

/// Every kind of state a call was stored in, each reached through a short story.
fn stories() -> Vec<(&'static str, Scenario)> {
    vec![
        ("clicked, no leg yet", after(clicked(Some("1001"), Some(CLIENT), false), |_| ())),
        ("clicked too late", clicked(Some("1001"), Some(CLIENT), true)),
        ("clicked too late on no number", clicked(None, None, true)),
        ("clicked by whoever has no phone", clicked(None, Some(CLIENT), false)),
        ("clicked on no number", clicked(Some("1001"), None, false)),
        (
            "clicked and answered",
            after(clicked(Some("1001"), Some(CLIENT), false), |s| {
                s.outgoing("1001", Ringing).after(4).outgoing("1001", Talking).after(3);
            }),
        ),
        (
            "clicked and heard of by others only",
            after(clicked(Some("1001"), Some(CLIENT), false), |s| {
                s.incoming("1004", Talking).after(3).incoming("1004", Released);
            }),
        ),
        ("ringing", after(ringing(), |_| ())),
        (
            "rejected",
            after(ringing(), |s| {
                s.event(Event::Pressed { user: UserId(1), leg: None, command: CardCommand::Reject });
            }),
        ),
        (
            "silent for a moment",
            after(ringing(), |s| {
                s.incoming("1001", Released).incoming("1002", Released).after(1);
            }),
        ),
        (
            "missed",
            after(ringing(), |s| {
                s.incoming("1001", Released).incoming("1002", Released).after(30);
            }),
        ),
        (
            "answered, named and on hold",
            after(talking(), |s| {
                s.incoming("1001", Held);
            }),
        ),
        (
            "not heard of since the connection broke",
            after(talking(), |s| {
                s.after(5);
                s.event(Event::LinkLost(s.now)).after(7);
            }),
        ),
        (
            "not confirmed since the connection came back",
            after(talking(), |s| {
                s.after(5).breaks().after(7);
            }),
        ),
        (
            "ended unseen",
            after(talking(), |s| {
                s.after(5).breaks().after(40);
            }),
        ),
        (
            "given up while others ring",
            after(ringing(), |s| {
                s.breaks().after(1).incoming("1002", Ringing).after(30);
            }),
        ),
        (
            "goes on after an end that was not seen",
            after(talking(), |s| {
                s.after(5).breaks().after(40).incoming("1001", Talking);
            }),
        ),
        (
            "overdue",
            after(talking(), |s| {
                s.after(13 * 3600);
            }),
        ),
        (
            "race lost",
            after(talking(), |s| {
                let at_once = |state| vec![leg("1002", "1002", Direction::In, CLIENT, state)];
                s.legs(at_once(Talking)).after(1).legs(at_once(Released));
            }),
        ),
        (
            "handed over",
            after(Scenario::new(), |s| {
                s.legs(vec![leg("q", "1001", Direction::In, COLLEAGUE, Talking)]).after(9);
                s.legs(vec![leg("q", "1001", Direction::In, CLIENT, Talking)]).after(9);
            }),
        ),
        (
            "a technical number gave way to the client's",
            after(Scenario::new(), |s| {
                s.legs(vec![leg("n", "1001", Direction::In, "91201", Ringing)]).after(2);
                s.legs(vec![leg("n", "1001", Direction::In, CLIENT, Talking)]).after(6);
            }),
        ),
        (
            "another number is shown",
            after(talking(), |s| {
                s.after(9).legs(vec![leg("1001", "1001", Direction::In, OTHER, Talking)]).after(1);
            }),
        ),
        (
            "another number has lasted",
            after(talking(), |s| {
                s.after(9).legs(vec![leg("1001", "1001", Direction::In, OTHER, Talking)]).after(5);
            }),
        ),
        (
            "moved on under one id",
            after(talking(), |s| {
                s.after(9).legs(vec![leg("1001", "1003", Direction::In, CLIENT, Talking)]).after(5);
            }),
        ),
        (
            "come from another call",
            after(talking(), |s| {
                s.event(moved(leg("m", "1003", Direction::In, CLIENT, Ringing))).after(1);
            }),
        ),
        (
            "refused by the portal",
            after(talking(), |s| {
                s.event(Event::RegisterRefused { lane: "c1".into() });
            }),
        ),
        (
            "given way",
            after(talking(), |s| {
                s.after(3).event(Event::GiveWay);
            }),
        ),
    ]
}

fn after(mut s: Scenario, update: impl FnOnce(&mut Scenario)) -> Scenario {
    update(&mut s);
    s
}

fn clicked(from: Option<&str>, to: Option<&str>, late: bool) -> Scenario {
    let mut s = Scenario::new();
    s.event(click(from, to, late, ClickFacts { campaign: Some(31), ..ClickFacts::default() })).after(2);
    s
}

/// 1001 and 1002 ring for a client.
fn ringing() -> Scenario {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).incoming("1002", Ringing).after(5);
    s
}

/// 1001 has taken the call, 1002 still rings; the portal has named it.
fn talking() -> Scenario {
    let mut s = ringing();
    s.incoming("1001", Talking).event(Event::Registered { lane: "c1".into(), crm: "portal.1".into() });
    s
}

fn stored() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("calls_of_1_0_0.json")).expect("calls by their stories")
}

#[test]
fn a_call_stored_by_1_0_0_is_read_as_what_its_story_leads_to() {
    let mut stored = stored();
    for (name, s) in stories() {
        let body = stored.remove(name).expect(name).to_string();
        assert_eq!(serde_json::from_str::<Call>(&body).expect(name), s.call, "{name}");
    }
    assert_eq!(stored.into_keys().collect::<Vec<_>>(), [""; 0], "each has its story");
}

/// Without what 1.0.0 wrote although it decided nothing by it.
fn as_understood(mut call: Value) -> Value {
    for leg in call["legs"].as_array_mut().expect("legs") {
        let leg = leg.as_object_mut().expect("a leg");
        leg.remove("unconfirmed").expect("a member of that version");
        let unseen = leg["end_unknown"] == true && leg["overdue"] == false;
        if leg["state"] == "released" && !unseen {
            leg.remove("known_until").expect("a member of that version");
        }
    }
    call
}

#[test]
fn what_is_stored_now_says_the_same_to_1_0_0() {
    let stored = stored();
    for (name, s) in stories() {
        let mut now = serde_json::to_value(&s.call).expect("plain data");
        if let Some(click) = now["click"].as_object_mut() {
            assert_eq!(click.remove("record"), Some(0.into()), "where 1.0.0 looks for it");
        }
        assert_eq!(as_understood(now), as_understood(stored[name].clone()), "{name}");
    }
}

#[test]
fn a_stored_leg_that_cannot_be_is_not_read_as_another_one() {
    let broken = |member: &str| {
        let mut call = stored()["answered, named and on hold"].clone();
        call["legs"][0][member] = Value::Null;
        serde_json::from_value::<Call>(call).map_err(|error| error.to_string())
    };
    assert_eq!(broken("answered_at"), Err("a leg is connected, but not since any moment".to_owned()));
    assert_eq!(broken("relevant_since"), Err("a leg is part of a CRM call, but not from any moment on".to_owned()));
    assert!(broken("cause").is_ok());
}
