//! A click on a number in the portal.

use crate::domain::numbers::disclosed;
use crate::domain::written::AsWritten;
use crate::domain::{CrmCallId, Phone, UserId};
use serde::{Deserialize, Serialize};

/// A click on a number in the portal, which has registered the call already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The portal's call.
    pub crm: CrmCallId,
    /// Who clicked.
    pub user: UserId,
    /// The phone that should dial; `None` if the employee has no number in our table.
    pub from: Option<Phone>,
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

/// An item of the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmItem {
    /// What it is.
    pub kind: CrmItemKind,
    /// Its id among those of its kind.
    pub id: i64,
}

/// What an item of the CRM is.
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
