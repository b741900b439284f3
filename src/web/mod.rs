//! Pages, card and portal calls over HTTP.

pub mod lang;
pub mod office;
