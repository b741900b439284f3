//! Keeps what is bound in the portal equal to what we want: our event handler, our tab in the call card.
//!
//! The portal forgets bindings when the application is installed again, and keeps old ones when our address
//! changes, so they are compared rather than assumed.

mod events;
mod line;
mod placement;

use super::error::ApiError;
use super::portal::Portal;

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
    /// What did not work but is no reason to give up, for people.
    pub notes: Vec<String>,
    /// What the portal refused: calls go on, but cards or clicks will not work.
    pub refused: Vec<(String, ApiError)>,
}

impl BindReport {
    /// Whether everything stood as wanted before.
    pub fn is_unchanged(&self) -> bool {
        *self == Self::default()
    }

    /// A refusal is noted, so that the rest can still be bound; anything else concerns the rest too.
    fn keep_going<T>(&mut self, what: &str, outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error @ ApiError::Refused { .. }) => {
                self.refused.push((what.to_owned(), error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Portal {
    /// Binds what is missing and unbinds old addresses of ours; `force_rebind` binds the card anew even if it is bound.
    /// Needs the grant of a portal administrator.
    pub async fn ensure_bound(&self, wanted: &Wanted, force_rebind: bool) -> Result<BindReport, ApiError> {
        let mut report = BindReport::default();
        events::ensure(self, &wanted.event_handler, &mut report).await?;
        if report.bound.iter().any(|event| event == events::CLICK) {
            // The portal offers applications for outgoing calls from a list that it keeps for a day, and drops that
            // list when a line changes, not when an event is bound.
            line::touch(self, &mut report).await?;
        }
        placement::ensure(self, wanted, force_rebind, &mut report).await?;
        Ok(report)
    }
}

/// "Handler already binded": somebody was faster, or the list we were shown was old.
fn already_bound(error: &ApiError) -> bool {
    error.says("already binded") || error.says("already bound")
}

#[cfg(test)]
mod tests;
