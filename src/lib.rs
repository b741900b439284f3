//! `ecss-crm-server`: links the ECSS-10 softswitch with Bitrix24.

pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod server;
pub mod telemetry;
