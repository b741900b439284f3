//! What findings are called: one sentence, what was seen, what to do.

mod console;
pub(in crate::lang) mod nginx;

use super::when::ago;
use super::{Lang, en, lasting, ru};
use crate::domain::Timestamp;
use crate::domain::checks::Finding;

pub(in crate::lang) use console::{list_integrations, prerequisites, serve_numbers};

/// A finding in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FindingText {
    /// What it is about and how it is, in one sentence.
    pub sentence: String,
    /// What was seen, each with its time where there is one.
    pub evidence: Vec<String>,
    /// What to do, in the order in which to do it; empty where nothing is to be done.
    pub remedy: Vec<String>,
    /// Something to copy whole, line by line: commands, settings; empty where there is nothing.
    pub copy: Vec<String>,
}

impl FindingText {
    /// Nothing but a sentence.
    pub(in crate::lang) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), ..Self::default() }
    }

    /// A sentence with what was seen and one thing to do, which may be empty.
    pub(in crate::lang) fn of(sentence: &str, evidence: Vec<String>, remedy: &str) -> Self {
        Self { evidence, ..Self::new(sentence) }.todo(remedy)
    }

    /// What was seen as well.
    pub(in crate::lang) fn seen(mut self, what: impl Into<String>) -> Self {
        let what = what.into();
        if !what.is_empty() {
            self.evidence.push(what);
        }
        self
    }

    /// What to do about it as well.
    pub(in crate::lang) fn todo(mut self, what: impl Into<String>) -> Self {
        let what = what.into();
        if !what.is_empty() {
            self.remedy.push(what);
        }
        self
    }

    /// The same where it is not well.
    pub(in crate::lang) fn todo_unless(self, well: bool, what: impl Into<String>) -> Self {
        if well { self } else { self.todo(what) }
    }

    /// Lines to copy as well.
    pub(in crate::lang) fn copy(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.copy.extend(lines);
        self
    }
}

/// Puts findings into words, at one moment.
#[derive(Debug, Clone, Copy)]
pub(in crate::lang) struct FindingWriter {
    lang: Lang,
    now: Timestamp,
}

impl FindingWriter {
    /// How long ago something was.
    pub fn ago(self, at: Timestamp) -> String {
        ago(self.lang, at, self.now)
    }

    /// How long something has lasted.
    pub fn lasting(self, since: Timestamp) -> String {
        lasting(self.lang, self.now.since(since))
    }
}

/// Some of several things, and how many there are beyond them.
pub(in crate::lang) fn listed<T: ToString>(shown: &[T], more: usize, words: &str) -> String {
    let all = shown.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if more == 0 { all } else { format!("{all} {}", words.replace("{}", &more.to_string())) }
}

/// The finding in this language, as it is to be read now.
pub(crate) fn finding_text(lang: Lang, finding: &Finding, now: Timestamp) -> FindingText {
    let writer = FindingWriter { lang, now };
    match (lang, finding) {
        (Lang::Ru, Finding::Machine(finding)) => ru::checks::machine::text(finding),
        (Lang::En, Finding::Machine(finding)) => en::checks::machine::text(finding),
        (Lang::Ru, Finding::Gateway(finding)) => ru::checks::gateway::text(finding),
        (Lang::En, Finding::Gateway(finding)) => en::checks::gateway::text(finding),
        (Lang::Ru, Finding::BoxedPortal(finding)) => ru::checks::boxed_portal::text(finding),
        (Lang::En, Finding::BoxedPortal(finding)) => en::checks::boxed_portal::text(finding),
        (Lang::Ru, Finding::Switch(finding)) => ru::checks::switch::text(writer, finding),
        (Lang::En, Finding::Switch(finding)) => en::checks::switch::text(writer, finding),
        (Lang::Ru, Finding::Portal(finding)) => ru::checks::portal::text(writer, finding),
        (Lang::En, Finding::Portal(finding)) => en::checks::portal::text(writer, finding),
        (Lang::Ru, Finding::Calls(finding)) => ru::checks::calls::text(finding),
        (Lang::En, Finding::Calls(finding)) => en::checks::calls::text(finding),
        (Lang::Ru, Finding::Employees(finding)) => ru::checks::employees::text(finding),
        (Lang::En, Finding::Employees(finding)) => en::checks::employees::text(finding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::checks::Severity;
    use crate::domain::checks::facts::Integration;
    use crate::domain::checks::switch::{SwitchEvents, SwitchFinding};

    /// Names in quotation marks behind "tab", in the source of the texts.
    fn tabs_named(source: &str, before: &str, close: char) -> Vec<String> {
        source.split(before).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0.to_owned())).collect()
    }

    #[test]
    fn texts_name_tabs_as_the_page_does() {
        let sources = [
            (Lang::Ru, include_str!("../ru/checks/switch.rs"), "на вкладке «", '»'),
            (Lang::Ru, include_str!("../ru/checks/employees.rs"), "на вкладке «", '»'),
            (Lang::Ru, include_str!("../ru/state.rs"), "на вкладке «", '»'),
            (Lang::En, include_str!("../en/checks/switch.rs"), "the tab “", '”'),
            (Lang::En, include_str!("../en/checks/employees.rs"), "the tab “", '”'),
            (Lang::En, include_str!("../en/state.rs"), "the tab “", '”'),
        ];
        for (lang, source, before, close) in sources {
            let t = &lang.texts().company;
            let tabs = [t.tab_ecss, t.tab_bitrix, t.tab_employees, t.tab_calls, t.tab_diagnostics];
            for named in tabs_named(source, before, close) {
                assert!(tabs.contains(&named.as_str()), "{named}");
            }
        }
    }

    #[test]
    fn a_switch_that_says_nothing_is_helped_with_this_companys_own_commands() {
        let numbers = ["101", "102", "103", "110"].map(|n| Phone::parse(n).unwrap()).into();
        let integration = Integration { domain: "nick".into(), client_id: "MyCompanyBitrix24".into(), numbers };
        let never = SwitchEvents::Never {
            connected: Timestamp(0),
            integration: Some(integration),
            severity: Severity::Unknown,
        };
        for lang in [Lang::Ru, Lang::En] {
            let text = finding_text(lang, &Finding::Switch(SwitchFinding::Events(never.clone())), Timestamp(60_000));
            assert!(text.remedy.iter().any(|step| step.contains("vats_type")), "{text:?}");
            assert_eq!(text.copy[0], "/api/csta/set enabled true");
            let set = "/domain/nick/integrations/set MyCompanyBitrix24 --numbers {101-103,110}";
            assert!(text.copy.iter().any(|line| line == set), "{text:?}");
        }
    }
}
