//! English words of findings.

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
    title: "Checks",
    all_good: "Everything that is checked works.",
    seen_to_work: |n| format!("Works: {n}"),
    good: "Works",
    unknown: "Not known",
    warning: "Attention",
    fault: "Does not work",
    to_copy: "For the console:",
};
