//! The judge: what arrived at the portal against what should have.

use super::company::TestCompany;
use super::expect::{Expected, Truth, is_gapless, ring_told};
use super::figures::percentile;
use super::stage::truth;
use super::tangled::{self, Tangles};
use super::traffic::Placed;
use ecss_crm_server::domain::Timestamp;
use ecss_crm_server::sandbox::portal::{FinishedCall, PushKind};
use ecss_crm_server::sandbox::switch::{CallId, TrueCall};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// A telephone that rang for less than this may stop before its card is there.
const DUE: Duration = Duration::from_secs(1);

/// What is to be judged.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub placed: Vec<Placed>,
    /// An event counts as known if its socket lived on for this long.
    pub margin: Duration,
    /// Times in which nobody expects a card.
    pub dark: Vec<(Timestamp, Timestamp)>,
    /// Requests of the portal's log that were there before.
    pub requests_before: usize,
    /// So far the portal's clock was put forward, after which everything at the portal happened.
    pub portal_ahead: Duration,
    /// The switch may lose calls in mid-script.
    pub calls_vanish: bool,
    /// The backlog counts from here instead of from the end of the traffic.
    pub drain_from: Option<Timestamp>,
}

impl Question {
    /// Traffic that begins now.
    pub fn now(company: &TestCompany) -> Self {
        Self { requests_before: company.portal.requests().len(), ..Self::default() }
    }

    /// The clients' digits.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        self.placed.iter().map(|placed| placed.number.trim_start_matches('+'))
    }

    /// Calls and cards at the portal that still have to go. A click whose event nobody has taken stays for ever.
    pub fn left_open(&self, company: &TestCompany) -> usize {
        let lost: BTreeSet<&str> = self.untaken();
        let calls = company.portal.open_calls().iter().filter(|call| !lost.contains(call.id.as_str())).count();
        let cards = company.portal.visible().iter().filter(|(_, call)| !lost.contains(call.as_str())).count();
        calls
            + cards
            + company
                .switch
                .calls()
                .iter()
                .filter(|c| c.domain == company.simulated.domain && c.ended.is_none())
                .count()
    }

    fn untaken(&self) -> BTreeSet<&str> {
        let clicks = self.placed.iter().filter_map(|placed| placed.click.as_ref());
        clicks.filter(|click| !click.taken).map(|click| click.crm.as_str()).collect()
    }
}

/// The outcome, figures and complaints.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    pub calls: usize,
    pub records: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
    wrong: Vec<String>,
    left: Vec<String>,
    stray: Vec<String>,
    requests: usize,
    refused: usize,
    drain: Duration,
    /// Milliseconds from the ring to the card.
    pub cards: Vec<u64>,
    /// Telephones that rang and had no card.
    pub no_card: usize,
    /// Cards the browser ignored, as another one was open.
    ignored: usize,
    /// Records that could not be demanded, as the daemon was not told enough.
    forgiven: usize,
    /// Durations that are too short by the time until the answer was heard of.
    late: usize,
}

impl Judgement {
    pub fn p95(&self) -> Option<u64> {
        percentile(&self.cards, 95)
    }

    /// A record that should be there and is not.
    pub fn lost(&mut self, what: String) {
        self.lost.push(what);
    }

    /// Something that is there twice.
    pub fn doubled(&mut self, what: String) {
        self.doubled.push(what);
    }

    /// Something that is not as it was.
    pub fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// Something that nobody could know.
    pub const fn forgive(&mut self) {
        self.forgiven += 1;
    }

    /// Everything that must not be.
    pub fn problems(&self) -> Vec<String> {
        let groups = [&self.lost, &self.doubled, &self.wrong, &self.left, &self.stray];
        groups.into_iter().flatten().cloned().collect()
    }

    /// Another company's outcome on the same line.
    pub fn add(&mut self, mut other: Self) {
        self.calls += other.calls;
        self.records += other.records;
        self.lost.append(&mut other.lost);
        self.doubled.append(&mut other.doubled);
        self.wrong.append(&mut other.wrong);
        self.left.append(&mut other.left);
        self.stray.append(&mut other.stray);
        self.requests += other.requests;
        self.refused += other.refused;
        self.drain = self.drain.max(other.drain);
        self.cards.append(&mut other.cards);
        self.no_card += other.no_card;
        self.ignored += other.ignored;
        self.forgiven += other.forgiven;
        self.late += other.late;
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |share| percentile(&self.cards, share).map_or("-".to_owned(), |ms| format!("{ms}ms"));
        write!(
            f,
            "calls={} records={} lost={} doubled={} wrong={} cards_left={} stray={} req/call={:.2} refused={} \
             drain={:.1}s card_p50={} card_p95={} card_max={} no_card={} ignored={} forgiven={} late={}",
            self.calls,
            self.records,
            self.lost.len(),
            self.doubled.len(),
            self.wrong.len(),
            self.left.len(),
            self.stray.len(),
            self.requests as f64 / self.calls.max(1) as f64,
            self.refused,
            self.drain.as_secs_f64(),
            ms(50),
            ms(95),
            ms(100),
            self.no_card,
            self.ignored,
            self.forgiven,
            self.late,
        )
    }
}

