//! A call that an administrator makes to see whether a card opens.

use super::ServiceFault;
use crate::domain::call::DialFailure;

/// Why a test call did not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestCallError {
    /// The number that is to ring is nobody's in the table.
    #[error("the number belongs to nobody of this company")]
    NobodysNumber,
    /// The switch does not dial.
    #[error("the number was not dialled: {0:?}")]
    NotDialled(DialFailure),
    /// The switch has not answered; the phone may ring all the same.
    #[error("the switch has not answered in time")]
    NoAnswer,
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}
