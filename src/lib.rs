//! `ecss-crm-server`: links the ECSS-10 softswitch with Bitrix24.

pub mod app;
pub mod bitrix;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod ecss;
pub mod folder;
pub mod http;
pub mod lang;
pub mod lifecycle;
pub mod metrics;
pub mod ownership;
pub mod regular_file;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod server;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod web;
