//! The call card inside Bitrix24: the page, its live state, its buttons.

pub(crate) mod action;
pub(crate) mod page;
pub(crate) mod stream;
mod stream_slots;
mod view;

pub(crate) use stream_slots::StreamSlots;
