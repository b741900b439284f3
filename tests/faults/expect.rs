//! What the CRM should have recorded: derived from what truly happened at the switch, as far as the daemon could
//! know it.
//!
//! An event counts as known if it left on a socket that lived on long enough for the daemon to read it. What nobody
//! could know is neither demanded nor forgiven: a record may be missing then, but must not be invented, and a
//! duration is never longer than the truth.

use super::script::Clicked;
use ecss_crm_server::domain::Timestamp;
use ecss_crm_server::sandbox::switch::{Direction, LegStatus, Party, ReleaseCause, Shown, TrueCall, TrueLeg};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything a company's telephones did.
#[derive(Debug, Default)]
pub struct Truth {
    pub calls: Vec<TrueCall>,
    /// Number to employee.
    pub owners: BTreeMap<String, i64>,
}

/// A record that should be there.
#[derive(Debug, Clone)]
pub struct Expected {
    /// It must be there; otherwise it may.
    pub must: bool,
    /// Whose record it may be, most likely first.
    pub users: Vec<i64>,
    /// Outgoing 1, incoming 2, redirected 3.
    pub kinds: Vec<i64>,
    pub codes: Vec<&'static str>,
    /// Seconds, both included.
    pub duration: (f64, f64),
    /// This many seconds less are no fault: the answer was noticed that late.
    pub late_by: f64,
    /// Milliseconds, both included.
    pub started: (i64, i64),
}

/// The records wanted for one call are within a second of the truth; times are whole seconds and milliseconds.
const TOLERANCE: Duration = Duration::from_millis(1050);
/// Times of the switch that are no further away count as close.
const CLOSE: Duration = Duration::from_secs(3);
/// News that is no older is told as it happens.
const AT_ONCE: Duration = Duration::from_millis(100);
const UNANSWERED: [&str; 8] = ["304", "486", "404", "480", "603", "603-S", "503", "403"];

impl Truth {
    /// An employee's conversation with somebody outside.
    pub fn concerns_crm(&self, leg: &TrueLeg) -> bool {
        let code = leg.remote.starts_with(['*', '#']);
        leg.party == Party::Phone
            && self.owners.contains_key(&leg.own)
            && !self.owners.contains_key(&leg.remote)
            && !code
    }

    pub fn owner(&self, leg: &TrueLeg) -> i64 {
        self.owners.get(&leg.own).copied().unwrap_or_default()
    }

    /// The records of one call, in their order.
    pub fn records(&self, call: &TrueCall, margin: Duration) -> Vec<Expected> {
        let mut rounds: Vec<Vec<&TrueLeg>> = Vec::new();
        for leg in call.legs.iter().filter(|leg| self.concerns_crm(leg)) {
            // Telephones that ring until one is answered belong together; an employee who takes over later has a
            // separate record.
            let joins = |round: &Vec<&TrueLeg>| {
                round[0].direction == leg.direction
                    && round.iter().all(|other| other.answered.is_none_or(|at| at >= leg.started))
            };
            match rounds.last_mut().filter(|round| joins(round)) {
                Some(round) => round.push(leg),
                None => rounds.push(vec![leg]),
            }
        }
        let calm = rounds.iter().flatten().all(|leg| is_gapless(leg, margin));
        let of = |(n, round): (usize, &Vec<&TrueLeg>)| self.record(n, round, calm, margin);
        rounds.retain(|round| round.iter().any(|leg| !leg.shown.is_empty()));
        let mut records: Vec<Expected> = rounds.iter().enumerate().map(of).collect();
        for n in 1..records.len() {
            if !records[n - 1].is_answered() {
                let later = records[n].clone();
                records[n] = joined(&mut records[n - 1], later);
            } else if !answer_told(&rounds[n - 1], rounds[n][0].started, margin) {
                // The answer was reported only afterwards, with the end: what rang meanwhile may have been taken for part
                // of the same call.
                records[n].must = false;
            }
        }
        // What must be there is looked for first.
        records.sort_by_key(|expected| !expected.must);
        records
    }

    fn record(&self, n: usize, legs: &[&TrueLeg], calm: bool, margin: Duration) -> Expected {
        let knows = |leg: &TrueLeg, fits: fn(LegStatus) -> bool| {
            leg.shown.iter().any(|shown| fits(shown.status) && shown.survived(margin))
        };
        let first = legs[0];
        let ms = i64::try_from(TOLERANCE.as_millis()).expect("a second");
        let known_since = legs
            .iter()
            .flat_map(|leg| &leg.shown)
            .filter(|shown| shown.survived(margin))
            .map(|shown| shown.at.millis())
            .min();
        let latest = if calm { Some(first.started.millis()) } else { known_since };
        let kinds = match (first.direction, n) {
            (Direction::Out, _) => vec![1],
            (Direction::In, 0) => vec![2],
            (Direction::In, _) if calm => vec![3],
            (Direction::In, _) => vec![2, 3],
        };
        let everybody: Vec<i64> = legs.iter().map(|leg| self.owner(leg)).collect();
        let mut expected = Expected {
            must: legs.iter().any(|leg| knows(leg, |_| true)),
            users: everybody,
            kinds,
            codes: UNANSWERED.to_vec(),
            duration: (0.0, 0.0),
            late_by: 0.0,
            started: (first.started.millis() - ms, latest.map_or(i64::MAX, |at| at + ms)),
        };
        let Some(talked) = legs.iter().find(|leg| leg.answered.is_some()) else {
            if calm {
                expected.users.truncate(1);
                expected.codes = vec![if first.direction == Direction::Out { code(first.cause) } else { "304" }];
            }
            return expected;
        };
        let length = talked.talked().unwrap_or_default().as_secs_f64();
        let longest = length.max(1.0) + TOLERANCE.as_secs_f64();
        let end_known = knows(talked, |status| status == LegStatus::Released);
        let talk_known = end_known || knows(talked, |s| matches!(s, LegStatus::Talking | LegStatus::Held));
        let shortest = if end_known { (length - TOLERANCE.as_secs_f64()).max(1.0) } else { 1.0 };
        if !calm {
            expected.late_by = news_delay(talked, margin);
        }
        if talk_known {
            expected.users = vec![self.owner(talked)];
            expected.codes = vec!["200"];
            expected.duration = (shortest, longest);
        } else {
            expected.codes.push("200");
            expected.duration = (0.0, longest);
        }
        expected
    }