/// Compares what the portal has with what happened.
pub fn judge(company: &TestCompany, question: &Question) -> Judgement {
    let truth = truth(company);
    let mut all = Judgement::default();
    records(company, question, &truth, &mut all);
    left(company, question, &mut all);
    if !question.calls_vanish {
        // Nothing to do with the daemon: the story itself is broken.
        all.wrong.extend(question.placed.iter().filter_map(|placed| placed.refused.clone()));
    }
    cards(company, question, &truth, &mut all);
    requests(company, question, &mut all);
    let over = truth.calls.iter().filter_map(|call| call.ended).max();
    let from = question.drain_from.or(over);
    let last = company.portal.finished_calls().iter().filter(|r| older(r, question)).map(|r| r.finished).max();
    let last = last.map(|at| at - question.portal_ahead);
    all.drain = last.zip(from).map(|(last, from)| last.since(from)).unwrap_or_default();
    all
}

/// Records that are still missing.
pub fn lost_so_far(company: &TestCompany, question: &Question) -> usize {
    let mut all = Judgement::default();
    records(company, question, &truth(company), &mut all);
    all.lost.len()
}

/// With a moment to count from, only what had begun before it is backlog.
fn older(record: &FinishedCall, question: &Question) -> bool {
    question.drain_from.is_none_or(|from| record.call.started <= from)
}

fn records(company: &TestCompany, question: &Question, truth: &Truth, all: &mut Judgement) {
    let finished = company.portal.finished_calls();
    let mut by_key: BTreeMap<&str, Vec<&FinishedCall>> = BTreeMap::new();
    for record in &finished {
        let external = record.call.external.as_deref().unwrap_or_default();
        let key = external.split('/').next().filter(|key| !key.is_empty()).unwrap_or(&record.call.id);
        by_key.entry(key).or_default().push(record);
    }
    all.records = finished.len();
    let clicks: Vec<_> = question.placed.iter().filter_map(|placed| placed.click.as_ref()).collect();
    let mut clicked: BTreeSet<CallId> = BTreeSet::new();
    for click in clicks {
        let made = truth.made_of(click);
        clicked.extend(made.iter().map(|call| call.id));
        all.calls += 1;
        if made.len() > 1 {
            all.doubled.push(format!("click {} rang {} times", click.crm, made.len()));
        }
        let expected = truth.click(click, &made, question.margin);
        let found = by_key.remove(click.crm.as_str()).unwrap_or_default();
        compare(&format!("click {}", click.crm), vec![expected], found, all);
    }
    let tangles = Tangles::of(&truth.calls);
    for group in tangles.groups(&truth.calls) {
        all.calls += 1;
        let names = group.iter().map(|call| call.id.to_string());
        let found: Vec<_> = names.flat_map(|name| by_key.remove(name.as_str()).unwrap_or_default()).collect();
        tangled::compare(&group, &found, truth, question.margin, all);
    }
    for call in truth.calls.iter().filter(|call| !tangles.has(call.id)) {
        let name = call.id.to_string();
        let found = by_key.remove(name.as_str()).unwrap_or_default();
        let expected = if clicked.contains(&call.id) { Vec::new() } else { truth.records(call, question.margin) };
        all.calls += usize::from(!expected.is_empty());
        let shown = if found.is_empty() && expected.is_empty() { String::new() } else { described(call, truth) };
        compare(&format!("call {name} {shown}"), expected, found, all);
    }
    for (key, found) in by_key {
        all.wrong.push(format!("{} records of a call that never was: {key}", found.len()));
    }
}

