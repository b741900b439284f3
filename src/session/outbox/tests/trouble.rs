//! Requests that fail, portals that are down, answers that are not clear.

use super::*;

#[test]
fn a_failed_lane_rests_and_others_go_on() {
    let mut outbox = Outbox::default();
    (1..=2).for_each(|n| push(&mut outbox, n, &[register()], None));
    assert_eq!(outbox.ready(NOW, &mut coins(9)).len(), 2);
    let until = outbox.failed(&name(1), NOW, RetryPause::BackOff, false);
    outbox.completed(false);
    assert!(until > NOW);
    assert_eq!(outbox.next_wake(), Some(until));
    assert!(outbox.ready(NOW, &mut coins(9)).is_empty());
    assert_eq!(leaves(&mut outbox, until, &mut coins(9)), [["1:register"]]);
    assert_eq!(outbox.backlog().calls, 2);
}

#[test]
fn a_kind_of_request_rests_and_others_go_on() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register()], None);
    push(&mut outbox, 2, &[register()], None);
    push(&mut outbox, 3, &[finish()], Some("x"));
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(1)), [["2:register", "1:register", "3:finish"]]);
    outbox.completed(false);
    outbox.kind_rests(&name(1), RequestKind::Register, at(60));
    outbox.kind_rests(&name(2), RequestKind::Register, at(60));
    push(&mut outbox, 4, &[register()], None);
    push(&mut outbox, 5, &[finish()], Some("y"));
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)), [["5:finish"]]);
    assert_eq!(outbox.next_wake(), Some(at(60)));
    assert_eq!(leaves(&mut outbox, at(60), &mut coins(9)).len(), 3);
}

#[test]
fn a_portal_that_is_down_is_tried_by_one_lane_at_a_time() {
    let mut outbox = Outbox::default();
    (1..=3).for_each(|n| push(&mut outbox, n, &[finish()], Some("x")));
    assert_eq!(outbox.ready(NOW, &mut coins(1)).len(), 1);
    outbox.completed(false);
    let until = outbox.failed(&name(1), NOW, RetryPause::BackOff, true);
    assert_eq!(outbox.failed(&name(2), NOW, RetryPause::BackOff, true), until, "the same trouble");
    outbox.failed(&name(3), NOW, RetryPause::BackOff, true);
    assert!(outbox.ready(NOW, &mut coins(9)).is_empty());
    assert_eq!(outbox.next_wake(), Some(until));
    let probe = outbox.ready(until, &mut coins(9));
    assert_eq!((probe.len(), probe[0].jobs.len()), (1, 1));
    assert_eq!(outbox.next_wake(), None, "its answer decides");
    outbox.completed(false);
    let later = outbox.failed(&probe[0].jobs[0].lane, until, RetryPause::BackOff, true);
    assert!(later > until && later <= until + Duration::from_secs(15));
    let probe = outbox.ready(later, &mut coins(9));
    land(&mut outbox, &probe[0]);
    assert_eq!(outbox.ready(later, &mut coins(9)).len(), 2, "the portal is back: everybody may speak");
}

#[test]
fn nobody_stands_in_line_for_a_portal_that_takes_nothing() {
    let mut outbox = Outbox::default();
    (1..=2).for_each(|n| push(&mut outbox, n, &[register()], None));
    let mut budget = coins(1);
    assert_eq!(outbox.ready(NOW, &mut budget).len(), 1);
    push(&mut outbox, 3, &[register()], None);
    assert!(outbox.ready(NOW, &mut budget).is_empty() && budget.in_line);
    outbox.completed(false);
    outbox.failed(&name(1), NOW, RetryPause::BackOff, true);
    assert!(outbox.ready(NOW, &mut budget).is_empty() && !budget.in_line, "others may ask for their own ends");
}

#[test]
fn a_ringing_phone_is_a_reason_to_try_a_silent_portal_soon_but_not_one_that_wants_to_be_left_alone() {
    for (rest, soon) in [(RetryPause::BackOff, true), (RetryPause::Until(at(600)), false)] {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, &[finish()], Some("x"));
        let mut now = NOW;
        for _ in 0..8 {
            assert_eq!(outbox.ready(now, &mut coins(9)).len(), 1);
            outbox.completed(false);
            let until = outbox.failed(&name(1), now, rest, true);
            if rest != RetryPause::BackOff {
                break;
            }
            now = until;
        }
        let asked = now;
        if rest == RetryPause::BackOff {
            outbox.ready(now, &mut coins(9));
            outbox.completed(false);
            outbox.failed(&name(1), now, rest, true);
        }
        outbox.push(&name(2), &"c2".into(), (IntentId(2), register(), asked), LaneHistory::None);
        let wake = outbox.next_wake().expect("a time");
        assert_eq!(wake <= asked + Duration::from_secs(1), soon, "{rest:?}");
    }
}

