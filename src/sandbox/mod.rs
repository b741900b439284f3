//! Simulated worlds: the portal and the switch, independent witnesses of what the other sides do, and the town in
//! which the real daemon stands between them.

pub mod certs;
pub mod portal;
pub mod switch;
pub mod town;
