//! One event for one call: which moment it happened at, and what the call becomes by it.

use super::Actor;
use super::round::{NamedNumbers, Origin, Round};
use crate::domain::call::{Call, CallPolicy, Event};
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::{CallKey, Timestamp};
use std::sync::atomic::Ordering;

impl Actor {
    /// Takes over a corrected clock between two rounds: what we remember is dated again, so that no span changes, and
    /// what rests is tried again.
    pub(super) fn follow_clock(&mut self, round: &mut Round) {
        let moved = self.clock.catch_up();
        if moved == 0 {
            return;
        }
        self.open_calls.redate(moved);
        self.unread.redate(moved);
        // Also those that are over: what comes back of them later is dated as everything in memory.
        for call in self.open_calls.all() {
            self.shared.board.put(call.view());
            round.touch(call.key.clone());
        }
        self.outbox.wake();
    }

    /// Steps a call only if it is still known.
    pub(super) fn take_known(&mut self, key: &CallKey, event: Event, round: &mut Round) {
        if self.open_calls.get(key).is_some() {
            self.take(key, event, Origin::Nobody, round);
        }
    }

    /// Steps a call, making it if it is new.
    pub(super) fn take(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round) {
        self.take_at(key, event, origin, round, self.present());
    }

    /// The moment at which the calls stand: now, or that of the frame which has waited longest. Whatever happens
    /// besides, no time may run out for a call while news of it are still to be taken.
    fn present(&self) -> Timestamp {
        let now = self.clock.now();
        self.frames.front().map_or(now, |event| self.clock.dated(event.at()).min(now))
    }

    pub(super) fn take_at(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round, now: Timestamp) {
        if let Event::Legs(seen) = &event
            && self.open_calls.take_repetition(key, seen, now)
        {
            return;
        }
        if self.open_calls.get(key).is_none()
            && let Some(silent) = self.open_calls.gives_way()
        {
            self.step_at(&silent, Event::GiveWay, Origin::Nobody, round, now);
        }
        self.step_at(key, event, origin, round, now);
    }

    fn step_at(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round, now: Timestamp) {
        let call = self.open_calls.take(key).unwrap_or_else(|| {
            let policy = CallPolicy::new(&self.settings, self.grace).among(&self.directory);
            Call::new(key.clone(), policy, now)
        });
        let (call, wake, NamedNumbers { employees, nobodys }) = round.step(call, event, origin, now);
        if !nobodys.is_empty() {
            self.shared.unknown_numbers.fetch_add(nobodys.len() as u64, Ordering::Relaxed);
            self.shared.evidence.note_cards(CardOutcome::NobodysNumber, nobodys.len() as u64, now);
        }
        for number in employees.iter().chain(&nobodys) {
            self.shared.evidence.note_number(number, now);
        }
        self.shared.board.put(call.view());
        self.open_calls.put(call, wake, now);
        for (key, leg) in round.forgotten.drain(..) {
            self.open_calls.forget_leg(&key, &leg);
        }
    }
}
