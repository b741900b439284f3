//! Who did what: changes that people make, so that nobody has to guess afterwards.

use super::company::{CallSettings, SwitchSettings};
use super::directory::Employee;
use super::{Phone, Timestamp, UserId};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

/// Employees named in one entry; of a change of more the rest is only counted.
const NAMED: usize = 50;
/// Characters of a value that are kept.
const LONGEST: usize = 300;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub deed: AuditDeed,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDeed {
    pub actor: AuditActor,
    #[serde(flatten)]
    pub action: AuditAction,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditActor {
    /// An administrator of the portal; the name may be empty.
    Admin { user: UserId, name: String },
    /// The portal itself, for whoever acted in it.
    Portal,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum AuditAction {
    LoggedIn,
    Renamed {
        name: String,
    },
    /// Settings have other values now.
    Settings {
        changes: Vec<SettingChange>,
    },
    /// Employees have other numbers now.
    Numbers {
        changes: Vec<NumbersChange>,
        more: usize,
    },
    /// The application was removed from the portal, with its data or without.
    Uninstalled {
        clean: bool,
    },
}

impl AuditAction {
    /// A stable word for the log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::Renamed { .. } => "renamed",
            Self::Settings { .. } => "settings",
            Self::Numbers { .. } => "numbers",
            Self::Uninstalled { .. } => "uninstalled",
        }
    }
}

/// A setting and its new value; of a secret only that it is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    pub setting: ChangedSetting,
    pub value: String,
}

/// What can be set on a company's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedSetting {
    ClientId,
    ApiKey,
    Addresses,
    Domain,
    Trust,
    CrmCreate,
    Internal,
    Responsible,
    Budget,
    ServiceNumbers,
    FeatureCodes,
    LongestCall,
}

impl ChangedSetting {
    /// A stable word for the log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::ApiKey => "api_key",
            Self::Addresses => "addresses",
            Self::Domain => "domain",
            Self::Trust => "trust",
            Self::CrmCreate => "crm_create",
            Self::Internal => "internal",
            Self::Responsible => "responsible",
            Self::Budget => "budget",
            Self::ServiceNumbers => "service_numbers",
            Self::FeatureCodes => "feature_codes",
            Self::LongestCall => "longest_call_h",
        }
    }
}

/// An employee's numbers before and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumbersChange {
    pub user: UserId,
    pub name: String,
    pub before: Vec<Phone>,
    pub now: Vec<Phone>,
}

fn changed(list: &mut Vec<SettingChange>, setting: ChangedSetting, before: Option<&str>, now: &str) {
    if before != Some(now) {
        list.push(SettingChange { setting, value: now.chars().take(LONGEST).collect() });
    }
}

/// What of a switch's settings is different now; `None` if nothing is.
pub fn switch_changes(before: Option<&SwitchSettings>, now: &SwitchSettings) -> Option<AuditAction> {
    let mut changes = Vec::new();
    let mut compare = |setting, value: fn(&SwitchSettings) -> String| {
        changed(&mut changes, setting, before.map(value).as_deref(), &value(now));
    };
    compare(ChangedSetting::ClientId, |s| s.client_id.clone());
    compare(ChangedSetting::Addresses, |s| s.addresses.join(", "));
    compare(ChangedSetting::Domain, |s| s.domain.clone());
    compare(ChangedSetting::Trust, |s| s.trust.mode().to_owned());
    let same_key = before.is_some_and(|before| before.api_key.expose_secret() == now.api_key.expose_secret());
    if !same_key {
        changes.push(SettingChange { setting: ChangedSetting::ApiKey, value: String::new() });
    }
    (!changes.is_empty()).then_some(AuditAction::Settings { changes })
}

/// What of the choices for calls is different now; `None` if nothing is.
pub fn call_changes(before: &CallSettings, now: &CallSettings) -> Option<AuditAction> {
    let mut changes = Vec::new();
    let mut compare = |setting, value: fn(&CallSettings) -> String| {
        changed(&mut changes, setting, Some(&value(before)), &value(now));
    };
    compare(ChangedSetting::CrmCreate, |s| word(&s.crm_create));
    compare(ChangedSetting::Internal, |s| word(&s.internal));
    compare(ChangedSetting::Responsible, |s| s.responsible.map_or_else(String::new, |user| user.to_string()));
    compare(ChangedSetting::Budget, |s| s.budget.clone().unwrap_or_default());
    compare(ChangedSetting::ServiceNumbers, |s| s.service_numbers.join(", "));
    compare(ChangedSetting::FeatureCodes, |s| s.feature_codes.join(", "));
    compare(ChangedSetting::LongestCall, |s| s.longest_call_h.to_string());
    (!changes.is_empty()).then_some(AuditAction::Settings { changes })
}

