//! How often the authorization server is asked about codes that browsers bring back: anybody can begin a log-in and come
//! back with a code that he has made up.

use crate::domain::Timestamp;
use crate::domain::allowance::{Allowance, KeyedAllowance};
use crate::domain::source::Source;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Of one source, an office with some administrators: fewer than of a portal, so that no single one can keep a portal's
/// administrators out.
const OF_SOURCE: Allowance = Allowance::new(Duration::from_secs(6), 10);
const OF_PORTAL: Allowance = Allowance::new(Duration::from_secs(2), 30);
/// Of all portals.
const OF_ALL: Allowance = Allowance::new(Duration::from_millis(500), 120);
/// Sources, and portals, that are counted: many more than can have taken anything of late, as all together may so little.
const COUNTED: usize = 4096;

/// What has been asked lately.
#[derive(Debug)]
pub(super) struct CodeLimiter(Mutex<CodeCounts>);

#[derive(Debug)]
struct CodeCounts {
    sources: KeyedAllowance<Source>,
    portals: KeyedAllowance<String>,
    all: Allowance,
    refused: u64,
}

impl Default for CodeLimiter {
    fn default() -> Self {
        let (sources, portals) = (KeyedAllowance::new(OF_SOURCE, COUNTED), KeyedAllowance::new(OF_PORTAL, COUNTED));
        Self(Mutex::new(CodeCounts { sources, portals, all: OF_ALL, refused: 0 }))
    }
}

impl CodeLimiter {
    fn counts(&self) -> MutexGuard<'_, CodeCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the right to ask about one code for the portal at this host; `false` if there have been too many.
    pub fn take(&self, portal: &str, source: Option<Source>, now: Timestamp) -> bool {
        let mut counts = self.counts();
        let mut concerned = counts.of(portal, source, now);
        let taken = concerned.iter_mut().all(|allowance| allowance.wait(now).is_zero())
            && concerned.iter_mut().all(|allowance| allowance.take(now).is_ok());
        counts.refused += u64::from(!taken);
        taken
    }

    /// The code was good: whoever has brought it has made up nothing.
    pub fn proved(&self, portal: &str, source: Option<Source>, now: Timestamp) {
        self.counts().of(portal, source, now).into_iter().for_each(Allowance::give_back);
    }

    /// Codes since the start that nobody was asked about.
    pub fn refused(&self) -> u64 {
        self.counts().refused
    }
}

impl CodeCounts {
    /// All allowances that a code is counted against.
    fn of(&mut self, portal: &str, source: Option<Source>, now: Timestamp) -> Vec<&mut Allowance> {
        let of_source = source.map(|source| self.sources.of(&source, now));
        let of_portal = self.portals.of(&portal.to_owned(), now);
        of_source.into_iter().chain([of_portal, &mut self.all]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn source(n: u32) -> Source {
        Source::of_ipv4(n)
    }

    /// Of `codes`, one each 100 ms, how many are asked about.
    fn asked(limiter: &CodeLimiter, codes: u64, of: impl Fn(u64) -> (String, Option<Source>)) -> usize {
        let took = |n: &u64| {
            let (portal, source) = of(*n);
            limiter.take(&portal, source, NOW + Duration::from_millis(n * 100))
        };
        (0..codes).filter(took).count()
    }

    #[test]
    fn made_up_codes_of_one_source_leave_the_portals_administrators_their_log_in() {
        let limiter = CodeLimiter::default();
        assert_eq!(asked(&limiter, 600, |_| ("a.example".into(), Some(source(1)))), 19, "a minute");
        assert_eq!(limiter.refused(), 581);
        assert!(limiter.take("a.example", Some(source(2)), NOW + Duration::from_secs(60)));
    }

    #[test]
    fn made_up_codes_for_many_portals_ask_no_more_than_all_may() {
        let limiter = CodeLimiter::default();
        let of = |n: u64| (format!("{n}.example"), Some(source(u32::try_from(n).expect("small"))));
        assert!((239..=241).contains(&asked(&limiter, 600, of)), "120 at once and two a second");
        let one = CodeLimiter::default();
        let of = |n: u64| ("a.example".to_owned(), Some(source(u32::try_from(n).expect("small"))));
        assert!((58..=61).contains(&asked(&one, 600, of)), "30 at once and one each two seconds");
    }

    #[test]
    fn good_codes_cost_nothing() {
        let limiter = CodeLimiter::default();
        for _ in 0..1000 {
            assert!(limiter.take("a.example", Some(source(1)), NOW));
            limiter.proved("a.example", Some(source(1)), NOW);
        }
        assert_eq!((0..100).filter(|_| limiter.take("a.example", Some(source(1)), NOW)).count(), 10);
    }
}
