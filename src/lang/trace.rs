//! A call's trace in people's words.

use super::{Lang, en, ru};
use crate::domain::UserId;
use crate::domain::call::{DialFailure, Note};
use crate::domain::directory::Employee;
use crate::domain::leg::LegState;
use std::collections::BTreeMap;

/// Names of a company's employees.
pub(crate) struct EmployeeNames(BTreeMap<UserId, String>);

impl EmployeeNames {
    pub(crate) fn new(employees: Vec<Employee>) -> Self {
        Self(employees.into_iter().map(|e| (e.user, e.name)).collect())
    }

    pub(super) fn of(&self, user: UserId) -> String {
        match self.0.get(&user).filter(|n| !n.is_empty()) {
            Some(name) => name.clone(),
            None => format!("№ {user}"),
        }
    }

    pub(super) fn all(&self, users: &[UserId]) -> String {
        users.iter().map(|u| self.of(*u)).collect::<Vec<_>>().join(", ")
    }
}

/// What a line of a trace says; `None` for lines that only repeat another.
pub(crate) fn note_text(note: &Note, names: &EmployeeNames, lang: Lang) -> Option<String> {
    match lang {
        Lang::Ru => ru::trace::sentence(note, names),
        Lang::En => en::trace::sentence(note, names),
    }
}

/// A leg's state as a trace calls it.
pub(crate) const fn leg_state(state: LegState, lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => ru::trace::leg_state(state),
        Lang::En => en::trace::leg_state(state),
    }
}

/// Why a number was not dialled.
pub(crate) const fn dial_failure(why: DialFailure, lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => ru::trace::dial_failure(why),
        Lang::En => en::trace::dial_failure(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{ClickFacts, CrmCallKind, CrmStep};
    use crate::domain::numbers::{NumberRule, Party};
    use crate::domain::outbox::{RequestKind, RequestReply};
    use crate::domain::written::AsWritten;
    use crate::domain::{CrmCallId, Phone};

    #[test]
    fn a_story_names_people_and_says_why() {
        let names = EmployeeNames::new(vec![Employee {
            user: UserId(7),
            name: "Анна Орлова".into(),
            active: true,
            numbers: Vec::new(),
        }]);
        let shown = |note: &Note, lang| note_text(note, &names, lang).expect("a line");
        let opened = Note::Opened { lane: "c".into(), kind: CrmCallKind::Incoming, user: UserId(7) };
        assert_eq!(shown(&opened, Lang::Ru), "Входящий вызов — Анна Орлова");
        let show = Note::Intent { lane: "c".into(), step: CrmStep::Show { users: vec![UserId(7), UserId(9)] } };
        assert_eq!(shown(&show, Lang::En), "Opening the card: Анна Орлова, № 9");
        let failed = Note::DialFailed { why: DialFailure::NoNumber };
        assert!(shown(&failed, Lang::Ru).contains("списке пользователей"));
        let again = Note::GoesOn { leg: "l".into(), state: LegState::Talking };
        assert!(shown(&again, Lang::Ru).ends_with("снова виден: разговор"), "{}", shown(&again, Lang::Ru));
        let crm: CrmCallId = "c".into();
        let facts =
            ClickFacts { extension: Some("12".into()), campaign: Some(31), mobile: true, ..ClickFacts::default() };
        let to = Phone::parse("+73835550015").ok();
        let click = Note::Clicked { user: UserId(7), crm: crm.clone(), to, facts };
        assert_eq!(
            shown(&click, Lang::Ru),
            "Анна Орлова набирает из Битрикс24 номер +73835550015, добавочный 12 · обзвон № 31 · из мобильного приложения"
        );
        let facts = ClickFacts { written: Some(AsWritten::new("sip:ivan@host")), ..ClickFacts::default() };
        let click = Note::Clicked { user: UserId(7), crm, to: None, facts };
        assert_eq!(shown(&click, Lang::En), "Анна Орлова clicked in Bitrix24 on “\u{2068}sip:ivan@host\u{2069}”");
        let old = r#"{"note":"clicked","user":7,"crm":"c","to":"+73835550015"}"#;
        let old: Note = serde_json::from_str(old).expect("a line of an older version");
        assert_eq!(shown(&old, Lang::En), "Анна Орлова clicked in Bitrix24 on +73835550015");
        let late = Note::RangAgain { leg: "l".into(), after_s: 40 };
        assert!(shown(&late, Lang::En).starts_with("The call rang again after 40 s"), "{}", shown(&late, Lang::En));
        let answer = RequestReply::NotDone("HTTP 503".into());
        let refused = Note::Told { lane: "c".into(), request: RequestKind::Show, answer, took_ms: 5 };
        assert_eq!(shown(&refused, Lang::En), "The portal answered: show — HTTP 503");
    }

    #[test]
    fn lines_of_older_versions_are_told() {
        let names = EmployeeNames::new(Vec::new());
        for (stored, russian, english) in [
            (
                r#"{"note":"pressed","user":7,"button":"retrieve"}"#,
                "№ 7 нажимает в карточке «Снять с удержания»",
                "№ 7 pressed on the card «retrieve»",
            ),
            (
                r#"{"note":"told","lane":"c","request":"register","answer":"ok, but no CRM item: x","took_ms":5}"#,
                "Портал принял: регистрация вызова",
                "The portal took: register",
            ),
            (
                r#"{"note":"told","lane":"c","request":"hide","answer":"no such call (any more)","took_ms":5}"#,
                "Портал ответил на запрос: закрытие карточки — no such call (any more)",
                "The portal answered: hide — no such call (any more)",
            ),
        ] {
            let note: Note = serde_json::from_str(stored).expect("a line of an older version");
            let shown = [Lang::Ru, Lang::En].map(|lang| note_text(&note, &names, lang).expect("a line"));
            assert_eq!(shown, [russian, english]);
            assert_eq!(serde_json::to_string(&note).expect("text"), stored, "it is written as it was");
        }
    }

    #[test]
    fn the_rule_that_applied_is_named() {
        let number = Phone::parse("200").expect("a number");
        let what = |number: Option<&Phone>, party, rule: &NumberRule, lang| {
            let note = Note::Number { leg: "l".into(), number: number.cloned(), party, rule: rule.clone() };
            note_text(&note, &EmployeeNames::new(Vec::new()), lang).expect("a line")
        };
        let rule = NumberRule::Setting { entry: "20x".into() };
        assert_eq!(
            what(Some(&number), Party::Service, &rule, Lang::En),
            "200 is a service number of the switch: not sent to the CRM (by the setting «20x»)"
        );
        assert_eq!(what(None, Party::Hidden, &NumberRule::NotShown, Lang::Ru), "АТС не показала номер");
        let unreadable = what(None, Party::Hidden, &NumberRule::Unreadable, Lang::En);
        assert!(unreadable.starts_with("The switch showed no number (what it showed"), "{unreadable}");
    }
}
