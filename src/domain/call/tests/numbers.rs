//! What the numbers of a call decide: who is a client, and what happens when his number is known late or changes.

use super::*;
use LegState::{Dialing, Released, Ringing, Talking};

/// What a trunk shows before it knows better.
const TECHNICAL: &str = "91201";
const OTHER: &str = "+73832000010";

fn incoming(own: &str, remote: &str, state: LegState) -> LegEvent {
    leg(own, own, Direction::In, remote, state)
}

fn outgoing(remote: &str, state: LegState) -> LegEvent {
    leg("1001", "1001", Direction::Out, remote, state)
}

/// The numbers the CRM calls were made with, in order; `-` for a hidden one.
fn numbers(s: &Scenario) -> Vec<String> {
    s.call.crm.iter().map(|c| c.number.as_ref().map_or_else(|| "-".to_owned(), Phone::to_string)).collect()
}

#[test]
fn codes_and_service_numbers_are_no_clients() {
    for dialled in ["*160*1001*4321#", "#160", "*71#", "*21*89161234567#", "*81002", "200"] {
        let mut s = Scenario::new();
        s.legs(vec![outgoing(dialled, Ringing)]).after(1).legs(vec![outgoing(dialled, Talking)]).after(20);
        s.legs(vec![outgoing(dialled, Released)]).after(60);
        assert_eq!(s.requests(), [""; 0], "{dialled}");
        assert!(s.call.is_over());
        let kept = serde_json::to_string(&s.call).expect("plain data");
        assert!(!kept.contains("4321") && !kept.contains("89161234567") && !kept.contains("81002"), "{kept}");
    }
}

#[test]
fn short_and_local_numbers_stay_clients() {
    for dialled in ["345", "5551122", "83835551122", "+73835550015#12"] {
        let mut s = Scenario::new();
        s.legs(vec![outgoing(dialled, Talking)]).after(20).legs(vec![outgoing(dialled, Released)]);
        assert_eq!(s.requests(), ["register 1 Outgoing show", "finish 1 20s 200"], "{dialled}");
    }
}

#[test]
fn who_goes_off_hook_and_hangs_up_again_has_called_nobody() {
    let mut s = Scenario::new();
    s.legs(vec![outgoing("", Dialing)]).after(4).legs(vec![outgoing("", Released)]).after(60);
    assert_eq!(s.requests(), [""; 0]);
    let mut s = Scenario::new();
    s.legs(vec![outgoing("", Dialing)]).after(4).legs(vec![outgoing(CLIENT, Ringing)]).after(3);
    s.legs(vec![outgoing(CLIENT, Talking)]).after(9).legs(vec![outgoing(CLIENT, Released)]);
    assert_eq!(s.requests(), ["register 1 Outgoing show", "finish 1 9s 200"]);
}

#[test]
fn a_hidden_number_known_at_the_answer_is_registered_again() {
    // Also where it comes a moment after the answer.
    for late in [0, 1, 2] {
        let mut s = Scenario::new();
        s.legs(vec![incoming("1001", "", Ringing)]).after(5);
        if late > 0 {
            s.legs(vec![incoming("1001", "", Talking)]).after(late);
        }
        s.legs(vec![incoming("1001", CLIENT, Talking)]).after(30 - late);
        s.legs(vec![incoming("1001", CLIENT, Released)]);
        assert_eq!(
            s.requests(),
            [
                "register 1 Incoming show",
                "finish 1 0s OTHER",
                "/1001: register 1 Incoming show",
                "/1001: finish 1 30s 200"
            ],
            "{late} s after the answer"
        );
        assert_eq!(numbers(&s), ["-", CLIENT]);
    }
}

#[test]
fn a_technical_number_gives_way_to_the_clients() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", TECHNICAL, Ringing)]).after(5).legs(vec![incoming("1001", CLIENT, Talking)]).after(30);
    s.legs(vec![incoming("1001", CLIENT, Released)]);
    let want = [
        "register 1 Incoming show",
        "finish 1 0s OTHER",
        "/1001: register 1 Redirected show",
        "/1001: finish 1 30s 200",
    ];
    assert_eq!(s.requests(), want);
    assert_eq!(numbers(&s), [TECHNICAL, CLIENT]);
}

