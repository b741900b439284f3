//! Russian sentences of a call's trace.

use crate::domain::Phone;
use crate::domain::call::{ClickFacts, CrmCallKind, CrmStep, DialFailure, FinishStatus, Note};
use crate::domain::card::Button;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::{NumberRule, Party};
use crate::domain::outbox::{RequestKind, RequestReply};
use crate::lang::EmployeeNames;

pub(in crate::lang) fn sentence(note: &Note, names: &EmployeeNames) -> Option<String> {
    Some(match note {
        Note::Leg { own, remote, direction, state, owner, .. } => {
            let who = owner.map_or_else(String::new, |user| format!(" ({})", names.of(user)));
            let arrow = if *direction == Direction::In { "←" } else { "→" };
            format!("{own}{who} {arrow} {}: {}", shown(remote.as_ref()), leg_state(*state))
        }
        Note::Number { number, party, rule, .. } => number_taken_for(number.as_ref(), *party, rule),
        Note::NumberChanged { from, to, .. } => format!(
            "Номер абонента изменился: {} → {to}. Портал не меняет номер у вызова: он завершён, дальше новый вызов",
            shown(from.as_ref())
        ),
        Note::LegLeft { .. } => "Телефон перешёл в другой вызов АТС".into(),
        Note::LegCame { .. } => "Телефон пришёл из другого вызова АТС".into(),
        Note::Overdue { .. } => {
            "АТС так и не сообщила об окончании: вызов длится дольше допустимого и закрыт, окончание неизвестно".into()
        }
        Note::GaveWay => {
            "АТС сообщила больше вызовов, чем может идти: этот молчал дольше всех и закрыт, окончание неизвестно".into()
        }
        Note::LegsGaveWay { legs } => format!(
            "АТС сообщила в этом вызове больше телефонов, чем может быть: молчавшие дольше всех завершены: {legs}"
        ),
        Note::LegsRefused { legs } => {
            format!("АТС сообщила в этом вызове больше телефонов, чем может быть. Не учтено: {legs}")
        }
        Note::RecordRefused { .. } => {
            "В этом вызове больше разговоров, чем может быть: этот в CRM не передаётся".into()
        }
        Note::NumberNotFollowed { to, .. } => {
            format!("Номер клиента в этом вызове менялся слишком часто, новый в CRM не передаётся: {to}")
        }
        Note::NotRecorded { .. } => {
            "В CRM не записано: слишком много вызовов ждали, пока портал станет доступен, а этот — дольше всех".into()
        }
        Note::StoryEnds => "Рассказ о вызове стал слишком длинным, продолжение не сохраняется".into(),
        Note::NobodysNumber { own } => {
            format!("Карточка не показана: номера нет в таблице сотрудников — {own}")
        }
        Note::Internal => "Разговаривают сотрудники: по настройке компании в CRM не передаётся".into(),
        Note::Stale { .. } => "АТС повторила устаревшее состояние, оно не учтено".into(),
        Note::Opened { kind, user, .. } => format!("{} — {}", call_kind(*kind), names.of(*user)),
        Note::Clicked { user, to, facts, .. } => clicked(&names.of(*user), to.as_ref(), facts),
        Note::DialFailed { why } => format!("Набрать номер не удалось: {}", dial_failure(*why)),
        Note::Matched { .. } => "Найден вызов на АТС, начатый этим щелчком".into(),
        Note::Pressed { user, button } => {
            format!("{} нажимает в карточке «{}»", names.of(*user), button_name(*button))
        }
        Note::LinkLost => "Связь с АТС прервалась".into(),
        Note::EndUnknown { .. } => "После восстановления связи плечо не появилось: окончание неизвестно".into(),
        Note::GoesOn { state, .. } => {
            format!("Вызов, окончание которого считалось неизвестным, снова виден: {}", leg_state(*state))
        }
        Note::Moved { from, to, .. } => format!("Вызов перешёл на другой номер: {from} → {to}"),
        Note::HandedOver { .. } => "Коллега передал внешний вызов: с этого момента разговор учитывается в CRM".into(),
        Note::RaceLost { .. } => {
            "Трубку сняли на двух телефонах сразу: этот АТС тут же отключила, разговором не считается".into()
        }
        Note::RangAgain { after_s, .. } => {
            format!("Вызов зазвонил снова через {after_s} с, когда уже считался пропущенным: записывается ещё раз")
        }
        Note::ClockBack { seconds } => {
            format!("Часы сервера переведены назад на {seconds} с: длительность считается по ходу вызова")
        }
        Note::Intent { step, .. } => intent(step, names)?,
        Note::Told { request, answer, .. } => match answer {
            RequestReply::Done | RequestReply::DoneWithoutItem(_) | RequestReply::DoneWithErrors(_) => {
                format!("Портал принял: {}", request_name(*request))
            }
            RequestReply::NotDone(why) => format!("Портал ответил на запрос: {} — {why}", request_name(*request)),
        },
        Note::Closed { status, .. } => format!("Итог: {} ({})", outcome(*status), status.code()),
    })
}

fn shown(number: Option<&Phone>) -> String {
    number.map_or_else(|| "номер скрыт".to_owned(), Phone::to_string)
}

