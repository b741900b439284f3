//! What an attempt to connect has done so far and which rule of the dialect matched, for `probe` and the page.

use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectStep {
    /// A stable word such as `register.token`; the part before the dot is the dialect's table.
    pub rule: &'static str,
    /// What matched or was seen; holds no secrets.
    pub detail: String,
}

/// The steps in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct ConnectLog(Vec<ConnectStep>);

impl ConnectLog {
    /// Adds a step.
    pub(crate) fn add(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.0.push(ConnectStep { rule, detail: detail.into() });
    }

    /// The detail of the last step with this word.
    #[cfg(test)]
    pub fn get(&self, rule: &str) -> Option<&str> {
        self.0.iter().rev().find(|step| step.rule == rule).map(|step| step.detail.as_str())
    }
}

impl fmt::Display for ConnectLog {
    /// One line per step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| writeln!(f, "{}: {}", step.rule, step.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_step_counts() {
        let mut steps = ConnectLog::default();
        steps.add("ready.rule", "a");
        steps.add("ready.rule", "b");
        assert_eq!(steps.get("ready.rule"), Some("b"));
        assert_eq!(steps.get("register.token"), None);
        assert_eq!(steps.to_string(), "ready.rule: a\nready.rule: b\n");
    }
}
