//! The call card inside Bitrix24: the page, its live state, its buttons.

pub(crate) mod action;
pub(crate) mod page;
mod seats;
pub(crate) mod stream;
mod view;

pub(crate) use seats::Seats;
