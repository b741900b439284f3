//! Calls whose cards did not open.

use super::Severity;
use super::facts::CompanyFacts;
use crate::domain::card_outcomes::CardOutcome;
use std::collections::BTreeMap;

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallsFinding {
    /// What became of the cards of the last day, as far as this process has seen it.
    Cards { outcomes: BTreeMap<CardOutcome, u64> },
}

impl CallsFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Cards { .. } => "calls.cards_not_opened",
        }
    }

    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Cards { outcomes } if outcomes.is_empty() => Severity::Unknown,
            Self::Cards { outcomes } if outcomes.keys().all(|outcome| *outcome == CardOutcome::Asked) => Severity::Good,
            Self::Cards { .. } => Severity::Warning,
        }
    }
}

/// Everything about a company's calls.
pub(super) fn examine(facts: &CompanyFacts) -> Vec<CallsFinding> {
    vec![CallsFinding::Cards { outcomes: facts.card_outcomes.clone() }]
}
