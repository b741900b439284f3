//! The steps of a company's set-up, and the call that tries it out, in words.

use crate::domain::checks::setup::SetupStep;

/// Texts of the set-up.
pub(crate) struct SetupTexts {
    /// How far it is: steps done, and steps altogether.
    pub title: fn(usize, usize) -> String,
    /// Everything is done.
    pub finished: &'static str,
    pub all_steps: &'static str,
    pub done: &'static str,
    pub open: &'static str,
    pub broken: &'static str,
    pub application: StepText,
    pub bindings: StepText,
    pub portal_events: StepText,
    pub switch: StepText,
    pub numbers: StepText,
    pub first_call: StepText,
    pub first_card: StepText,
    pub test: TestCallTexts,
}

/// One step.
pub(crate) struct StepText {
    pub title: &'static str,
    /// What to do, where it is not done.
    pub what: &'static str,
    /// The way to where it is done; empty where that is not on our pages.
    pub go: &'static str,
}

/// The page from which somebody calls to see the card.
pub(crate) struct TestCallTexts {
    pub title: &'static str,
    pub lead: &'static str,
    pub from: &'static str,
    pub from_hint: &'static str,
    pub to: &'static str,
    pub to_hint: &'static str,
    pub call: &'static str,
    /// The switch has taken the command; carries the number that rings.
    pub rings: fn(&str) -> String,
    /// Carries why.
    pub not_dialled: fn(&str) -> String,
    pub no_answer: &'static str,
    pub seen: &'static str,
}

impl SetupTexts {
    /// The words of a step.
    pub(crate) const fn step(&self, step: SetupStep) -> &StepText {
        match step {
            SetupStep::Application => &self.application,
            SetupStep::Bindings => &self.bindings,
            SetupStep::PortalEvents => &self.portal_events,
            SetupStep::Switch => &self.switch,
            SetupStep::Numbers => &self.numbers,
            SetupStep::FirstCall => &self.first_call,
            SetupStep::FirstCard => &self.first_card,
        }
    }
}
