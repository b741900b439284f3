//! A client goes from hand to hand.

use super::*;
use LegState::{Dialing, Held, Released, Ringing, Talking};

const EXPERT: &str = "+73832000010";

fn reported_of(s: &mut Scenario, lane: &str) -> Vec<String> {
    s.requests().into_iter().filter(|l| l.starts_with(lane)).collect()
}

/// 1001 has talked with the client for ten seconds.
fn talking() -> Scenario {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).after(10).requests();
    s
}

#[test]
fn a_blind_transfer_moves_the_card_whichever_leg_is_told_first() {
    for released_first in [false, true] {
        let mut s = talking();
        if released_first {
            s.incoming("1001", Released).incoming("1002", Ringing);
        } else {
            s.incoming("1002", Ringing).incoming("1001", Released);
        }
        s.after(3).incoming("1002", Talking).after(20).incoming("1002", Released);
        let mut requests = s.requests();
        requests.sort();
        let want = ["/1002: finish 2 20s 200", "/1002: register 2 Redirected show", "finish 1 10s 200"];
        assert_eq!(requests, want, "released first: {released_first}");
    }
}

#[test]
fn a_transfer_by_somebody_whose_answer_is_told_only_with_his_end_rings_at_once() {
    for released_first in [false, true] {
        let mut s = Scenario::new();
        s.incoming("1001", Ringing).after(2).requests();
        let answered_at = Some(s.now);
        s.after(10);
        let released = LegEvent { answered_at, ..leg("1001", "1001", Direction::In, CLIENT, Released) };
        let mut updates = vec![leg("1002", "1002", Direction::In, CLIENT, Ringing), released];
        if released_first {
            updates.reverse();
        }
        for leg in updates {
            s.legs(vec![leg]);
        }
        let mut requests = s.requests();
        requests.retain(|line| !matches!(line.as_str(), "show 2" | "hide 2"));
        assert_eq!(requests, ["finish 1 10s 200", "/1002: register 2 Redirected show"], "{released_first}");
        s.after(3).incoming("1002", Talking).after(20).incoming("1002", Released);
        assert_eq!(s.requests(), ["/1002: finish 2 20s 200"]);
    }
}

#[test]
fn a_transfer_nobody_takes_is_missed_and_comes_back() {
    let mut s = talking();
    s.incoming("1001", Released).incoming("1002", Ringing).after(20).incoming("1002", Released);
    let recall = |state| vec![leg("r", "1001", Direction::In, CLIENT, state)];
    s.after(1).legs(recall(Ringing)).after(2).legs(recall(Talking)).after(5).legs(recall(Released));
    assert_eq!(
        s.requests(),
        [
            "finish 1 10s 200",
            "/1002: register 2 Redirected show",
            "/1002: hide 2",
            "/1002: show 1",
            "/1002: finish 1 5s 200"
        ]
    );

    let mut s = talking();
    s.incoming("1001", Released).incoming("1002", Ringing).after(20).incoming("1002", Released).after(4);
    assert_eq!(
        reported_of(&mut s, "/1002"),
        ["/1002: register 2 Redirected show", "/1002: hide 2", "/1002: finish 2 0s 304"]
    );
}

#[test]
fn a_call_of_ours_that_is_handed_on_may_wander_from_phone_to_phone() {
    let mut s = Scenario::new();
    s.outgoing("1001", Talking).after(10).outgoing("1001", Released).incoming("1002", Ringing).after(20).requests();
    s.incoming("1002", Released).after(1).incoming("1003", Ringing).after(2).incoming("1003", Released).after(4);
    let want = ["/1002: hide 2", "/1002: show 3", "/1002: hide 3", "/1002: finish 2 0s 304"];
    assert_eq!(s.requests(), want, "the colleague who has left is no caller who has given up");
}

#[test]
fn a_transfer_back_is_a_third_conversation() {
    let mut s = talking();
    s.incoming("1002", Ringing).incoming("1001", Released).after(1).incoming("1002", Talking).after(6);
    let back = |state| vec![leg("b", "1001", Direction::In, CLIENT, state)];
    s.legs(back(Ringing)).incoming("1002", Released).after(2).legs(back(Talking)).after(4).legs(back(Released));
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 10s 200", "/1002: finish 2 6s 200", "/b: finish 1 4s 200"]);
}

