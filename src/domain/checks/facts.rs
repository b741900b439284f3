//! What is known of a company when its checks are made.

use crate::domain::binding::Refusals;
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::company::Unprotected;
use crate::domain::directory::Employee;
use crate::domain::evidence::Evidence;
use crate::domain::link::{Backlog, LinkState, PortalState, WaitingInstall};
use crate::domain::profile::Profile;
use crate::domain::{Phone, Timestamp};
use std::collections::BTreeMap;

/// Everything that the checks of a company judge.
#[derive(Debug, Clone)]
pub struct CompanyFacts {
    /// When all this was true.
    pub now: Timestamp,
    /// Since when the company is with us: what was not seen since then was never seen.
    pub since: Timestamp,
    pub link: LinkState,
    /// How the company's integration is named on the switch; `None` while nothing is typed in.
    pub integration: Option<Integration>,
    pub portal: PortalState,
    /// When the grant ends unless it is renewed; `None` where there is none.
    pub grant_ends_at: Option<Timestamp>,
    pub refusals: Refusals,
    /// An installation of the application that could not be confirmed yet.
    pub install: Option<WaitingInstall>,
    /// It is known what proves the portal's events.
    pub events_proved: bool,
    pub backlog: Backlog,
    pub evidence: Evidence,
    /// What became of the cards of the last day.
    pub card_outcomes: BTreeMap<CardOutcome, u64>,
    pub employees: Vec<Employee>,
    /// What the portal's profiles say of internal numbers.
    pub profiles: Vec<Profile>,
    /// How the way to the switch is open to strangers, if it is.
    pub unprotected: Option<Unprotected>,
}

/// A company's integration, as the commands of the switch's console name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// The switch's domain.
    pub domain: String,
    pub client_id: String,
    /// The numbers that it has to serve: those of our table.
    pub numbers: Vec<Phone>,
}

impl CompanyFacts {
    /// Internal numbers of those who work here, in order.
    pub fn numbers(&self) -> Vec<&Phone> {
        let active = self.employees.iter().filter(|employee| employee.active);
        let mut numbers: Vec<_> = active.flat_map(|employee| &employee.numbers).collect();
        numbers.sort_by_key(|number| (number.digits().len(), number.digits()));
        numbers
    }
}
