//! What is looked at to know whether calls reach people, and what was found.
//!
//! Nothing is good here but what was seen to work. Pages, the command line, readiness, metrics and the log read the same
//! findings; their words stand in `lang`.

pub mod boxed_portal;
pub mod calls;
pub mod employees;
pub mod facts;
pub mod gateway;
pub mod machine;
mod number_ranges;
pub mod portal;
pub mod setup;
pub mod switch;

use boxed_portal::BoxedPortalFinding;
use calls::CallsFinding;
use employees::EmployeesFinding;
use facts::CompanyFacts;
use gateway::GatewayFinding;
use machine::MachineFinding;
pub use number_ranges::number_ranges;
use portal::PortalFinding;
use serde::{Deserialize, Serialize};
use switch::SwitchFinding;

/// What a finding means for calls; the worst one of a report decides how a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It was seen to work.
    Good,
    /// Nothing was seen that would tell.
    Unknown,
    /// It works, but not for everybody or not for long.
    Warning,
    /// It does not work.
    Fault,
}

impl Severity {
    /// The exit code that monitoring systems know (Nagios plug-ins): 0 well, 1 warning, 2 fault, 3 not known.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Warning => 1,
            Self::Fault => 2,
            Self::Unknown => 3,
        }
    }
}

/// What one check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The machine that the daemon runs on.
    Machine(MachineFinding),
    /// The way of browsers and portals to the daemon.
    Gateway(GatewayFinding),
    /// A portal "in a box", looked at from outside.
    BoxedPortal(BoxedPortalFinding),
    /// A company's way from its switch.
    Switch(SwitchFinding),
    /// A company's way to its portal.
    Portal(PortalFinding),
    /// A company's table of numbers.
    Employees(EmployeesFinding),
    /// A company's calls.
    Calls(CallsFinding),
}

impl Finding {
    /// The check's stable name: `area.what`, the same in every language and version.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Machine(finding) => finding.id(),
            Self::Gateway(finding) => finding.id(),
            Self::BoxedPortal(finding) => finding.id(),
            Self::Switch(finding) => finding.id(),
            Self::Portal(finding) => finding.id(),
            Self::Employees(finding) => finding.id(),
            Self::Calls(finding) => finding.id(),
        }
    }

    /// What it means for calls.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Machine(finding) => finding.severity(),
            Self::Gateway(finding) => finding.severity(),
            Self::BoxedPortal(finding) => finding.severity(),
            Self::Switch(finding) => finding.severity(),
            Self::Portal(finding) => finding.severity(),
            Self::Employees(finding) => finding.severity(),
            Self::Calls(finding) => finding.severity(),
        }
    }
}

/// The worst of all findings first, otherwise in the order in which things build on each other.
pub fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
}

/// What a whole report means; nothing looked at tells nothing.
pub fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(Finding::severity).max().unwrap_or(Severity::Unknown)
}

/// Everything about a company, in the order in which things build on each other: who has no connection has no events.
pub fn examine(facts: &CompanyFacts) -> Vec<Finding> {
    let portal = portal::examine(facts).into_iter().map(Finding::Portal);
    let switch = switch::examine(facts).into_iter().map(Finding::Switch);
    let employees = employees::examine(facts).into_iter().map(Finding::Employees);
    let calls = calls::examine(facts).into_iter().map(Finding::Calls);
    portal.chain(switch).chain(employees).chain(calls).collect()
}

#[cfg(test)]
mod tests;
