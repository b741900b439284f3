//! Ended calls of which there are news: they come back from the store.

use super::Actor;
use crate::domain::call::Call;
use crate::domain::leg::LegEvent;
use crate::domain::link::DiskState;
use crate::domain::{CallKey, Timestamp};
use crate::session::open_calls::{MOST_OPEN, Rest, Tombstone};

impl Actor {
    /// Brings back the ended calls that a frame's legs may be news of, so that they are known when it is sorted. Leaves
    /// out the legs of a call that cannot be brought back: it was over, and to begin it anew would make a second record.
    pub(super) async fn recall_for(&mut self, legs: Vec<LegEvent>) -> Vec<LegEvent> {
        let mut kept = Vec::with_capacity(legs.len());
        let mut recalled = 0;
        for leg in legs {
            if self.open_calls.is_placed(&leg) || self.recall_for_leg(&leg, &mut recalled).await {
                kept.push(leg);
            }
        }
        kept
    }

    async fn recall_for_leg(&mut self, leg: &LegEvent, recalled: &mut usize) -> bool {
        for tombstone in self.open_calls.tombstones_for(leg) {
            *recalled += 1;
            // More than can be open cannot go on after all, whatever the switch tells in one frame.
            if *recalled > MOST_OPEN || !self.recall(tombstone).await {
                return false;
            }
        }
        self.open_calls.alias_as_before(&leg.call);
        true
    }

    /// Brings back a call for an answer to what was made of it, where it has ended and is remembered.
    pub(super) async fn recall_known(&mut self, key: &CallKey) {
        if let Some(tombstone) = self.open_calls.tombstone(key) {
            self.recall(tombstone).await;
        }
    }

    async fn recall(&mut self, tombstone: Tombstone) -> bool {
        let Tombstone { key, moved } = tombstone;
        let row = match self.store.call(&self.company, &key).await {
            Ok(row) => row,
            Err(error) => {
                tracing::warn!(call = %key, %error, "news of a call that has ended are left out, as it cannot be read");
                return false;
            }
        };
        // What cannot be stored now is not read again either; and of what was given up nothing may be left.
        let Some(mut call) = row.and_then(|row| serde_json::from_str::<Call>(&row.body).ok()).filter(Call::is_over)
        else {
            tracing::debug!(call = %key, "news of a call that has ended are left out, as nothing is stored of its end");
            return false;
        };
        call.redate(moved);
        for leg in &call.legs {
            self.alias_of(&key, leg);
        }
        self.trace_limit.goes_on(&key);
        self.open_calls.restore(call, self.clock.now());
        true
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
