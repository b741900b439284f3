//! State of the daemon and its companies.

use crate::domain::Timestamp;
use crate::domain::binding::Binding;
use crate::domain::evidence::EvidenceKind;
use crate::domain::excess::{Excess, Unrecorded};
use crate::domain::link::{Backlog, DiskState, LinkState, PortalState};

/// State of the daemon.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// What keeps the whole daemon from working, one sentence each; empty when it is ready.
    pub problems: Vec<String>,
    pub disk: DiskState,
    /// Installations of the application that wait to be confirmed.
    pub waiting_installs: usize,
    pub companies: Vec<CompanyHealth>,
}

/// State of one company.
#[derive(Debug, Clone)]
pub struct CompanyHealth {
    /// Portal host.
    pub domain: String,
    /// The switch connection.
    pub link: LinkState,
    /// The portal connection.
    pub portal: PortalState,
    /// Running calls.
    pub calls: u64,
    /// What waits to be sent to the portal.
    pub backlog: Backlog,
    /// Events and messages given up because a queue was full, since the start.
    pub dropped: u64,
    /// When the OAuth grant ends unless it is used before; `None` when there is none.
    pub grant_ends_at: Option<Timestamp>,
    /// Calls whose number belongs to nobody, since the start.
    pub unknown_numbers: u64,
    /// What the switch has reported beyond what can be true.
    pub excess: Excess,
    /// What was not recorded because too much waited.
    pub unrecorded: Unrecorded,
    /// What was seen to work since the start, and when last.
    pub seen: Vec<(EvidenceKind, Timestamp)>,
    /// What the portal refuses to set up.
    pub refused_bindings: Vec<Binding>,
}
