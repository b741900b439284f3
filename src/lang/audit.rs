//! What people did, in words.

use super::Lang;
use crate::domain::Phone;
use crate::domain::audit::{AuditAction, AuditActor, AuditDeed, ChangedSetting, NumbersChange, SettingChange};

/// A deed in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeedText {
    pub who: String,
    pub what: String,
}

/// The deed in this language.
pub(crate) fn deed_text(lang: Lang, deed: &AuditDeed) -> DeedText {
    let t = &lang.texts().audit;
    let who = match &deed.actor {
        AuditActor::Admin { user, name } if name.is_empty() => format!("ID {user}"),
        AuditActor::Admin { name, .. } => name.clone(),
        AuditActor::Portal => t.portal.to_owned(),
    };
    let what = match &deed.action {
        AuditAction::LoggedIn => t.logged_in.to_owned(),
        AuditAction::Renamed { name } => (t.renamed)(name),
        AuditAction::Settings { changes } => joined(changes.iter().map(|change| setting(lang, change))),
        AuditAction::Numbers { changes, more } => {
            let more = (*more > 0).then(|| (t.more)(*more));
            format!("{}: {}", t.numbers, joined(changes.iter().map(|change| numbers(lang, change)).chain(more)))
        }
        AuditAction::Uninstalled { clean: true } => t.uninstalled_clean.to_owned(),
        AuditAction::Uninstalled { clean: false } => t.uninstalled.to_owned(),
    };
    DeedText { who, what }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn setting(lang: Lang, change: &SettingChange) -> String {
    let (t, none) = (&lang.texts().company, lang.texts().audit.none);
    let name = match change.setting {
        ChangedSetting::ClientId => t.client_id,
        ChangedSetting::ApiKey => return format!("{}: {}", t.api_key, lang.texts().audit.changed),
        ChangedSetting::Addresses => t.addresses,
        ChangedSetting::Domain => t.domain,
        ChangedSetting::Trust => {
            let value = match change.value.as_str() {
                "ca" => t.tls_ca,
                "pinned" => t.tls_pinned,
                "off" => t.tls_off,
                _ => t.tls_system,
            };
            return format!("{}: {value}", t.tls);
        }
        ChangedSetting::CrmCreate => t.crm_create,
        ChangedSetting::Internal => t.internal,
        ChangedSetting::Responsible => t.responsible,
        ChangedSetting::Budget => t.budget,
        ChangedSetting::ServiceNumbers => t.service_numbers,
        ChangedSetting::FeatureCodes => t.feature_codes,
        ChangedSetting::LongestCall => t.longest_call_h,
    };
    let value = if change.value.is_empty() { none } else { &change.value };
    format!("{name}: {value}")
}

fn numbers(lang: Lang, change: &NumbersChange) -> String {
    let list = |numbers: &[Phone]| match numbers {
        [] => lang.texts().audit.none.to_owned(),
        numbers => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let name = if change.name.is_empty() { format!("ID {}", change.user) } else { change.name.clone() };
    format!("{name} {} → {}", list(&change.before), list(&change.now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    #[test]
    fn a_deed_names_who_and_what_in_the_words_of_the_page() {
        let actor = AuditActor::Admin { user: UserId(7), name: "Анна".into() };
        let change = |setting, value: &str| SettingChange { setting, value: value.into() };
        let changes = vec![
            change(ChangedSetting::ApiKey, ""),
            change(ChangedSetting::Trust, "off"),
            change(ChangedSetting::Budget, ""),
        ];
        let deed = AuditDeed { actor: actor.clone(), action: AuditAction::Settings { changes } };
        for lang in [Lang::Ru, Lang::En] {
            let (t, text) = (lang.texts(), deed_text(lang, &deed));
            assert_eq!(text.who, "Анна");
            for part in [t.company.api_key, t.audit.changed, t.company.tls_off, t.company.budget, t.audit.none] {
                assert!(text.what.contains(part), "{part}: {text:?}");
            }
        }
        let phone = |text: &str| Phone::parse(text).unwrap();
        let moved = NumbersChange { user: UserId(8), name: String::new(), before: vec![phone("1001")], now: vec![] };
        let deed = AuditDeed { actor, action: AuditAction::Numbers { changes: vec![moved], more: 2 } };
        assert_eq!(deed_text(Lang::En, &deed).what, "Numbers: ID 8 1001 → none; and 2 more employees");
    }
}
