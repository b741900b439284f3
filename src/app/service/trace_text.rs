//! A call's trace in people's words.

use super::number_text;
use crate::domain::call::{ClickFacts, CrmCallKind, CrmStep, DialFailure, FinishStatus, Note};
use crate::domain::directory::Employee;
use crate::domain::leg::{Direction, LegState};
use crate::domain::{Phone, UserId};
use crate::web::lang::Lang;
use std::collections::BTreeMap;

/// Names of employees.
pub(super) struct Names(BTreeMap<UserId, String>);

impl Names {
    pub(super) fn new(employees: Vec<Employee>) -> Self {
        Self(employees.into_iter().map(|e| (e.user, e.name)).collect())
    }

    fn of(&self, user: UserId) -> String {
        match self.0.get(&user).filter(|n| !n.is_empty()) {
            Some(name) => name.clone(),
            None => format!("№ {user}"),
        }
    }

    fn all(&self, users: &[UserId]) -> String {
        users.iter().map(|u| self.of(*u)).collect::<Vec<_>>().join(", ")
    }
}

/// The sentence and its particulars; `None` for lines that only repeat another.
pub(super) fn tell(note: &Note, names: &Names, lang: Lang) -> Option<(String, String)> {
    let ru = lang == Lang::Ru;
    let pick = |r: &str, e: &str| if ru { r.to_owned() } else { e.to_owned() };
    let shown = |n: &Option<Phone>| n.as_ref().map_or_else(|| pick("номер скрыт", "hidden number"), Phone::to_string);
    Some(match note {
        Note::Leg { leg, own, remote, direction, state, owner } => {
            let who = owner.map_or_else(String::new, |u| format!(" ({})", names.of(u)));
            let arrow = if *direction == Direction::In { "←" } else { "→" };
            let text = format!("{own}{who} {arrow} {}: {}", shown(remote), phase(*state, lang));
            (text, format!("leg {leg}"))
        }
        Note::Number { leg, number, party, rule } => {
            (number_text::what(number.as_ref(), *party, rule, lang), format!("leg {leg}"))
        }
        Note::NumberChanged { leg, from, to } => (
            format!(
                "{} {} → {to}. {}",
                pick("Номер абонента изменился:", "The client's number has changed:"),
                shown(from),
                pick(
                    "Портал не меняет номер у вызова: он завершён, дальше новый вызов",
                    "The portal cannot change it: that call is closed, another one goes on",
                )
            ),
            format!("leg {leg}"),
        ),
        Note::LegLeft { leg } => (
            pick("Телефон перешёл в другой вызов АТС", "The phone is in another call of the switch now"),
            format!("leg {leg}"),
        ),
        Note::LegCame { leg } => (
            pick("Телефон пришёл из другого вызова АТС", "The phone has come from another call of the switch"),
            format!("leg {leg}"),
        ),
        Note::Overdue { leg } => (
            pick(
                "АТС так и не сообщила об окончании: вызов длится дольше допустимого и закрыт, окончание неизвестно",
                "The switch never told the end: longer than a call may last, so it was closed with its end unknown",
            ),
            format!("leg {leg}"),
        ),
        Note::GaveWay => (
            pick(
                "АТС сообщила больше вызовов, чем может идти: этот молчал дольше всех и закрыт, окончание неизвестно",
                "The switch told of more calls than there can be: this one, silent the longest, was closed, its end unknown",
            ),
            String::new(),
        ),
        Note::LegsGaveWay { legs } => (
            pick(
                "АТС сообщила в этом вызове больше телефонов, чем может быть: молчавшие дольше всех завершены: ",
                "The switch told of more phones in this call than there can be: the most silent ones were ended: ",
            ) + &legs.to_string(),
            String::new(),
        ),
        Note::LegsRefused { legs } => (
            pick(
                "АТС сообщила в этом вызове больше телефонов, чем может быть. Не учтено: ",
                "The switch told of more phones in this call than there can be. Not taken in: ",
            ) + &legs.to_string(),
            String::new(),
        ),
        Note::RecordRefused { leg } => (
            pick(
                "В этом вызове больше разговоров, чем может быть: этот в CRM не передаётся",
                "More conversations in this call than there can be: this one is not sent to the CRM",
            ),
            format!("leg {leg}"),
        ),
        Note::NumberNotFollowed { leg, to } => (
            pick(
                "Номер клиента в этом вызове менялся слишком часто, новый в CRM не передаётся: ",
                "The client's number has changed too often in this call; the new one is not sent to the CRM: ",
            ) + to.as_str(),
            format!("leg {leg}"),
        ),
        Note::NotRecorded { lane } => (
            pick(
                "В CRM не записано: слишком много вызовов ждали, пока портал станет доступен, а этот — дольше всех",
                "Not recorded in the CRM: too many calls waited for the portal, and this one had waited longest",
            ),
            format!("EXTERNAL_CALL_ID {lane}"),
        ),
        Note::StoryEnds => (
            pick(
                "Рассказ о вызове стал слишком длинным, продолжение не сохраняется",
                "The story has become too long; what follows is not kept",
            ),
            String::new(),
        ),
        Note::NobodysNumber { own } => (
            pick(
                "Карточка не показана: номера нет в таблице сотрудников — ",
                "No card: nobody in the table has the number ",
            ) + own.as_str(),
            String::new(),
        ),
        Note::Internal => (
            pick(
                "Разговаривают сотрудники: по настройке компании в CRM не передаётся",
                "Colleagues: by the company's setting not sent to the CRM",
            ),
            String::new(),
        ),
        Note::Stale { leg, state } => (
            pick(
                "АТС повторила устаревшее состояние, оно не учтено",
                "The switch repeated an outdated phase; it changed nothing",
            ),
            format!("leg {leg}: {}", phase(*state, Lang::En)),
        ),
        Note::Opened { lane, kind, user } => {
            (format!("{} — {}", kind_of(*kind, lang), names.of(*user)), format!("EXTERNAL_CALL_ID {lane}"))
        }
        Note::Clicked { user, crm, to, facts } => {
            (clicked(&names.of(*user), to.as_ref(), facts, lang), format!("CALL_ID {crm}"))
        }
        Note::DialFailed { why } => (
            pick("Набрать номер не удалось: ", "The number was not dialled: ") + &dial_failure(*why, lang),
            String::new(),
        ),
        Note::Matched { leg } => (
            pick("Найден вызов на АТС, начатый этим щелчком", "The switch's call of this click was found"),
            format!("leg {leg}"),
        ),
        Note::Pressed { user, button } => (
            format!(
                "{} {} «{}»",
                names.of(*user),
                pick("нажимает в карточке", "pressed on the card"),
                button_name(button, lang)
            ),
            String::new(),
        ),
        Note::LinkLost => (pick("Связь с АТС прервалась", "The connection to the switch broke"), String::new()),
        Note::EndUnknown { leg } => (
            pick(
                "После восстановления связи плечо не появилось: окончание неизвестно",
                "Not seen again after the connection came back: its end is unknown",
            ),
            format!("leg {leg}"),
        ),
        Note::GoesOn { leg, state } => (
            pick(
                "Вызов, окончание которого считалось неизвестным, снова виден: ",
                "A call whose end had been taken as unknown was heard of again: ",
            ) + phase(*state, lang),
            format!("leg {leg}"),
        ),
        Note::Moved { leg, from, to } => (
            format!("{} {from} → {to}", pick("Вызов перешёл на другой номер:", "The call moved to another number:")),
            format!("leg {leg}"),
        ),
        Note::HandedOver { leg } => (
            pick(
                "Коллега передал внешний вызов: с этого момента разговор учитывается в CRM",
                "A colleague handed an outside call over: from now on the conversation counts for the CRM",
            ),
            format!("leg {leg}"),
        ),
        Note::RaceLost { leg } => (
            pick(
                "Трубку сняли на двух телефонах сразу: этот АТС тут же отключила, разговором не считается",
                "Two phones were picked up at once; the switch disconnected this one, so it counts as no conversation",
            ),
            format!("leg {leg}"),
        ),
        Note::RangAgain { leg, after_s } => (
            format!(
                "{} {after_s} {}",
                pick("Вызов зазвонил снова через", "The call rang again after"),
                pick(
                    "с, когда уже считался пропущенным: записывается ещё раз",
                    "s, when it had been recorded as missed: it is recorded once more",
                )
            ),
            format!("leg {leg}"),
        ),
        Note::ClockBack { seconds } => (
            format!(
                "{} {seconds} {}",
                pick("Часы сервера переведены назад на", "The server's clock was put back by"),
                pick("с: длительность считается по ходу вызова", "s; the call's own time goes on"),
            ),
            String::new(),
        ),
        Note::Intent { lane, step } => (intent(step, names, lang)?, format!("EXTERNAL_CALL_ID {lane}")),
        Note::Told { request, answer, took_ms, lane } => (
            if answer.starts_with("ok") {
                format!("{}: {}", pick("Портал принял", "The portal took"), request_name(request, lang))
            } else {
                format!(
                    "{}: {} — {answer}",
                    pick("Портал ответил на запрос", "The portal answered"),
                    request_name(request, lang)
                )
            },
            format!("{request}, {took_ms} ms, {lane}: {answer}"),
        ),
        Note::Closed { status, lane } => {
            (format!("{}: {}", pick("Итог", "Outcome"), status_name(*status, lang)), format!("EXTERNAL_CALL_ID {lane}"))
        }
    })
}

