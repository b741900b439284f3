//! Keeps what is bound in the portal equal to what we want: our event handler, our tab in the call card.
//!
//! The portal forgets bindings when the application is installed again, and keeps old ones when our address
//! changes, so they are compared rather than assumed.

mod events;
mod line;
mod placement;

use super::error::ApiError;
use super::portal::Portal;
use crate::domain::binding::Binding;
use std::fmt;

/// What a company has chosen for its portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choices {
    /// Bind the card anew even if it is bound.
    pub force_rebind: bool,
    /// Clicks by our line make CRM items for unknown numbers.
    pub create_for_clicks: bool,
}

/// What should be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
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
    /// What the portal refused: calls go on, but cards or clicks will not work.
    pub refused: Vec<(Binding, ApiError)>,
}

impl BindReport {
    /// Whether everything stood as wanted before.
    pub fn is_unchanged(&self) -> bool {
        *self == Self::default()
    }

    /// A refusal is noted, so that the rest can still be bound; anything else concerns the rest too.
    fn keep_going<T>(&mut self, what: Binding, outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error @ ApiError::Refused { .. }) => {
                self.refused.push((what, error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
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
    /// Binds what is missing and unbinds old addresses of ours. Needs the grant of a portal administrator.
    pub async fn ensure_bound(&self, wanted: &Wanted, choices: Choices) -> Result<BindReport, ApiError> {
        let mut report = BindReport::default();
        events::ensure(self, &wanted.event_handler, &mut report).await?;
        // The portal offers applications for outgoing calls from a list that it keeps for a day, and drops that list
        // when a line changes, not when an event is bound.
        let touch = report.bound.iter().any(|event| event == events::CLICK);
        line::ensure(self, choices, touch, &mut report).await?;
        placement::ensure(self, wanted, choices.force_rebind, &mut report).await?;
        Ok(report)
    }
}

/// "Handler already binded": somebody was faster, or the list we were shown was old.
fn already_bound(error: &ApiError) -> bool {
    error.says("already binded") || error.says("already bound")
}

#[cfg(test)]
mod tests;
