//! How often a server is asked about tokens that anybody can have made up.

use crate::domain::allowance::{Allowance, KeyedAllowance};
use crate::domain::{CompanyId, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Of one portal: once a minute, and once more at once, so that a true notice right behind a forged one need not wait.
const OF_PORTAL: Allowance = Allowance::new(Duration::from_secs(60), 2);
/// Of all portals that are registered here: two thousand companies install an update within a quarter of an hour.
const OF_COMPANIES: Allowance = Allowance::new(Duration::from_millis(500), 60);
/// Of all portals that nobody knows: the one that waits longer logs in, which needs none of this.
const OF_STRANGERS: Allowance = Allowance::new(Duration::from_secs(2), 30);
/// Portals that are counted: many more than can have been asked about of late, as all together may so little.
const PORTALS: usize = 4096;

/// Who wants to have a notice confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoticeSender {
    /// The portal, by its application token, or an administrator who has just logged in.
    Proved,
    Anybody,
}

/// What has been asked lately.
#[derive(Debug)]
pub(super) struct QuestionLimiter(Mutex<QuestionCounts>);

#[derive(Debug)]
struct QuestionCounts {
    portals: KeyedAllowance<CompanyId>,
    companies: Allowance,
    strangers: Allowance,
    put_off: u64,
}

impl Default for QuestionLimiter {
    fn default() -> Self {
        let (companies, strangers) = (OF_COMPANIES, OF_STRANGERS);
        let portals = KeyedAllowance::new(OF_PORTAL, PORTALS);
        Self(Mutex::new(QuestionCounts { portals, companies, strangers, put_off: 0 }))
    }
}

impl QuestionLimiter {
    /// Takes the right to ask about one token of this portal, or returns how long to wait for it.
    pub fn take(&self, id: &CompanyId, registered: bool, asker: NoticeSender, now: Timestamp) -> Result<(), Duration> {
        if asker == NoticeSender::Proved {
            return Ok(());
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let QuestionCounts { portals, companies, strangers, put_off } = &mut *counts;
        let all = if registered { companies } else { strangers };
        let portal = portals.of(id, now);
        let wait = portal.wait(now).max(all.wait(now));
        if !wait.is_zero() {
            *put_off += 1;
            return Err(wait);
        }
        portal.take(now).and_then(|()| all.take(now))
    }

    /// How long to wait for that right, which is not taken.
    pub fn wait(&self, id: &CompanyId, registered: bool, asker: NoticeSender, now: Timestamp) -> Duration {
        if asker == NoticeSender::Proved {
            return Duration::ZERO;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = if registered { counts.companies.wait(now) } else { counts.strangers.wait(now) };
        // Of those who have to wait anyway nothing is counted.
        if all.is_zero() { counts.portals.of(id, now).wait(now) } else { all }
    }

    /// Questions since the start that had to wait.
    pub fn put_off(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put_off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_flood_for_one_portal_asks_once_a_minute() {
        let (questions, id) = (QuestionLimiter::default(), CompanyId::from("m"));
        let asked = (0..6000_u64)
            .filter(|n| questions.take(&id, true, NoticeSender::Anybody, NOW + Duration::from_millis(n * 100)).is_ok())
            .count();
        assert_eq!(asked, 11, "ten minutes");
        assert_eq!(questions.put_off(), 5989);
        assert_eq!(questions.take(&id, true, NoticeSender::Proved, NOW), Ok(()));
    }

    #[test]
    fn who_looks_how_long_to_wait_takes_nothing() {
        let (questions, id) = (QuestionLimiter::default(), CompanyId::from("m"));
        let ask = |id: &CompanyId| questions.take(id, true, NoticeSender::Anybody, NOW);
        let wait = |id: &CompanyId, asker| questions.wait(id, true, asker, NOW);
        for _ in 0..1000 {
            assert_eq!(wait(&id, NoticeSender::Anybody), Duration::ZERO);
        }
        assert_eq!([ask(&id), ask(&id)], [Ok(()); 2]);
        assert_eq!(Err(wait(&id, NoticeSender::Anybody)), ask(&id), "the portal has had its share");
        assert!((0..58).all(|n| ask(&format!("n{n}").as_str().into()).is_ok()), "others have theirs");
        let other = CompanyId::from("other");
        assert_eq!(Err(wait(&other, NoticeSender::Anybody)), ask(&other), "all have had theirs");
        assert_eq!(wait(&other, NoticeSender::Proved), Duration::ZERO);
    }

    #[test]
    fn a_flood_of_unknown_portals_leaves_the_registered_ones_theirs() {
        let questions = QuestionLimiter::default();
        let asked = (0..10_000)
            .filter(|n| questions.take(&format!("m{n}").as_str().into(), false, NoticeSender::Anybody, NOW).is_ok())
            .count();
        assert_eq!(asked, 30);
        assert_eq!(questions.take(&"m1".into(), false, NoticeSender::Anybody, NOW), Err(Duration::from_secs(2)));
        let later = NOW + Duration::from_secs(120);
        assert_eq!(questions.take(&"ours".into(), true, NoticeSender::Anybody, later), Ok(()));
    }
}
