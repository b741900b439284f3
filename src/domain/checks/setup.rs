//! What has to be done, one after another, until a company's first call opens a card.
//!
//! Nobody ticks a step off: it is done when its checks have seen it work, so that whoever goes on tomorrow, or after a
//! restart, finds what is left.

use super::calls::CallsFinding;
use super::employees::EmployeesFinding;
use super::portal::PortalFinding;
use super::switch::SwitchFinding;
use super::{Finding, Severity, worst_first};
use crate::domain::binding::Binding;
use crate::domain::link::LinkState;

/// One step, in the order in which they build on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupStep {
    /// The application stands in the portal, with its installation finished and with its rights.
    Application,
    /// The portal holds our card and our handler of clicks.
    Bindings,
    /// An event of the portal has reached us.
    PortalEvents,
    /// The switch is connected.
    Switch,
    /// Employees have numbers.
    Numbers,
    /// The switch has told of a call.
    FirstCall,
    /// A card was shown in a browser.
    FirstCard,
}

impl SetupStep {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Application,
        Self::Bindings,
        Self::PortalEvents,
        Self::Switch,
        Self::Numbers,
        Self::FirstCall,
        Self::FirstCard,
    ];

    /// The step that a finding concerns, and whether the step is done only once it is good. The others of a step must
    /// only not be broken: a portal need not say everything of itself.
    pub fn concerned(finding: &Finding) -> Option<(Self, bool)> {
        match finding {
            Finding::Portal(finding) => match finding {
                PortalFinding::Installation(_) => Some((Self::Application, true)),
                PortalFinding::Answers { .. }
                | PortalFinding::Grant { .. }
                | PortalFinding::Owner(_)
                | PortalFinding::Licence(_)
                | PortalFinding::Rights(_) => Some((Self::Application, false)),
                PortalFinding::Bound { what, .. } => {
                    Some((Self::Bindings, matches!(what, Binding::Card | Binding::Click)))
                }
                PortalFinding::Events { .. } => Some((Self::PortalEvents, true)),
                PortalFinding::Cards { .. } => Some((Self::FirstCard, true)),
                PortalFinding::Backlog { .. } => None,
            },
            Finding::Switch(SwitchFinding::Connection(..)) => Some((Self::Switch, true)),
            Finding::Switch(SwitchFinding::Events(_)) => Some((Self::FirstCall, true)),
            Finding::Employees(EmployeesFinding::Numbers { .. }) => Some((Self::Numbers, true)),
            Finding::Calls(CallsFinding::Cards { .. }) => Some((Self::FirstCard, false)),
            _ => None,
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It was seen to work.
    Done,
    /// It has to be done, or is being waited for.
    Open,
    /// Something keeps it from working.
    Broken,
}

/// A step, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    pub step: SetupStep,
    pub state: StepState,
    /// What is not good about it, the worst first.
    pub left: Vec<Finding>,
}

/// Where all steps stand, by what the checks of a company have found.
pub fn progress(findings: &[Finding]) -> Vec<StepProgress> {
    SetupStep::ALL.into_iter().map(|step| step_progress(step, findings)).collect()
}

/// Whether it does not work only because nobody has come to it yet.
const fn is_not_begun(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::Switch(SwitchFinding::Connection(LinkState::NotConfigured, _))
            | Finding::Employees(EmployeesFinding::Numbers { with: 0, .. })
    )
}

fn step_progress(step: SetupStep, findings: &[Finding]) -> StepProgress {
    let (mut left, mut proved, mut state) = (Vec::new(), true, StepState::Done);
    for finding in findings {
        let Some((_, is_proof)) = SetupStep::concerned(finding).filter(|(of, _)| *of == step) else { continue };
        match finding.severity() {
            Severity::Good => continue,
            Severity::Fault if !is_not_begun(finding) => state = StepState::Broken,
            Severity::Fault | Severity::Unknown | Severity::Warning => {}
        }
        proved &= !is_proof;
        left.push(finding.clone());
    }
    if state == StepState::Done && !proved {
        state = StepState::Open;
    }
    worst_first(&mut left);
    StepProgress { step, state, left }
}
