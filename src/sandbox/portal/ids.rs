//! Names as the portal makes them.

use crate::clock::random_bytes;
use crate::domain::Timestamp;
use std::fmt::Write as _;

/// `n` random bytes (at most 32) as lower-case hex.
pub fn hex(n: usize) -> String {
    let bytes: [u8; 32] = random_bytes();
    bytes[..n.min(32)].iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A token of 70 characters, as cloud portals issue them.
pub fn token() -> String {
    format!("{}{}", hex(32), hex(3))
}

/// `local.<14 hex>.<8 digits>`
pub fn client_id() -> String {
    let digits = u32::from_le_bytes(random_bytes()) % 100_000_000;
    format!("local.{}.{digits:08}", hex(7))
}

/// `externalCall.<32 hex>.<unix seconds>`
pub fn call_id(now: Timestamp) -> String {
    format!("externalCall.{}.{}", hex(16), now.millis() / 1000)
}
