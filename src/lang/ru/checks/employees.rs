//! Who has which number, in Russian.

use crate::domain::checks::employees::{EmployeesFinding, NamedEmployees};
use crate::lang::checks::{FindingText, listed};

pub(in crate::lang) fn text(finding: &EmployeesFinding) -> FindingText {
    match finding {
        EmployeesFinding::Numbers { with: 0, without } if without.count() == 0 => {
            FindingText::new("Список сотрудников пуст.")
                .todo("Откройте вкладку «Пользователи»: список загрузится из Битрикс24.")
        }
        EmployeesFinding::Numbers { with: 0, without } => {
            FindingText::new("Ни у одного сотрудника нет внутреннего номера: карточка не откроется никому.")
                .seen(format!("Сотрудников: {}.", without.count()))
                .todo("Впишите внутренние номера на вкладке «Пользователи».")
        }
        EmployeesFinding::Numbers { with, without } if without.count() == 0 => {
            FindingText::new("У всех сотрудников есть внутренние номера.").seen(format!("Сотрудников: {with}."))
        }
        EmployeesFinding::Numbers { with, without } => {
            FindingText::new("Внутренние номера есть не у всех сотрудников; без номера карточка не открывается.")
                .seen(format!("С номером: {with}. Без номера: {}.", named(without)))
        }
        EmployeesFinding::Unreadable(who) if who.count() == 0 => {
            FindingText::new("Внутренние номера в профилях Битрикс24 читаются.")
        }
        EmployeesFinding::Unreadable(who) => {
            FindingText::new("В профилях Битрикс24 есть внутренние номера, которые нельзя прочитать однозначно.")
                .seen(format!("{}.", named(who)))
                .todo("Впишите номера этих сотрудников на вкладке «Пользователи» и сохраните.")
        }
        EmployeesFinding::Double(numbers) if numbers.is_empty() => {
            FindingText::new("Один и тот же номер не записан у двоих.")
        }
        EmployeesFinding::Double(numbers) => {
            let mut text =
                FindingText::new("В Битрикс24 один и тот же внутренний номер записан у нескольких сотрудников.");
            for (number, who) in numbers {
                text = text.seen(format!("{number}: {}", who.join(", ")));
            }
            text.todo("Решите на вкладке «Пользователи», чей это номер: у нас он действует только для одного.")
        }
        EmployeesFinding::Blocked(numbers) if numbers.is_empty() => {
            FindingText::new("Номера уволенных никому не мешают.")
        }
        EmployeesFinding::Blocked(numbers) => {
            let mut text =
                FindingText::new("Номер уволенного сотрудника ещё числится за ним, и преемник его не получил.");
            for blocked in numbers {
                text =
                    text.seen(format!("{}: был у {}, нужен {}", blocked.number, blocked.dismissed, blocked.successor));
            }
            text.todo("Уберите номер у уволенного и запишите его преемнику на вкладке «Пользователи».")
        }
    }
}

fn named(who: &NamedEmployees) -> String {
    listed(&who.listed, who.more, "и ещё {}")
}
