//! Ended calls of which there are news: they come back from the store.

use super::Actor;
use super::round::{Round, ended_at};
use super::unread::UnreadNews;
use crate::domain::call::{Call, Event};
use crate::domain::leg::LegEvent;
use crate::domain::link::DiskState;
use crate::domain::{CallKey, Timestamp};
use crate::session::open_calls::{MOST_OPEN, Rest, Tombstone};
use crate::store::{CallUpdate, Record};

/// What became of bringing back a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecallOutcome {
    /// All that is known of it is in memory.
    Known,
    /// Nothing is stored of its end.
    Gone,
    /// The store cannot be read just now.
    Unreadable,
}

impl Actor {
    /// Brings back the ended calls that a frame's legs may be news of, so that they are known when it is sorted. Leaves
    /// out the legs of a call that cannot be brought back: it was over, and to begin it anew would make a second record.
    /// Where it cannot be read just now, its news wait.
    pub(super) async fn recall_for(&mut self, legs: Vec<LegEvent>, at: Timestamp) -> Vec<LegEvent> {
        let mut kept = Vec::with_capacity(legs.len());
        let mut recalled = 0;
        for leg in legs {
            if self.open_calls.is_placed(&leg) {
                kept.push(leg);
                continue;
            }
            match self.recall_for_leg(&leg, &mut recalled).await {
                RecallOutcome::Known => kept.push(leg),
                RecallOutcome::Gone => {}
                RecallOutcome::Unreadable => self.hold_news(UnreadNews::Leg(at, Box::new(leg))),
            }
        }
        kept
    }

    async fn recall_for_leg(&mut self, leg: &LegEvent, recalled: &mut usize) -> RecallOutcome {
        for tombstone in self.open_calls.tombstones_for(leg) {
            *recalled += 1;
            // More than can be open cannot go on after all, whatever the switch tells in one frame.
            if *recalled > MOST_OPEN {
                return RecallOutcome::Gone;
            }
            match self.recall(tombstone).await {
                RecallOutcome::Known => {}
                other => return other,
            }
        }
        self.open_calls.alias_as_before(&leg.call);
        RecallOutcome::Known
    }

    /// Steps a call by an answer to what was made of it, also where it has ended and is remembered only. One that nobody
    /// remembers is left alone.
    pub(super) async fn take_answer(&mut self, key: &CallKey, event: Event, round: &mut Round) {
        let outcome = match self.open_calls.tombstone(key) {
            Some(tombstone) => self.recall(tombstone).await,
            None => RecallOutcome::Known,
        };
        match outcome {
            RecallOutcome::Known => self.take_known(key, event, round),
            RecallOutcome::Gone => {}
            RecallOutcome::Unreadable => self.hold_news(UnreadNews::Answer(key.clone(), Box::new(event))),
        }
    }

    async fn recall(&mut self, tombstone: Tombstone) -> RecallOutcome {
        let Tombstone { key, moved } = tombstone;
        let state = match self.store.call_state(&self.company, &key).await {
            Ok(state) => state,
            Err(error) => {
                tracing::warn!(call = %key, %error, "news of a call that has ended wait, as it cannot be read");
                return RecallOutcome::Unreadable;
            }
        };
        // Of what was given up nothing may be left.
        let Some(mut call) = state.and_then(|state| serde_json::from_str::<Call>(&state).ok()).filter(Call::is_over)
        else {
            tracing::debug!(call = %key, "news of a call that has ended are left out, as nothing is stored of its end");
            return RecallOutcome::Gone;
        };
        if moved != 0 {
            call.redate(moved);
            // Stored by the clock of today, as every call in memory.
            let body = serde_json::to_string(&call).expect("calls are plain data");
            let update = CallUpdate { key: key.clone(), body, ended_at: Some(ended_at(&call)) };
            let record = Record { calls: vec![update], ..Record::default() };
            self.store.keep(&self.company, record, self.clock.now());
        }
        for leg in &call.legs {
            self.alias_of(&key, leg);
        }
        self.trace_limit.goes_on(&key);
        self.open_calls.restore(call, self.clock.now());
        RecallOutcome::Known
    }

    /// Lets ended calls leave memory.
    pub(super) fn rest_ended(&mut self) {
        let rest = if self.store.health() == DiskState::Ok { Rest::Stored } else { Rest::Unstored };
        for key in self.open_calls.rest(rest, self.clock.now()) {
            self.forget(&key);
        }
    }

    /// When ended calls may leave memory.
    pub(super) fn next_rest(&self) -> Option<Timestamp> {
        self.open_calls.next_rest().filter(|_| self.store.health() == DiskState::Ok)
    }
}
