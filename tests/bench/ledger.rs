//! What truly happened to each call, and what the portal was told of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How far the portal's word on the length of a conversation may be off: both ends are cut to whole seconds.
const SECONDS_OFF: f64 = 1.01;

/// One call from both sides.
#[derive(Debug, Clone, Default)]
pub struct CallRecord {
    pub rang: Option<Instant>,
    pub answered: Option<Instant>,
    pub released: Option<Instant>,
    /// When the portal had read the first request that registers it.
    pub registered: Option<Instant>,
    pub registers: usize,
    pub finishes: usize,
    /// How long the conversation was, by the word of the request that finished it.
    pub seconds: f64,
}

impl CallRecord {
    /// Milliseconds from the frame to the request.
    pub fn register_ms(&self) -> Option<f64> {
        Some(self.registered?.duration_since(self.rang?).as_secs_f64() * 1000.0)
    }

    /// Whether the portal was told another length than the conversation had.
    pub fn is_wrong(&self) -> bool {
        let (Some(from), Some(to)) = (self.answered, self.released) else { return false };
        let truly = to.duration_since(from).as_secs_f64().max(1.0);
        self.finishes > 0 && (self.seconds.is_nan() || (self.seconds - truly).abs() > SECONDS_OFF)
    }
}

/// A moment of a call that the switch tells of.
#[derive(Debug, Clone, Copy)]
pub enum CallMoment {
    Rang,
    Answered,
    Released,
}

/// All calls of the run by their numbers.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<CallRecord>>);

impl Ledger {
    /// The number of a new call.
    pub fn begin(&self) -> usize {
        let mut calls = self.calls();
        calls.push(CallRecord::default());
        calls.len() - 1
    }

    pub fn happened(&self, call: usize, moment: CallMoment, at: Instant) {
        let mut calls = self.calls();
        let Some(record) = calls.get_mut(call) else { return };
        *match moment {
            CallMoment::Rang => &mut record.rang,
            CallMoment::Answered => &mut record.answered,
            CallMoment::Released => &mut record.released,
        } = Some(at);
    }

    pub fn registered(&self, call: usize, at: Instant) {
        if let Some(record) = self.calls().get_mut(call) {
            record.registers += 1;
            record.registered.get_or_insert(at);
        }
    }

    pub fn finished(&self, call: usize, seconds: f64) {
        if let Some(record) = self.calls().get_mut(call) {
            record.finishes += 1;
            record.seconds = seconds;
        }
    }

    pub fn record(&self, call: usize) -> CallRecord {
        self.calls().get(call).cloned().unwrap_or_default()
    }

    /// Whether the portal knows the end of every one of them.
    pub fn all_finished(&self, numbers: &[usize]) -> bool {
        let calls = self.calls();
        numbers.iter().all(|number| calls.get(*number).is_some_and(|record| record.finishes > 0))
    }

    fn calls(&self) -> MutexGuard<'_, Vec<CallRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
