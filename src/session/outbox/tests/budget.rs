//! What leaves first, and what leaves together, when less may be asked than there is to ask.

use super::*;

#[test]
fn a_lane_has_one_conversation_at_a_time() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register()], None);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert_eq!(line(&dispatches[0].jobs[0]), "1:register");
    push(&mut outbox, 1, &[finish()], None);
    assert!(outbox.ready(NOW, &mut coins(9)).is_empty(), "the register is under way");
    assert_eq!(outbox.backlog().calls, 1);
    land(&mut outbox, &dispatches[0]);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert!(matches!(&dispatches[0].jobs[0].plan.requests[..], [Request::Finish { crm, .. }] if crm.as_str() == "crm"));
    land(&mut outbox, &dispatches[0]);
    assert!(!outbox.knows(&name(1)) && outbox.backlog() == Backlog::default());
}

#[test]
fn a_group_rings_in_one_request() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register(), show(&[2, 3])], None);
    let dispatches = outbox.ready(NOW, &mut coins(9));
    assert_eq!(line(&dispatches[0].jobs[0]), "1:register,show");
    assert!(matches!(dispatches[0].jobs[0].plan.requests[1], Request::Show(CardTarget::New, _)));
    assert_eq!(dispatches[0].jobs[0].intents.len(), 2);
}

#[test]
fn while_the_budget_lasts_every_card_has_its_own_request() {
    let mut outbox = Outbox::default();
    (1..=3).for_each(|n| push(&mut outbox, n, &[register()], None));
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)), [["3:register"], ["2:register"], ["1:register"]]);
}

#[test]
fn what_waits_for_the_budget_shares_the_next_request_the_urgent_first() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register(), finish()], None);
    push(&mut outbox, 2, &[finish()], Some("x"));
    push(&mut outbox, 3, &[register()], None);
    push(&mut outbox, 4, &[hide(&[1])], Some("y"));
    push(&mut outbox, 5, &[register()], None);
    let mut budget = coins(0);
    assert!(leaves(&mut outbox, NOW, &mut budget).is_empty());
    assert_eq!(outbox.next_wake(), Some(NOW + Duration::from_millis(500)));
    budget.left = 1;
    let want = ["4:hide", "5:register", "3:register", "2:finish", "1:register"];
    assert_eq!(leaves(&mut outbox, NOW, &mut budget), [want]);
}

#[test]
fn ends_of_calls_share_a_request_when_there_are_several() {
    let mut outbox = Outbox::default();
    (1..=2).for_each(|n| push(&mut outbox, n, &[finish()], Some("x")));
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)).len(), 2);
    (11..=14).for_each(|n| push(&mut outbox, n, &[finish()], Some("x")));
    assert_eq!(leaves(&mut outbox, NOW, &mut coins(9)), [["14:finish", "13:finish", "12:finish", "11:finish"]]);
}

#[test]
fn a_long_outage_is_caught_up_newest_first_beside_live_calls() {
    let mut outbox = Outbox::default();
    (1..=200).for_each(|n| push(&mut outbox, n, &[register(), finish()], None));
    assert_eq!(outbox.backlog(), Backlog { calls: 200, since: Some(at(1)) });
    let mut budget = Coins { reserve: 3, ..coins(9) };
    let dispatches = outbox.ready(NOW, &mut budget);
    assert_eq!(dispatches.iter().map(|p| p.jobs.len()).collect::<Vec<_>>(), [25, 25], "two such requests at once");
    assert_eq!(line(&dispatches[0].jobs[0]), "200:register");
    push(&mut outbox, 500, &[register()], None);
    assert_eq!(leaves(&mut outbox, NOW, &mut budget), [["500:register"]], "a ringing phone does not wait");
    let mut asked = 2;
    let mut under_way = dispatches;
    while !under_way.is_empty() {
        for dispatch in std::mem::take(&mut under_way) {
            land(&mut outbox, &dispatch);
        }
        budget.left = 9;
        under_way = outbox.ready(NOW, &mut budget);
        asked += under_way.len();
    }
    assert_eq!(outbox.backlog().calls, 1, "only the live one is still in conversation");
    assert!(asked <= 20, "200 registers and 200 finishes in {asked} requests");
}

#[test]
fn the_past_leaves_a_reserve_for_calls_that_begin_now() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[register(), finish()], None);
    let mut budget = Coins { reserve: 3, ..coins(3) };
    assert!(leaves(&mut outbox, NOW, &mut budget).is_empty());
    assert!(outbox.next_wake().is_some_and(|at| at > NOW), "it looks again");
    push(&mut outbox, 2, &[register()], None);
    assert_eq!(leaves(&mut outbox, NOW, &mut budget), [["2:register"]]);
}

#[test]
fn in_a_lasting_shortage_the_past_rides_along() {
    let mut outbox = Outbox::default();
    (1..=40).for_each(|n| push(&mut outbox, n, &[register(), finish()], None));
    (100..=101).for_each(|n| push(&mut outbox, n, &[register()], None));
    let dispatches = outbox.ready(NOW, &mut Coins { reserve: 5, ..coins(1) });
    assert_eq!(dispatches.len(), 1);
    assert_eq!(dispatches[0].jobs.len(), 2 + 10);
    assert!(dispatches[0].past);
}

#[test]
fn a_portal_that_hangs_gathers_no_endless_number_of_requests() {
    let mut outbox = Outbox::default();
    (1..=100).for_each(|n| push(&mut outbox, n, &[register()], None));
    let under_way: usize = outbox.ready(NOW, &mut coins(usize::MAX)).len();
    assert!(under_way <= 32, "{under_way}");
}
