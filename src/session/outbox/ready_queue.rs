//! In which order lanes have their turn, and which of them rest.

use super::lane::Lane;
use crate::domain::link::Backlog;
use crate::domain::outbox::Urgency;
use crate::domain::{ExternalId, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Where a lane with something to tell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueuePosition {
    /// In conversation with the portal.
    Busy,
    /// Ready; the most urgent first, and of those the newest: an old card is worth less.
    Ready(Urgency, Reverse<Timestamp>),
    /// After a failure, until then.
    Resting(Timestamp),
}

/// Lanes with something to tell. Most lanes are silent most of the time, so that what looks for work looks here only.
#[derive(Debug, Default)]
pub(super) struct ReadyQueue {
    ready: BTreeSet<(Urgency, Reverse<Timestamp>, ExternalId)>,
    resting: BTreeSet<(Timestamp, ExternalId)>,
    /// All of them, by age.
    waiting: BTreeSet<(Timestamp, ExternalId)>,
}

impl ReadyQueue {
    /// Puts a lane where it belongs now.
    pub fn place(&mut self, name: &ExternalId, lane: &mut Lane) {
        let place = if lane.steps.is_empty() {
            None
        } else if lane.busy {
            Some(QueuePosition::Busy)
        } else if let Some(until) = lane.rests_until {
            Some(QueuePosition::Resting(until))
        } else {
            Some(QueuePosition::Ready(lane.urgency(), Reverse(lane.since)))
        };
        if place == lane.place {
            return;
        }
        self.remove(name, lane);
        if place.is_some() {
            self.waiting.insert((lane.since, name.clone()));
        }
        match place {
            Some(QueuePosition::Ready(urgency, since)) => {
                self.ready.insert((urgency, since, name.clone()));
            }
            Some(QueuePosition::Resting(until)) => {
                self.resting.insert((until, name.clone()));
            }
            Some(QueuePosition::Busy) | None => {}
        }
        lane.place = place;
    }

    /// Takes a lane out.
    pub fn remove(&mut self, name: &ExternalId, lane: &mut Lane) {
        match lane.place.take() {
            Some(QueuePosition::Ready(urgency, since)) => {
                self.ready.remove(&(urgency, since, name.clone()));
            }
            Some(QueuePosition::Resting(until)) => {
                self.resting.remove(&(until, name.clone()));
            }
            Some(QueuePosition::Busy) | None => {}
        }
        self.waiting.remove(&(lane.since, name.clone()));
    }

    /// Lanes that may be told about, in their order.
    pub fn ready(&self) -> impl Iterator<Item = (Urgency, &ExternalId)> {
        self.ready.iter().map(|(urgency, _, name)| (*urgency, name))
    }

    pub fn has_work(&self) -> bool {
        !self.ready.is_empty()
    }

    /// A lane that has rested long enough.
    pub fn rested(&self, now: Timestamp) -> Option<ExternalId> {
        self.resting.first().filter(|(until, _)| *until <= now).map(|(_, name)| name.clone())
    }

    /// When the next one will have.
    pub fn next_rested(&self) -> Option<Timestamp> {
        self.resting.first().map(|(until, _)| *until)
    }

    /// How many have something to tell.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// All that have, the longest waiting first.
    pub fn by_age(&self) -> impl Iterator<Item = &ExternalId> {
        self.waiting.iter().map(|(_, name)| name)
    }

    pub fn backlog(&self) -> Backlog {
        Backlog { calls: self.waiting.len() as u64, since: self.waiting.first().map(|(since, _)| *since) }
    }
}
