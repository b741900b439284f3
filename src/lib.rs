//! `ecss-crm-server`: links the ECSS-10 softswitch with Bitrix24.

pub mod clock;
pub mod domain;
pub mod http;
#[cfg(feature = "sandbox")]
pub mod sandbox;
