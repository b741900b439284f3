//! The judge's rules for calls that hang together: legs that went on in another call, numbers that changed, ends that
//! were never reported.
//!
//! How many records such a conversation becomes, and under which call, is the daemon's affair. What must hold: every
//! employee who talked has the seconds, under the number they talked with; no second twice; none for anybody else; and
//! employees whose phone only rang have none. What the daemon could not know lowers what is demanded, never what is
//! allowed.

use super::expect::Truth;
use super::judge::Judgement;
use ecss_crm_server::domain::Timestamp;
use ecss_crm_server::sandbox::portal::FinishedCall;
use ecss_crm_server::sandbox::switch::{CallId, LegStatus, TrueCall, TrueLeg};
use std::collections::BTreeMap;
use std::time::Duration;

/// Durations are whole seconds, an answered call lasts at least one, and news takes a moment: each record may be off by this
/// be off.
const PER_RECORD: f64 = 1.05;

/// Calls by the first of those they hang together with; a call that stands alone and has nothing special is not here.
pub struct Tangles {
    first: BTreeMap<CallId, CallId>,
}

/// An employee's talk with one number.
#[derive(Debug, Default)]
struct Talk {
    seconds: f64,
    /// Seconds more that the daemon may have believed in, as it was never told the end.
    believed: f64,
    parts: usize,
    known: bool,
}

impl Tangles {
    pub fn of(calls: &[TrueCall]) -> Self {
        let mut first: BTreeMap<CallId, CallId> = BTreeMap::new();
        for call in calls.iter().filter(|call| is_special(call)) {
            first.entry(call.id).or_insert(call.id);
        }
        let moves =
            calls.iter().flat_map(|call| call.legs.iter().filter_map(move |leg| leg.moved_to.map(|to| (call.id, to))));
        for (from, to) in moves {
            let (one, other) = (lookup(&first, from), lookup(&first, to));
            let (low, high) = (one.min(other), one.max(other));
            first.values_mut().filter(|root| **root == high).for_each(|root| *root = low);
            first.insert(from, low);
            first.insert(to, low);
        }
        Self { first }
    }

    /// The call by which this one is known together with others.
    pub fn name(&self, call: CallId) -> CallId {
        lookup(&self.first, call)
    }

    pub fn has(&self, call: CallId) -> bool {
        self.first.contains_key(&call)
    }

    /// The calls that hang together.
    pub fn groups<'a>(&self, calls: &'a [TrueCall]) -> Vec<Vec<&'a TrueCall>> {
        let mut groups: BTreeMap<CallId, Vec<&TrueCall>> = BTreeMap::new();
        for call in calls.iter().filter(|call| self.has(call.id)) {
            groups.entry(self.name(call.id)).or_default().push(call);
        }
        groups.into_values().collect()
    }
}

fn lookup(first: &BTreeMap<CallId, CallId>, call: CallId) -> CallId {
    first.get(&call).copied().unwrap_or(call)
}

fn is_special(call: &TrueCall) -> bool {
    call.legs.iter().any(|leg| leg.silent || leg.moved_to.is_some() || !leg.earlier_remotes.is_empty())
}