#[test]
fn a_card_that_could_not_be_shown_does_not_repeat_the_register() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register(), show(&[2])], None);
    outbox.ready(NOW, &mut coins(9));
    outbox.completed(false);
    outbox.named(&name(1), "crm".into());
    outbox.partly_sent(&name(1), &[], true);
    let until = outbox.failed(&name(1), NOW, RetryPause::BackOff, false);
    let first = outbox.ready(until, &mut coins(9));
    assert!(first[0].jobs[0].plan.requests.is_empty(), "the register is settled");
    land(&mut outbox, &first[0]);
    let second = outbox.ready(until, &mut coins(9));
    let [Request::Show(CardTarget::Known(crm), users)] = &second[0].jobs[0].plan.requests[..] else { panic!("a show") };
    assert_eq!((crm.as_str(), &users[..]), ("crm", &[UserId(2)][..]));
}

#[test]
fn only_an_unclear_answer_makes_us_take_a_card_back() {
    for (unclear, want) in [(false, "1:register"), (true, "1:register,hide")] {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, &[register()], None);
        outbox.ready(NOW, &mut coins(9));
        outbox.completed(false);
        outbox.partly_sent(&name(1), &[], unclear);
        let until = outbox.failed(&name(1), NOW, RetryPause::BackOff, false);
        push(&mut outbox, 1, &[finish()], None);
        assert_eq!(leaves(&mut outbox, until, &mut coins(9)), [[want]]);
    }
}

#[test]
fn a_call_the_portal_has_forgotten_is_made_again_unless_it_may_be_finished() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register()], None);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    outbox.completed(false);
    outbox.settled(&name(1), 1, &dispatches[0].jobs[0].plan.requests, Some("old".into()));
    push(&mut outbox, 1, &[finish()], None);
    outbox.ready(NOW, &mut coins(9));
    outbox.completed(false);
    assert!(outbox.must_be_remade(&name(1)));
    push(&mut outbox, 1, &[register()], None);
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)), [["1:register"]]);
    assert!(!outbox.must_be_remade(&name(1)), "once only");

    push(&mut outbox, 2, &[finish()], Some("x"));
    assert!(!outbox.must_be_remade(&name(2)), "after a restart nobody knows");
}

#[test]
fn after_a_restart_a_register_that_waits_may_have_opened_a_card() {
    let mut outbox = Outbox::default();
    for step in [register(), finish()] {
        outbox.push(&name(1), &"c".into(), (IntentId(1), step, NOW), LaneHistory::Stored(None));
    }
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)), [["1:register,hide"]]);
    assert!(outbox.must_be_remade(&name(1)), "but it cannot have been finished");
}

#[test]
fn somebody_else_stands_in_for_an_employee_without_account() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register()], None);
    outbox.ready(NOW, &mut coins(9));
    outbox.completed(false);
    assert!(outbox.amend(&name(1), Substitute::User(UserId(9))));
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert!(matches!(dispatches[0].jobs[0].plan.requests[0], Request::Register { user: UserId(9), show: false, .. }));
    outbox.completed(false);
    assert!(!outbox.amend(&name(1), Substitute::User(UserId(10))), "once only");
    assert!(outbox.amend(&name(1), Substitute::NoNumber));
    push(&mut outbox, 1, &[finish()], None);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert!(matches!(dispatches[0].jobs[0].plan.requests[0], Request::Register { number: None, .. }));
    outbox.completed(false);
    assert!(!outbox.amend(&name(1), Substitute::NoNumber), "what was refused is not said again");
    assert!(outbox.amend(&name(1), Substitute::NobodysNumber));
    let dispatches = outbox.ready(NOW, &mut coins(9));
    let Request::Register { number: Some(zeros), create: false, .. } = &dispatches[0].jobs[0].plan.requests[0] else {
        panic!("{:?}", dispatches[0].jobs[0].plan)
    };
    assert_eq!(zeros.as_str(), "00");
    land(&mut outbox, &dispatches[0]);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert!(matches!(dispatches[0].jobs[0].plan.requests[0], Request::Finish { user: UserId(9), .. }));
}

#[test]
fn after_the_clock_was_set_back_nobody_rests_until_it_has_caught_up() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[finish()], Some("x"));
    outbox.ready(at(7200), &mut coins(9));
    outbox.completed(false);
    outbox.failed(&name(1), at(7200), RetryPause::BackOff, true);
    assert!(outbox.ready(at(3600), &mut coins(9)).is_empty());
    outbox.wake();
    assert_eq!(outbox.ready(at(3600), &mut coins(9)).len(), 1);
}
