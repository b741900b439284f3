//! How often the authorization server is asked about codes that browsers bring back: anybody can begin a log-in and come
//! back with a code that he has made up.

use crate::domain::Timestamp;
use crate::domain::allowance::Allowance;
use crate::domain::source::Source;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Of one source, an office with some administrators: fewer than of a portal, so that no single one can keep a portal's
/// administrators out.
const OF_SOURCE: Allowance = Allowance::new(Duration::from_secs(6), 10);
/// Of one portal.
const OF_PORTAL: Allowance = Allowance::new(Duration::from_secs(2), 30);
/// Of all portals.
const OF_ALL: Allowance = Allowance::new(Duration::from_millis(500), 120);
/// Sources and portals that are counted; those at rest are forgotten first.
const COUNTED: usize = 4096;

/// What has been asked lately.
#[derive(Debug)]
pub(super) struct Exchanges(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    sources: BTreeMap<Source, Allowance>,
    portals: BTreeMap<String, Allowance>,
    all: Allowance,
    refused: u64,
}

impl Default for Exchanges {
    fn default() -> Self {
        let (sources, portals) = (BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(Counts { sources, portals, all: OF_ALL, refused: 0 }))
    }
}

impl Exchanges {
    /// Takes the right to ask about one code for the portal at this host; `false` if there have been too many.
    pub fn take(&self, portal: &str, source: Option<Source>, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { sources, portals, all, refused } = &mut *counts;
        let of_source = source.map(|source| counted(sources, source, &OF_SOURCE, now));
        let of_portal = counted(portals, portal.to_owned(), &OF_PORTAL, now);
        let all: Option<Vec<_>> = of_source.into_iter().chain([of_portal, Some(all)]).collect();
        let taken = all.is_some_and(|mut all| {
            all.iter_mut().all(|allowance| allowance.wait(now).is_zero())
                && all.iter_mut().all(|allowance| allowance.take(now).is_ok())
        });
        *refused += u64::from(!taken);
        taken
    }

    /// The code was good: whoever has brought it has made up nothing.
    pub fn proved(&self, portal: &str, source: Option<Source>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { sources, portals, all, .. } = &mut *counts;
        let source = source.and_then(|source| sources.get_mut(&source));
        source.into_iter().chain(portals.get_mut(portal)).chain([all]).for_each(Allowance::give_back);
    }

    /// Codes since the start that nobody was asked about.
    pub fn refused(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).refused
    }
}

/// The allowance of this one; `None` where too many others are counted.
fn counted<'a, K: Ord>(
    all: &'a mut BTreeMap<K, Allowance>,
    key: K,
    fresh: &Allowance,
    now: Timestamp,
) -> Option<&'a mut Allowance> {
    if all.len() >= COUNTED && !all.contains_key(&key) {
        all.retain(|_, allowance| !allowance.is_rested(now));
    }
    (all.len() < COUNTED || all.contains_key(&key)).then(|| all.entry(key).or_insert_with(|| fresh.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn source(n: u32) -> Source {
        Source::from(IpAddr::V4(Ipv4Addr::from(n)))
    }

    /// Of `codes`, one each 100 ms, how many are asked about.
    fn asked(exchanges: &Exchanges, codes: u64, of: impl Fn(u64) -> (String, Option<Source>)) -> usize {
        let took = |n: &u64| {
            let (portal, source) = of(*n);
            exchanges.take(&portal, source, NOW + Duration::from_millis(n * 100))
        };
        (0..codes).filter(took).count()
    }

    #[test]
    fn made_up_codes_of_one_source_leave_the_portals_administrators_their_log_in() {
        let exchanges = Exchanges::default();
        assert_eq!(asked(&exchanges, 600, |_| ("a.example".into(), Some(source(1)))), 19, "a minute");
        assert_eq!(exchanges.refused(), 581);
        assert!(exchanges.take("a.example", Some(source(2)), NOW + Duration::from_secs(60)));
    }

    #[test]
    fn made_up_codes_for_many_portals_ask_no_more_than_all_may() {
        let exchanges = Exchanges::default();
        let of = |n: u64| (format!("{n}.example"), Some(source(u32::try_from(n).expect("small"))));
        assert!((239..=241).contains(&asked(&exchanges, 600, of)), "120 at once and two a second");
        let one = Exchanges::default();
        let of = |n: u64| ("a.example".to_owned(), Some(source(u32::try_from(n).expect("small"))));
        assert!((58..=61).contains(&asked(&one, 600, of)), "30 at once and one each two seconds");
    }

    #[test]
    fn good_codes_cost_nothing() {
        let exchanges = Exchanges::default();
        for _ in 0..1000 {
            assert!(exchanges.take("a.example", Some(source(1)), NOW));
            exchanges.proved("a.example", Some(source(1)));
        }
        assert_eq!((0..100).filter(|_| exchanges.take("a.example", Some(source(1)), NOW)).count(), 10);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let exchanges = Exchanges::default();
        for n in 0..20_000 {
            exchanges.take(&format!("{n}.example"), Some(source(n)), NOW + Duration::from_secs(u64::from(n)));
        }
        let counts = exchanges.0.lock().unwrap();
        assert!(counts.portals.len() <= COUNTED && counts.sources.len() <= COUNTED);
    }
}
