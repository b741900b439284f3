//! The steps of the set-up, above every tab until the first card has opened.

use super::finding::ShownFinding;
use super::top::Tab;
use crate::domain::Timestamp;
use crate::domain::checks::setup::{SetupStep, StepProgress, StepState};
use crate::lang::{Lang, Tone};

/// See the module.
pub(crate) struct ShownSetup {
    pub(crate) title: String,
    pub(crate) steps: Vec<ShownStep>,
}

/// One step.
pub(crate) struct ShownStep {
    /// The style sheet's class.
    pub(crate) tone: &'static str,
    pub(crate) title: &'static str,
    /// Where it stands, in one or two words.
    pub(crate) state: &'static str,
    /// The first one that is not done: what is to do next.
    pub(crate) current: bool,
    /// What to do; empty where nothing is.
    pub(crate) what: &'static str,
    /// Where to do it on our pages, below their base, and the words for that.
    pub(crate) way: Option<(String, &'static str)>,
    pub(crate) left: Vec<ShownFinding>,
}

impl ShownSetup {
    pub(crate) fn of(lang: Lang, progress: &[StepProgress], now: Timestamp) -> Self {
        let t = &lang.texts().setup;
        let done = progress.iter().filter(|step| step.state == StepState::Done).count();
        let current = progress.iter().find(|step| step.state != StepState::Done).map(|step| step.step);
        let steps = progress.iter().map(|step| ShownStep::of(lang, step, current, now)).collect();
        Self { title: (t.title)(done, progress.len()), steps }
    }
}

impl ShownStep {
    /// What concerns the step that is next, or broken, is told whole; of later ones only what they are.
    fn of(lang: Lang, progress: &StepProgress, current: Option<SetupStep>, now: Timestamp) -> Self {
        let t = &lang.texts().setup;
        let words = t.step(progress.step);
        let (tone, state) = match progress.state {
            StepState::Done => (Tone::Good, t.done),
            StepState::Open => (Tone::Idle, t.open),
            StepState::Broken => (Tone::Bad, t.broken),
        };
        let current = current == Some(progress.step);
        let told = current || progress.state == StepState::Broken;
        let way = way(progress.step).filter(|_| told && !words.go.is_empty()).map(|path| (path, words.go));
        Self {
            tone: tone.class(),
            title: words.title,
            state,
            current,
            what: if told { words.what } else { "" },
            way,
            left: if told { ShownFinding::sorted(lang, &progress.left, now).1 } else { Vec::new() },
        }
    }
}

/// Where a step is done.
fn way(step: SetupStep) -> Option<String> {
    let tab = |tab: Tab| Some(format!("/company?tab={}", tab.word()));
    match step {
        SetupStep::Application | SetupStep::PortalEvents => None,
        SetupStep::Bindings => tab(Tab::Bitrix),
        SetupStep::Switch => tab(Tab::Ecss),
        SetupStep::Numbers => tab(Tab::Employees),
        SetupStep::FirstCall | SetupStep::FirstCard => Some("/company/test-call".to_owned()),
    }
}
