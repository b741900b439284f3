//! What is well is silent, and each fault is named by its own check and by no other.

use super::facts::Integration;
use super::*;
use crate::domain::binding::{Binding, RefusalReason, Refusals, RefusedBinding};
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::company::Unprotected;
use crate::domain::directory::Employee;
use crate::domain::evidence::{Evidence, EvidenceKind, GrantOwner, PortalReport};
use crate::domain::link::{Backlog, Closed, InstallTrouble, LinkFault, LinkState, PortalState, WaitingInstall};
use crate::domain::profile::Profile;
use crate::domain::written::AsWritten;
use crate::domain::{Phone, Timestamp, UserId};
use std::collections::BTreeMap;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn phone(text: &str) -> Phone {
    Phone::parse(text).unwrap()
}

fn employee(user: i64, active: bool, numbers: &[&str]) -> Employee {
    let numbers = numbers.iter().map(|number| phone(number)).collect();
    Employee { user: UserId(user), name: format!("E{user}"), active, numbers }
}

fn profile(user: i64, text: &str) -> Profile {
    Profile { user: UserId(user), text: AsWritten::new(text), settled: false }
}

/// A company of which everything was seen to work.
fn well() -> CompanyFacts {
    let seen = EvidenceKind::ALL.map(|kind| (kind, NOW - HOUR)).into();
    let report = PortalReport {
        at: NOW - HOUR,
        bindings: [Binding::Click, Binding::Card, Binding::Line, Binding::Users].map(|what| (what, true)).into(),
        installed: Some(true),
        licence: Some("ru_project".into()),
        payment_expired: Some(false),
        missing_rights: Some(Vec::new()),
        owner: Some(GrantOwner { name: "Анна".into(), admin: true }),
    };
    let numbers = [("1001", NOW), ("1002", NOW)].map(|(number, at)| (phone(number), at)).into();
    CompanyFacts {
        now: NOW,
        since: NOW - DAY * 30,
        link: LinkState::Online { since: NOW - DAY, address: "https://a".into() },
        integration: Some(Integration { domain: "d".into(), client_id: "c".into(), numbers: vec![phone("1001")] }),
        portal: PortalState::Ok,
        grant_ends_at: Some(NOW + DAY * 170),
        refusals: Refusals::default(),
        install: None,
        events_proved: true,
        backlog: Backlog::default(),
        evidence: Evidence { seen, numbers, report: Some(report) },
        card_outcomes: [(CardOutcome::Asked, 5)].into(),
        employees: vec![employee(1, true, &["1001"]), employee(2, true, &["1002"]), employee(3, false, &["1003"])],
        profiles: vec![profile(1, "1001")],
        unprotected: None,
    }
}

fn report(facts: &mut CompanyFacts) -> &mut PortalReport {
    facts.evidence.report.as_mut().unwrap()
}

fn not_good(facts: &CompanyFacts) -> Vec<(&'static str, Severity)> {
    let findings = examine(facts);
    findings.iter().map(|f| (f.id(), f.severity())).filter(|(_, severity)| *severity != Severity::Good).collect()
}

type Spoil = fn(&mut CompanyFacts);

