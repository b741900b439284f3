//! The phones as a page shows them.

use super::call::{CallId, Leg, LegId, LegStatus};
use super::state::{Line, State};
use serde::Serialize;
use std::sync::Arc;

/// What a phone does, seen from the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneStatus {
    /// On the hook.
    Idle,
    /// Its bell rings.
    Ringing,
    /// Off the hook, waiting for the other side.
    Dialing,
    /// In a call.
    Talking,
    /// In a call that it has put on hold.
    Held,
}

/// One call of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhoneLeg {
    pub leg: LegId,
    pub call: CallId,
    /// Its phase.
    pub status: PhoneStatus,
    /// The other number; empty when hidden.
    pub remote: String,
}

/// A phone with all its calls; the first decides how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhoneState {
    pub number: String,
    pub name: Option<String>,
    /// Whether it picks up on command.
    pub sip_answer: bool,
    /// What it does.
    pub status: PhoneStatus,
    /// The other number of the call in front.
    pub remote: Option<String>,
    /// The call in front.
    pub call: Option<CallId>,
    /// All calls: talking first, then ringing, dialling, held.
    pub legs: Vec<PhoneLeg>,
}

impl PhoneStatus {
    const fn rank(self) -> u8 {
        match self {
            Self::Talking => 0,
            Self::Ringing => 1,
            Self::Dialing => 2,
            Self::Held => 3,
            Self::Idle => 4,
        }
    }

    /// A stable word for pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ringing => "ringing",
            Self::Dialing => "dialing",
            Self::Talking => "talking",
            Self::Held => "held",
        }
    }
}

fn status_of(leg: &Leg) -> PhoneStatus {
    match leg.status {
        LegStatus::Alerting if leg.rings() => PhoneStatus::Ringing,
        LegStatus::Alerting => PhoneStatus::Dialing,
        LegStatus::Talking => PhoneStatus::Talking,
        LegStatus::Held => PhoneStatus::Held,
        LegStatus::Released => PhoneStatus::Idle,
    }
}

/// The phones of a domain by number.
pub(super) fn phones(state: &State, domain: &str) -> Vec<PhoneState> {
    let Some(domain) = state.domains.get(domain) else { return Vec::new() };
    domain.phones.iter().map(|(number, line)| phone(state, number, line)).collect()
}

pub(super) fn phone(state: &State, number: &Arc<str>, line: &Line) -> PhoneState {
    let mut legs: Vec<PhoneLeg> = line
        .active
        .iter()
        .filter_map(|id| state.legs.get(id))
        .map(|leg| PhoneLeg { leg: leg.id, call: leg.call, status: status_of(leg), remote: leg.remote.to_string() })
        .collect();
    legs.sort_by_key(|leg| leg.status.rank());
    PhoneState {
        number: number.to_string(),
        name: line.name.as_deref().map(str::to_owned),
        sip_answer: line.sip_answer,
        status: legs.first().map_or(PhoneStatus::Idle, |leg| leg.status),
        remote: legs.first().map(|leg| leg.remote.clone()),
        call: legs.first().map(|leg| leg.call),
        legs,
    }
}
