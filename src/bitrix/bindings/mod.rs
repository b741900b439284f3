//! Keeps what is bound in the portal equal to what we want: our event handler, our tab in the call card.
//!
//! The portal forgets bindings when the application is installed again, and keeps old ones when our address
//! changes, so they are compared rather than assumed.

mod events;
mod line;
mod placement;
mod report;
mod test_event;

pub use report::PortalWord;

use super::error::ApiError;
use super::portal::Portal;
use crate::domain::binding::Binding;
use std::fmt;

/// What a company has chosen for its portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choices {
    /// Bind the card again even if it is bound.
    pub force_rebind: bool,
    /// Clicks by our line make CRM items for unknown numbers.
    pub create_for_clicks: bool,
    /// A test event is waited for: its handler stays bound.
    pub awaits_test_event: bool,
}

/// What should be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedBindings {
    /// Address of the card page.
    pub card_handler: String,
    /// Address that receives events.
    pub event_handler: String,
    /// Title of the card's tab in Russian.
    pub title_ru: String,
    /// Title in English, also for every other language.
    pub title_en: String,
}

/// What was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BindReport {
    /// What was bound now, in the portal's words.
    pub bound: Vec<String>,
    /// Addresses of ours that are no longer wanted and were unbound.
    pub unbound: Vec<String>,
    /// What could not be done, whatever the reason: calls go on, but cards or clicks will not work.
    pub failed: Vec<(Binding, ApiError)>,
    /// The portal has answered something sensibly, so that what failed concerns one thing and not the portal.
    pub answered: bool,
}

impl BindReport {
    /// Whether everything stood as wanted before.
    #[cfg(test)]
    pub fn is_unchanged(&self) -> bool {
        self.bound.is_empty() && self.unbound.is_empty() && self.failed.is_empty()
    }

    /// A failure is noted, so that the rest can still be set up: a missing right, a page instead of an answer or a
    /// method that rests may concern this one request only.
    pub fn keep_going<T>(&mut self, what: Binding, outcome: Result<T, ApiError>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.answered = true;
                Some(value)
            }
            Err(error) => {
                self.note_answer(&error);
                self.failed.push((what, error));
                None
            }
        }
    }

    /// Some refusals are an answer as good as any.
    fn note_answer(&mut self, error: &ApiError) {
        self.answered |= matches!(error, ApiError::Refused { .. } | ApiError::NotFoundCall | ApiError::Resting { .. });
    }

    /// What concerns the portal as a whole: nothing at all was answered.
    pub fn of_whole_portal(&self) -> Option<&ApiError> {
        self.failed.first().filter(|_| !self.answered).map(|(_, error)| error)
    }
}

/// What was done, in one readable line.
impl fmt::Display for BindReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |texts: &[String]| if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") };
        write!(f, "bound: {}; unbound: {}", list(&self.bound), list(&self.unbound))
    }
}

impl Portal {
    /// Binds what is missing and unbinds old addresses of ours; one thing that fails keeps none of the others from
    /// being tried. Needs the grant of a portal administrator.
    pub async fn ensure_bound(&self, wanted: &WantedBindings, choices: Choices) -> BindReport {
        let mut report = BindReport::default();
        events::ensure(self, &wanted.event_handler, choices, &mut report).await;
        // The portal offers applications for outgoing calls from a list that it keeps for a day, and drops that list
        // when a line changes, not when an event is bound.
        let touch = report.bound.iter().any(|event| event == events::CLICK);
        line::ensure(self, choices, touch, &mut report).await;
        placement::ensure(self, wanted, choices.force_rebind, &mut report).await;
        report
    }
}

/// "Handler already binded": somebody was faster, or the list we were shown was old.
fn already_bound(error: &ApiError) -> bool {
    error.message_contains("already binded") || error.message_contains("already bound")
}

#[cfg(test)]
mod tests;
