//! What the portal said of a click, in words.

use crate::domain::call::{ClickFacts, CrmItemKind};
use std::collections::BTreeMap;

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
    /// Kinds of CRM items, to be followed by a number.
    pub(crate) contact: &'static str,
    pub(crate) company: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) deal: &'static str,
}

/// Where a text has its value.
const VALUE: &str = "{}";

impl ClickTexts {
    /// "extension 12"
    pub(crate) fn extension(&self, facts: &ClickFacts) -> Option<String> {
        facts.extension.as_ref().map(|digits| self.extension.replace(VALUE, digits))
    }

    /// The kinds of CRM items that have a word, for scripts.
    pub(crate) fn kinds(&self) -> BTreeMap<CrmItemKind, &'static str> {
        BTreeMap::from([
            (CrmItemKind::Contact, self.contact),
            (CrmItemKind::Company, self.company),
            (CrmItemKind::Lead, self.lead),
            (CrmItemKind::Deal, self.deal),
        ])
    }

    /// A sentence about a click, with all its facts.
    pub(super) fn click_text(&self, what: String, facts: &ClickFacts) -> String {
        let extension = self.extension(facts).map(|text| format!(", {text}")).unwrap_or_default();
        [vec![what + &extension], self.rest(facts)].concat().join(" · ")
    }

    /// Everything but the extension.
    pub(crate) fn rest(&self, facts: &ClickFacts) -> Vec<String> {
        let campaign = facts.campaign.map(|id| self.campaign.replace(VALUE, &id.to_string()));
        let line = facts.line.as_ref().map(|line| self.line.replace(VALUE, line));
        let item = facts.item.as_ref().map(|item| {
            let kind = match &item.kind {
                CrmItemKind::Contact => self.contact,
                CrmItemKind::Company => self.company,
                CrmItemKind::Lead => self.lead,
                CrmItemKind::Deal => self.deal,
                CrmItemKind::Other(word) => word,
            };
            format!("{kind} {}", item.id)
        });
        let mobile = facts.mobile.then(|| self.mobile.to_owned());
        [campaign, item, line, mobile].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::call::{ClickFacts, CrmItem, CrmItemKind};
    use crate::lang::Lang;

    #[test]
    fn a_clicks_facts_are_told_in_both_languages() {
        let facts = ClickFacts {
            written: None,
            hidden: false,
            extension: Some("12".into()),
            line: Some("+73832000000".into()),
            campaign: Some(31),
            item: Some(CrmItem { kind: CrmItemKind::Contact, id: 3 }),
            mobile: true,
        };
        let click_text = |lang: Lang| {
            let t = &lang.texts().card.click;
            [vec![t.extension(&facts).expect("an extension")], t.rest(&facts)].concat().join(" · ")
        };
        assert_eq!(
            click_text(Lang::Ru),
            "добавочный 12 · обзвон № 31 · контакт № 3 · линия +73832000000 · из мобильного приложения"
        );
        assert_eq!(
            click_text(Lang::En),
            "extension 12 · call campaign 31 · contact 3 · line +73832000000 · from the mobile application"
        );
        let kinds = serde_json::to_value(Lang::En.texts().card.click.kinds()).expect("JSON");
        assert_eq!(kinds["CONTACT"], "contact", "scripts know a kind by the word it is stored by");
        assert!(Lang::Ru.texts().card.click.rest(&ClickFacts::default()).is_empty());
    }
}
