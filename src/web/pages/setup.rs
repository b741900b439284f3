//! The steps of the set-up, above every tab until the first card has opened.

use super::finding::ShownFinding;
use super::top::Tab;
use crate::domain::Timestamp;
use crate::domain::checks::setup::{SetupStep, StepProgress, StepState};
use crate::lang::{Lang, SetupTexts, Tone};

/// See the module.
pub(crate) struct ShownSetup {
    pub(crate) title: String,
    pub(crate) all: Vec<ShownStep>,
    /// The step that is next, and those that were done and are broken.
    pub(crate) told: Vec<ToldStep>,
}

/// One step in a few words.
pub(crate) struct ShownStep {
    /// The style sheet's class.
    pub(crate) tone: &'static str,
    pub(crate) title: &'static str,
    /// Where it stands, in one or two words.
    pub(crate) state: &'static str,
}

/// One step with what to do.
pub(crate) struct ToldStep {
    pub(crate) tone: &'static str,
    pub(crate) title: &'static str,
    pub(crate) state: &'static str,
    /// The first one that is not done.
    pub(crate) current: bool,
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
        let told = progress.iter().filter(|step| step.state == StepState::Broken || current == Some(step.step));
        Self {
            title: (t.title)(done, progress.len()),
            all: progress.iter().map(|step| ShownStep::of(t, step)).collect(),
            told: told.map(|step| ToldStep::of(lang, step, current == Some(step.step), now)).collect(),
        }
    }
}

impl ShownStep {
    fn of(t: &SetupTexts, progress: &StepProgress) -> Self {
        let (tone, state) = match progress.state {
            StepState::Done => (Tone::Good, t.done),
            StepState::Open => (Tone::Idle, t.open),
            StepState::Broken => (Tone::Bad, t.broken),
        };
        Self { tone: tone.class(), title: t.step(progress.step).title, state }
    }
}

impl ToldStep {
    fn of(lang: Lang, progress: &StepProgress, current: bool, now: Timestamp) -> Self {
        let t = &lang.texts().setup;
        let ShownStep { tone, title, state } = ShownStep::of(t, progress);
        let words = t.step(progress.step);
        let way = way(progress.step).map(|path| (path, words.go));
        Self {
            tone,
            title,
            state,
            current,
            what: words.what,
            way,
            left: ShownFinding::sorted(lang, &progress.left, now).1,
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
