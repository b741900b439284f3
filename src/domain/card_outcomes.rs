//! Whether cards could open, hour by hour over the last day.

use super::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// Hours that are counted, the present one among them.
const HOURS: usize = 24;
const HOUR_MS: i64 = 3_600_000;

/// What became of a card that should have opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CardOutcome {
    /// The portal was asked to open it, and said yes.
    Asked,
    /// The number that rang belongs to nobody.
    NobodysNumber,
    /// The portal was told after the call had ended.
    TooLate,
    /// The portal did not take the call.
    Refused,
    /// Too many calls waited for the portal.
    NotRecorded,
}

/// How often each has happened, by the hour; small while nothing does.
#[derive(Debug, Default)]
pub struct CardOutcomes {
    /// The newest last, each with its hour since the epoch.
    hours: VecDeque<(i64, BTreeMap<CardOutcome, u64>)>,
}

impl CardOutcomes {
    /// This has happened so many times just now.
    pub fn add(&mut self, outcome: CardOutcome, times: u64, now: Timestamp) {
        let hour = now.millis().div_euclid(HOUR_MS);
        // A clock that was set back goes on in the hour that is known.
        if self.hours.back().is_none_or(|(last, _)| *last < hour) {
            self.hours.push_back((hour, BTreeMap::new()));
            if self.hours.len() > HOURS {
                self.hours.pop_front();
            }
        }
        if let Some((_, counts)) = self.hours.back_mut() {
            *counts.entry(outcome).or_default() += times;
        }
    }

    /// What has happened in the last day.
    pub fn last_day(&self, now: Timestamp) -> BTreeMap<CardOutcome, u64> {
        let first = now.millis().div_euclid(HOUR_MS) - HOURS as i64;
        let mut sum = BTreeMap::new();
        for (_, counts) in self.hours.iter().filter(|(hour, _)| *hour > first) {
            for (outcome, times) in counts {
                *sum.entry(*outcome).or_default() += times;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp(hour * HOUR_MS + 5)
    }

    #[test]
    fn a_day_is_counted_and_no_more_is_kept() {
        let mut outcomes = CardOutcomes::default();
        assert!(outcomes.last_day(at(0)).is_empty());
        for hour in 0..100 {
            outcomes.add(CardOutcome::Asked, 2, at(hour));
        }
        outcomes.add(CardOutcome::Refused, 1, at(99));
        assert_eq!(outcomes.hours.len(), HOURS);
        assert_eq!(outcomes.last_day(at(99)), [(CardOutcome::Asked, 48), (CardOutcome::Refused, 1)].into());
        assert_eq!(outcomes.last_day(at(110))[&CardOutcome::Asked], 26);
        assert!(outcomes.last_day(at(200)).is_empty());
        outcomes.add(CardOutcome::Asked, 1, at(50));
        assert_eq!(outcomes.last_day(at(99))[&CardOutcome::Asked], 49, "the clock was set back");
    }
}