/// How a choice is written where it is stored.
fn word(choice: &impl Serialize) -> String {
    let text = serde_json::to_value(choice).ok().and_then(|value| Some(value.as_str()?.to_owned()));
    text.unwrap_or_default()
}

/// Whose numbers are different now; `None` if nobody's are.
pub fn number_changes(before: &[Employee], rows: &[(UserId, Vec<Phone>)]) -> Option<AuditAction> {
    let of = |user: UserId| before.iter().find(|employee| employee.user == user);
    let mut changes: Vec<NumbersChange> = rows
        .iter()
        .map(|(user, now)| {
            let (name, before) = of(*user).map(|e| (e.name.clone(), e.numbers.clone())).unwrap_or_default();
            NumbersChange { user: *user, name, before, now: now.clone() }
        })
        .filter(|change| change.before != change.now)
        .collect();
    let more = changes.len().saturating_sub(NAMED);
    changes.truncate(NAMED);
    (!changes.is_empty()).then_some(AuditAction::Numbers { changes, more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::{Backend, InternalCalls, Trust};

    fn switch(key: &str, address: &str) -> SwitchSettings {
        SwitchSettings {
            backend: Backend::CallApi,
            client_id: "crm".into(),
            api_key: key.to_owned().into(),
            addresses: vec![address.into()],
            domain: "nick".into(),
            trust: Trust::System,
        }
    }

    fn settings(action: Option<AuditAction>) -> Vec<(&'static str, String)> {
        let Some(AuditAction::Settings { changes }) = action else { return Vec::new() };
        changes.into_iter().map(|change| (change.setting.code(), change.value)).collect()
    }

    #[test]
    fn what_has_changed_is_named_with_its_value_and_a_secret_without() {
        let before = switch("secret-1", "https://a");
        assert_eq!(switch_changes(Some(&before), &before), None);
        let now = switch("secret-2", "https://b");
        let changes = settings(switch_changes(Some(&before), &now));
        assert_eq!(changes, [("addresses", "https://b".into()), ("api_key", String::new())]);
        assert_eq!(settings(switch_changes(None, &now)).len(), 5, "all of it is new");
        let text = serde_json::to_string(&switch_changes(None, &now)).unwrap();
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn choices_and_numbers_name_what_is_different() {
        let before = CallSettings::default();
        let now = CallSettings { internal: InternalCalls::Card, longest_call_h: 5, ..before.clone() };
        assert_eq!(call_changes(&before, &before), None);
        assert_eq!(
            settings(call_changes(&before, &now)),
            [("internal", "card".into()), ("longest_call_h", "5".into())]
        );
        let phone = |text: &str| Phone::parse(text).unwrap();
        let anna = Employee { user: UserId(1), name: "Анна".into(), active: true, numbers: vec![phone("1001")] };
        assert_eq!(number_changes(std::slice::from_ref(&anna), &[(UserId(1), vec![phone("1001")])]), None);
        let Some(AuditAction::Numbers { changes, more }) = number_changes(&[anna], &[(UserId(1), vec![])]) else {
            panic!("a change")
        };
        assert_eq!((changes[0].name.as_str(), changes[0].before.len(), changes[0].now.len(), more), ("Анна", 1, 0, 0));
        let many: Vec<_> = (0..80).map(|n| (UserId(n), vec![phone(&(1000 + n).to_string())])).collect();
        let Some(AuditAction::Numbers { changes, more }) = number_changes(&[], &many) else { panic!("a change") };
        assert_eq!((changes.len(), more), (50, 30));
    }

    #[test]
    fn a_deed_is_read_as_it_was_written() {
        let actor = AuditActor::Admin { user: UserId(7), name: "Анна".into() };
        for action in [AuditAction::LoggedIn, AuditAction::Uninstalled { clean: true }] {
            let deed = AuditDeed { actor: actor.clone(), action };
            let text = serde_json::to_string(&deed).unwrap();
            assert_eq!(serde_json::from_str::<AuditDeed>(&text).unwrap(), deed, "{text}");
        }
    }
}
