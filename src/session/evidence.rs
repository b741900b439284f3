//! What was seen to work of one company, noted as it happens and stored now and then.

use crate::domain::card_outcomes::{CardOutcome, CardOutcomes};
use crate::domain::evidence::{Evidence, EvidenceKind, PortalReport};
use crate::domain::{Phone, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// New numbers that are noted until they are stored, at most: a switch may name as many as it likes.
const MOST_NUMBERS: usize = 20_000;

/// The moment of what was not seen.
const NEVER: i64 = i64::MIN;

/// What was seen of a company since its start. What is older stands in the store only: thousands of companies keep no more
/// than what is new. Noting costs a store of one word, or a look-up where a number is seen.
#[derive(Debug)]
pub struct EvidenceLog {
    seen: [KindSeen; EvidenceKind::ALL.len()],
    unstored: Mutex<UnstoredEvidence>,
}

#[derive(Debug)]
struct KindSeen {
    last: AtomicI64,
    stored: AtomicI64,
}

#[derive(Debug, Default)]
struct UnstoredEvidence {
    numbers: BTreeMap<Phone, Timestamp>,
    report: Option<PortalReport>,
    /// Never stored: of the last day, or since the start.
    cards: CardOutcomes,
}

impl Default for EvidenceLog {
    fn default() -> Self {
        let never = || KindSeen { last: AtomicI64::new(NEVER), stored: AtomicI64::new(NEVER) };
        Self { seen: EvidenceKind::ALL.map(|_| never()), unstored: Mutex::default() }
    }
}

impl EvidenceLog {
    /// This was seen just now.
    pub fn note(&self, kind: EvidenceKind, now: Timestamp) {
        self.seen[kind as usize].last.store(now.0, Ordering::Relaxed);
    }

    /// The switch has named this number as our side of a call.
    pub fn note_number(&self, number: &Phone, now: Timestamp) {
        let mut unstored = self.unstored();
        if let Some(at) = unstored.numbers.get_mut(number) {
            *at = now;
        } else if unstored.numbers.len() < MOST_NUMBERS {
            unstored.numbers.insert(number.clone(), now);
        }
    }

    /// This became of so many cards.
    pub fn note_cards(&self, outcome: CardOutcome, times: u64, now: Timestamp) {
        self.unstored().cards.add(outcome, times, now);
    }

    /// What became of the cards of the last day.
    pub fn card_outcomes(&self, now: Timestamp) -> BTreeMap<CardOutcome, u64> {
        self.unstored().cards.last_day(now)
    }

    /// The portal has said how it is.
    pub fn note_report(&self, report: PortalReport) {
        self.unstored().report = Some(report);
    }

    /// What was seen since the start, and when last.
    pub fn seen(&self) -> Vec<(EvidenceKind, Timestamp)> {
        let seen =
            EvidenceKind::ALL.into_iter().map(|kind| (kind, self.seen[kind as usize].last.load(Ordering::Relaxed)));
        seen.filter(|(_, at)| *at != NEVER).map(|(kind, at)| (kind, Timestamp(at))).collect()
    }

    /// What was seen and is not stored yet; empty if nothing was.
    pub fn unstored_evidence(&self) -> Evidence {
        let changed = |kind: EvidenceKind| {
            let KindSeen { last, stored } = &self.seen[kind as usize];
            let last = last.load(Ordering::Relaxed);
            (last != stored.load(Ordering::Relaxed)).then_some((kind, Timestamp(last)))
        };
        let seen = EvidenceKind::ALL.into_iter().filter_map(changed).collect();
        let unstored = self.unstored();
        Evidence { seen, numbers: unstored.numbers.clone(), report: unstored.report.clone() }
    }

    /// All this is stored; what has been seen again meanwhile is not.
    pub fn note_stored(&self, evidence: &Evidence) {
        for (kind, at) in &evidence.seen {
            self.seen[*kind as usize].stored.store(at.0, Ordering::Relaxed);
        }
        let mut unstored = self.unstored();
        unstored.numbers.retain(|number, at| evidence.numbers.get(number) != Some(at));
        if unstored.report == evidence.report {
            unstored.report = None;
        }
    }

    fn unstored(&self) -> MutexGuard<'_, UnstoredEvidence> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(n: usize) -> Phone {
        Phone::parse(&format!("{n}")).unwrap()
    }

    #[test]
    fn what_was_stored_is_not_stored_again_until_it_is_seen_again() {
        let log = EvidenceLog::default();
        assert_eq!(log.unstored_evidence(), Evidence::default(), "nothing was seen");
        log.note(EvidenceKind::LegEvent, Timestamp(5));
        log.note_number(&phone(1001), Timestamp(5));
        log.note_number(&phone(1002), Timestamp(5));
        let first = log.unstored_evidence();
        assert_eq!((first.last(EvidenceKind::LegEvent), first.numbers.len()), (Some(Timestamp(5)), 2));
        assert_eq!(log.unstored_evidence(), first, "nobody has stored it");
        log.note_number(&phone(1001), Timestamp(7));
        log.note_stored(&first);
        assert_eq!(log.unstored_evidence().numbers, [(phone(1001), Timestamp(7))].into(), "seen again meanwhile");
        log.note_stored(&log.unstored_evidence());
        assert_eq!(log.unstored_evidence(), Evidence::default());
        log.note(EvidenceKind::LegEvent, Timestamp(9));
        assert_eq!(log.unstored_evidence().last(EvidenceKind::LegEvent), Some(Timestamp(9)));
    }

    #[test]
    fn numbers_without_end_take_no_memory_without_end() {
        let log = EvidenceLog::default();
        for n in 0..MOST_NUMBERS + 3 {
            log.note_number(&phone(1_000 + n), Timestamp(1));
        }
        assert_eq!(log.unstored_evidence().numbers.len(), MOST_NUMBERS);
    }
}
