//! When a portal is asked for a test event, by which it proves the application token of its events, and for how long such
//! an event is waited for.

use super::Timestamp;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// Pauses after the first attempts: a portal sends events not at once, but mostly within a minute.
const FIRST_PAUSES: [Duration; 3] = [MINUTE, Duration::from_secs(5 * 60), Duration::from_secs(15 * 60)];
/// Pause after all others.
const HOURLY: Duration = Duration::from_secs(60 * 60);
/// For how long an event with a secret of ours proves anything after it was asked for first.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// A secret that is younger serves for the next attempt as well, so that an event that comes late is not in vain.
const SERVES_AGAIN: Duration = Duration::from_secs(30 * 60);

/// The pause after the `attempts`-th attempt (from 1) that has brought no event yet.
pub fn pause(attempts: u32) -> Duration {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    FIRST_PAUSES.get(place).copied().unwrap_or(HOURLY)
}

/// Whether an event that was first asked for then still proves something.
pub fn is_awaited(asked_at: Timestamp, now: Timestamp) -> bool {
    now.since(asked_at) < LIFE
}

/// Whether the secret that was first asked with then serves for another attempt.
pub fn serves_again(asked_at: Timestamp, now: Timestamp) -> bool {
    now.since(asked_at) < SERVES_AGAIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_is_asked_after_one_five_and_fifteen_minutes_and_then_every_hour() {
        let minutes: Vec<u64> = (1..=5).map(|attempts| pause(attempts).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 5, 15, 60, 60]);
        assert_eq!(pause(u32::MAX), HOURLY);
    }

    #[test]
    fn a_secret_is_good_for_an_hour_and_is_asked_with_for_half_of_it() {
        let asked_at = Timestamp(1_000_000);
        let after = |minutes: u32| asked_at + MINUTE * minutes;
        assert!(is_awaited(asked_at, asked_at) && is_awaited(asked_at, after(59)));
        assert!(!is_awaited(asked_at, after(60)));
        // All three early attempts share a secret, the hourly ones do not.
        assert!(serves_again(asked_at, after(1 + 5 + 15)) && !serves_again(asked_at, after(30)));
    }
}