#[test]
fn a_group_whose_client_becomes_known_while_it_rings_sees_one_card_each() {
    let group = |remote, state| ["1001", "1002", "1003"].map(|own| incoming(own, remote, state)).to_vec();
    let mut s = Scenario::new();
    s.legs(group("", Ringing)).after(3).legs(group(CLIENT, Ringing)).after(2);
    s.legs(vec![incoming("1002", CLIENT, Talking)]);
    s.legs(vec![incoming("1001", CLIENT, Released), incoming("1003", "", Released)]).after(12);
    s.legs(vec![incoming("1002", CLIENT, Released)]);
    assert_eq!(
        s.requests(),
        [
            "register 1 Incoming show",
            "show 2,3",
            "hide 2,3",
            "finish 1 0s OTHER",
            "/1001: register 1 Incoming show",
            "/1001: show 2,3",
            "/1001: hide 1,3",
            "/1001: finish 2 12s 200"
        ]
    );
}

#[test]
fn a_group_where_only_the_one_who_answers_learns_the_number() {
    let mut s = Scenario::new();
    s.legs(["1001", "1002"].map(|own| incoming(own, TECHNICAL, Ringing)).to_vec()).after(4);
    s.legs(vec![incoming("1002", CLIENT, Talking)]).legs(vec![incoming("1001", TECHNICAL, Released)]).after(8);
    s.legs(vec![incoming("1002", CLIENT, Released)]).after(60);
    assert_eq!(
        s.requests(),
        [
            "register 1 Incoming show",
            "show 2",
            "hide 2",
            "finish 1 0s OTHER",
            "/1002: register 2 Redirected show",
            "/1002: finish 2 8s 200"
        ]
    );
}

#[test]
fn a_client_who_changes_in_mid_talk_gets_the_seconds_from_then_on() {
    for (direction, first) in [(Direction::In, "Incoming"), (Direction::Out, "Outgoing")] {
        let seen = |remote, state| vec![leg("l", "1001", direction, remote, state)];
        let mut s = Scenario::new();
        s.legs(seen(CLIENT, Talking)).after(20).legs(seen(OTHER, Talking)).after(30).legs(seen(OTHER, Released));
        let first = format!("register 1 {first} show");
        assert_eq!(
            s.requests(),
            [&first, "finish 1 20s 200", "/l: register 1 Redirected show", "/l: finish 1 30s 200"]
        );
        assert_eq!(numbers(&s), [CLIENT, OTHER]);
    }
}

#[test]
fn another_spelling_is_no_other_client() {
    for (ringing, talking) in [
        ("89835551122", "+79835551122"),
        ("989835551122", "89835551122"),
        ("5551122", "+79835551122"),
        (CLIENT, ""),
        (CLIENT, "200"),
    ] {
        let mut s = Scenario::new();
        s.legs(vec![incoming("1001", ringing, Ringing)]).after(5);
        s.legs(vec![incoming("1001", talking, Talking)]).after(30).legs(vec![incoming("1001", talking, Released)]);
        assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 30s 200"], "{ringing} {talking}");
    }
}

#[test]
fn whoever_answers_for_the_dialled_client_is_no_other_client() {
    let mut s = Scenario::new();
    s.legs(vec![outgoing(CLIENT, Ringing)]).after(5).legs(vec![outgoing(OTHER, Talking)]).after(3);
    s.legs(vec![outgoing(OTHER, LegState::Held)]).after(7).legs(vec![outgoing(OTHER, Released)]);
    assert_eq!(s.requests(), ["register 1 Outgoing show", "finish 1 10s 200"]);
    // A short cut is not the client's number.
    let mut s = Scenario::new();
    s.legs(vec![outgoing(TECHNICAL, Ringing)]).after(5).legs(vec![outgoing(CLIENT, Talking)]).after(10);
    s.legs(vec![outgoing(CLIENT, Released)]);
    let want =
        ["register 1 Outgoing show", "finish 1 0s OTHER", "/1001: register 1 Outgoing show", "/1001: finish 1 10s 200"];
    assert_eq!(s.requests(), want);
}

