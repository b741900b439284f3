//! What a company's actor does when more calls wait for the portal than may.
//!
//! While the portal is away, whoever invents calls could fill memory and disk with them. So the calls that have waited
//! longest are not recorded, and everybody who looks can see that: the story of each, the company's page, the log.

use super::actor::Actor;
use super::draft::Draft;
use crate::domain::call::{Event, Note};
use crate::domain::excess::MOST_WAITING;

impl Actor {
    /// Gives up what is too much.
    pub(super) fn give_up_surplus(&mut self, draft: &mut Draft) {
        let now = self.clock.now();
        let mut calls = 0;
        while let Some((lane, call, steps)) = self.lanes.gives_way(MOST_WAITING) {
            calls += 1;
            draft.record.settled.extend(steps);
            draft.note(&call, now, &Note::NotRecorded { lane: lane.clone() });
            self.take_known(&call, Event::RegisterRefused { lane }, draft);
        }
        if calls == 0 {
            return;
        }
        let total = self.shared.not_recorded(calls, now).calls;
        if self.surplus.heard(now).is_some() {
            tracing::warn!(company = %self.company, calls = total, waiting = MOST_WAITING,
                "too many calls wait for the portal: those that have waited longest are not recorded (counted since the \
                 start); see to it that the portal answers, or that the switch tells of true calls only");
        }
    }
}
