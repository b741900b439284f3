//! What the checks have found, ready to be put on a page.

use crate::domain::Timestamp;
use crate::domain::checks::{Finding, Severity, worst_first};
use crate::lang::{FindingText, Lang, Tone, finding_text};

/// One finding with its words.
pub(crate) struct ShownFinding {
    pub(crate) id: &'static str,
    /// The style sheet's class.
    pub(crate) tone: &'static str,
    /// How it is, in one or two words.
    pub(crate) severity: &'static str,
    pub(crate) text: FindingText,
    /// What to copy, as one text; empty where there is nothing.
    pub(crate) copy: String,
}

impl ShownFinding {
    /// Those that are good, and all others, the worst first.
    pub(crate) fn sorted(lang: Lang, findings: &[Finding], now: Timestamp) -> (Vec<Self>, Vec<Self>) {
        let mut findings = findings.to_vec();
        worst_first(&mut findings);
        let (good, open): (Vec<_>, Vec<_>) = findings.iter().partition(|f| f.severity() == Severity::Good);
        let shown = |findings: Vec<&Finding>| findings.into_iter().map(|f| Self::of(lang, f, now)).collect();
        (shown(good), shown(open))
    }

    fn of(lang: Lang, finding: &Finding, now: Timestamp) -> Self {
        let t = &lang.texts().checks;
        let text = finding_text(lang, finding, now);
        let (tone, severity) = match finding.severity() {
            Severity::Good => (Tone::Good, t.good),
            Severity::Unknown => (Tone::Idle, t.unknown),
            Severity::Warning => (Tone::Busy, t.warning),
            Severity::Fault => (Tone::Bad, t.fault),
        };
        Self { id: finding.id(), tone: tone.class(), severity, copy: text.copy.join("\n"), text }
    }
}
