//! Simulated worlds around the daemon: what a newcomer plays with and what the integration tests are judged by.
//!
//! Nothing here may use the product's own adapters: a witness that shares code with the accused proves nothing.

pub mod certs;
pub mod portal;