/// What goes wrong, and all that is said about it.
const FAULTS: &[(Spoil, &[(&str, Severity)])] = &[
    (
        |f| {
            f.card_outcomes.insert(CardOutcome::TooLate, 1);
        },
        &[("calls.cards_not_opened", Severity::Warning)],
    ),
    (
        |f| f.portal = PortalState::NeedsLogin { since: NOW, why: String::new() },
        &[("portal.answers", Severity::Fault), ("portal.grant", Severity::Fault)],
    ),
    (
        |f| f.portal = PortalState::Closed { since: NOW, because: Closed::Plan, why: String::new() },
        &[("portal.answers", Severity::Fault)],
    ),
    (|f| f.portal = PortalState::Limited { since: NOW }, &[("portal.answers", Severity::Warning)]),
    (|f| f.portal = PortalState::NotAsked, &[("portal.answers", Severity::Unknown)]),
    (|f| f.grant_ends_at = Some(NOW + DAY * 10), &[("portal.grant", Severity::Warning)]),
    (|f| f.grant_ends_at = None, &[("portal.grant", Severity::Fault)]),
    (|f| report(f).owner.as_mut().unwrap().admin = false, &[("portal.grant_owner", Severity::Fault)]),
    (|f| report(f).installed = Some(false), &[("portal.installation", Severity::Fault)]),
    (|f| report(f).installed = None, &[("portal.installation", Severity::Unknown)]),
    (
        |f| f.install = Some(WaitingInstall { since: NOW, why: InstallTrouble::Untried, next_try: None }),
        &[("portal.installation", Severity::Warning)],
    ),
    (|f| report(f).payment_expired = Some(true), &[("portal.licence", Severity::Fault)]),
    (|f| report(f).missing_rights = Some(vec!["x".into()]), &[("portal.rights", Severity::Fault)]),
    (
        |f| {
            report(f).bindings.insert(Binding::Click, false);
        },
        &[("portal.click_event", Severity::Fault)],
    ),
    (
        |f| {
            report(f).bindings.insert(Binding::Card, false);
        },
        &[("portal.card_placement", Severity::Fault)],
    ),
    (
        |f| {
            report(f).bindings.insert(Binding::Line, false);
        },
        &[("portal.outgoing_line", Severity::Warning)],
    ),
    (
        |f| {
            let why = RefusalReason::Words("no".into());
            f.refusals.bindings.push(RefusedBinding { what: Binding::Card, since: NOW, why });
        },
        &[("portal.card_placement", Severity::Fault)],
    ),
    // What was said yesterday is no evidence of today.
    (
        |f| report(f).at = NOW - DAY,
        &[
            ("portal.grant_owner", Severity::Unknown),
            ("portal.installation", Severity::Unknown),
            ("portal.licence", Severity::Unknown),
            ("portal.rights", Severity::Unknown),
            ("portal.click_event", Severity::Unknown),
            ("portal.card_placement", Severity::Unknown),
            ("portal.outgoing_line", Severity::Unknown),
            ("portal.user_list", Severity::Unknown),
        ],
    ),
    (
        |f| {
            f.evidence.seen.retain(|kind, _| {
                !matches!(
                    kind,
                    EvidenceKind::Click | EvidenceKind::UserAdded | EvidenceKind::TestEvent | EvidenceKind::Installed
                )
            });
        },
        &[("portal.events", Severity::Unknown)],
    ),
    (
        |f| {
            f.evidence.seen.remove(&EvidenceKind::CardConfirmed);
        },
        &[("portal.cards", Severity::Warning)],
    ),
    (|f| f.backlog = Backlog { calls: 3, since: Some(NOW - HOUR) }, &[("portal.backlog", Severity::Warning)]),
    (
        |f| f.link = LinkState::NeedsAdmin { since: NOW, why: LinkFault::WrongKey },
        &[("switch.connection", Severity::Fault)],
    ),
    (
        |f| f.link = LinkState::Waiting { since: NOW - HOUR, until: NOW, why: LinkFault::Lost("x".into()) },
        &[("switch.connection", Severity::Fault)],
    ),
    (
        |f| f.link = LinkState::Waiting { since: NOW, until: NOW, why: LinkFault::Lost("x".into()) },
        &[("switch.connection", Severity::Warning)],
    ),
    // CSTA is off: the connection stands, and nothing comes.
    (
        |f| {
            f.evidence.seen.remove(&EvidenceKind::LegEvent);
            f.evidence.numbers.clear();
            f.since = NOW - DAY;
        },
        &[("switch.events", Severity::Unknown)],
    ),
    (
        |f| {
            f.evidence.seen.remove(&EvidenceKind::LegEvent);
            f.evidence.numbers.clear();
        },
        &[("switch.events", Severity::Fault)],
    ),
    (
        |f| {
            f.evidence.seen.insert(EvidenceKind::LegEvent, NOW - DAY * 5);
        },
        &[("switch.events", Severity::Warning)],
    ),
    (|f| f.unprotected = Some(Unprotected::Unencrypted), &[("switch.protection", Severity::Warning)]),
    (
        |f| {
            f.evidence.numbers.remove(&phone("1002"));
        },
        &[("switch.unseen_numbers", Severity::Warning)],
    ),
    (
        |f| {
            f.evidence.numbers.remove(&phone("1002"));
            f.since = NOW - HOUR;
        },
        &[("switch.unseen_numbers", Severity::Unknown)],
    ),
    (
        |f| {
            f.evidence.numbers.insert(phone("555"), NOW);
        },
        &[("switch.nobodys_numbers", Severity::Warning)],
    ),
    (
        |f| f.employees.iter_mut().for_each(|employee| employee.numbers.clear()),
        &[("switch.nobodys_numbers", Severity::Warning), ("employees.numbers", Severity::Fault)],
    ),
    (
        |f| f.employees.clear(),
        &[("switch.nobodys_numbers", Severity::Warning), ("employees.numbers", Severity::Unknown)],
    ),
    (|f| f.profiles.push(profile(2, "спросить Анну")), &[("employees.unreadable_profiles", Severity::Warning)]),
    (
        |f| f.profiles.extend([profile(1, "1001"), profile(2, "1001")]),
        &[("employees.double_numbers", Severity::Warning)],
    ),
    (|f| f.profiles.push(profile(2, "1003")), &[("employees.blocked_numbers", Severity::Warning)]),
];

