//! `ecss-crm-server`: links the ECSS-10 softswitch with Bitrix24.
//!
//! Public is what the program, the tests and the benchmarks use from outside; everything else is the crate's own.

pub mod app;
mod bitrix;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
mod ecss;
mod folder;
pub mod http;
mod lang;
mod lifecycle;
mod metrics;
mod ownership;
mod regular_file;
#[cfg(feature = "sandbox")]
#[expect(missing_docs, reason = "most fields carry the names of the portal's and the switch's own interfaces")]
pub mod sandbox;
pub mod server;
mod session;
pub mod store;
mod telemetry;
mod web;
