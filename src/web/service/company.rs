//! A company as its settings pages show it and save it.

use super::ServiceFault;
use crate::domain::binding::Refusals;
use crate::domain::checks::setup::StepProgress;
use crate::domain::company::{Backend, CallSettings, Trust};
use crate::domain::excess::{Excess, Unrecorded};
use crate::domain::link::{Backlog, DiskState, LinkFault, LinkState, PortalState, WaitingInstall};
use crate::domain::removal::ToldRemoval;
use crate::domain::{CompanyId, Timestamp};
use secrecy::SecretString;

/// A company as its settings pages show it: no secrets.
#[derive(Debug, Clone)]
pub struct Overview {
    /// `member_id`.
    pub id: CompanyId,
    /// Given by the admin, may be empty.
    pub name: String,
    /// Portal host.
    pub domain: String,
    /// `client_id` of the portal's application.
    pub client_id: String,
    /// Switch settings; `None` until typed in.
    pub switch: Option<SwitchShown>,
    /// Choices for calls.
    pub calls: CallSettings,
    /// The switch connection.
    pub link: LinkState,
    /// The portal connection.
    pub portal: PortalState,
    /// The OAuth grant; `None` when there is none.
    pub token: Option<TokenLife>,
    /// What the portal refuses to set up.
    pub refusals: Refusals,
    /// An installation of the application that could not be confirmed yet.
    pub install: Option<WaitingInstall>,
    /// It is known what proves the portal's events.
    pub events_proved: bool,
    /// A removal of the application that was announced and is not confirmed.
    pub removal: Option<ToldRemoval>,
    /// How many calls were seen since the start whose number belongs to nobody.
    pub unknown_numbers: u64,
    /// What waits to be sent to the portal.
    pub backlog: Backlog,
    /// How many events and messages were given up since the start because a queue was full.
    pub dropped: u64,
    /// What the switch has reported beyond what can be true.
    pub excess: Excess,
    /// What was not recorded because too much waited.
    pub unrecorded: Unrecorded,
    /// The daemon's database.
    pub disk: DiskState,
    /// How far the set-up is; `None` once a card was shown in a browser.
    pub setup: Option<Vec<StepProgress>>,
}

/// Life of the OAuth grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLife {
    /// When the access token was issued.
    pub obtained_at: Timestamp,
    /// When the access token ends; it is renewed by itself.
    pub expires_at: Timestamp,
    /// When the grant as a whole ends unless the access token is renewed before.
    pub grant_ends_at: Timestamp,
    /// In whose name we ask, if known.
    pub owner: Option<String>,
}

/// Switch settings without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchShown {
    /// Protocol.
    pub backend: Backend,
    /// Client id of the integration.
    pub client_id: String,
    /// Base addresses in order of preference.
    pub addresses: Vec<String>,
    /// ECSS-10 domain.
    pub domain: String,
    /// Which certificates are accepted.
    pub trust: Trust,
}

/// Switch settings as the form gives them, checked.
#[derive(Debug, Clone)]
pub struct SwitchInput {
    /// Everything but the key.
    pub shown: SwitchShown,
    /// A new key; `None` keeps the stored one.
    pub api_key: Option<SecretString>,
}

/// Why something was not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The form left the key empty, and none is stored.
    #[error("no API key is stored yet")]
    KeyNeeded,
    /// The company is gone.
    #[error("the company is gone")]
    Gone,
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

/// Outcome of trying the switch connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The switch said it is ready.
    Works,
    /// There is nothing to try yet.
    NotConfigured,
    Failed(LinkFault),
}