#[test]
fn a_company_of_which_everything_was_seen_to_work_is_silent() {
    let findings = examine(&well());
    assert_eq!(not_good(&well()), []);
    assert_eq!((worst(&findings), worst(&[])), (Severity::Good, Severity::Unknown));
    let mut ids: Vec<_> = findings.iter().map(Finding::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), findings.len(), "each check has a name of its own");
}

#[test]
fn each_fault_is_named_by_its_own_check_and_by_no_other() {
    for (n, (spoil, want)) in FAULTS.iter().enumerate() {
        let mut facts = well();
        spoil(&mut facts);
        assert_eq!(not_good(&facts), *want, "fault {n}");
    }
    let named: Vec<_> = FAULTS.iter().flat_map(|(_, want)| *want).map(|(id, _)| *id).collect();
    for finding in examine(&well()) {
        assert!(named.contains(&finding.id()), "nothing is known to make {} fail", finding.id());
    }
}

/// A company that has just been registered: nothing is wrong, and nothing is called good.
#[test]
fn what_nobody_has_seen_is_neither_good_nor_bad() {
    let facts = CompanyFacts {
        since: NOW,
        link: LinkState::Connecting { since: NOW },
        integration: None,
        portal: PortalState::NotAsked,
        evidence: Evidence::default(),
        card_outcomes: BTreeMap::new(),
        employees: vec![employee(1, true, &["1001"])],
        profiles: Vec::new(),
        ..well()
    };
    for finding in examine(&facts) {
        let known = ["portal.grant", "portal.backlog", "switch.nobodys_numbers", "switch.connection"];
        let known = known.contains(&finding.id()) || finding.id().starts_with("employees.");
        assert_eq!(finding.severity() == Severity::Unknown, !known, "{}", finding.id());
    }
}

#[test]
fn the_worst_comes_first_and_decides() {
    let mut facts = well();
    facts.link = LinkState::NotConfigured;
    facts.portal = PortalState::Limited { since: NOW };
    facts.evidence.report = None;
    let mut findings = examine(&facts);
    worst_first(&mut findings);
    let severities: Vec<_> = findings.iter().map(Finding::severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b));
    assert_eq!((findings[0].id(), worst(&findings).exit_code()), ("switch.connection", 2));
    assert_eq!([Severity::Good, Severity::Warning, Severity::Unknown].map(Severity::exit_code), [0, 1, 3]);
}

/// A step of the set-up as a test names it: its place in the order, and where it stands.
fn steps(facts: &CompanyFacts) -> Vec<setup::StepState> {
    setup::progress(&examine(facts)).iter().map(|step| step.state).collect()
}

#[test]
fn the_set_up_is_done_when_everything_was_seen_to_work_and_not_before() {
    use setup::StepState::{Broken, Done, Open};
    assert_eq!(steps(&well()), [Done; 7]);
    // A company that has just been registered and of which nothing is known.
    let mut new = CompanyFacts { since: NOW, evidence: Evidence::default(), portal: PortalState::NotAsked, ..well() };
    new.link = LinkState::NotConfigured;
    new.employees.clear();
    new.card_outcomes.clear();
    assert_eq!(steps(&new), [Open; 7]);
    // What a portal does not say of itself keeps nobody from going on, what it refuses does.
    let mut said_little = well();
    report(&mut said_little).payment_expired = None;
    report(&mut said_little).owner = None;
    assert_eq!(steps(&said_little)[0], Done);
    let mut refused = well();
    report(&mut refused).missing_rights = Some(vec!["x".into()]);
    assert_eq!(steps(&refused)[0], Broken);
    let mut unfinished = well();
    report(&mut unfinished).installed = Some(false);
    let left = setup::progress(&examine(&unfinished)).swap_remove(0).left;
    assert_eq!(left.iter().map(Finding::id).collect::<Vec<_>>(), ["portal.installation"]);
    // One of several things that must be there.
    let mut no_card = well();
    report(&mut no_card).bindings.insert(Binding::Card, false);
    assert_eq!(steps(&no_card)[1], Broken);
    let mut not_told = well();
    report(&mut not_told).bindings.remove(&Binding::Click);
    assert_eq!(steps(&not_told)[1], Open);
}
