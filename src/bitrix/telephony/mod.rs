//! Calls as the CRM counts them: register, show, hide, finish.
//!
//! `command()` of each request is pure and is the whole truth about its wire form; `read` takes the answer.

mod cards;
mod finish;
mod register;

pub use cards::Cards;
pub use finish::{Finish, Finished};
#[cfg(test)]
pub use register::CallKind;
pub use register::{CALL_ID, CrmEntity, EXTERNAL_CALL_ID, RegisterRequest, RegisteredCall};

/// The external line all our calls belong to; the portal adds it to the application's lines when it sees it first.
pub const LINE_NUMBER: &str = "ecss-10";
/// Its name for people.
pub const LINE_NAME: &str = "ECSS-10";

/// REST method of [`RegisterRequest`].
const REGISTER: &str = "telephony.externalCall.register";
/// REST methods of [`Cards`].
const SHOW: &str = "telephony.externalCall.show";
const HIDE: &str = "telephony.externalCall.hide";
/// REST method of [`Finish`].
const FINISH: &str = "telephony.externalCall.finish";

#[cfg(test)]
mod tests;