#[test]
fn a_transfer_to_a_group_rings_at_all_of_them() {
    let mut s = talking();
    let group = |state| ["1002", "1003"].map(|n| leg(n, n, Direction::In, CLIENT, state)).to_vec();
    s.legs(group(Ringing)).incoming("1001", Released).after(3).incoming("1003", Talking).incoming("1002", Released);
    s.after(9).incoming("1003", Released);
    assert_eq!(
        s.requests(),
        [
            "/1002: register 2 Redirected show",
            "/1002: show 3",
            "finish 1 10s 200",
            "/1002: hide 2",
            "/1002: finish 3 9s 200"
        ]
    );
}

#[test]
fn a_transfer_to_somebody_outside_ends_our_part() {
    let mut s = talking();
    assert_eq!(s.incoming("1001", Released).requests(), ["finish 1 10s 200"]);
    assert!(s.after(60).requests().is_empty() && s.call.is_over());
}

#[test]
fn a_client_called_by_us_is_redirected_to_a_colleague() {
    let mut s = Scenario::new();
    s.outgoing("1001", Ringing).after(4).outgoing("1001", Talking).after(10);
    s.incoming("1002", Ringing).outgoing("1001", Released).after(1).incoming("1002", Talking).after(5);
    s.incoming("1002", Released);
    let finished: Vec<_> =
        s.requests().into_iter().filter(|l| l.contains("finish") || l.contains("register")).collect();
    let want =
        ["register 1 Outgoing show", "/1002: register 2 Redirected show", "finish 1 10s 200", "/1002: finish 2 5s 200"];
    assert_eq!(finished, want);
}

#[test]
fn after_a_consultation_in_another_call_the_client_appears_at_the_colleague() {
    let mut s = talking();
    s.incoming("1001", Held).after(8);
    let joined = |state| vec![leg("j", "1002", Direction::In, CLIENT, state)];
    s.legs(joined(Talking)).incoming("1001", Released).after(30).legs(joined(Released));
    assert_eq!(s.requests(), ["/j: register 2 Redirected show", "finish 1 18s 200", "/j: finish 2 30s 200"]);
}

#[test]
fn a_client_handed_on_at_once_is_no_race() {
    let mut s = Scenario::new();
    s.incoming("1001", Ringing).after(2).incoming("1001", Talking).incoming("1001", Held).after(1);
    let joined = |state| vec![leg("j", "1002", Direction::In, CLIENT, state)];
    s.legs(joined(Talking)).incoming("1001", Released).after(1).legs(joined(Released));
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 1s 200", "/j: finish 2 1s 200"]);
}

#[test]
fn a_consultations_own_call_may_become_the_clients() {
    // The colleague's leg keeps its id and its call; only its other side becomes the client.
    let asked = |remote, state| vec![leg("q", "1002", Direction::In, remote, state)];
    let asks = |state| vec![leg("p", "1001", Direction::Out, "1002", state)];
    let mut s = Scenario::new();
    s.legs(asks(Ringing)).legs(asked("1001", Ringing)).after(2).legs(asks(Talking)).legs(asked("1001", Talking));
    assert!(s.after(7).requests().is_empty());
    s.legs(asked(CLIENT, Talking)).legs(asks(Released)).after(15).legs(asked("1001", Talking)).after(5);
    s.legs(asked(CLIENT, Released));
    assert_eq!(s.requests(), ["register 2 Redirected show", "finish 2 20s 200"]);
}

