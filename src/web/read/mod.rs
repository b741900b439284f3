//! Requests into types, once: bodies, form fields, addresses.

mod accept_language;
mod address;
mod body;
mod body_memory;
mod fault;
mod fields;

pub(crate) use accept_language::accepted;
pub(crate) use address::{portal_domain, switch_address};
pub(crate) use body::{FormBody, RawPost, whole_body};
pub(crate) use body_memory::BodyMemory;
pub(crate) use fault::{Faults, FieldFault};
pub(crate) use fields::FormFields;
