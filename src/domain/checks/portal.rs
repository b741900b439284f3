//! The way to Bitrix24: what the portal says of itself and of what it holds of ours, and who works there.

use super::Severity;
use super::facts::CompanyFacts;
use crate::domain::Timestamp;
use crate::domain::binding::{Binding, RefusalReason};
use crate::domain::evidence::{EvidenceKind, GrantOwner, PortalReport};
use crate::domain::link::{Backlog, PortalState, WaitingInstall};
use std::time::Duration;

/// A call that has waited this long to be told is late: before that it is being sent.
const BEHIND: Duration = Duration::from_secs(30);
/// A grant is renewed long before its last month.
const ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 3600);
/// The portal is asked once an hour; what it said before that may have changed.
const STALE: Duration = Duration::from_secs(3 * 3600);

/// Within its first day a company has better things to do than to open our tab.
const FIRST_DAY: Duration = Duration::from_secs(24 * 3600);

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalFinding {
    /// Whether it answers.
    Answers { state: PortalState, last: Option<Timestamp> },
    /// How long it lets us in without anybody logging in.
    Grant { ends_at: Option<Timestamp>, severity: Severity },
    /// In whose name it is asked.
    Owner(Reported<GrantOwner>),
    /// Whether the application's installation is finished.
    Installation(Installation),
    /// Whether it is paid for.
    Licence(Reported<Licence>),
    /// Whether the application may do what it needs.
    Rights(Reported<Vec<String>>),
    /// Whether one of our things is set up in the portal.
    Bound { what: Binding, state: BoundState },
    /// What has come from it.
    Events { last: Option<Timestamp>, proved: bool },
    /// Cards in the employees' browsers.
    Cards { opened: Option<Timestamp>, confirmed: Option<Timestamp>, call: Option<Timestamp>, severity: Severity },
    /// What it has not been told yet.
    Backlog { backlog: Backlog, late: bool },
}

/// What the portal said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported<T> {
    /// It has not been asked yet, or did not say.
    NotYet,
    Said {
        at: Timestamp,
        what: T,
    },
}

/// The portal's subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// As the portal names it; empty where it does not.
    pub name: String,
    pub expired: bool,
}

/// The application in the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installation {
    NotAsked,
    Finished {
        at: Timestamp,
    },
    /// The portal sends no event and shows no card before it is.
    Unfinished {
        at: Timestamp,
    },
    /// One was announced and cannot be confirmed.
    Waits(WaitingInstall),
}

/// Something of ours in the portal's own lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundState {
    NotAsked,
    There {
        at: Timestamp,
    },
    /// Nobody has refused it, and it is not there.
    Missing {
        at: Timestamp,
    },
    Refused {
        since: Timestamp,
        why: RefusalReason,
    },
}

impl<T> Reported<T> {
    fn of(report: Option<&PortalReport>, what: impl FnOnce(&PortalReport) -> Option<T>) -> Self {
        report.and_then(|report| Some(Self::Said { at: report.at, what: what(report)? })).unwrap_or(Self::NotYet)
    }

    fn is_bad(&self, bad: impl FnOnce(&T) -> bool) -> Severity {
        match self {
            Self::NotYet => Severity::Unknown,
            Self::Said { what, .. } if bad(what) => Severity::Fault,
            Self::Said { .. } => Severity::Good,
        }
    }
}

impl PortalFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Answers { .. } => "portal.answers",
            Self::Grant { .. } => "portal.grant",
            Self::Owner(_) => "portal.grant_owner",
            Self::Installation(_) => "portal.installation",
            Self::Licence(_) => "portal.licence",
            Self::Rights(_) => "portal.rights",
            Self::Bound { what, .. } => match what {
                Binding::Click => "portal.click_event",
                Binding::Card => "portal.card_placement",
                Binding::Line => "portal.outgoing_line",
                Binding::OldAddress => "portal.old_address",
                Binding::Users => "portal.user_list",
            },
            Self::Events { .. } => "portal.events",
            Self::Cards { .. } => "portal.cards",
            Self::Backlog { .. } => "portal.backlog",
        }
    }

    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Answers { state: PortalState::NotAsked, .. } => Severity::Unknown,
            Self::Answers { state: PortalState::Ok, .. } => Severity::Good,
            Self::Answers { state: PortalState::Limited { .. } | PortalState::Resting { .. }, .. } => Severity::Warning,
            Self::Answers { .. } => Severity::Fault,
            Self::Grant { severity, .. } => *severity,
            Self::Owner(owner) => owner.is_bad(|owner| !owner.admin),
            Self::Installation(installation) => match installation {
                Installation::NotAsked => Severity::Unknown,
                Installation::Finished { .. } => Severity::Good,
                Installation::Unfinished { .. } => Severity::Fault,
                Installation::Waits(_) => Severity::Warning,
            },
            Self::Licence(licence) => licence.is_bad(|licence| licence.expired),
            Self::Rights(missing) => missing.is_bad(|missing| !missing.is_empty()),
            Self::Bound { what, state } => match (state, what) {
                (BoundState::NotAsked, _) => Severity::Unknown,
                (BoundState::There { .. }, _) => Severity::Good,
                (_, Binding::Line | Binding::OldAddress) => Severity::Warning,
                (BoundState::Missing { .. } | BoundState::Refused { .. }, _) => Severity::Fault,
            },
            Self::Events { last: Some(_), .. } => Severity::Good,
            Self::Events { last: None, .. } => Severity::Unknown,
            Self::Cards { severity, .. } => *severity,
            Self::Backlog { late: true, .. } => Severity::Warning,
            Self::Backlog { .. } => Severity::Good,
        }
    }
}