fn intent(step: &CrmStep, names: &Names, lang: Lang) -> Option<String> {
    let ru = lang == Lang::Ru;
    let pick = |r: &str, e: &str| if ru { r.to_owned() } else { e.to_owned() };
    Some(match step {
        CrmStep::Register { user, show: true, .. } => {
            pick("Регистрируем вызов и открываем карточку: ", "Registering the call and opening the card: ")
                + &names.of(*user)
        }
        CrmStep::Register { user, show: false, .. } => {
            pick("Регистрируем вызов без карточки: ", "Registering the call without a card: ") + &names.of(*user)
        }
        CrmStep::Show { users } => pick("Открываем карточку: ", "Opening the card: ") + &names.all(users),
        CrmStep::Hide { users } => pick("Закрываем карточку: ", "Closing the card: ") + &names.all(users),
        CrmStep::Finish { user, duration_s, .. } => format!(
            "{} {}, {duration_s} {}",
            pick("Завершаем вызов:", "Finishing the call:"),
            names.of(*user),
            pick("с разговора", "s of conversation")
        ),
        // Told by the click's own line already.
        CrmStep::Adopt { .. } => return None,
    })
}

fn phase(state: LegState, lang: Lang) -> &'static str {
    let (ru, en) = match state {
        LegState::Dialing => ("набор номера", "dialling"),
        LegState::Ringing => ("звонит", "ringing"),
        LegState::Talking => ("разговор", "talking"),
        LegState::Held => ("на удержании", "on hold"),
        LegState::Released => ("завершён", "released"),
    };
    if lang == Lang::Ru { ru } else { en }
}

