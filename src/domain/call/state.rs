//! A call and the choices that were in force when it began.

use super::crm::CrmCall;
use super::event::Click;
use super::leg::Leg;
use crate::domain::company::{CallSettings, CrmCreate, InternalCalls};
use crate::domain::{CallKey, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a click may go without any leg before it counts as failed.
pub(super) const CLICK_PATIENCE: Duration = Duration::from_secs(30);

/// The company's choices, frozen for the life of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// CRM items.
    pub crm_create: CrmCreate,
    /// Calls between employees.
    pub internal: InternalCalls,
    /// Who gets missed calls.
    pub responsible: Option<UserId>,
    /// After the last phone stopped ringing, how long a queue may take to ring the next one before the
    /// call counts as missed.
    pub linger: Duration,
    /// After a reconnect, how long an open leg may stay unseen before its end counts as unknown.
    pub grace: Duration,
}

impl Policy {
    /// From the company's settings and the installation's grace time.
    pub fn new(settings: &CallSettings, grace: Duration) -> Self {
        Self {
            crm_create: settings.crm_create,
            internal: settings.internal,
            responsible: settings.responsible,
            linger: Duration::from_secs(2),
            grace,
        }
    }
}

/// One call of the switch, as far as we know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Our key.
    pub key: CallKey,
    /// When it was first heard of.
    pub started_at: Timestamp,
    /// The choices in force.
    pub policy: Policy,
    /// The click it came from, if any.
    pub click: Option<Click>,
    /// In the order seen.
    pub legs: Vec<Leg>,
    /// In the order made.
    pub crm: Vec<CrmCall>,
    /// Until when legs may confirm themselves after a reconnect.
    pub confirm_until: Option<Timestamp>,
}

impl Call {
    /// A call nothing is known of yet.
    pub fn new(key: CallKey, policy: Policy, now: Timestamp) -> Self {
        Self { key, started_at: now, policy, click: None, legs: Vec::new(), crm: Vec::new(), confirm_until: None }
    }

    /// Whether nothing more is expected: no live leg, every CRM call closed.
    pub fn is_over(&self) -> bool {
        self.legs.iter().all(|l| !l.is_live()) && self.crm.iter().all(|c| c.closed)
    }

    /// A click that still waits for its first leg.
    pub fn awaits_legs(&self) -> bool {
        self.click.is_some() && self.legs.is_empty() && !self.is_over()
    }
}