#[test]
fn an_internal_call_with_a_card_that_becomes_a_clients_is_two_records() {
    let asked = |remote, state| vec![leg("q", "1002", Direction::In, remote, state)];
    let mut s = Scenario::with(&CallSettings { internal: InternalCalls::Card, ..CallSettings::default() });
    s.legs(asked("1001", Ringing)).after(2).legs(asked("1001", Talking)).after(7).legs(asked(CLIENT, Talking));
    let requests = s.requests();
    assert_eq!(requests, ["register 2 Incoming show", "finish 2 7s 200", "/q: register 2 Redirected show"]);
    let number = s.call.crm.iter().last().and_then(|c| c.number.clone());
    assert_eq!(number, Some(phone(CLIENT)));
    assert_eq!(s.after(11).legs(asked(CLIENT, Released)).requests(), ["/q: finish 2 11s 200"]);
}

#[test]
fn an_employee_asks_an_expert_outside_while_the_client_waits() {
    let expert = |state| vec![leg("e", "1001", Direction::Out, EXPERT, state)];
    for client in [Direction::In, Direction::Out] {
        let with_client = |state| vec![leg("k", "1001", client, CLIENT, state)];
        let mut s = Scenario::new();
        s.legs(with_client(Talking)).after(10).legs(with_client(Held)).legs(expert(Dialing)).after(1);
        s.legs(expert(Ringing)).after(3).legs(expert(Talking)).after(6);
        let screens: Vec<_> = s.requests().into_iter().filter(|l| l.contains("show")).collect();
        assert_eq!(screens.len(), 1, "one card at a time: {screens:?}");
        s.legs(with_client(Released)).legs(expert(Released));
        assert_eq!(s.requests(), ["finish 1 20s 200", "/e: show 1", "/e: finish 1 6s 200"]);
        assert_eq!(s.call.crm.iter().nth(1).expect("another one").number, Some(phone(EXPERT)));
    }
}

#[test]
fn a_colleague_who_called_us_gets_the_client() {
    // 1002 called 1001, who hands his client over to him: the caller's own leg turns to the client.
    let caller = |remote, state| vec![leg("o", "1002", Direction::Out, remote, state)];
    let mut s = talking();
    s.incoming("1001", Held).legs(caller("1001", Ringing)).after(1).legs(caller("1001", Talking)).after(4).requests();
    s.legs(caller(CLIENT, Talking)).incoming("1001", Released).after(9).legs(caller(CLIENT, Released));
    assert_eq!(s.requests(), ["/o: register 2 Redirected show", "finish 1 15s 200", "/o: finish 2 9s 200"]);
}

#[test]
fn a_conference_credits_each_for_his_own_time() {
    let mut s = talking();
    let joins = |state| vec![leg("j", "1002", Direction::In, CLIENT, state)];
    s.legs(joins(Talking)).after(20);
    assert_eq!(s.requests(), ["/j: register 2 Redirected show"], "both see a card of their own");
    s.incoming("1001", Released).after(5).legs(joins(Released));
    assert_eq!(s.requests(), ["finish 1 30s 200", "/j: finish 2 25s 200"]);
}

#[test]
fn a_client_who_hides_his_number_is_handed_over_all_the_same() {
    let hidden = |own, state| vec![leg(own, own, Direction::In, "", state)];
    let mut s = Scenario::new();
    s.legs(hidden("1001", Ringing)).after(2).legs(hidden("1001", Talking)).after(5);
    s.legs(hidden("1002", Ringing)).legs(hidden("1001", Released)).after(2).legs(hidden("1002", Talking));
    s.after(6).legs(hidden("1002", Released));
    let finished: Vec<_> = s.requests().into_iter().filter(|l| l.contains("finish")).collect();
    assert_eq!(finished, ["finish 1 5s 200", "/1002: finish 2 6s 200"]);
    assert!(s.call.view().legs.iter().all(|l| l.remote.is_none()));
}

#[test]
fn two_calls_of_one_employee_know_nothing_of_each_other() {
    // Call waiting: the switch names the second call differently, so it is another call here, too.
    let mut first = talking();
    let mut second = Scenario::new();
    second.call.key = CallKey::from("c2");
    second.incoming("1001", Ringing).after(1).incoming("1001", Talking).after(3).incoming("1001", Released);
    assert_eq!(second.requests().last().map(String::as_str), Some("c2: finish 1 3s 200"));
    assert_eq!(first.after(5).incoming("1001", Released).requests(), ["finish 1 15s 200"]);
}
