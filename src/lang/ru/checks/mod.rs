//! Russian words of findings.

pub(in crate::lang) mod boxed_portal;
pub(in crate::lang) mod calls;
pub(in crate::lang) mod employees;
pub(in crate::lang) mod gateway;
pub(in crate::lang) mod machine;
pub(in crate::lang) mod portal;
mod portal_configuration;
pub(in crate::lang) mod switch;

use crate::lang::CheckTexts;

pub(in crate::lang) const CHECKS: CheckTexts = CheckTexts {
    title: "Проверки",
    all_good: "Всё, что проверяется, работает.",
    seen_to_work: |n| format!("Работает: {n}"),
    good: "Работает",
    unknown: "Неизвестно",
    warning: "Внимание",
    fault: "Не работает",
    to_copy: "Для консоли:",
};
