//! The outbox under traffic, trouble and short budgets.

mod card_order;

use super::schedule::RequestBudget;
use super::*;
use crate::domain::call::{CrmCallKind, FinishStatus};
use crate::domain::outbox::{RequestKind, Target};
use crate::domain::{Phone, UserId};
use std::collections::BTreeSet;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000_000);

/// So many requests may be made at once, then none.
struct Coins {
    left: usize,
    reserve: usize,
    /// Somebody waits for the next one.
    in_line: bool,
}

impl RequestBudget for Coins {
    fn left(&self, _: Timestamp) -> usize {
        self.left
    }
    fn is_rich(&self, _: Timestamp) -> bool {
        self.left > self.reserve
    }
    fn take(&mut self, _: Timestamp) -> Result<(), Duration> {
        self.in_line = self.left == 0;
        self.left = self.left.checked_sub(1).ok_or(Duration::from_millis(500))?;
        Ok(())
    }
    fn leave(&mut self) {
        self.in_line = false;
    }
}

fn coins(left: usize) -> Coins {
    Coins { left, reserve: 0, in_line: false }
}

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn register() -> CrmStep {
    CrmStep::Register {
        user: UserId(1),
        number: Phone::parse("+79835551122").ok(),
        kind: CrmCallKind::Incoming,
        started_at: NOW,
        create: false,
        show: true,
    }
}

fn show(users: &[i64]) -> CrmStep {
    CrmStep::Show { users: users.iter().copied().map(UserId).collect() }
}

fn hide(users: &[i64]) -> CrmStep {
    CrmStep::Hide { users: users.iter().copied().map(UserId).collect() }
}

fn finish() -> CrmStep {
    CrmStep::Finish { user: UserId(1), duration_s: 1, status: FinishStatus::Answered, reason: None, ended_at: None }
}

fn name(n: usize) -> ExternalId {
    ExternalId::new(format!("{n:04}"))
}

/// Pushes steps of lane `n`, decided at second `n`.
fn push(outbox: &mut Outbox, n: usize, steps: &[CrmStep], known: Option<&str>) {
    for step in steps {
        let id = IntentId(i64::try_from(n).expect("small"));
        let past = known.map_or(LaneHistory::None, |crm| LaneHistory::Stored(Some(crm.into())));
        outbox.push(&name(n), &CallKey::new(format!("c{n}")), (id, step.clone(), at(n as u64)), past);
    }
}

/// What leaves now, as `lane:request,request` per job.
fn leaves(outbox: &mut Outbox, now: Timestamp, budget: &mut Coins) -> Vec<Vec<String>> {
    let dispatches = outbox.ready(now, budget);
    dispatches.iter().map(|p| p.jobs.iter().map(line).collect()).collect()
}

fn line(job: &Job) -> String {
    let requests: Vec<_> = job.plan.requests.iter().map(|request| request.kind().name()).collect();
    format!("{}:{}", job.lane.as_str().trim_start_matches('0'), requests.join(","))
}

/// Everything in `dispatch` went well.
fn land(outbox: &mut Outbox, dispatch: &Dispatch) {
    outbox.completed(dispatch.past);
    outbox.portal_works();
    for job in &dispatch.jobs {
        let crm = job.plan.requests.iter().any(|r| matches!(r, Request::Register { .. }));
        outbox.settled(&job.lane, job.intents.len(), &job.plan.requests, crm.then(|| "crm".into()));
        outbox.close_if_done(&job.lane, true);
    }
}

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
    assert!(matches!(dispatches[0].jobs[0].plan.requests[1], Request::Show(Target::New, _)));
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
    let [Request::Show(Target::Known(crm), users)] = &second[0].jobs[0].plan.requests[..] else { panic!("a show") };
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

