//! The way from the switch: its connection, its events, its numbers.

use super::Severity;
use super::facts::{CompanyFacts, Integration};
use crate::domain::company::Unprotected;
use crate::domain::evidence::EvidenceKind;
use crate::domain::link::LinkState;
use crate::domain::{Phone, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// A connection that has been broken for less than this is being restored.
const BRIEF: Duration = Duration::from_secs(60);
/// Where nobody has called for so long although the connection stood, something keeps events from coming.
const SILENT: Duration = Duration::from_secs(3 * 24 * 3600);
/// A number that was never seen in so long a time is perhaps not in the integration.
const LONG_ENOUGH: Duration = Duration::from_secs(3 * 24 * 3600);
/// Numbers listed one by one, at most.
const LISTED: usize = 50;

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchFinding {
    /// Where the connection stands.
    Connection(LinkState, Severity),
    /// What comes over it.
    Events(SwitchEvents),
    /// Numbers of the table that the switch has never named.
    UnseenNumbers { unseen: NumberList, since: Timestamp, integration: Option<Integration>, severity: Severity },
    /// Numbers that the switch has named as our side of calls and that belong to nobody, each with its last time.
    NobodysNumbers { numbers: Vec<(Phone, Timestamp)>, more: usize },
    /// Whether somebody between could read or change what is said.
    Protection(Option<Unprotected>),
}

/// What the switch has told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchEvents {
    /// There is no connection over which they could come, nor was there ever an event.
    NoWay,
    /// The last one.
    Seen { last: Timestamp },
    /// None for a long time, although the connection stands.
    LongAgo { last: Timestamp, integration: Option<Integration> },
    /// None ever; the connection stands since this moment.
    Never { connected: Timestamp, integration: Option<Integration>, severity: Severity },
}

/// Some numbers, and how many there are beyond them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberList {
    pub listed: Vec<Phone>,
    pub more: usize,
}

impl NumberList {
    fn of(numbers: impl IntoIterator<Item = Phone>) -> Self {
        let mut listed: Vec<Phone> = numbers.into_iter().collect();
        let more = listed.len().saturating_sub(LISTED);
        listed.truncate(LISTED);
        Self { listed, more }
    }
}

impl SwitchFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Connection(..) => "switch.connection",
            Self::Events(_) => "switch.events",
            Self::UnseenNumbers { .. } => "switch.unseen_numbers",
            Self::NobodysNumbers { .. } => "switch.nobodys_numbers",
            Self::Protection(_) => "switch.protection",
        }
    }

    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::Connection(_, severity) | Self::UnseenNumbers { severity, .. } => *severity,
            Self::Events(events) => match events {
                SwitchEvents::Seen { .. } => Severity::Good,
                SwitchEvents::NoWay => Severity::Unknown,
                SwitchEvents::LongAgo { .. } => Severity::Warning,
                SwitchEvents::Never { severity, .. } => *severity,
            },
            Self::NobodysNumbers { numbers, .. } => {
                if numbers.is_empty() {
                    Severity::Good
                } else {
                    Severity::Warning
                }
            }
            Self::Protection(unprotected) => {
                if unprotected.is_none() {
                    Severity::Good
                } else {
                    Severity::Warning
                }
            }
        }
    }
}

/// Everything about a company's switch.
pub(super) fn examine(facts: &CompanyFacts) -> Vec<SwitchFinding> {
    let mut findings = vec![connection(facts), SwitchFinding::Events(events(facts))];
    if facts.integration.is_some() {
        findings.push(SwitchFinding::Protection(facts.unprotected));
    }
    findings.extend(unseen_numbers(facts));
    findings.push(nobodys_numbers(facts));
    findings
}

fn connection(facts: &CompanyFacts) -> SwitchFinding {
    let severity = match &facts.link {
        LinkState::Online { .. } => Severity::Good,
        LinkState::Connecting { since } | LinkState::Waiting { since, .. } => {
            if facts.now.since(*since) < BRIEF {
                Severity::Warning
            } else {
                Severity::Fault
            }
        }
        LinkState::NotConfigured | LinkState::NeedsAdmin { .. } | LinkState::Stopped => Severity::Fault,
    };
    SwitchFinding::Connection(facts.link.clone(), severity)
}

fn events(facts: &CompanyFacts) -> SwitchEvents {
    let connected = match &facts.link {
        LinkState::Online { since, .. } => Some(*since),
        _ => None,
    };
    match (facts.evidence.last(EvidenceKind::LegEvent), connected) {
        (Some(last), Some(_)) if facts.now.since(last) >= SILENT => {
            SwitchEvents::LongAgo { last, integration: facts.integration.clone() }
        }
        (Some(last), _) => SwitchEvents::Seen { last },
        (None, Some(connected)) => {
            // A connection is often a young one; the company is what has been there for days without a call.
            let severity = if facts.now.since(facts.since) >= SILENT { Severity::Fault } else { Severity::Unknown };
            SwitchEvents::Never { connected, integration: facts.integration.clone(), severity }
        }
        (None, None) => SwitchEvents::NoWay,
    }
}

/// Numbers are missed only where others are seen: before that it is no question of single numbers.
fn unseen_numbers(facts: &CompanyFacts) -> Option<SwitchFinding> {
    let numbers = facts.numbers();
    facts.evidence.last(EvidenceKind::LegEvent)?;
    let seen: BTreeSet<&str> = facts.evidence.numbers.keys().map(Phone::digits).collect();
    let unseen = numbers.iter().filter(|number| !seen.contains(number.digits())).map(|number| (*number).clone());
    let unseen = NumberList::of(unseen);
    let severity = match (unseen.listed.is_empty(), facts.now.since(facts.since) >= LONG_ENOUGH) {
        (true, _) => Severity::Good,
        (false, true) => Severity::Warning,
        (false, false) => Severity::Unknown,
    };
    let (since, integration) = (facts.since, facts.integration.clone());
    Some(SwitchFinding::UnseenNumbers { unseen, since, integration, severity })
}

fn nobodys_numbers(facts: &CompanyFacts) -> SwitchFinding {
    let known: BTreeSet<&str> = facts.employees.iter().flat_map(|e| &e.numbers).map(Phone::digits).collect();
    let strange = facts.evidence.numbers.iter().filter(|(number, _)| !known.contains(number.digits()));
    let mut numbers: Vec<(Phone, Timestamp)> = strange.map(|(number, at)| (number.clone(), *at)).collect();
    numbers.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let more = numbers.len().saturating_sub(LISTED);
    numbers.truncate(LISTED);
    SwitchFinding::NobodysNumbers { numbers, more }
}
