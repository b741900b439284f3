//! The outbox: what its tests share, and the laws that hold whatever comes.

mod budget;
mod card_order;
mod trouble;

use super::schedule::RequestBudget;
use super::*;
use crate::domain::call::{CrmCallKind, FinishStatus};
use crate::domain::outbox::{CardTarget, RequestKind};
use crate::domain::{Phone, UserId};
use std::collections::BTreeSet;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000_000);

/// This many requests may be made at once, then none.
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
    let late = |steps: &[CrmStep], crm: Option<&str>, asked_at: Timestamp| {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, steps, crm);
        let mut said = Vec::new();
        loop {
            let dispatches = outbox.ready(asked_at, &mut coins(9));
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
    let sent: Vec<_> = under_way.iter().flat_map(|dispatch| &dispatch.jobs).map(|job| job.lane.clone()).collect();
    assert!((3..=5).all(|n| sent.contains(&name(n))), "{sent:?}");
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
    assert!(matches!(&job.plan.requests[1], Request::Show(CardTarget::New, users) if *users == [UserId(3)]));
    assert_eq!(job.intents.iter().copied().collect::<BTreeSet<_>>(), waiting, "what is left is settled by it");
}