/// Compares the records of calls that hang together with what truly happened in all of them.
pub fn compare(group: &[&TrueCall], found: &[&FinishedCall], truth: &Truth, margin: Duration, all: &mut Judgement) {
    let name = group.iter().map(|call| call.id.to_string()).collect::<Vec<_>>().join("+");
    let legs: Vec<&TrueLeg> = group.iter().flat_map(|call| &call.legs).filter(|leg| truth.concerns_crm(leg)).collect();
    let calm = legs.iter().all(|leg| is_followed(leg));
    let talks = talks(&legs, truth, calm, margin);
    let mut left: Vec<&FinishedCall> = found.to_vec();
    for ((user, number), talk) in &talks {
        let mine: Vec<&FinishedCall>;
        (mine, left) = left.into_iter().partition(|r| {
            r.code == "200" && r.user == *user && number.as_ref().is_none_or(|number| tail(&r.call.number) == *number)
        });
        if mine.is_empty() {
            if talk.known {
                all.lost(format!("lost: {name}: user {user} with {number:?}: {talk:?}"));
            } else {
                all.forgive();
            }
            continue;
        }
        let recorded = mine.iter().map(|r| r.duration).sum::<i64>() as f64;
        let off = PER_RECORD * mine.len().max(talk.parts) as f64;
        if recorded > talk.seconds.max(1.0) + talk.believed + off {
            all.doubled(format!("seconds twice: {name}: user {user} {recorded} s: {talk:?} {}", told(&mine)));
        } else if calm && talk.known && talk.believed == 0.0 && recorded < talk.seconds - off {
            all.wrong(format!("seconds lost: {name}: user {user} {recorded} s: {talk:?} {}", told(&mine)));
        } else if calm && mine.len() > talk.parts {
            all.doubled(format!("one too many: {name}: user {user}: {talk:?} {}", told(&mine)));
        }
    }
    // Who is left has not talked.
    let rang = legs.iter().filter(|leg| !leg.shown.is_empty()).count();
    for record in &left {
        let belongs = legs.iter().any(|leg| truth.owner(leg) == record.user);
        if !belongs || record.code == "200" || record.duration != 0 {
            all.wrong(format!("nobody's talk: {name}: {} {talks:?}", told(&[record])));
        }
    }
    // The portal cannot change a number: each one a call has left stands in a record of its own that is no missed call.
    let changes: usize = legs.iter().map(|leg| leg.earlier_remotes.len()).sum();
    let gone_on = left.iter().filter(|record| record.code == "OTHER").count();
    if left.len() - gone_on > rang || gone_on > changes {
        all.doubled(format!("{} records of {rang} telephones that rang: {name}: {}", left.len(), told(&left)));
    }
    let heard_of = legs.iter().any(|leg| leg.shown.iter().any(|shown| shown.survived(margin)));
    if heard_of && found.is_empty() && talks.is_empty() {
        all.lost(format!("lost: {name}: it rang"));
    }
}

/// Who talked with whom. Where the daemon could not follow, it may have learnt a number too late: then numbers are not
/// told apart.
fn talks(legs: &[&TrueLeg], truth: &Truth, calm: bool, margin: Duration) -> BTreeMap<(i64, Option<String>), Talk> {
    let mut talks: BTreeMap<(i64, Option<String>), Talk> = BTreeMap::new();
    for leg in legs {
        let (Some(answered), Some(ended)) = (leg.answered, leg.ended) else { continue };
        let known = leg.shown.iter().any(|s| s.status != LegStatus::Alerting && s.survived(margin));
        for (number, from, to) in stretches(leg, answered, ended) {
            let seconds = to.since(from).as_secs_f64();
            let talk = talks.entry((truth.owner(leg), calm.then(|| tail(number)))).or_default();
            talk.seconds += seconds;
            talk.parts += 1;
            // A moment between two numbers may be no record of its own.
            talk.known |= known && seconds >= 1.0;
            if leg.silent {
                talk.believed += believed(leg, ended);
            }
        }
    }
    talks
}

/// The numbers a leg talked with, each with its time.
fn stretches(leg: &TrueLeg, answered: Timestamp, ended: Timestamp) -> Vec<(&str, Timestamp, Timestamp)> {
    let mut from = answered;
    let mut all = Vec::new();
    for (until, number) in &leg.earlier_remotes {
        if *until > from && *until < ended {
            all.push((number.as_str(), from, *until));
            from = *until;
        }
    }
    all.push((leg.remote.as_str(), from, ended));
    all
}

