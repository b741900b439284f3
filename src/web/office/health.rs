//! State of the daemon and its companies.

use crate::domain::link::{LinkState, PortalState};

/// State of the daemon.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// What keeps the whole daemon from working, one sentence each; empty when it is ready.
    pub problems: Vec<String>,
    /// The companies.
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
    /// Requests to the portal that wait.
    pub waiting: u64,
    /// Calls whose number belongs to nobody, since the start.
    pub unknown_numbers: u64,
}
