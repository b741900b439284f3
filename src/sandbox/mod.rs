//! Simulated worlds: the portal and the switch, independent witnesses of what the other sides do.

pub mod certs;
pub mod environment;
pub mod portal;
pub mod switch;
