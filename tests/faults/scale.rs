//! Short by default, full length on demand.

use std::env;
use std::time::Duration;

/// Whether the stories run in full length.
pub fn full() -> bool {
    env::var("ECSS_CRM_FULL").is_ok_and(|value| !value.is_empty() && value != "0")
}

/// The figure of the short form or of the full one.
pub fn pick<T>(short: T, full_length: T) -> T {
    if full() { full_length } else { short }
}

/// The same in seconds.
pub fn seconds(short: u64, full_length: u64) -> Duration {
    Duration::from_secs(pick(short, full_length))
}

/// Where the dice begin.
pub fn seed() -> u64 {
    env::var("ECSS_CRM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}