#[test]
fn whatever_comes_in_every_step_leaves_once_and_in_order() {
    let mut outbox = Outbox::default();
    let mut seen: Vec<BTreeSet<i64>> = vec![BTreeSet::new(); 60];
    let mut under_way: Vec<Dispatch> = Vec::new();
    for round in 0..400_usize {
        if round < 240 {
            let n = round / 4;
            let step = [register(), show(&[2, 3]), hide(&[2]), finish()][round % 4].clone();
            let id = IntentId(i64::try_from(round).expect("small"));
            outbox.push(&name(n), &"c".into(), (id, step, at(round as u64)), LaneHistory::None);
        }
        let now = at(round as u64);
        under_way.extend(outbox.ready(now, &mut coins(usize::from(round % 3 == 0))));
        if round % 2 == 1 && !under_way.is_empty() {
            let dispatch = under_way.remove(0);
            for job in &dispatch.jobs {
                let n: usize = job.lane.as_str().parse().expect("a number");
                for id in &job.intents {
                    assert!(seen[n].last().is_none_or(|last| *last < id.0), "out of order or twice");
                    seen[n].insert(id.0);
                }
            }
            outbox.completed(dispatch.past);
            for job in &dispatch.jobs {
                let crm = job.plan.requests.iter().any(|r| matches!(r, Request::Register { .. }));
                outbox.settled(&job.lane, job.intents.len(), &job.plan.requests, crm.then(|| "crm".into()));
            }
        }
    }
    assert!(seen.iter().all(|ids| ids.len() == 4), "{seen:?}");
    assert_eq!(outbox.backlog(), Backlog::default());
}

#[test]
fn an_end_is_late_if_it_is_told_minutes_after_it_or_is_the_first_the_portal_hears() {
    let late = |steps: &[CrmStep], crm: Option<&str>, told_at: Timestamp| {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, steps, crm);
        let mut said = Vec::new();
        loop {
            let dispatches = outbox.ready(told_at, &mut coins(9));
            let Some(dispatch) = dispatches.first() else { break };
            said.push(dispatch.jobs[0].late);
            land(&mut outbox, dispatch);
        }
        said.last().copied()
    };
    assert_eq!(late(&[finish()], Some("c"), NOW), Some(false), "told at once");
    assert_eq!(late(&[finish()], Some("c"), at(170)), Some(false), "a portal that was away for a moment");
    assert_eq!(late(&[finish()], Some("c"), at(200)), Some(true));
    let ended = |ago: u64| match finish() {
        CrmStep::Finish { user, duration_s, status, reason, .. } => {
            CrmStep::Finish { user, duration_s, status, reason, ended_at: Some(NOW - Duration::from_secs(ago)) }
        }
        other => other,
    };
    assert_eq!(late(&[ended(170)], Some("c"), NOW), Some(false), "a short restart");
    assert_eq!(late(&[ended(200)], Some("c"), NOW), Some(true), "decided now, but it ended while nobody looked");
    assert_eq!(late(&[register(), finish()], None, NOW), Some(true), "the portal hears of it after its end");
}

#[test]
fn the_call_that_has_waited_longest_gives_way_if_the_portal_has_not_heard_of_it() {
    let mut outbox = Outbox::default();
    push(&mut outbox, 1, &[finish()], Some("crm"));
    for n in 2..=5 {
        push(&mut outbox, n, &[register(), finish()], None);
    }
    assert!(outbox.gives_way(5).is_none(), "there is room");
    let (lane, call, steps) = outbox.gives_way(4).expect("one too many");
    assert_eq!((lane, call, steps.len()), (name(2), CallKey::new("c2"), 2), "the record of call 1 has to be closed");
    assert!(outbox.gives_way(4).is_none());
    let under_way = outbox.ready(at(9), &mut coins(9));
    let told: Vec<_> = under_way.iter().flat_map(|dispatch| &dispatch.jobs).map(|job| job.lane.clone()).collect();
    assert!((3..=5).all(|n| told.contains(&name(n))), "{told:?}");
    assert!(outbox.gives_way(0).is_none(), "what is being told may be recorded already");
}

#[test]
fn a_phone_that_rings_without_end_gathers_no_steps() {
    let mut outbox = Outbox::default();
    let mut waiting = BTreeSet::new();
    let mut next = 0..;
    let mut add = |step: CrmStep| {
        let id = IntentId(next.next().expect("endless"));
        waiting.insert(id);
        for gone in outbox.push(&name(1), &CallKey::new("c1"), (id, step, NOW), LaneHistory::None) {
            assert!(waiting.remove(&gone), "told once");
        }
        waiting.len()
    };
    add(register());
    let most = (0..1000).map(|_| add(show(&[2, 3])).max(add(hide(&[2]))).max(add(hide(&[3])))).max();
    assert!(most <= Some(64), "{most:?}");
    add(show(&[3]));
    let dispatches = outbox.ready(NOW, &mut coins(1));
    let job = &dispatches[0].jobs[0];
    assert_eq!(line(job), "1:register,show");
    assert!(matches!(&job.plan.requests[1], Request::Show(Target::New, users) if *users == [UserId(3)]));
    assert_eq!(job.intents.iter().copied().collect::<BTreeSet<_>>(), waiting, "what is left is settled by it");
}
