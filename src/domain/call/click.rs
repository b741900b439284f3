//! A click on a number in the portal.

use super::crm::CrmIndex;
use super::event::DialFailure;
use super::stored::StoredDialling;
use crate::domain::leg::SwitchCommand;
use crate::domain::numbers::disclosed;
use crate::domain::written::AsWritten;
use crate::domain::{CrmCallId, Phone, UserId};
use serde::{Deserialize, Serialize};

/// A click on a number in the portal, which has registered the call already, as the portal tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The portal's call.
    pub crm: CrmCallId,
    /// Who clicked.
    pub user: UserId,
    /// The number to reach; `None` if what was clicked holds none that can be dialled.
    pub to: Option<Phone>,
    /// The click was told so late that dialling would only startle.
    #[serde(default)]
    pub late: bool,
    /// What else the portal told of it.
    #[serde(default)]
    pub facts: ClickFacts,
}

impl Click {
    /// As much of the click as may be kept: of a feature code only its first part.
    #[must_use]
    pub fn kept(self) -> Self {
        Self { to: self.to.map(disclosed), ..self }
    }
}

/// The click that a call began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallClick {
    /// The portal's call, as it was named with the click.
    pub crm: CrmCallId,
    /// Who clicked.
    pub user: UserId,
    #[serde(flatten)]
    pub dialling: ClickDialling,
    /// What else the portal told of it.
    #[serde(default)]
    pub facts: ClickFacts,
    /// The portal's call among the CRM calls of this one. Version 1.0.0 stored none: there it was the first.
    #[serde(default = "first_made")]
    pub(super) record: CrmIndex,
}

const fn first_made() -> CrmIndex {
    CrmIndex::FIRST
}

/// What is dialled for a click, or what keeps it from being dialled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredDialling", into = "StoredDialling")]
pub enum ClickDialling {
    /// This phone dials this number.
    Dialable {
        /// The employee's phone.
        from: Phone,
        /// The number to reach.
        to: Phone,
    },
    /// Whoever clicked has no number in our table.
    NoPhone {
        /// The number to reach.
        to: Phone,
    },
    /// What was clicked holds no number that can be dialled.
    NoNumber {
        /// The employee's phone, if he has one.
        from: Option<Phone>,
    },
    /// The click was told so late that dialling would only startle.
    TooLate {
        /// The employee's phone, if he has one.
        from: Option<Phone>,
        /// The number to reach, if there is one.
        to: Option<Phone>,
    },
}

impl ClickDialling {
    /// For a click on `to` by whoever has the phone `from`.
    pub(super) fn new(from: Option<Phone>, to: Option<Phone>, late: bool) -> Self {
        match (from, to) {
            (from, to) if late => Self::TooLate { from, to },
            (from, None) => Self::NoNumber { from },
            (None, Some(to)) => Self::NoPhone { to },
            (Some(from), Some(to)) => Self::Dialable { from, to },
        }
    }

    /// The phone that dials, or would.
    pub const fn from(&self) -> Option<&Phone> {
        match self {
            Self::Dialable { from, .. } => Some(from),
            Self::NoNumber { from } | Self::TooLate { from, .. } => from.as_ref(),
            Self::NoPhone { .. } => None,
        }
    }

    /// The number to reach.
    pub const fn to(&self) -> Option<&Phone> {
        match self {
            Self::Dialable { to, .. } | Self::NoPhone { to } => Some(to),
            Self::TooLate { to, .. } => to.as_ref(),
            Self::NoNumber { .. } => None,
        }
    }

    /// What the switch is asked, or why it is not.
    pub(super) fn command(&self, facts: &ClickFacts) -> Result<SwitchCommand, DialFailure> {
        match self {
            Self::Dialable { from, to } => Ok(SwitchCommand::Make { from: from.clone(), to: to.clone() }),
            Self::NoPhone { .. } => Err(DialFailure::NoNumber),
            Self::NoNumber { .. } if facts.hidden => Err(DialFailure::HiddenNumber),
            Self::NoNumber { .. } => Err(DialFailure::NotANumber),
            Self::TooLate { .. } => Err(DialFailure::TooLate),
        }
    }
}

/// What the portal tells of a click besides the number; each is kept to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClickFacts {
    /// The number as it stands in the CRM, where nothing in it can be dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<AsWritten>,
    /// What was clicked on stands in the CRM for a number that its caller hid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What to dial after the answer: digits, `*`, `#`, and a comma for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The external line chosen for the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The call campaign (list of numbers to call) it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<i64>,
    /// The CRM item clicked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<CrmItem>,
    /// Made in the portal's mobile application, which shows no card by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mobile: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmItem {
    pub kind: CrmItemKind,
    /// Its id among those of its kind.
    pub id: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CrmItemKind {
    /// A person.
    Contact,
    /// A firm.
    Company,
    /// Somebody who may become a client.
    Lead,
    /// Something to be sold.
    Deal,
    /// Another kind, by the portal's word.
    #[serde(untagged)]
    Other(String),
}