/// The legs of a call, for the reader of a complaint.
fn described(call: &TrueCall, truth: &Truth) -> String {
    let legs = call.legs.iter().filter(|leg| truth.concerns_crm(leg)).map(|leg| {
        let talked = leg.talked().map_or("no talk".to_owned(), |t| format!("{:.1} s", t.as_secs_f64()));
        let shown: Vec<String> = leg
            .shown
            .iter()
            .map(|s| {
                let lived = s.socket_ended.map_or(String::new(), |end| format!("!{}ms", end.since(s.at).as_millis()));
                format!("{:?}@{}{lived}", s.status, s.at.millis() % 1_000_000)
            })
            .collect();
        format!("[user {} {talked} {:?} {}]", truth.owner(leg), leg.cause, shown.join(" "))
    });
    legs.collect::<Vec<_>>().join(" ")
}

/// Whether a record may be the wanted one.
type Rule = fn(&Expected, &FinishedCall) -> bool;

fn compare(name: &str, mut expected: Vec<Expected>, mut found: Vec<&FinishedCall>, all: &mut Judgement) {
    // Exact partners first, so that one missing record does not make the others look wrong.
    let own: Rule = |e, r| e.kinds.contains(&r.call.kind) && e.users.first() == Some(&r.user);
    let exact: Rule = |e, r| e.kinds.contains(&r.call.kind) && e.users.contains(&r.user);
    let of_kind: Rule = |e, r| e.kinds.contains(&r.call.kind);
    let any: Rule = |_, _| true;
    for fits in [own, exact, of_kind, any] {
        expected.retain(|e| {
            let Some(at) = found.iter().position(|r| fits(e, r)) else { return true };
            let record = found.remove(at);
            let faults = faults(e, record);
            all.forgiven += usize::from(!e.must);
            all.late += usize::from((record.duration as f64) < e.duration.0 && faults.is_empty());
            if !faults.is_empty() {
                all.wrong.push(format!("wrong: {name}: {}", faults.join(", ")));
            }
            false
        });
    }
    for missing in expected {
        if missing.must {
            all.lost.push(format!("lost: {name}: {missing:?}"));
        } else {
            all.forgiven += 1;
        }
    }
    for record in found {
        let r = record;
        all.doubled.push(format!(
            "one too many: {name}: user {} kind {} code {} {} s {:?}",
            r.user, r.call.kind, r.code, r.duration, r.call.external
        ));
    }
}

fn faults(e: &Expected, r: &FinishedCall) -> Vec<String> {
    let mut faults = Vec::new();
    if !e.kinds.contains(&r.call.kind) {
        faults.push(format!("kind {} for {:?}", r.call.kind, e.kinds));
    }
    if !e.users.contains(&r.user) {
        faults.push(format!("user {} for {:?}", r.user, e.users));
    }
    if !e.codes.contains(&r.code.as_str()) {
        faults.push(format!("status {} for {:?}", r.code, e.codes));
    }
    let duration = r.duration as f64;
    if duration < e.duration.0 - e.late_by || duration > e.duration.1 {
        faults.push(format!("{duration} s for {:?}", e.duration));
    }
    let started = r.call.started.millis();
    if started < e.started.0 || started > e.started.1 {
        faults.push(format!(
            "begun {} ms before or {} ms after it could",
            e.started.0 - started,
            started - e.started.1
        ));
    }
    faults
}

fn left(company: &TestCompany, question: &Question, all: &mut Judgement) {
    let lost = question.untaken();
    for call in company.portal.open_calls() {
        if !lost.contains(call.id.as_str()) {
            all.left.push(format!("left open: {} {:?} of user {}", call.id, call.external, call.user));
        }
    }
    for (user, call) in company.portal.visible() {
        if !lost.contains(call.as_str()) {
            all.left.push(format!("card left: user {user} sees {call}"));
        }
    }
}

