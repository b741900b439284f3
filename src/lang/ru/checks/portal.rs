//! The way to Bitrix24, in Russian.

use crate::domain::binding::Binding;
use crate::domain::checks::Severity;
use crate::domain::checks::portal::{BoundState, Installation, PortalFinding, Reported};
use crate::domain::link::{InstallTrouble, PortalState};
use crate::lang::checks::{FindingText, FindingWriter};
use crate::lang::when::moment;
use crate::lang::{ConnectionText, StateText, ru};

/// The check is made within the hour, and at once after a log-in.
const NOT_ASKED: &str = "Портал ещё не ответил на этот вопрос; он задаётся раз в час и сразу после входа.";

pub(in crate::lang) fn text(writer: FindingWriter, finding: &PortalFinding) -> FindingText {
    match finding {
        PortalFinding::Answers { state: PortalState::Ok, last: Some(last) } => {
            FindingText::new("Портал Битрикс24 отвечает.").seen(format!("Последний ответ: {}.", writer.ago(*last)))
        }
        PortalFinding::Answers { state, last } => {
            let text = ConnectionText::of_portal(&ru::RU.link, state);
            let said = if text.particulars.is_empty() { String::new() } else { format!("Получено: {}", text.particulars) };
            let last = last.map_or_else(String::new, |last| format!("Последний ответ: {}.", writer.ago(last)));
            FindingText::new(text.what).seen(last).seen(said).todo(text.todo)
        }
        PortalFinding::Grant { ends_at: None, .. } => {
            FindingText::new("Доступа к порталу нет: администратор портала ещё не вошёл или доступ отозван.")
                .todo("Нажмите «Войти заново» на странице компании.")
        }
        PortalFinding::Grant { ends_at: Some(ends), severity } => {
            let text = FindingText::new(if *severity == Severity::Good {
                "Доступ к порталу действует и продлевается сам."
            } else {
                "Доступ к порталу закончился или скоро закончится."
            });
            let text = text.seen(format!("Без продления действует до {}.", moment(*ends)));
            text.todo_unless(*severity == Severity::Good, "Нажмите «Войти заново» на странице компании.")
        }
        PortalFinding::Owner(Reported::NotYet) => {
            FindingText::new("Неизвестно, от чьего имени портал принимает запросы.").seen(NOT_ASKED)
        }
        PortalFinding::Owner(Reported::Said { at, what }) if what.admin => {
            FindingText::new("Запросы идут от имени администратора портала.")
                .seen(format!("{}, проверено {}.", what.name, writer.ago(*at)))
        }
        PortalFinding::Owner(Reported::Said { at, what }) => {
            FindingText::new("Тот, кто вошёл, больше не администратор портала: часть запросов портал отклонит.")
                .seen(format!("{}, проверено {}.", what.name, writer.ago(*at)))
                .todo("Пусть администратор портала нажмёт «Войти заново» на странице компании.")
        }
        PortalFinding::Installation(installation) => self::installation(writer, installation),
        PortalFinding::Licence(Reported::NotYet) => {
            FindingText::new("Неизвестно, оплачен ли портал.").seen(NOT_ASKED)
        }
        PortalFinding::Licence(Reported::Said { at, what }) if what.expired => {
            FindingText::new("Оплаченный срок портала или приложения закончился.")
                .seen(format!("{}, проверено {}.", what.name, writer.ago(*at)))
                .todo("Продлите подписку портала: без неё приложения не работают.")
        }
        PortalFinding::Licence(Reported::Said { at, what }) => {
            FindingText::new("Портал оплачен.").seen(format!("{}, проверено {}.", what.name, writer.ago(*at)))
        }
        PortalFinding::Rights(Reported::NotYet) => {
            FindingText::new("Неизвестно, какие права есть у приложения.").seen(NOT_ASKED)
        }
        PortalFinding::Rights(Reported::Said { at, what }) if what.is_empty() => {
            FindingText::new("У приложения есть все нужные права.").seen(format!("Проверено {}.", writer.ago(*at)))
        }
        PortalFinding::Rights(Reported::Said { what, .. }) => {
            FindingText::new("Приложению не хватает прав.")
                .seen(format!("Не отмечено: {}.", what.join(", ")))
                .todo("Отметьте эти права в карточке приложения («Разработчикам» – «Интеграции»), сохраните и нажмите «Войти заново».")
        }
        PortalFinding::Bound { what, state } => bound(writer, *what, state),
        PortalFinding::Events { last: Some(last), .. } => {
            FindingText::new("События портала доходят до этого сервера.")
                .seen(format!("Последнее: {}.", writer.ago(*last)))
        }
        PortalFinding::Events { last: None, proved } => {
            let text = FindingText::new("Из портала ещё не пришло ни одного события: дойдёт ли щелчок по номеру, неизвестно.")
                .todo("Щёлкните по номеру телефона в карточке клиента: зазвонит ваш телефон, а здесь появится время.");
            let state = ru::RU.state.events_unproved;
            if *proved { text } else { text.seen(format!("{}.", state.title)).todo(state.todo) }
        }
        PortalFinding::Cards { confirmed: Some(confirmed), .. } => {
            FindingText::new("Карточка вызова открывается в браузерах сотрудников.")
                .seen(format!("Последняя: {}.", writer.ago(*confirmed)))
        }
        PortalFinding::Cards { opened, call, .. } => {
            let text = match (opened, call) {
                (Some(opened), _) => FindingText::new("Карточка открывалась в портале, но браузер не смог за ней следить.")
                    .seen(format!("Открыта: {}.", writer.ago(*opened)))
                    .todo("Проверьте, не накапливает ли ответы шлюз перед этим сервером (proxy_buffering off)."),
                (None, Some(call)) => FindingText::new("Вызовы есть, но ни один браузер ещё не показал карточку.")
                    .seen(format!("Последний вызов: {}.", writer.ago(*call))),
                (None, None) => FindingText::new("Карточку вызова ещё никто не открывал: откроется ли она, неизвестно."),
            };
            text.todo("Позвоните на номер сотрудника, у которого открыт Битрикс24, и откройте в карточке вызова вкладку ECSS-10.")
        }
        PortalFinding::Backlog { backlog, late } => {
            let text = FindingText::new(match (*late, backlog.calls) {
                (false, 0) => "Всё передано в CRM.",
                (false, _) => "Вызовы передаются в CRM.",
                (true, _) => "Вызовы ждут передачи в CRM дольше обычного.",
            });
            let waits = backlog.since.map_or_else(String::new, |since| {
                format!("Ждёт вызовов: {}, самый давний {}.", backlog.calls, writer.lasting(since))
            });
            let text = text.seen(waits);
            if *late { text.todo(ru::RU.state.sent_by_itself) } else { text }
        }
    }
}

