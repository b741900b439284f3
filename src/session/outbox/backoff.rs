//! While the portal as a whole takes no requests, one of them at a time finds out whether it does again.

use crate::clock::random_unit;
use crate::domain::Timestamp;
use crate::domain::link::retry_delay;
use std::time::Duration;

/// A portal that does not answer is tried again at least this often, so that its return is soon noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// When a phone rings meanwhile, the portal is tried so soon after the last attempt.
const EAGER: Duration = Duration::from_secs(1);

/// How long to rest after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum RetryPause {
    /// Growing, jittered.
    BackOff,
    /// By the portal's word, or because only a person can change something.
    Until(Timestamp),
}

impl RetryPause {
    /// When the rest after that many failures in a row is over.
    pub fn until(self, failures: u32, now: Timestamp) -> Timestamp {
        match self {
            Self::BackOff => now + retry_delay(failures, random_unit()).min(LONGEST_PAUSE),
            Self::Until(at) => at.max(now),
        }
    }
}

/// The trouble as it stands.
#[derive(Debug)]
pub(super) struct PortalBackoff {
    failures: u32,
    began: Timestamp,
    until: Timestamp,
    rest: RetryPause,
}

impl PortalBackoff {
    /// One more failure; tells until when everybody rests.
    pub fn again(backoff: &mut Option<Self>, now: Timestamp, rest: RetryPause) -> Timestamp {
        match backoff {
            // Requests that were under way when the trouble began say nothing new.
            Some(backoff) if backoff.until > now => backoff.until,
            before => {
                let failures = before.as_ref().map_or(0, |t| t.failures) + 1;
                let until = rest.until(failures, now);
                *before = Some(Self { failures, began: now, until, rest });
                until
            }
        }
    }

    /// A card should open: a portal that has not asked to be left alone is tried soon.
    pub fn somebody_waits(&mut self, now: Timestamp) {
        if self.rest == RetryPause::BackOff {
            self.until = self.until.min((self.began + EAGER).max(now));
        }
    }

    pub fn until(&self) -> Timestamp {
        self.until
    }
}
