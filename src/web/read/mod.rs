//! Requests into types, once: bodies, form fields, addresses.

mod address;
mod body;
mod fault;
mod fields;
mod held;

pub(crate) use address::{portal_domain, switch_address};
pub(crate) use body::{FormBody, RawPost, whole_body};
pub(crate) use fault::{Faults, FieldFault};
pub(crate) use fields::Fields;
pub(crate) use held::BodyRoom;
