//! A company: one Bitrix24 portal with its switch connection, the unit of isolation.

use super::{CompanyId, Timestamp, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Everything about a company that an admin or the portal has told us, but for tokens.
#[derive(Debug, Clone)]
pub struct Company {
    /// `member_id`.
    pub id: CompanyId,
    /// Name given by the admin; empty until then (pages show the domain instead).
    pub name: String,
    /// Portal host, with port if not 443, e.g. `firma.bitrix24.ru`.
    pub domain: String,
    /// Base for REST calls, e.g. `https://firma.bitrix24.ru/rest/`.
    pub client_endpoint: String,
    /// `client_id` of the portal's local application.
    pub client_id: String,
    pub client_secret: SecretString,
    /// What authenticates the portal's events; unknown until the portal has sent it once.
    pub application_token: Option<SecretString>,
    /// How to reach the switch; `None` until the admin has typed it in.
    pub switch: Option<SwitchSettings>,
    /// What the admin has chosen for calls.
    pub calls: CallSettings,
    /// Code of the portal's language, e.g. `ru`; unknown until the portal has said it once.
    pub language: Option<String>,
    /// When the company was registered.
    pub created_at: Timestamp,
}

/// Which protocol the switch is spoken to with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// ECSS-10 Call API (HTTPS + WebSocket).
    #[default]
    CallApi,
    /// ECMA-323 over TCP or TLS.
    Csta,
}

/// The four ECSS-10 settings, plus trust.
#[derive(Debug, Clone)]
pub struct SwitchSettings {
    /// Protocol.
    pub backend: Backend,
    /// Client id of the integration.
    pub client_id: String,
    /// API key of the integration.
    pub api_key: SecretString,
    /// Base addresses (`https://host:8088`) in order of preference, never empty.
    pub addresses: Vec<String>,
    /// ECSS-10 domain of the integration.
    pub domain: String,
    /// Which certificates are accepted.
    pub trust: Trust,
}

/// Which certificates of the switch are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Trust {
    /// The system's CAs and the installation's `ca_file`.
    #[default]
    System,
    /// Additionally these CAs (PEM text).
    Ca {
        /// One or more certificates.
        pem: String,
    },
    /// Exactly the certificate with this SHA-256 (lower-case hex), accepted by the admin.
    Pinned {
        /// Fingerprint of the end-entity certificate.
        sha256: String,
    },
    /// Anything: loudly marked as unsafe wherever it shows.
    Off {
        /// Since when; unknown where it was chosen before this was noted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
}

impl Trust {
    /// A stable word for the choice.
    pub const fn mode(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Ca { .. } => "ca",
            Self::Pinned { .. } => "pinned",
            Self::Off { .. } => "off",
        }
    }

    /// This choice made at `now`, where `before` was the choice so far.
    pub fn chosen(self, before: Option<&Self>, now: Timestamp) -> Self {
        match (self, before) {
            (Self::Off { .. }, Some(Self::Off { since })) => Self::Off { since: *since },
            (Self::Off { .. }, _) => Self::Off { since: Some(now) },
            (other, _) => other,
        }
    }
}

/// What does not protect the connection to a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unprotected {
    /// The key and everything else is sent so that anybody in between can read and change it.
    Unencrypted,
    /// Anybody in between can pretend to be the switch.
    Unchecked {
        /// Since when, if known.
        since: Option<Timestamp>,
    },
}

impl Unprotected {
    /// What is true of these addresses with this trust; the worse of two.
    pub fn of(addresses: &[String], trust: &Trust) -> Option<Self> {
        let plain = |address: &String| address.starts_with("http://") || address.starts_with("ws://");
        match trust {
            _ if addresses.iter().any(plain) => Some(Self::Unencrypted),
            Trust::Off { since } => Some(Self::Unchecked { since: *since }),
            Trust::System | Trust::Ca { .. } | Trust::Pinned { .. } => None,
        }
    }
}

/// For which calls the portal creates a CRM item when it finds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrmCreate {
    /// Never.
    #[default]
    None,
    /// For incoming calls.
    Incoming,
    /// For outgoing calls.
    Outgoing,
    /// For both.
    All,
}

/// What happens with calls between two employees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InternalCalls {
    /// Shown in our list only.
    #[default]
    Ignore,
    /// Sent to the CRM like others.
    Card,
}

/// How many hours a call may last unless the company says otherwise.
pub const LONGEST_CALL_H: u16 = 12;

/// What a company may choose for that.
pub const LONGEST_CALL_RANGE_H: std::ops::RangeInclusive<u16> = 1..=168;

/// The company's choices for calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallSettings {
    /// CRM items.
    pub crm_create: CrmCreate,
    /// Calls between employees.
    pub internal: InternalCalls,
    /// Who gets missed calls; `None`: the first who rang.
    pub responsible: Option<UserId>,
    /// Request budget of the portal (`"2/45"`, `"unlimited"`), overriding the installation's.
    pub budget: Option<String>,
    /// Numbers of the switch that are nobody's clients (queues, conferences, the reception): entries as
    /// [`NumberPattern`](super::numbers::NumberPattern) reads them.
    pub service_numbers: Vec<String>,
    /// Numbers that make the switch do something, beside those recognised by `*` and `#`: entries of the same kind.
    pub feature_codes: Vec<String>,
    /// A call that has lasted this many hours without an end counts as ended unseen; 1 to 168.
    pub longest_call_h: u16,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            crm_create: CrmCreate::default(),
            internal: InternalCalls::default(),
            responsible: None,
            budget: None,
            service_numbers: Vec::new(),
            feature_codes: Vec::new(),
            longest_call_h: LONGEST_CALL_H,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_off_is_off_since_it_was_first_chosen() {
        let off = || Trust::Off { since: None };
        let (first, later) = (Timestamp(5), Timestamp(9));
        let chosen = off().chosen(Some(&Trust::System), first);
        assert_eq!(chosen, Trust::Off { since: Some(first) });
        assert_eq!(off().chosen(Some(&chosen), later), chosen);
        assert_eq!(off().chosen(Some(&off()), later), off(), "nobody knows since when");
        assert_eq!(Trust::System.chosen(Some(&chosen), later), Trust::System);
        let stored = r#"{"mode":"off"}"#;
        assert_eq!(serde_json::from_str::<Trust>(stored).expect(stored), off());
    }

    #[test]
    fn a_connection_is_as_open_as_its_weakest_address() {
        let of = |addresses: &str, trust: &Trust| {
            Unprotected::of(&addresses.split(' ').map(str::to_owned).collect::<Vec<_>>(), trust)
        };
        let off = Trust::Off { since: None };
        assert_eq!(of("https://a https://b", &Trust::System), None);
        assert_eq!(of("https://a http://b", &Trust::System), Some(Unprotected::Unencrypted));
        assert_eq!(of("https://a", &off), Some(Unprotected::Unchecked { since: None }));
        assert_eq!(of("http://a", &off), Some(Unprotected::Unencrypted));
    }
}