/// A daemon that is never told the end believes in the call until its connection breaks.
fn believed(leg: &TrueLeg, ended: Timestamp) -> f64 {
    let broken = leg.shown.iter().map(|shown| shown.socket_ended).max().flatten();
    broken.map_or(f64::INFINITY, |broken| broken.since(ended).as_secs_f64())
}

/// Whether no connection broke while it went on.
fn is_followed(leg: &TrueLeg) -> bool {
    let held = |end: Option<Timestamp>| end.is_none_or(|end| leg.ended.is_some_and(|over| end > over));
    !leg.shown.is_empty() && leg.shown.iter().all(|shown| held(shown.socket_ended))
}

/// The subscriber, whatever the spelling.
fn tail(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(7)..].to_owned()
}

fn told(records: &[&FinishedCall]) -> String {
    let one = |r: &&FinishedCall| {
        let (user, kind, code, external) = (r.user, r.call.kind, &r.code, &r.call.external);
        format!("[user {user} kind {kind} code {code} {} s {} {external:?} {}]", r.duration, r.call.number, r.reason)
    };
    records.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The judge judged.
mod tests {
    use super::*;
    use crate::judge;
    use ecss_crm_server::sandbox::switch::{Direction, LegId, Party, ReleaseCause, Shown};

    const CLIENT: &str = "79130000001";
    const OTHER: &str = "78135555551";

    fn id(n: u64) -> CallId {
        CallId::parse(&format!("{n:016x}")).expect("an id")
    }

    fn shown(at: i64, status: LegStatus) -> Shown {
        Shown { at: Timestamp(at), status, socket_ended: None }
    }

    /// Number 1007 rings at `from`, talks from one second later until `to`.
    fn leg(from: i64, to: i64, moved_to: Option<CallId>) -> TrueLeg {
        TrueLeg {
            id: LegId::parse("00000000000000a1").expect("an id"),
            call_ref: String::new(),
            party: Party::Phone,
            direction: Direction::In,
            own: "1007".to_owned(),
            remote: CLIENT.to_owned(),
            earlier_remotes: Vec::new(),
            started: Timestamp(from),
            answered: Some(Timestamp(from + 1_000)),
            ended: Some(Timestamp(to)),
            moved_to,
            silent: false,
            cause: Some(ReleaseCause::Normal),
            visible: true,
            shown: vec![shown(from, LegStatus::Alerting), shown(from + 1_000, LegStatus::Talking)],
        }
    }

    fn call(n: u64, leg: TrueLeg) -> TrueCall {
        TrueCall {
            id: id(n),
            domain: "d".to_owned(),
            from: CLIENT.to_owned(),
            to: "1007".to_owned(),
            started: leg.started,
            ended: leg.ended,
            legs: vec![leg],
        }
    }

    /// Four seconds in the first call, three in the second.
    fn moved() -> Vec<TrueCall> {
        let mut second = leg(4_000, 8_000, None);
        second.shown.push(shown(8_000, LegStatus::Released));
        vec![call(1, leg(0, 5_000, Some(id(2)))), call(2, second), call(3, leg(0, 9_000, None))]
    }

    fn record(user: i64, code: &str, duration: i64, number: &str) -> FinishedCall {
        let mut record = judge::tests::record(user, 2, code, duration, 0);
        (record.call.number, record.call.external) = (number.to_owned(), None);
        record
    }

    /// Problems with these records of these calls.
    fn problems(calls: Vec<TrueCall>, found: &[FinishedCall]) -> usize {
        let truth = Truth { calls, owners: BTreeMap::from([("1007".to_owned(), 7)]) };
        let groups = Tangles::of(&truth.calls).groups(&truth.calls);
        assert_eq!(groups.len(), 1);
        let mut all = Judgement::default();
        compare(&groups[0], &found.iter().collect::<Vec<_>>(), &truth, Duration::from_millis(300), &mut all);
        all.problems().len()
    }

    #[test]
    fn calls_hang_together_by_the_legs_that_went_from_one_to_the_other() {
        let mut calls = moved();
        calls[1].legs[0].moved_to = Some(id(4));
        calls.push(call(4, leg(8_000, 9_000, None)));
        let tangles = Tangles::of(&calls);
        let names: Vec<CallId> = (1..=4).map(|n| tangles.name(id(n))).collect();
        assert_eq!(names, [id(1), id(1), id(3), id(1)]);
        assert!(tangles.has(id(4)) && !tangles.has(id(3)));
    }

    #[test]
    fn seconds_may_be_one_record_or_two_but_not_lost_and_not_twice() {
        let right = [vec![(4, 3)], vec![(7, 0)], vec![(8, 0)], vec![(3, 3)]];
        for case in right {
            let records: Vec<FinishedCall> = case
                .into_iter()
                .flat_map(|(one, other)| [one, other])
                .filter(|seconds| *seconds > 0)
                .map(|seconds| record(7, "200", seconds, CLIENT))
                .collect();
            assert_eq!(problems(moved(), &records), 0, "{records:?}");
        }
        let rang = [record(7, "304", 0, CLIENT), record(7, "200", 7, CLIENT)];
        assert_eq!(problems(moved(), &rang), 0, "an employee whose phone rang may have a record without seconds");
        let wrong = [
            vec![],
            vec![record(7, "200", 4, CLIENT)],
            vec![record(7, "200", 7, CLIENT), record(7, "200", 4, CLIENT)],
            vec![record(7, "200", 3, CLIENT), record(7, "200", 3, CLIENT), record(7, "200", 1, CLIENT)],
            vec![record(7, "200", 7, CLIENT), record(8, "200", 1, CLIENT)],
            vec![record(7, "200", 7, CLIENT), record(8, "304", 0, CLIENT)],
            vec![record(7, "200", 7, CLIENT), record(7, "304", 2, CLIENT)],
            vec![record(7, "304", 0, CLIENT); 3].into_iter().chain([record(7, "200", 7, CLIENT)]).collect(),
            vec![record(7, "304", 0, CLIENT)],
        ];
        for records in wrong {
            assert!(problems(moved(), &records) > 0, "{records:?}");
        }
    }

    #[test]
    fn each_number_has_its_own_seconds() {
        let changed = || {
            let mut leg = leg(0, 9_000, None);
            leg.earlier_remotes = vec![(Timestamp(500), "91201".to_owned()), (Timestamp(4_000), OTHER.to_owned())];
            leg.shown.push(shown(9_000, LegStatus::Released));
            vec![call(1, leg)]
        };
        let right = [record(7, "304", 0, "91201"), record(7, "200", 3, OTHER), record(7, "200", 5, CLIENT)];
        assert_eq!(problems(changed(), &right), 0);
        assert!(problems(changed(), &[record(7, "200", 8, CLIENT)]) > 0);
        assert!(problems(changed(), &[record(7, "200", 3, OTHER), record(7, "200", 8, CLIENT)]) > 0);
        let first = [record(7, "200", 1, "91201"), record(7, "200", 3, OTHER), record(7, "200", 5, CLIENT)];
        assert!(problems(changed(), &first) > 0, "the first number was never talked with");
    }

    #[test]
    fn an_end_that_was_never_told_allows_what_can_be_believed_until_the_connection_breaks() {
        let forgotten = |broken: Option<i64>| {
            let mut leg = leg(0, 5_000, None);
            leg.silent = true;
            leg.shown.iter_mut().for_each(|shown| shown.socket_ended = broken.map(Timestamp));
            vec![call(1, leg)]
        };
        for seconds in [1, 4, 7] {
            assert_eq!(problems(forgotten(Some(8_000)), &[record(7, "200", seconds, CLIENT)]), 0, "{seconds}");
        }
        assert!(problems(forgotten(Some(8_000)), &[record(7, "200", 9, CLIENT)]) > 0);
        assert!(problems(forgotten(Some(8_000)), &[]) > 0);
    }
}
