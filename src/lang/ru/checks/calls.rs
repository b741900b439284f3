//! Cards that did not open, in Russian.

use crate::domain::card_outcomes::CardOutcome;
use crate::domain::checks::calls::CallsFinding;
use crate::lang::checks::FindingText;

pub(in crate::lang) fn text(finding: &CallsFinding) -> FindingText {
    let CallsFinding::Cards { outcomes } = finding;
    let asked = outcomes.get(&CardOutcome::Asked).copied().unwrap_or_default();
    if outcomes.is_empty() {
        return FindingText::new("За последние сутки карточек не требовалось, или сервис запущен недавно.");
    }
    let text = FindingText::new(if outcomes.keys().all(|outcome| *outcome == CardOutcome::Asked) {
        "Все карточки последних суток портал взялся открыть."
    } else {
        "За последние сутки часть карточек не открылась."
    });
    let mut text = text.seen(format!("Открыто порталом: {asked}."));
    for (outcome, times) in outcomes {
        let (seen, todo) = match outcome {
            CardOutcome::Asked => continue,
            CardOutcome::NobodysNumber => {
                ("Номер никому не принадлежит", "Запишите номера за сотрудниками на вкладке «Пользователи».")
            }
            CardOutcome::TooLate => (
                "Портал узнал о вызове после его окончания",
                "Посмотрите в истории вызова, когда портал не отвечал или ограничивал запросы.",
            ),
            CardOutcome::Refused => ("Портал не принял вызов", "Ответ портала есть в истории вызова."),
            CardOutcome::NotRecorded => {
                ("Вызов не передан: очередь к порталу переполнена", "Добейтесь, чтобы портал снова принимал запросы.")
            }
        };
        text = text.seen(format!("{seen}: {times}.")).todo(todo);
    }
    text
}
