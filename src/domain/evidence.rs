//! What was seen to work, and when. A light is green only for that.

use super::binding::Binding;
use super::{Phone, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that shows that one part of the way works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// The switch's connection was ready.
    SwitchConnected,
    /// The switch has told of a call.
    LegEvent,
    /// The portal has answered sensibly.
    PortalAnswer,
    /// The portal has told of a click on a number.
    Click,
    /// The portal has told of a new user.
    UserAdded,
    /// The portal has sent a test event.
    TestEvent,
    /// The portal has told of the installation of the application, and it is confirmed.
    Installed,
    /// A card was opened in the portal, and the portal has vouched for who did.
    CardOpened,
    /// A browser has shown a card and followed its call.
    CardConfirmed,
}

impl EvidenceKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SwitchConnected,
        Self::LegEvent,
        Self::PortalAnswer,
        Self::Click,
        Self::UserAdded,
        Self::TestEvent,
        Self::Installed,
        Self::CardOpened,
        Self::CardConfirmed,
    ];

    /// A stable word for the database, metrics and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SwitchConnected => "switch_connected",
            Self::LegEvent => "leg_event",
            Self::PortalAnswer => "portal_answer",
            Self::Click => "click",
            Self::UserAdded => "user_added",
            Self::TestEvent => "test_event",
            Self::Installed => "installed",
            Self::CardOpened => "card_opened",
            Self::CardConfirmed => "card_confirmed",
        }
    }

    /// The kind with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Everything that was seen of a company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// When each was seen last.
    pub seen: BTreeMap<EvidenceKind, Timestamp>,
    /// Own numbers of calls' legs, and when the switch named each last.
    pub numbers: BTreeMap<Phone, Timestamp>,
    /// What the portal said of itself and of us when it was asked last.
    pub report: Option<PortalReport>,
}

impl Evidence {
    /// When this was seen last.
    pub fn last(&self, kind: EvidenceKind) -> Option<Timestamp> {
        self.seen.get(&kind).copied()
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.numbers.is_empty() && self.report.is_none()
    }

    /// Adds what was seen later.
    pub fn extend(&mut self, later: Self) {
        self.seen.extend(later.seen);
        self.numbers.extend(later.numbers);
        if later.report.is_some() {
            self.report = later.report;
        }
    }

    /// When any event of the portal has come last.
    pub fn last_portal_event(&self) -> Option<Timestamp> {
        [EvidenceKind::Click, EvidenceKind::UserAdded, EvidenceKind::TestEvent, EvidenceKind::Installed]
            .map(|kind| self.last(kind))
            .into_iter()
            .flatten()
            .max()
    }
}

/// What a portal says of itself and of what it holds of ours, by its own lists and not by what we have asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalReport {
    pub at: Timestamp,
    /// What is bound to our address; `None` where the portal did not show that list.
    #[serde(default)]
    pub bindings: BTreeMap<Binding, bool>,
    /// Whether the installation of the application is finished: before that no event is sent and no card shown.
    #[serde(default)]
    pub installed: Option<bool>,
    /// The tariff, by the portal's word.
    #[serde(default)]
    pub licence: Option<String>,
    /// The portal's or the application's payment is over.
    #[serde(default)]
    pub payment_expired: Option<bool>,
    /// Rights that the application needs and does not have.
    #[serde(default)]
    pub missing_rights: Option<Vec<String>>,
    /// In whose name we ask; `None` where the portal did not say.
    #[serde(default)]
    pub owner: Option<GrantOwner>,
}

/// The user in whose name the portal is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantOwner {
    /// May be empty.
    pub name: String,
    /// Whether they administer the portal.
    pub admin: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_code_and_by_no_other() {
        for kind in EvidenceKind::ALL {
            assert_eq!(EvidenceKind::of_code(kind.code()), Some(kind));
        }
        assert_eq!(EvidenceKind::of_code("x"), None);
    }

    #[test]
    fn a_report_of_an_older_version_is_read() {
        let read: PortalReport = serde_json::from_str(r#"{"at": 5}"#).unwrap();
        assert_eq!((read.at, read.installed, read.bindings.len()), (Timestamp(5), None, 0));
    }
}
