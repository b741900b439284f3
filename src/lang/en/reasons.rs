//! English sentences for the portal's list of calls.

use crate::domain::call::{DialFailure, Reason};

pub(in crate::lang) const fn text(reason: Reason) -> &'static str {
    match reason {
        Reason::EndUnknown => {
            "The connection to the telephone switch was interrupted, the end of the call was not seen"
        }
        Reason::NumberChanged => "The client's number became known later: the call goes on in the next record",
        Reason::NoLeg => "The employee's phone did not start to ring",
        Reason::Dial(DialFailure::NoNumber) => "The employee has no extension in the table of ecss-crm-server",
        Reason::Dial(DialFailure::Offline) => "There is no connection to the ECSS-10 switch",
        Reason::Dial(DialFailure::NotOffered) => "The switch does not support calls from the CRM",
        Reason::Dial(DialFailure::Forbidden) => "The switch has forbidden this call to the employee's number",
        Reason::Dial(DialFailure::WrongNumber) => "The dialled number does not exist",
        Reason::Dial(DialFailure::NotANumber) => {
            "The number chosen in the CRM holds nothing to dial: correct it in the client's card"
        }
        Reason::Dial(DialFailure::HiddenNumber) => "The caller hid his number and cannot be called back",
        Reason::Dial(DialFailure::Busy) => "The employee's phone is busy",
        Reason::Dial(DialFailure::Unavailable) => "The employee's phone is unavailable",
        Reason::Dial(DialFailure::TooLate) => "The request to call came too late",
        Reason::Dial(DialFailure::Failed) => "The switch could not carry out the call",
    }
}
