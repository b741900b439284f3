//! Every text for people, in every language that they read: pages, cards, the story of a call, what the portal shows.
//!
//! The texts of pages are one typed table per language (`Texts`), the others one function per language that is complete
//! for its type: a text that is missing in one language does not compile.

mod audit;
mod checks;
mod click;
mod count;
mod en;
mod reasons;
mod ru;
mod setup;
mod state_text;
mod texts;
mod trace;
mod when;

pub use crate::domain::language::Lang;

pub(crate) use audit::{DeedText, deed_text};
pub(crate) use checks::{FindingText, finding_text};
pub(crate) use click::ClickTexts;
pub(crate) use count::lasting;
pub(crate) use reasons::reason;
pub(crate) use setup::SetupTexts;
use setup::{StepText, TestCallTexts};
pub(crate) use state_text::{ConnectionText, Tone, phase, tone};
pub(crate) use texts::{
    AuditTexts, CallTexts, CardTexts, CheckTexts, CompanyTexts, EmployeeTexts, ErrorTexts, FieldTexts, LinkTexts,
    LoginTexts, StateText, StateTexts, Texts,
};
pub(crate) use trace::{EmployeeNames, dial_failure, leg_state, note_text};
pub(crate) use when::moment_in;

impl Lang {
    /// All texts of pages in this language.
    pub(crate) const fn texts(self) -> &'static Texts {
        match self {
            Self::Ru => &ru::RU,
            Self::En => &en::EN,
        }
    }
}