    /// The record of a click: the call it became, if it became one. `calls` are those the switch has made of it.
    pub fn click(&self, click: &Clicked, calls: &[&TrueCall], margin: Duration) -> Expected {
        let mut expected = Expected {
            must: click.taken,
            users: vec![click.user],
            kinds: vec![1],
            codes: UNANSWERED.to_vec(),
            duration: (0.0, 0.0),
            late_by: 0.0,
            started: (0, i64::MAX),
        };
        let seen = calls.first().and_then(|call| self.records(call, margin).into_iter().next());
        if let Some(seen) = seen {
            (expected.codes, expected.duration, expected.late_by) = (seen.codes, seen.duration, seen.late_by);
            if expected.duration.1 == 0.0 {
                // The employee or the client did not pick up: several codes say so.
                expected.codes = UNANSWERED.to_vec();
            }
        }
        expected
    }

    /// The calls the switch has made of a click.
    pub fn made_of(&self, click: &Clicked) -> Vec<&TrueCall> {
        let number = |text: &str| text.trim_start_matches('+').to_owned();
        let fits =
            |call: &&TrueCall| self.owners.get(&call.from) == Some(&click.user) && number(&call.to) == click.number;
        self.calls.iter().filter(fits).collect()
    }
}

impl Expected {
    /// The daemon knows that somebody talked.
    fn is_answered(&self) -> bool {
        self.codes == ["200"]
    }
}

/// Seconds from the answer to the news of it. The switch names the moment in whole seconds by its own clock; where that
/// is close, the daemon trusts the arrival of the news more.
fn news_delay(leg: &TrueLeg, margin: Duration) -> f64 {
    let told = |shown: &&Shown| shown.status != LegStatus::Alerting && shown.survived(margin);
    let news = leg.shown.iter().find(told).map(|shown| shown.at);
    news.zip(leg.answered).map_or(0.0, |(news, answered)| news.since(answered).min(CLOSE).as_secs_f64())
}

/// Whether the daemon had been told by then that one of these was answered.
fn answer_told(legs: &[&TrueLeg], by: Timestamp, margin: Duration) -> bool {
    let told = |shown: &Shown| shown.status != LegStatus::Alerting && shown.survived(margin) && shown.at < by;
    legs.iter().flat_map(|leg| &leg.shown).any(told)
}

/// Nobody could know that the call was answered before the next telephone rang: to the daemon it went on ringing, so
/// that both may be one record.
fn joined(earlier: &mut Expected, mut later: Expected) -> Expected {
    if !later.is_answered() {
        later.users.extend(&earlier.users);
    }
    later.must |= earlier.must;
    later.started.0 = later.started.0.min(earlier.started.0);
    earlier.must = false;
    later
}

/// Whether the daemon could follow the leg from its beginning to its end, hearing of everything as it happened.
pub fn is_gapless(leg: &TrueLeg, margin: Duration) -> bool {
    let told = |when: Option<Timestamp>, fits: fn(LegStatus) -> bool| {
        let in_time = |shown: &Shown| fits(shown.status) && when.is_some_and(|at| shown.at.since(at) <= AT_ONCE);
        leg.shown.iter().any(in_time)
    };
    leg.shown.iter().all(|shown| shown.survived(margin))
        && told(Some(leg.started), |status| status == LegStatus::Alerting)
        && (leg.answered.is_none() || told(leg.answered, |s| matches!(s, LegStatus::Talking | LegStatus::Held)))
        && told(leg.ended, |status| status == LegStatus::Released)
}

/// When the daemon was told that it rings, if it was.
pub fn ring_told(leg: &TrueLeg, margin: Duration) -> Option<Timestamp> {
    let ring = |shown: &&Shown| shown.status == LegStatus::Alerting && shown.survived(margin);
    leg.shown.iter().find(ring).map(|shown| shown.at)
}

/// Why nobody answered an employee's call, in the portal's codes.
fn code(cause: Option<ReleaseCause>) -> &'static str {
    match cause {
        Some(ReleaseCause::Busy) => "486",
        Some(ReleaseCause::WrongNumber) => "404",
        Some(ReleaseCause::Unavailable) => "480",
        Some(ReleaseCause::Declined) => "603",
        Some(ReleaseCause::Cancelled) => "603-S",
        _ => "304",
    }
}