fn installation(writer: FindingWriter, installation: &Installation) -> FindingText {
    match installation {
        Installation::NotAsked => {
            FindingText::new("Неизвестно, завершена ли установка приложения.").seen(NOT_ASKED)
        }
        Installation::Finished { at } => {
            FindingText::new("Установка приложения завершена.").seen(format!("Проверено {}.", writer.ago(*at)))
        }
        Installation::Unfinished { at } => {
            FindingText::new("Установка приложения не завершена: портал не присылает событий и не показывает карточку.")
                .seen(format!("Так ответил портал {}.", writer.ago(*at)))
                .todo("Откройте карточку приложения («Разработчикам» – «Интеграции»), отметьте «Использует только API» и сохраните, затем нажмите «Войти заново».")
        }
        Installation::Waits(install) => {
            let state = match &install.why {
                InstallTrouble::Untried | InstallTrouble::ServerNotYet(_) => ru::RU.state.install_waits,
                InstallTrouble::ServerRefuses(_) => ru::RU.state.install_refused,
                InstallTrouble::PortalFails(_) => ru::RU.state.install_unknown,
                InstallTrouble::OtherApplication => ru::RU.state.install_other,
                InstallTrouble::TokensMissing => ru::RU.state.install_bare,
            };
            FindingText::new(format!("{}.", state.title))
                .seen(format!("Объявлена {}.", writer.ago(install.since)))
                .todo(state.todo)
        }
    }
}

fn bound(writer: FindingWriter, what: Binding, state: &BoundState) -> FindingText {
    let (there, missing, refused) = names(what);
    match state {
        BoundState::NotAsked => FindingText::new(format!("Неизвестно: {there}?")).seen(NOT_ASKED),
        BoundState::There { at } => {
            FindingText::new(format!("По списку портала {there}.")).seen(format!("Проверено {}.", writer.ago(*at)))
        }
        BoundState::Missing { at } => FindingText::new(format!("По списку портала {missing}."))
            .seen(format!("Проверено {}.", writer.ago(*at)))
            .todo("Нажмите «Войти заново» на странице компании: всё будет подключено ещё раз."),
        BoundState::Refused { since, why } => FindingText::new(format!("{}.", refused.title))
            .seen(refused.what)
            .seen(format!("Ответ портала: {why} (впервые {})", writer.ago(*since)))
            .todo(refused.todo),
    }
}

const fn names(what: Binding) -> (&'static str, &'static str, StateText) {
    let state = &ru::RU.state;
    match what {
        Binding::Click => (
            "щелчки по номерам передаются этому серверу",
            "щелчки по номерам этому серверу не передаются",
            state.refused_click,
        ),
        Binding::Card => {
            ("вкладка ECSS-10 встроена в карточку вызова", "вкладки ECSS-10 в карточке вызова нет", state.refused_card)
        }
        Binding::Line => (
            "линия ECSS-10 есть среди номеров для исходящих",
            "линии ECSS-10 среди номеров для исходящих нет",
            state.refused_line,
        ),
        Binding::OldAddress => {
            ("прежних адресов этого сервера нет", "остался прежний адрес этого сервера", state.refused_old_address)
        }
        Binding::Users => ("пользователи портала доступны", "пользователи портала недоступны", state.refused_users),
    }
}
