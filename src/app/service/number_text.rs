//! What a number was taken for and why, in people's words.

use crate::domain::Phone;
use crate::domain::numbers::{NumberRule, Party};
use crate::web::lang::Lang;

/// One sentence for a call's trace.
pub(super) fn what(number: Option<&Phone>, party: Party, rule: &NumberRule, lang: Lang) -> String {
    let shown = number.map_or("—", Phone::as_str);
    let (ru, en) = match party {
        Party::Client => (format!("{shown} — номер клиента"), format!("{shown} is a client's number")),
        Party::Hidden => ("АТС не показала номер".to_owned(), "The switch showed no number".to_owned()),
        Party::Colleague(_) => (format!("{shown} — номер коллеги"), format!("{shown} is a colleague's number")),
        Party::Service => (
            format!("{shown} — служебный номер АТС, в CRM не передаётся"),
            format!("{shown} is a service number of the switch: not sent to the CRM"),
        ),
        Party::FeatureCode => (
            format!("{shown}… — код услуги АТС, в CRM не передаётся и дальше не хранится"),
            format!("{shown}… is a feature code: not sent to the CRM, and nothing more of it is kept"),
        ),
        Party::Emergency => (
            format!("{shown} — экстренная служба, клиент из этого вызова не создаётся"),
            format!("{shown} is an emergency service: nobody becomes a client by this call"),
        ),
    };
    let pick = |r: &str, e: &str| if lang == Lang::Ru { r.to_owned() } else { e.to_owned() };
    let why = match rule {
        NumberRule::NotShown => String::new(),
        NumberRule::Unreadable => pick(
            "то, что она показала, — не номер: имя, адрес SIP или слишком много цифр",
            "what it showed is none: a name, a SIP address, or too many digits",
        ),
        NumberRule::Table => pick("он есть в таблице пользователей", "it stands in the table of users"),
        NumberRule::Setting { entry } => format!("{} «{entry}»", pick("по настройке", "by the setting")),
        NumberRule::Form => pick("по виду номера", "by its form"),
        NumberRule::EmergencyList => pick("это общеизвестный номер", "it is a well-known number"),
        NumberRule::NothingElse => pick("другие правила не подошли", "no other rule applies"),
    };
    let said = if lang == Lang::Ru { ru } else { en };
    if why.is_empty() { said } else { format!("{said} ({why})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_that_applied_is_named() {
        let number = Phone::parse("200").expect("a number");
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