/// Everything about a company's portal.
pub(super) fn examine(facts: &CompanyFacts) -> Vec<PortalFinding> {
    let evidence = &facts.evidence;
    // What the portal said long ago says nothing of today.
    let report = evidence.report.as_ref().filter(|report| facts.now.since(report.at) < STALE);
    let last = evidence.last(EvidenceKind::PortalAnswer);
    let licence = |report: &PortalReport| {
        let name = report.licence.clone().unwrap_or_default();
        report.payment_expired.map(|expired| Licence { name, expired })
    };
    let mut findings = vec![
        PortalFinding::Answers { state: facts.portal.clone(), last },
        grant(facts),
        PortalFinding::Owner(Reported::of(report, |report| report.owner.clone())),
        PortalFinding::Installation(installation(facts, report)),
        PortalFinding::Licence(Reported::of(report, licence)),
        PortalFinding::Rights(Reported::of(report, |report| report.missing_rights.clone())),
    ];
    for what in [Binding::Click, Binding::Card, Binding::Line, Binding::Users] {
        findings.push(PortalFinding::Bound { what, state: bound(facts, report, what) });
    }
    findings.push(PortalFinding::Events { last: evidence.last_portal_event(), proved: facts.events_proved });
    findings.push(cards(facts));
    let late = facts.backlog.since.is_some_and(|since| facts.now.since(since) >= BEHIND);
    findings.push(PortalFinding::Backlog { backlog: facts.backlog, late });
    findings
}

fn cards(facts: &CompanyFacts) -> PortalFinding {
    let [opened, confirmed, call] = [EvidenceKind::CardOpened, EvidenceKind::CardConfirmed, EvidenceKind::LegEvent]
        .map(|kind| facts.evidence.last(kind));
    let severity = match (confirmed, call) {
        (Some(_), _) => Severity::Good,
        // Calls have come for a day, and no browser has ever shown a card.
        (None, Some(_)) if facts.now.since(facts.since) >= FIRST_DAY => Severity::Warning,
        (None, _) => Severity::Unknown,
    };
    PortalFinding::Cards { opened, confirmed, call, severity }
}

fn grant(facts: &CompanyFacts) -> PortalFinding {
    let severity = match (&facts.portal, facts.grant_ends_at) {
        (PortalState::NeedsLogin { .. }, _) | (_, None) => Severity::Fault,
        (_, Some(ends)) => match ends.since(facts.now) {
            Duration::ZERO => Severity::Fault,
            left if left < ENDS_SOON => Severity::Warning,
            _ => Severity::Good,
        },
    };
    PortalFinding::Grant { ends_at: facts.grant_ends_at, severity }
}

fn installation(facts: &CompanyFacts, report: Option<&PortalReport>) -> Installation {
    match (&facts.install, report.and_then(|report| Some((report.at, report.installed?)))) {
        (Some(waits), _) => Installation::Waits(waits.clone()),
        (None, None) => Installation::NotAsked,
        (None, Some((at, true))) => Installation::Finished { at },
        (None, Some((at, false))) => Installation::Unfinished { at },
    }
}

fn bound(facts: &CompanyFacts, report: Option<&PortalReport>, what: Binding) -> BoundState {
    if let Some(refused) = facts.refusals.bindings.iter().find(|refused| refused.what == what) {
        return BoundState::Refused { since: refused.since, why: refused.why.clone() };
    }
    match report.and_then(|report| Some((report.at, *report.bindings.get(&what)?))) {
        None => BoundState::NotAsked,
        Some((at, true)) => BoundState::There { at },
        Some((at, false)) => BoundState::Missing { at },
    }
}