/// How soon cards were there, and whether only those saw them who should.
fn cards(company: &TestCompany, question: &Question, truth: &Truth, all: &mut Judgement) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let open = company.portal.open_calls();
    let finished = company.portal.finished_calls();
    for call in open.iter().chain(finished.iter().map(|r| &r.call)) {
        if let Some(external) = &call.external {
            names.insert(call.id.clone(), external.split('/').next().unwrap_or_default().to_owned());
        }
    }
    let mut shown: BTreeMap<(String, i64), Vec<Timestamp>> = BTreeMap::new();
    let pushes = company.portal.pushes();
    for push in pushes.iter().filter(|push| push.kind == PushKind::Show) {
        all.ignored += usize::from(!push.took_effect);
        if let Some(key) = names.get(&push.call) {
            shown.entry((key.clone(), push.user)).or_default().push(push.at - question.portal_ahead);
        }
    }
    let tangles = Tangles::of(&truth.calls);
    for call in &truth.calls {
        let key = call.id.to_string();
        for leg in call.legs.iter().filter(|leg| truth.concerns_crm(leg)) {
            let user = truth.owner(leg);
            if tangles.has(call.id) {
                // Which of the calls the card belongs to is the daemon's affair.
                let name = tangles.name(call.id);
                shown.retain(|(key, seen_by), _| {
                    CallId::parse(key).is_none_or(|id| tangles.name(id) != name) || *seen_by != user
                });
                continue;
            }
            let seen = shown.remove(&(key.clone(), user)).unwrap_or_default();
            let Some(rang) = ring_told(leg, question.margin) else { continue };
            let dark = question.dark.iter().any(|(from, to)| *from <= rang && rang <= *to);
            let click = question.placed.iter().any(|p| p.click.as_ref().is_some_and(|c| same(&call.to, &c.number)));
            if dark || click {
                continue;
            }
            match seen.iter().find(|at| **at >= rang) {
                Some(at) => all.cards.push(u64::try_from(at.since(rang).as_millis()).unwrap_or(u64::MAX)),
                None => {
                    let until = leg.answered.or(leg.ended);
                    let long = until.is_none_or(|until| until.since(rang) >= DUE);
                    all.no_card += usize::from(long && seen.is_empty() && is_gapless(leg, question.margin));
                }
            }
        }
    }
    for ((key, user), _) in shown {
        all.stray.push(format!("user {user} was shown a card of {key}, which never rang at their telephone"));
    }
}

fn same(dialled: &str, number: &str) -> bool {
    dialled.trim_start_matches('+') == number
}

fn requests(company: &TestCompany, question: &Question, all: &mut Judgement) {
    let requests = company.portal.requests();
    let mine = || requests.iter().skip(question.requests_before).filter(|request| !request.in_batch);
    all.requests = mine().count();
    all.refused = mine().filter(|request| request.error() == Some("QUERY_LIMIT_EXCEEDED")).count();
}

/// The judge judged: what it must notice, and what it must not.
pub mod tests {
    use super::*;
    use ecss_crm_server::sandbox::portal::OpenCall;

    /// A record in the CRM as a daemon makes it.
    pub fn record(user: i64, kind: i64, code: &str, duration: i64, started: i64) -> FinishedCall {
        let call = OpenCall {
            id: "externalCall.1".to_owned(),
            app: 1,
            by_portal: false,
            user,
            number: "79130000001".to_owned(),
            kind,
            line: None,
            external: Some("c1".to_owned()),
            started: Timestamp(started),
            registered: Timestamp(started),
            bound: None,
            internal: false,
            shown: BTreeSet::new(),
            registrations: 1,
        };
        FinishedCall {
            row: 1,
            call,
            user,
            duration,
            code: code.to_owned(),
            reason: String::new(),
            to_chat: false,
            cost: String::new(),
            cost_currency: String::new(),
            vote: 0,
            activity: None,
            finished: Timestamp(started),
            record: None,
        }
    }

    /// Lost, doubled, wrong.
    fn counted(found: &[FinishedCall]) -> (usize, usize, usize) {
        let wanted = Expected {
            must: true,
            users: vec![7],
            kinds: vec![2],
            codes: vec!["200"],
            duration: (2.0, 4.0),
            late_by: 0.0,
            started: (9_000, 11_000),
        };
        let mut all = Judgement::default();
        compare("c1", vec![wanted], found.iter().collect(), &mut all);
        (all.lost.len(), all.doubled.len(), all.wrong.len())
    }

    #[test]
    fn the_judge_notices_what_is_lost_doubled_or_wrong() {
        let right = record(7, 2, "200", 3, 10_000);
        assert_eq!(counted(std::slice::from_ref(&right)), (0, 0, 0));
        assert_eq!(counted(&[]), (1, 0, 0));
        assert_eq!(counted(&[right.clone(), right.clone()]), (0, 1, 0));
        assert_eq!(counted(&[record(8, 2, "304", 0, 10_000), right]), (0, 1, 0), "the right one is the partner");
        let wrong = [
            record(8, 2, "200", 3, 10_000),
            record(7, 3, "200", 3, 10_000),
            record(7, 2, "304", 3, 10_000),
            record(7, 2, "200", 5, 10_000),
            record(7, 2, "200", 1, 10_000),
            record(7, 2, "200", 3, 8_000),
        ];
        for one in wrong {
            assert_eq!(counted(std::slice::from_ref(&one)), (0, 0, 1), "{one:?}");
        }
    }
}
