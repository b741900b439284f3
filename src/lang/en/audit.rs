//! Who did what, in English.

use crate::lang::AuditTexts;

pub(super) const AUDIT: AuditTexts = AuditTexts {
    title: "Who changed what",
    nothing: "Nothing has been changed yet.",
    when: "When",
    who: "Who",
    what: "What",
    portal: "The portal",
    logged_in: "Log-in",
    renamed: |name| {
        if name.is_empty() { "Company name removed".to_owned() } else { format!("Company name: “{name}”") }
    },
    numbers: "Numbers",
    none: "none",
    more: |n| format!("and {n} more employees"),
    changed: "another value",
    uninstalled: "The application was removed from the portal; data are kept",
    uninstalled_clean: "The application was removed from the portal with its data",
};
