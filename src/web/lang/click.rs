//! What the portal said of a click, in words.

use crate::domain::call::ClickFacts;

/// Texts of a click's facts; `{}` stands where the value comes.
pub(crate) struct ClickTexts {
    /// Digits to dial after the answer.
    pub(crate) extension: &'static str,
    /// The chosen external line.
    pub(crate) line: &'static str,
    /// The portal's list of numbers to call.
    pub(crate) campaign: &'static str,
    /// Clicked in the mobile application.
    pub(crate) mobile: &'static str,
    /// Kinds of CRM items in people's words.
    pub(crate) kinds: [(&'static str, &'static str); 4],
}

/// Where a text has its value.
const VALUE: &str = "{}";

impl ClickTexts {
    /// "extension 12"
    pub(crate) fn extension(&self, facts: &ClickFacts) -> Option<String> {
        facts.extension.as_ref().map(|digits| self.extension.replace(VALUE, digits))
    }

    /// Everything but the extension.
    pub(crate) fn rest(&self, facts: &ClickFacts) -> Vec<String> {
        let campaign = facts.campaign.map(|id| self.campaign.replace(VALUE, &id.to_string()));
        let line = facts.line.as_ref().map(|line| self.line.replace(VALUE, line));
        let item = facts.item.as_ref().map(|item| {
            let kind =
                self.kinds.iter().find(|(kind, _)| *kind == item.kind).map_or(item.kind.as_str(), |(_, word)| *word);
            format!("{kind} {}", item.id)
        });
        let mobile = facts.mobile.then(|| self.mobile.to_owned());
        [campaign, item, line, mobile].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::call::{ClickFacts, CrmItem};
    use crate::web::lang::Lang;

    #[test]
    fn a_clicks_facts_are_told_in_both_languages() {
        let facts = ClickFacts {
            written: None,
            hidden: false,
            extension: Some("12".into()),
            line: Some("+73832000000".into()),
            campaign: Some(31),
            item: Some(CrmItem { kind: "CONTACT".into(), id: 3 }),
            mobile: true,
        };
        let told = |lang: Lang| {
            let t = &lang.texts().card.click;
            [vec![t.extension(&facts).expect("an extension")], t.rest(&facts)].concat().join(" · ")
        };
        assert_eq!(
            told(Lang::Ru),
            "добавочный 12 · обзвон № 31 · контакт № 3 · линия +73832000000 · из мобильного приложения"
        );
        assert_eq!(
            told(Lang::En),
            "extension 12 · call campaign 31 · contact 3 · line +73832000000 · from the mobile application"
        );
        assert!(Lang::Ru.texts().card.click.rest(&ClickFacts::default()).is_empty());
    }
}
