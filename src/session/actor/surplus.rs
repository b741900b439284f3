//! What a company's actor does when more calls wait for the portal than may.
//!
//! While the portal is away, whoever invents calls could fill memory and disk with them. So the calls that have waited
//! longest are not recorded, and everybody who looks can see that: the story of each, the company's page, the log.

use super::Actor;
use super::round::Round;
use crate::domain::CallKey;
use crate::domain::call::{Call, Event, Note};
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::excess::MOST_WAITING;
use std::collections::VecDeque;

/// Stories of calls that were given up are kept of so many, the newest: enough to see what they were.
const MOST_STORIES: usize = 1_000;
/// Those before are forgotten together, so many at a time.
const TOGETHER: usize = 200;

/// Calls of which nothing was recorded and whose stories are still stored, in the order they were given up.
#[derive(Debug, Default)]
pub(super) struct AbandonedCalls(VecDeque<CallKey>);

impl AbandonedCalls {
    /// Takes out those whose stories go, where there are enough of them; a call that goes on is kept until it is over.
    fn outdated(&mut self, goes_on: impl Fn(&CallKey) -> bool) -> Vec<CallKey> {
        if self.0.len() < MOST_STORIES + TOGETHER {
            return Vec::new();
        }
        let (stay, go) = self.0.drain(..TOGETHER).partition::<Vec<_>, _>(|key| goes_on(key));
        self.0.extend(stay);
        go
    }
}

impl Actor {
    /// Forgets what is stored of calls that were given up long ago.
    pub(super) async fn forget_abandoned(&mut self) {
        let open_calls = &self.open_calls;
        let keys = self.abandoned.outdated(|key| open_calls.get(key).is_some_and(|call| !Call::is_over(call)));
        if keys.is_empty() {
            return;
        }
        // What cannot be forgotten now goes with everything else that has grown old.
        if let Err(error) = self.store.forget_calls(&self.company, &keys).await {
            tracing::debug!(%error, "stories of calls that were given up stay for now");
        }
    }

    /// Gives up what is too much.
    pub(super) async fn give_up_surplus(&mut self, round: &mut Round) {
        let now = self.clock.now();
        let mut calls = 0;
        while let Some((lane, call, steps)) = self.outbox.gives_way(MOST_WAITING) {
            calls += 1;
            round.record.settled.extend(steps);
            round.note(&call, now, &Note::NotRecorded { lane: lane.clone() });
            if lane.as_str() == call.as_str() {
                // Its first record: there is none before it.
                self.abandoned.0.push_back(call.clone());
            }
            self.take_answer(&call, Event::RegisterRefused { lane }, round).await;
        }
        if calls == 0 {
            return;
        }
        self.shared.evidence.note_cards(CardOutcome::NotRecorded, calls, now);
        let total = self.shared.not_recorded(calls, now).calls;
        if self.surplus.count_one(now).is_some() {
            tracing::warn!(
                calls = total,
                waiting = MOST_WAITING,
                "too many calls wait for the portal: those that have waited longest are not recorded (counted since the \
                 start); see to it that the portal answers, or that the switch tells of true calls only"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stories_stay_and_those_of_calls_that_go_on() {
        let mut abandoned = AbandonedCalls::default();
        let key = |n: usize| CallKey::new(n.to_string());
        let mut gone = Vec::new();
        for n in 0..10_000 {
            abandoned.0.push_back(key(n));
            gone.extend(abandoned.outdated(|k| *k == key(7)));
            assert!(abandoned.0.len() <= MOST_STORIES + TOGETHER);
        }
        assert_eq!(gone.len() + abandoned.0.len(), 10_000);
        assert!(abandoned.0.contains(&key(7)) && !gone.contains(&key(7)));
        assert!((9_001..10_000).all(|n| abandoned.0.contains(&key(n))));
    }
}
