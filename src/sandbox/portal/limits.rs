//! The two limiters of a cloud portal: a leaking bucket of requests, and operating time per method.

use super::spec::{Bucket, Limits, Operating};
use super::timing::Operated;
use crate::domain::Timestamp;
use std::collections::BTreeMap;

/// Calls shorter than this are not counted.
const COUNTED_FROM: f64 = 0.1;
/// The operating time is summed over this many one-minute buckets.
const MINUTES: i64 = 10;

/// How full the limiters are.
#[derive(Debug, Clone)]
pub struct Meter {
    limits: Limits,
    level: f64,
    leaked_at: Option<Timestamp>,
    spent: BTreeMap<String, BTreeMap<i64, f64>>,
}

impl Meter {
    /// Empty limiters.
    pub fn new(limits: Limits) -> Self {
        Self { limits, level: 0.0, leaked_at: None, spent: BTreeMap::new() }
    }

    /// Counts one HTTP request; false if the bucket is full.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        let Some(Bucket { burst, leak }) = self.limits.bucket else { return true };
        let passed = self.leaked_at.map_or(0.0, |at| now.since(at).as_secs_f64());
        self.level = (self.level - passed * leak).max(0.0);
        self.leaked_at = Some(now);
        let fits = self.level + 1.0 <= burst;
        if fits {
            self.level += 1.0;
        }
        fits
    }

    /// Whether the method has used up its operating time: checked before the call.
    pub fn exhausted(&mut self, method: &str, now: Timestamp) -> Option<Operated> {
        let limit = self.limits.operating?.limit;
        self.operated(method, now).filter(|operated| operated.seconds >= limit)
    }

    /// Counts one executed call.
    pub fn spend(&mut self, method: &str, now: Timestamp) -> Option<Operated> {
        let Operating { per_call, .. } = self.limits.operating?;
        if per_call >= COUNTED_FROM {
            *self.spent.entry(method.to_owned()).or_default().entry(minute(now)).or_default() += per_call;
        }
        self.operated(method, now)
    }

    /// What the limiter says about a method.
    pub fn operated(&mut self, method: &str, now: Timestamp) -> Option<Operated> {
        self.limits.operating?;
        let oldest = minute(now) - MINUTES + 1;
        let by_minute = self.spent.entry(method.to_owned()).or_default();
        by_minute.retain(|at, _| *at >= oldest);
        let seconds = by_minute.values().sum();
        let first = by_minute.keys().next().copied().unwrap_or_else(|| minute(now));
        Some(Operated { seconds, reset_at: (first + MINUTES) * 60 })
    }
}

fn minute(at: Timestamp) -> i64 {
    at.millis().div_euclid(60_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_bucket_takes_a_burst_and_then_its_leak() {
        let mut meter = Meter::new(Limits::cloud());
        let start = Timestamp(0);
        assert_eq!((0..60).filter(|_| meter.admit(start)).count(), 50);
        let later = start + Duration::from_secs(3);
        assert_eq!((0..60).filter(|_| meter.admit(later)).count(), 6);
    }

    #[test]
    fn a_box_has_no_limits() {
        let mut meter = Meter::new(Limits::none());
        assert!((0..1000).all(|_| meter.admit(Timestamp(0))));
        assert_eq!(meter.spend("user.get", Timestamp(0)), None);
    }

    #[test]
    fn operating_time_is_counted_per_method_and_forgotten_after_ten_minutes() {
        let operating = Some(Operating { limit: 1.0, per_call: 0.5 });
        let mut meter = Meter::new(Limits { bucket: None, operating });
        let start = Timestamp(30_000);
        meter.spend("telephony.externalcall.register", start);
        assert_eq!(meter.exhausted("telephony.externalcall.register", start), None);
        meter.spend("telephony.externalcall.register", start);
        let used_up = meter.exhausted("telephony.externalcall.register", start).expect("used up");
        assert_eq!(used_up, Operated { seconds: 1.0, reset_at: 600 });
        assert_eq!(meter.exhausted("telephony.externalcall.finish", start), None);
        assert_eq!(meter.exhausted("telephony.externalcall.register", Timestamp(600_000)), None);
    }

    #[test]
    fn short_calls_cost_nothing() {
        let operating = Some(Operating { limit: 1.0, per_call: 0.09 });
        let mut meter = Meter::new(Limits { bucket: None, operating });
        assert!((0..100).all(|_| meter.spend("profile", Timestamp(0)).is_some_and(|o| o.seconds == 0.0)));
    }
}
