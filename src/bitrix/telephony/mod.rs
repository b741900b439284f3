//! Calls as the CRM counts them: register, show, hide, finish.
//!
//! `params()` of each request is pure and is the whole truth about its wire form.

mod cards;
mod finish;
mod register;

pub use cards::Cards;
pub use finish::{Finish, Finished};
pub use register::{CallKind, CrmEntity, Register, Registered};

use super::error::ApiError;
use super::lenient;
use super::portal::Portal;
use crate::domain::{CrmCallId, UserId};

/// The external line all our calls belong to; the portal adds it to the application's lines when it sees it first.
pub const LINE_NUMBER: &str = "ecss-10";
/// Its name for people.
pub const LINE_NAME: &str = "ECSS-10";

/// REST method behind [`Portal::register`].
pub const REGISTER: &str = "telephony.externalCall.register";
/// REST method behind [`Portal::show`].
pub const SHOW: &str = "telephony.externalCall.show";
/// REST method behind [`Portal::hide`].
pub const HIDE: &str = "telephony.externalCall.hide";
/// REST method behind [`Portal::finish`].
pub const FINISH: &str = "telephony.externalCall.finish";

impl Portal {
    /// Makes a CRM call. Repeating it with the same external id within 30 minutes of its start returns the same
    /// CRM call, as long as that is not finished.
    pub async fn register(&self, register: &Register) -> Result<Registered, ApiError> {
        let answer = self.call(REGISTER, &register.params()).await?;
        Registered::read(&answer.result)
    }

    /// Opens the card for these users. `false`: the portal does not know the call, or there is nobody to show it to.
    /// `true` does not prove that a card is visible.
    pub async fn show(&self, call: &CrmCallId, users: &[UserId]) -> Result<bool, ApiError> {
        self.cards(SHOW, call, users).await
    }

    /// Closes the card for these users. After the finish of the call it does nothing and answers `false`.
    pub async fn hide(&self, call: &CrmCallId, users: &[UserId]) -> Result<bool, ApiError> {
        self.cards(HIDE, call, users).await
    }

    /// Ends a CRM call and closes the card of the finishing user, nobody else's.
    /// [`ApiError::NotFoundCall`] means that it was finished before.
    pub async fn finish(&self, finish: &Finish) -> Result<Finished, ApiError> {
        let answer = self.call(FINISH, &finish.params()).await?;
        Ok(Finished::read(&answer.result))
    }

    async fn cards(&self, method: &str, call: &CrmCallId, users: &[UserId]) -> Result<bool, ApiError> {
        // Without users the portal would take the one who registered: somebody nobody has named.
        if users.is_empty() {
            return Ok(false);
        }
        let cards = Cards { call: call.clone(), users: users.to_vec() };
        let answer = self.call(method, &cards.params()).await?;
        Ok(lenient::flag(&answer.result).unwrap_or(false))
    }
}

#[cfg(test)]
mod tests;