fn clicked(who: &str, to: Option<&Phone>, facts: &ClickFacts, lang: Lang) -> String {
    let t = &lang.texts().card.click;
    let what = match (to, &facts.written, lang) {
        (Some(to), _, Lang::Ru) => format!("{who} набирает из Битрикс24 номер {to}"),
        (Some(to), _, Lang::En) => format!("{who} clicked in Bitrix24 on {to}"),
        // Isolated, so that a text of another direction does not turn the sentence round.
        (None, Some(text), Lang::Ru) => format!("{who} нажимает в Битрикс24 на «\u{2068}{text}\u{2069}»"),
        (None, Some(text), Lang::En) => format!("{who} clicked in Bitrix24 on “\u{2068}{text}\u{2069}”"),
        (None, None, Lang::Ru) => format!("{who} звонит из Битрикс24"),
        (None, None, Lang::En) => format!("{who} clicked in Bitrix24"),
    };
    let extension = t.extension(facts).map(|text| format!(", {text}")).unwrap_or_default();
    [vec![format!("{what}{extension}")], t.rest(facts)].concat().join(" · ")
}

fn kind_of(kind: CrmCallKind, lang: Lang) -> &'static str {
    let (ru, en) = match kind {
        CrmCallKind::Outgoing => ("Исходящий вызов", "Outgoing call"),
        CrmCallKind::Incoming => ("Входящий вызов", "Incoming call"),
        CrmCallKind::Redirected => ("Переданный вызов", "Transferred call"),
    };
    if lang == Lang::Ru { ru } else { en }
}

fn status_name(status: FinishStatus, lang: Lang) -> String {
    let (ru, en) = match status {
        FinishStatus::Answered => ("разговор состоялся", "answered"),
        FinishStatus::Missed => ("не отвечен", "missed"),
        FinishStatus::Declined => ("отклонён", "declined"),
        FinishStatus::Cancelled => ("отменён звонящим", "cancelled by the caller"),
        FinishStatus::Forbidden => ("запрещён", "forbidden"),
        FinishStatus::WrongNumber => ("неверный номер", "wrong number"),
        FinishStatus::Busy => ("занято", "busy"),
        FinishStatus::Unavailable => ("абонент недоступен", "unavailable"),
        FinishStatus::Failed => ("сбой сети", "network failure"),
        FinishStatus::GoesOnElsewhere => ("продолжается в другой записи", "goes on in another record"),
    };
    format!("{} ({})", if lang == Lang::Ru { ru } else { en }, status.code())
}

