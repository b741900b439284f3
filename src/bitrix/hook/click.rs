//! What the portal tells of a click, in our words.

use super::CallStart;
use crate::domain::call::{Click, ClickFacts};
use crate::domain::phone::PhoneError;
use crate::domain::written::{AsWritten, Dialled, dialled, extension};
use crate::domain::{CrmCallId, UserId};

/// Longest line number, as the portal documents it, and longest name of a kind of CRM item.
const MAX_WORD: usize = 50;

impl CallStart {
    /// The number to dial and what belongs to it: as it was clicked if that can be dialled, else as the portal has read
    /// it; `None` if nothing can be. The portal drops every sign of a text, and so puts together what we take for
    /// several numbers: its reading says nothing of those.
    pub fn reached(&self) -> Option<Dialled> {
        if stands_for_hidden(&self.number) {
            return None;
        }
        let read = match dialled(&self.number) {
            Err(PhoneError::Unclear) => return None,
            read => read.or_else(|fault| dialled(self.international.as_deref().ok_or(fault)?)).ok()?,
        };
        // The portal fills EXTENSION with what its own two signs separate (voximplant/lib/rest/helper.php, startCall).
        Some(Dialled { extension: self.extension.as_deref().and_then(extension).or(read.extension), ..read })
    }

    /// The click as the call brain takes it: `user` clicked, and the portal has registered it as `crm`.
    pub fn click(&self, crm: CrmCallId, user: UserId, late: bool) -> Click {
        let read = self.reached();
        let facts = ClickFacts {
            written: read.is_none().then(|| AsWritten::new(&self.number)),
            hidden: stands_for_hidden(&self.number),
            extension: read.as_ref().and_then(|r| r.extension.clone()),
            line: self.line.as_deref().map(bounded).filter(|line| !line.is_empty()),
            campaign: self.campaign,
            item: self.item.clone(),
            mobile: self.mobile,
        };
        Click { crm, user, to: read.map(|r| r.number), late, facts }
    }
}

/// Whether it is what we tell the portal in place of a hidden number: a plus, or zeros. A single zero may be the
/// reception's number, and is nothing that the portal would take from us.
fn stands_for_hidden(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text != "0" && text.chars().all(|c| matches!(c, '+' | '0'))
}

/// As much of a word as is kept.
pub(super) fn bounded(text: &str) -> String {
    AsWritten::new(text).as_str().chars().take(MAX_WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::hook::PortalPost;
    use crate::domain::call::{CrmItem, CrmItemKind};

    fn click_from(fields: &str) -> Click {
        let body = format!("event=ONEXTERNALCALLSTART&auth[member_id]=m1&data[CALL_ID]=c&data[USER_ID]=7&{fields}");
        let Ok(PortalPost::CallStart(start)) = PortalPost::parse(None, body.as_bytes()) else { panic!("{body}") };
        start.click("c".into(), UserId(7), false)
    }

    #[test]
    fn everything_the_portal_tells_is_kept() {
        let click = click_from(
            "data[PHONE_NUMBER]=%2B73835550015%2312&data[PHONE_NUMBER_INTERNATIONAL]=%2B73835550015&data[EXTENSION]=12\
             &data[CALL_LIST_ID]=31&data[LINE_NUMBER]=%2B73832000000&data[IS_MOBILE]=1&data[CRM_ENTITY_TYPE]=CONTACT\
             &data[CRM_ENTITY_ID]=3",
        );
        assert_eq!(click.to.expect("a number").as_str(), "+73835550015");
        let want = ClickFacts {
            written: None,
            hidden: false,
            extension: Some("12".into()),
            line: Some("+73832000000".into()),
            campaign: Some(31),
            item: Some(CrmItem { kind: CrmItemKind::Contact, id: 3 }),
            mobile: true,
        };
        assert_eq!(click.facts, want);
    }

    #[test]
    fn what_is_not_there_is_not_invented() {
        for fields in [
            "data[PHONE_NUMBER]=89135551122&data[CALL_LIST_ID]=0&data[LINE_NUMBER]=&data[IS_MOBILE]=0&data[EXTENSION]=",
            "data[PHONE_NUMBER]=89135551122&data[CALL_LIST_ID][]=&data[LINE_NUMBER][]=&data[CRM_ENTITY_TYPE][]=x",
            "data[PHONE_NUMBER]=89135551122&data[CALL_LIST_ID]=-1&data[IS_MOBILE]=&data[CRM_ENTITY_TYPE]=LEAD",
        ] {
            let click = click_from(fields);
            assert_eq!((click.to.expect("a number").as_str(), click.facts), ("89135551122", ClickFacts::default()));
        }
    }

    #[test]
    fn the_portals_reading_helps_where_ours_fails_and_else_the_text_is_kept() {
        let click = click_from("data[PHONE_NUMBER]=8-800-FLOWERS&data[PHONE_NUMBER_INTERNATIONAL]=%2B78003569377");
        assert_eq!(click.to.expect("a number").as_str(), "+78003569377");
        for several in ["20000/20001", "12%20916%20123-45-67", "2%20floor,%20305%20room%201331"] {
            let click =
                click_from(&format!("data[PHONE_NUMBER]={several}&data[PHONE_NUMBER_INTERNATIONAL]=%2B2000020001"));
            assert_eq!((click.to, click.facts.written.is_some()), (None, true), "{several}");
        }
        let long = "1".repeat(10_000);
        for (number, kept) in [("8-800-FLOWERS", "8-800-FLOWERS"), ("sip:ivan@host", "sip:ivan@host"), (&long, "111")] {
            let click = click_from(&format!("data[PHONE_NUMBER]={number}"));
            assert_eq!(click.to, None, "{number}");
            let written = click.facts.written.expect("the text");
            assert!(written.as_str().starts_with(kept) && written.as_str().chars().count() <= 201, "{written}");
        }
        assert_eq!(click_from("data[PHONE_NUMBER][]=8").to, None, "an array is no number");
    }

    #[test]
    fn what_stands_for_a_hidden_number_is_never_dialled() {
        for number in ["%2B", "00", "000", "%2B0", "+00+"] {
            let click =
                click_from(&format!("data[PHONE_NUMBER]={number}&data[PHONE_NUMBER_INTERNATIONAL]=%2B73835550015"));
            assert!(click.to.is_none() && click.facts.hidden, "{number}: {click:?}");
        }
        for number in ["0", "100", "001", "**00"] {
            let click = click_from(&format!("data[PHONE_NUMBER]={number}"));
            assert!(click.to.is_some() && !click.facts.hidden, "{number}: {click:?}");
        }
    }

    #[test]
    fn clicks_stored_by_an_older_version_are_read() {
        for (word, kind) in [("DEAL", CrmItemKind::Deal), ("SMART_7", CrmItemKind::Other("SMART_7".into()))] {
            let text = format!(r#"{{"kind":"{word}","id":3}}"#);
            let item: CrmItem = serde_json::from_str(&text).expect("an item");
            assert_eq!((&item.kind, serde_json::to_string(&item).expect("text")), (&kind, text));
        }
        let old = r#"{"crm":"c","user":7,"from":null,"to":"+73835550015","late":false}"#;
        let click: Click = serde_json::from_str(old).expect("a click");
        assert_eq!((click.to.expect("a number").as_str(), click.facts), ("+73835550015", ClickFacts::default()));
    }
}
