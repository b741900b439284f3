//! `ecss-crm-server`: links the ECSS-10 softswitch with Bitrix24.

pub mod bitrix;
pub mod clock;
pub mod domain;
pub mod ecss;
pub mod http;
pub mod store;
pub mod web;
