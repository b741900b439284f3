//! Who did what, in Russian.

use crate::lang::AuditTexts;

pub(super) const AUDIT: AuditTexts = AuditTexts {
    title: "Кто и что менял",
    nothing: "Изменений ещё не было.",
    when: "Когда",
    who: "Кто",
    what: "Что",
    portal: "Портал",
    logged_in: "Вход",
    renamed: |name| {
        if name.is_empty() {
            "Имя компании убрано".to_owned()
        } else {
            format!("Имя компании: «{name}»")
        }
    },
    numbers: "Номера",
    none: "нет",
    more: |n| format!("и ещё сотрудников: {n}"),
    changed: "другое значение",
    uninstalled: "Приложение удалено из портала; данные сохранены",
    uninstalled_clean: "Приложение удалено из портала вместе с данными",
};
