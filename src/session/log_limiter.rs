//! What a switch sends that nobody knows or can believe: counted, and named in the log now and then instead of each
//! time.

use crate::domain::Timestamp;
use std::time::Duration;

/// The log says at most this often how many there were.
const APART: Duration = Duration::from_secs(60);

/// What one connection has heard of this kind.
#[derive(Debug, Default)]
pub(super) struct LogLimiter {
    unlogged: u64,
    logged: Option<Timestamp>,
}

impl LogLimiter {
    /// One more frame. Tells how many have come since the last time, if it is time to say so.
    pub fn count_one(&mut self, now: Timestamp) -> Option<u64> {
        self.unlogged += 1;
        if self.logged.is_some_and(|at| now.since(at) < APART) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_minute() {
        let mut log_limiter = LogLimiter::default();
        let at = |seconds: i64| Timestamp(seconds * 1000);
        assert_eq!(log_limiter.count_one(at(0)), Some(1), "the first one is told at once");
        for second in 1..60 {
            assert_eq!(log_limiter.count_one(at(second)), None);
        }
        assert_eq!(log_limiter.count_one(at(60)), Some(60));
        assert_eq!(log_limiter.count_one(at(61)), None);
    }
}