#[test]
fn a_number_shown_for_a_moment_changes_nothing() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(20);
    for blink in [OTHER, CLIENT, "", CLIENT, OTHER] {
        s.legs(vec![incoming("1001", blink, Talking)]);
    }
    s.after(2).legs(vec![incoming("1001", CLIENT, Talking)]).after(9).legs(vec![incoming("1001", OTHER, Talking)]);
    s.after(1).legs(vec![incoming("1001", OTHER, Released)]);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 32s 200"]);
}

#[test]
fn a_client_who_comes_back_has_another_record() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(20).legs(vec![incoming("1001", OTHER, Talking)]).after(10);
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(7).legs(vec![incoming("1001", CLIENT, Released)]);
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 20s 200", "/1001: finish 1 10s 200", "/1001/2: finish 1 7s 200"]);
}

#[test]
fn the_number_a_call_has_left_does_not_come_back() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", TECHNICAL, Ringing)]).after(5).legs(vec![incoming("1001", CLIENT, Talking)]);
    s.legs(vec![incoming("1001", TECHNICAL, Ringing)]).legs(vec![incoming("1001", TECHNICAL, Talking)]).after(9);
    s.legs(vec![incoming("1001", CLIENT, Released)]);
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 0s OTHER", "/1001: finish 1 9s 200"]);
}

#[test]
fn a_number_that_only_the_end_tells_is_the_clients_where_there_was_none() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", "", Ringing)]).after(5).legs(vec![incoming("1001", CLIENT, Released)]).after(9);
    assert_eq!(s.requests().last().map(String::as_str), Some("/1001: finish 1 0s 304"));
    assert_eq!(numbers(&s), ["-", CLIENT]);
    // What was not seen of the conversation is the client's, too.
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", TECHNICAL, Ringing)]).after(12);
    let mut end = incoming("1001", CLIENT, Released);
    end.answered_at = Some(s.now - Duration::from_secs(9));
    s.legs(vec![end]).after(9);
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 0s OTHER", "/1001: finish 1 9s 200"]);
    // But a missed call with a number is not renamed by its end.
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", CLIENT, Ringing)]).after(5).legs(vec![incoming("1001", OTHER, Released)]).after(9);
    assert_eq!(numbers(&s), [CLIENT]);
}

#[test]
fn a_short_number_takes_no_call_from_a_client_who_is_known() {
    for short in ["5900", TECHNICAL, "160"] {
        let mut s = Scenario::new();
        s.legs(vec![incoming("1001", CLIENT, Ringing)]).after(3).legs(vec![incoming("1001", short, Talking)]).after(1);
        s.legs(vec![incoming("1001", CLIENT, Talking)]).after(6).legs(vec![incoming("1001", short, Talking)]).after(9);
        s.legs(vec![incoming("1001", CLIENT, Released)]);
        assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 16s 200"], "{short}");
    }
}

#[test]
fn a_number_that_another_phone_of_the_call_knows_first_is_the_clients() {
    for first in ["", TECHNICAL] {
        let kind = if first.is_empty() { "Incoming" } else { "Redirected" };
        // One phone after the other.
        let mut s = Scenario::new();
        s.legs(vec![incoming("1001", first, Ringing)]).after(9).legs(vec![incoming("1001", first, Released)]);
        s.legs(vec![incoming("1002", CLIENT, Ringing)]).after(3).legs(vec![incoming("1002", CLIENT, Talking)]).after(7);
        s.legs(vec![incoming("1002", CLIENT, Released)]);
        let requests = s.requests();
        assert!(requests.contains(&format!("/1002: register 2 {kind} show")), "{requests:?}");
        assert_eq!(requests.last().map(String::as_str), Some("/1002: finish 2 7s 200"), "{requests:?}");
        assert_eq!(numbers(&s).last().map(String::as_str), Some(CLIENT));
        // Both at once, and nobody answers.
        let mut s = Scenario::new();
        s.legs(vec![incoming("1001", first, Ringing), incoming("1002", CLIENT, Ringing)]).after(9);
        s.legs(vec![incoming("1001", first, Released), incoming("1002", CLIENT, Released)]).after(9);
        assert_eq!(numbers(&s).last().map(String::as_str), Some(CLIENT));
        assert!(s.call.is_over() && s.requests().last().is_some_and(|l| l.ends_with("0s 304")));
    }
}