fn number_taken_for(number: Option<&Phone>, party: Party, rule: &NumberRule) -> String {
    let shown = number.map_or("—", Phone::as_str);
    let what = match party {
        Party::Client => format!("{shown} — номер клиента"),
        Party::Hidden => "АТС не показала номер".to_owned(),
        Party::Colleague(_) => format!("{shown} — номер коллеги"),
        Party::Service => format!("{shown} — служебный номер АТС, в CRM не передаётся"),
        Party::FeatureCode => format!("{shown}… — код услуги АТС, в CRM не передаётся и дальше не хранится"),
        Party::Emergency => format!("{shown} — экстренная служба, клиент из этого вызова не создаётся"),
    };
    let why = match rule {
        NumberRule::NotShown => return what,
        NumberRule::Unreadable => "то, что она показала, — не номер: имя, адрес SIP или слишком много цифр",
        NumberRule::Table => "он есть в таблице пользователей",
        NumberRule::Setting { entry } => return format!("{what} (по настройке «{entry}»)"),
        NumberRule::Form => "по виду номера",
        NumberRule::EmergencyList => "это общеизвестный номер",
        NumberRule::NothingElse => "другие правила не подошли",
    };
    format!("{what} ({why})")
}

fn clicked(who: &str, to: Option<&Phone>, facts: &ClickFacts) -> String {
    let what = match (to, &facts.written) {
        (Some(to), _) => format!("{who} набирает из Битрикс24 номер {to}"),
        // Isolated, so that a text of another direction does not turn the sentence round.
        (None, Some(text)) => format!("{who} нажимает в Битрикс24 на «\u{2068}{text}\u{2069}»"),
        (None, None) => format!("{who} звонит из Битрикс24"),
    };
    super::card::CARD.click.click_text(what, facts)
}

fn intent(step: &CrmStep, names: &EmployeeNames) -> Option<String> {
    Some(match step {
        CrmStep::Register { user, show: true, .. } => {
            format!("Регистрируем вызов и открываем карточку: {}", names.of(*user))
        }
        CrmStep::Register { user, show: false, .. } => {
            format!("Регистрируем вызов без карточки: {}", names.of(*user))
        }
        CrmStep::Show { users } => format!("Открываем карточку: {}", names.all(users)),
        CrmStep::Hide { users } => format!("Закрываем карточку: {}", names.all(users)),
        CrmStep::Finish { user, duration_s, .. } => {
            format!("Завершаем вызов: {}, {duration_s} с разговора", names.of(*user))
        }
        // Told by the click's own line already.
        CrmStep::Adopt { .. } => return None,
    })
}

pub(in crate::lang) const fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Dialing => "набор номера",
        LegState::Ringing => "звонит",
        LegState::Talking => "разговор",
        LegState::Held => "на удержании",
        LegState::Released => "завершён",
    }
}

const fn call_kind(kind: CrmCallKind) -> &'static str {
    match kind {
        CrmCallKind::Outgoing => "Исходящий вызов",
        CrmCallKind::Incoming => "Входящий вызов",
        CrmCallKind::Redirected => "Переданный вызов",
    }
}

const fn outcome(status: FinishStatus) -> &'static str {
    match status {
        FinishStatus::Answered => "разговор состоялся",
        FinishStatus::Missed => "не отвечен",
        FinishStatus::Declined => "отклонён",
        FinishStatus::Cancelled => "отменён звонящим",
        FinishStatus::Forbidden => "запрещён",
        FinishStatus::WrongNumber => "неверный номер",
        FinishStatus::Busy => "занято",
        FinishStatus::Unavailable => "абонент недоступен",
        FinishStatus::Failed => "сбой сети",
        FinishStatus::GoesOnElsewhere => "продолжается в другой записи",
    }
}

pub(in crate::lang) const fn dial_failure(why: DialFailure) -> &'static str {
    match why {
        DialFailure::NoNumber => "у сотрудника нет внутреннего номера — задайте его в списке пользователей",
        DialFailure::Offline => "нет соединения с АТС",
        DialFailure::NotOffered => "АТС не поддерживает набор по запросу",
        DialFailure::Forbidden => "АТС запретила вызов — проверьте api\\call\\enabled и номера интеграции",
        DialFailure::WrongNumber => "такого номера нет",
        DialFailure::NotANumber => "в записи нет номера, который можно набрать, — исправьте её в карточке клиента",
        DialFailure::HiddenNumber => "звонивший скрыл свой номер, перезвонить по этой записи нельзя",
        DialFailure::Busy => "телефон занят",
        DialFailure::Unavailable => "телефон недоступен",
        DialFailure::Failed => "АТС сообщила об ошибке",
        DialFailure::TooLate => "запрос портала пришёл слишком поздно",
    }
}

const fn request_name(request: RequestKind) -> &'static str {
    match request {
        RequestKind::Register => "регистрация вызова",
        RequestKind::Show => "показ карточки",
        RequestKind::Hide => "закрытие карточки",
        RequestKind::Finish => "завершение вызова",
    }
}

const fn button_name(button: Button) -> &'static str {
    match button {
        Button::Answer => "Принять",
        Button::Reject => "Отклонить",
        Button::Hold => "Удержать",
        Button::Retrieve => "Снять с удержания",
        Button::Transfer => "Передать",
    }
}