fn dial_failure(why: DialFailure, lang: Lang) -> String {
    let (ru, en) = match why {
        DialFailure::NoNumber => (
            "у сотрудника нет внутреннего номера — задайте его в списке пользователей",
            "the employee has no internal number; set one in the table",
        ),
        DialFailure::Offline => ("нет соединения с АТС", "no connection to the switch"),
        DialFailure::NotOffered => ("АТС не поддерживает набор по запросу", "the switch does not dial on request"),
        DialFailure::Forbidden => (
            "АТС запретила вызов — проверьте api\\call\\enabled и номера интеграции",
            "the switch forbids it; check api\\call\\enabled and the integration's numbers",
        ),
        DialFailure::WrongNumber => ("такого номера нет", "no such number"),
        DialFailure::NotANumber => (
            "в записи нет номера, который можно набрать, — исправьте её в карточке клиента",
            "there is no number in it that can be dialled; correct it in the client's card",
        ),
        DialFailure::HiddenNumber => (
            "звонивший скрыл свой номер, перезвонить по этой записи нельзя",
            "the caller hid his number, so that this entry cannot be called back",
        ),
        DialFailure::Busy => ("телефон занят", "the phone is busy"),
        DialFailure::Unavailable => ("телефон недоступен", "the phone is not reachable"),
        DialFailure::Failed => ("АТС сообщила об ошибке", "the switch reported an error"),
        DialFailure::TooLate => ("запрос портала пришёл слишком поздно", "the portal's request came too late"),
    };
    (if lang == Lang::Ru { ru } else { en }).to_owned()
}

fn request_name(request: &str, lang: Lang) -> &str {
    match (request, lang) {
        ("register", Lang::Ru) => "регистрация вызова",
        ("show", Lang::Ru) => "показ карточки",
        ("hide", Lang::Ru) => "закрытие карточки",
        ("finish", Lang::Ru) => "завершение вызова",
        _ => request,
    }
}

fn button_name(button: &str, lang: Lang) -> &str {
    match (button, lang) {
        ("answer", Lang::Ru) => "Принять",
        ("reject", Lang::Ru) => "Отклонить",
        ("hold", Lang::Ru) => "Удержать",
        ("retrieve", Lang::Ru) => "Снять с удержания",
        ("transfer", Lang::Ru) => "Передать",
        _ => button,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CrmCallId;
    use crate::domain::written::AsWritten;

    #[test]
    fn a_story_names_people_and_says_why() {
        let names = Names::new(vec![Employee {
            user: UserId(7),
            name: "Анна Орлова".into(),
            active: true,
            numbers: Vec::new(),
        }]);
        let told = |note: &Note, lang| tell(note, &names, lang).expect("a line").0;
        let opened = Note::Opened { lane: "c".into(), kind: CrmCallKind::Incoming, user: UserId(7) };
        assert_eq!(told(&opened, Lang::Ru), "Входящий вызов — Анна Орлова");
        let show = Note::Intent { lane: "c".into(), step: CrmStep::Show { users: vec![UserId(7), UserId(9)] } };
        assert_eq!(told(&show, Lang::En), "Opening the card: Анна Орлова, № 9");
        let failed = Note::DialFailed { why: DialFailure::NoNumber };
        assert!(told(&failed, Lang::Ru).contains("списке пользователей"));
        let again = Note::GoesOn { leg: "l".into(), state: LegState::Talking };
        assert!(told(&again, Lang::Ru).ends_with("снова виден: разговор"), "{}", told(&again, Lang::Ru));
        let crm: CrmCallId = "c".into();
        let facts =
            ClickFacts { extension: Some("12".into()), campaign: Some(31), mobile: true, ..ClickFacts::default() };
        let to = Phone::parse("+73835550015").ok();
        let click = Note::Clicked { user: UserId(7), crm: crm.clone(), to, facts };
        assert_eq!(
            told(&click, Lang::Ru),
            "Анна Орлова набирает из Битрикс24 номер +73835550015, добавочный 12 · обзвон № 31 · из мобильного приложения"
        );
        let facts = ClickFacts { written: Some(AsWritten::new("sip:ivan@host")), ..ClickFacts::default() };
        let click = Note::Clicked { user: UserId(7), crm, to: None, facts };
        assert_eq!(told(&click, Lang::En), "Анна Орлова clicked in Bitrix24 on “\u{2068}sip:ivan@host\u{2069}”");
        let old = r#"{"note":"clicked","user":7,"crm":"c","to":"+73835550015"}"#;
        let old: Note = serde_json::from_str(old).expect("a line of an older version");
        assert_eq!(told(&old, Lang::En), "Анна Орлова clicked in Bitrix24 on +73835550015");
        let late = Note::RangAgain { leg: "l".into(), after_s: 40 };
        assert!(told(&late, Lang::En).starts_with("The call rang again after 40 s"), "{}", told(&late, Lang::En));
        let refused = Note::Told { lane: "c".into(), request: "show".into(), answer: "HTTP 503".into(), took_ms: 5 };
        assert_eq!(told(&refused, Lang::En), "The portal answered: show — HTTP 503");
    }
}