#[test]
fn a_client_handed_over_to_a_colleague_on_the_same_leg_has_talked_until_then() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(20).legs(vec![incoming("1001", "1002", Talking)]).after(30);
    s.legs(vec![incoming("1001", "1002", Released)]);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 20s 200"]);
    assert!(s.call.is_over());
    // A moment at a colleague's number, as while a client is parked there, is none.
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(20).legs(vec![incoming("1001", "1002", Talking)]).after(1);
    s.legs(vec![incoming("1001", CLIENT, Talking)]).after(9).legs(vec![incoming("1001", CLIENT, Released)]);
    assert_eq!(s.requests(), ["register 1 Incoming show", "finish 1 30s 200"]);
}

#[test]
fn a_hidden_number_told_with_the_end_of_a_conversation_is_the_clients() {
    let mut s = Scenario::new();
    s.legs(vec![incoming("1001", "", Ringing)]).after(2).legs(vec![incoming("1001", "", Talking)]).after(30);
    s.legs(vec![incoming("1001", CLIENT, Released)]);
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 0s OTHER", "/1001: finish 1 30s 200"]);
    assert_eq!(numbers(&s), ["-", CLIENT]);
}

#[test]
fn a_click_whose_client_hands_over_is_two_records() {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT)).after(1).legs(vec![outgoing(CLIENT, Ringing)]).after(1);
    s.legs(vec![outgoing(CLIENT, Talking)]).after(12).legs(vec![outgoing(OTHER, Talking)]).after(20);
    s.legs(vec![outgoing(OTHER, Released)]);
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 12s 200", "/1001: finish 1 20s 200"]);
}

#[test]
fn a_click_on_a_code_is_dialled_and_not_kept() {
    let mut s = Scenario::new();
    s.event(click_on("*160*1001*4321#"));
    assert_eq!(s.asked, [SwitchCommand::Make { from: phone("1001"), to: phone("*160*1001*4321#") }]);
    assert!(!serde_json::to_string(&s.call).expect("plain data").contains("4321"));
}

#[test]
fn the_number_of_a_click_is_what_was_clicked() {
    let mut s = Scenario::new();
    s.event(click_on(CLIENT)).after(1).legs(vec![outgoing(TECHNICAL, Ringing)]).after(1);
    s.legs(vec![outgoing(OTHER, Talking)]).after(12).legs(vec![outgoing(OTHER, Released)]);
    assert_eq!(s.requests(), ["adopt portal.1", "finish 1 12s 200"]);
}

#[test]
fn a_call_picked_up_by_a_code_is_the_clients() {
    let pick = |remote, state| vec![leg("p", "1002", Direction::Out, remote, state)];
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(4).legs(pick("*81001", Ringing)).legs(pick(CLIENT, Talking));
    s.incoming("1001", Released).after(10).legs(pick(CLIENT, Released));
    assert_eq!(s.requests(), ["register 1 Incoming show", "hide 1", "show 2", "finish 2 10s 200"]);
}

#[test]
fn no_crm_item_is_made_of_a_colleague() {
    let create = CallSettings {
        crm_create: crate::domain::company::CrmCreate::All,
        internal: InternalCalls::Card,
        ..CallSettings::default()
    };
    let mut s = Scenario::with(&create);
    s.legs(vec![incoming("1002", "1001", Ringing)]).after(2).legs(vec![incoming("1002", "1001", Released)]).after(5);
    assert_eq!(s.requests()[0], "register 2 Incoming show");
    let mut s = Scenario::with(&create);
    s.legs(vec![outgoing("112", Talking)]);
    assert_eq!(s.requests(), ["register 1 Outgoing show"], "nor of the fire brigade");
    let mut s = Scenario::with(&create);
    s.incoming("1002", Ringing);
    assert_eq!(s.requests(), ["register 2 Incoming show create"]);
}
