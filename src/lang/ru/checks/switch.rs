//! The way from the switch, in Russian.

use crate::domain::checks::switch::{SwitchEvents, SwitchFinding};
use crate::domain::company::Unprotected;
use crate::domain::link::LinkState;
use crate::lang::checks::{FindingText, FindingWriter, list_integrations, listed, prerequisites, serve_numbers};
use crate::lang::when::moment;
use crate::lang::{ConnectionText, ru};

pub(in crate::lang) fn text(writer: FindingWriter, finding: &SwitchFinding) -> FindingText {
    match finding {
        SwitchFinding::Connection(state, _) => connection(writer, state),
        SwitchFinding::Events(events) => self::events(writer, events),
        SwitchFinding::UnseenNumbers { unseen, since, integration, .. } => {
            let Some(first) = unseen.listed.first() else {
                return FindingText::new("Каждый номер из списка сотрудников уже участвовал в вызовах.");
            };
            let text = FindingText::new("Есть номера, которых ECSS-10 ещё ни разу не называла.")
                .seen(format!("С {} не встречались: {}.", moment(*since), listed(&unseen.listed, unseen.more, "и ещё {}")))
                .todo(format!(
                    "Позвоните с такого номера, например с {first}. Если вызов не появится в списке вызовов, номера нет в интеграции: задайте ей все номера командой ниже."
                ));
            text.copy(integration.iter().map(serve_numbers))
        }
        SwitchFinding::NobodysNumbers { numbers, .. } if numbers.is_empty() => {
            FindingText::new("Все номера, которые назвала ECSS-10, кому-то принадлежат.")
        }
        SwitchFinding::NobodysNumbers { numbers, more } => {
            let mut text =
                FindingText::new("ECSS-10 называет номера, которых нет ни у кого: карточка по ним не открывается.");
            for (number, at) in numbers {
                text = text.seen(format!("{number}: {}", writer.ago(*at)));
            }
            if *more > 0 {
                text = text.seen(format!("и ещё номеров: {more}"));
            }
            text.todo("Запишите номер за сотрудником на вкладке «Пользователи» или, если это очередь или автосекретарь, внесите его в служебные номера на вкладке «Настройки подключения к Битрикс-24».")
        }
        SwitchFinding::Protection(None) => {
            FindingText::new("Соединение с ECSS-10 зашифровано, сертификат проверяется.")
        }
        SwitchFinding::Protection(Some(unprotected)) => {
            let state = match unprotected {
                Unprotected::Unencrypted => ru::RU.state.unencrypted,
                Unprotected::Unchecked { .. } => ru::RU.state.unchecked,
            };
            FindingText::new(format!("{}.", state.title)).seen(state.what).todo(state.todo)
        }
    }
}

fn connection(writer: FindingWriter, state: &LinkState) -> FindingText {
    let text = ConnectionText::of_link(&ru::RU.link, state);
    if let LinkState::Online { since, address } = state {
        return FindingText::new("Соединение с ECSS-10 установлено.").seen(format!("{address}, с {}", moment(*since)));
    }
    let since = text.since.map_or_else(String::new, |since| format!("Так уже {}.", writer.lasting(since)));
    let particulars =
        if text.particulars.is_empty() { String::new() } else { format!("Получено: {}", text.particulars) };
    FindingText::new(format!("ECSS-10: {}", text.what)).seen(since).seen(particulars).todo(text.todo)
}

fn events(writer: FindingWriter, events: &SwitchEvents) -> FindingText {
    match events {
        SwitchEvents::Seen { last } => {
            FindingText::new("События вызовов приходят.").seen(format!("Последнее: {}.", writer.ago(*last)))
        }
        SwitchEvents::NoWay => {
            FindingText::new("Приходят ли события вызовов, пока неизвестно: соединения с ECSS-10 нет.")
        }
        SwitchEvents::LongAgo { last, integration } => {
            let text = FindingText::new("Соединение с ECSS-10 есть, но о вызовах она давно не сообщала.")
                .seen(format!("Последнее событие: {}.", writer.ago(*last)))
                .todo("Позвоните с любого номера сотрудника. Если вызов не появится в списке вызовов, проверьте номера интеграции.");
            text.copy(integration.iter().map(list_integrations))
        }
        SwitchEvents::Never { connected, integration, .. } => {
            let text = FindingText::new("Соединение с ECSS-10 есть, но ни об одном вызове она ещё не сообщила.")
                .seen(format!("Соединение установлено {}.", writer.ago(*connected)))
                .todo("Позвоните с номера любого сотрудника на другой номер: вызов должен появиться в списке вызовов.")
                .todo("Если не появился, включите CSTA: без неё ECSS-10 молчит о вызовах, начатых не из CRM.")
                .todo("Убедитесь, что у домена свойство vats_type имеет значение private.")
                .todo("Задайте интеграции номера сотрудников и разрешите им api\\call\\enabled.");
            text.copy(integration.iter().flat_map(prerequisites))
        }
    }
}
