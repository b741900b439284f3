//! How fast all companies together return to their switches after an outage.

use std::time::Duration;

/// Attempts begin no closer than this: 250 a second. A registration and a socket with their TLS handshakes take about a
/// millisecond of a processor, so that three quarters of it are left for the calls of those who are connected.
const APART: Duration = Duration::from_millis(4);
/// So many may begin at once after a pause, so that a few companies never wait.
const AT_ONCE: u32 = 10;

/// Whose turn it is: first come, first served, whatever becomes of the attempt. Nobody waits for another one's switch.
#[derive(Debug, Default)]
pub struct ConnectPace {
    /// When the next attempt would begin if all came without a pause.
    next: Duration,
}

impl ConnectPace {
    /// How long an attempt waits that could begin `now` (counted from any moment that stays the same).
    pub fn enter(&mut self, now: Duration) -> Duration {
        let begins = self.next.max(now.saturating_sub(APART * (AT_ONCE - 1)));
        self.next = begins + APART;
        begins.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thousand_companies_return_within_eight_seconds_and_never_more_than_a_few_at_once() {
        let (mut pace, now) = (ConnectPace::default(), Duration::from_secs(100));
        let waits: Vec<_> = (0..2000).map(|_| pace.enter(now)).collect();
        assert!(waits.is_sorted(), "first come, first served");
        assert_eq!(waits.iter().filter(|wait| wait.is_zero()).count(), AT_ONCE as usize);
        let in_any_second =
            waits.iter().filter(|wait| **wait > Duration::from_secs(3) && **wait <= Duration::from_secs(4));
        assert_eq!(in_any_second.count(), 250);
        let last = waits.last().expect("two thousand");
        assert!(*last > Duration::from_millis(7900) && *last < Duration::from_secs(8), "{last:?}");
    }

    #[test]
    fn a_few_companies_never_wait() {
        let mut pace = ConnectPace::default();
        for second in 1..100 {
            for _ in 0..AT_ONCE {
                assert_eq!(pace.enter(Duration::from_secs(second)), Duration::ZERO);
            }
        }
    }
}
