//! What needs something from the store that cannot be read just now. It waits here and is tried again: a disk that fails
//! for a moment costs no news and no record.

use super::Actor;
use super::round::{Origin, Round};
use crate::domain::call::{CrmStep, Event};
use crate::domain::leg::LegEvent;
use crate::domain::{CallKey, ExternalId, Timestamp};
use crate::session::outbox::LaneHistory;
use crate::store::IntentId;
use std::collections::VecDeque;
use std::time::Duration;

/// The store is asked again after this.
const AGAIN: Duration = Duration::from_secs(1);
/// News that may wait: more than a company's switch says late of ended calls in any hour. Of more the oldest are given up.
const MOST_NEWS: usize = 1_024;

/// News and steps that wait for the store, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct UnreadQueue {
    news: VecDeque<UnreadNews>,
    /// Never given up: they are stored themselves and bounded with everything that is to be told.
    steps: VecDeque<UnreadStep>,
    again: Option<Timestamp>,
}

/// News of a call that is over and not in memory.
#[derive(Debug)]
pub(super) enum UnreadNews {
    /// The switch has told of a leg, at this moment.
    Leg(Timestamp, Box<LegEvent>),
    /// What became of something that the portal was told.
    Answer(CallKey, Box<Event>),
}

/// A step of a lane of which the store knows more than memory.
#[derive(Debug)]
pub(super) struct UnreadStep {
    pub lane: ExternalId,
    pub call: CallKey,
    pub step: (IntentId, CrmStep, Timestamp),
}

impl UnreadQueue {
    /// Keeps news; of a leg only the last ones. Tells whether others had to go for them.
    fn hold_news(&mut self, news: UnreadNews, now: Timestamp) -> bool {
        self.again.get_or_insert(now + AGAIN);
        if let UnreadNews::Leg(_, leg) = &news {
            let same = |held: &UnreadNews| matches!(held, UnreadNews::Leg(_, held) if held.leg == leg.leg && held.call == leg.call);
            self.news.retain(|held| !same(held));
        }
        self.news.push_back(news);
        self.news.len() > MOST_NEWS && self.news.pop_front().is_some()
    }

    /// Keeps a step.
    fn hold_step(&mut self, step: UnreadStep, now: Timestamp) {
        self.again.get_or_insert(now + AGAIN);
        self.steps.push_back(step);
    }

    /// Whether steps of this lane wait: later ones wait behind them.
    pub fn holds_lane(&self, lane: &ExternalId) -> bool {
        self.steps.iter().any(|held| held.lane == *lane)
    }

    /// When the store is asked again.
    pub const fn again(&self) -> Option<Timestamp> {
        self.again
    }

    /// The clock was moved by so many milliseconds.
    pub fn redate(&mut self, millis: i64) {
        self.again = self.again.map(|again| again.shifted(millis));
        for news in &mut self.news {
            if let UnreadNews::Leg(at, _) = news {
                *at = at.shifted(millis);
            }
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Option<(VecDeque<UnreadNews>, VecDeque<UnreadStep>)> {
        self.again.take_if(|again| *again <= now)?;
        Some((std::mem::take(&mut self.news), std::mem::take(&mut self.steps)))
    }
}

impl Actor {
    /// Keeps news of a call until it can be read.
    pub(super) fn hold_news(&mut self, news: UnreadNews) {
        if self.unread.hold_news(news, self.clock.now()) && self.log_limiter.count_one(self.clock.now()).is_some() {
            tracing::warn!("news of ended calls were given up: too many wait for a database that cannot be read");
        }
    }

    /// Takes up what has waited for the store, if it is time.
    pub(super) async fn read_again(&mut self, round: &mut Round) {
        let Some((news, steps)) = self.unread.take_due(self.clock.now()) else { return };
        for step in steps {
            let pointless = self.push_step(step).await;
            round.record.settled.extend(pointless);
        }
        for news in news {
            match news {
                UnreadNews::Leg(at, leg) => self.take_legs(vec![*leg], at, round).await,
                UnreadNews::Answer(key, event) => self.take_answer(&key, *event, round).await,
            }
        }
    }

    /// Sorts a frame's legs and steps the calls they belong to.
    pub(super) async fn take_legs(&mut self, legs: Vec<LegEvent>, at: Timestamp, round: &mut Round) {
        let legs = self.recall_for(legs, at).await;
        for (key, event) in self.open_calls.sort(legs, &self.directory, &self.numbers, at) {
            self.take_at(&key, event, Origin::Nobody, round, at);
            if round.calls() >= super::ROUND {
                self.commit(std::mem::take(round)).await;
            }
        }
    }

    /// Hands a step to the outbox; tells the steps that need not be told any more. What the CRM calls a lane that is not
    /// open in memory is read first.
    pub(super) async fn push_step(&mut self, step: UnreadStep) -> Vec<IntentId> {
        let UnreadStep { lane, call, step } = step;
        let begins = matches!(step.1, CrmStep::Register { .. } | CrmStep::Adopt { .. });
        let past = if begins || self.outbox.knows(&lane) {
            LaneHistory::None
        } else if self.unread.holds_lane(&lane) {
            self.unread.hold_step(UnreadStep { lane, call, step }, self.clock.now());
            return Vec::new();
        } else {
            match self.store.crm_id(&self.company, &lane).await {
                Ok(crm) => LaneHistory::Stored(crm),
                Err(error) => {
                    tracing::error!(%lane, %error, "the lane's CRM call cannot be read yet");
                    self.unread.hold_step(UnreadStep { lane, call, step }, self.clock.now());
                    return Vec::new();
                }
            }
        };
        self.outbox.push(&lane, &call, step, past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::leg::{Direction, LegState};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn leg(id: usize, state: LegState) -> UnreadNews {
        let leg = LegEvent {
            leg: format!("l{id}").as_str().into(),
            call: "c".into(),
            call_ref: None,
            own: Phone::parse("1001").unwrap(),
            remote: None,
            remote_unreadable: false,
            direction: Direction::In,
            state,
            answered_at: None,
            display_name: None,
            cause: None,
        };
        UnreadNews::Leg(NOW, Box::new(leg))
    }

    #[test]
    fn of_a_leg_the_last_news_wait_and_of_too_many_the_newest() {
        let mut unread = UnreadQueue::default();
        assert!(unread.take_due(NOW).is_none() && unread.again().is_none());
        for id in 0..MOST_NEWS {
            assert!(!unread.hold_news(leg(id, LegState::Talking), NOW));
        }
        assert!(!unread.hold_news(leg(3, LegState::Released), NOW), "instead of what was known of it");
        assert!(unread.hold_news(leg(MOST_NEWS, LegState::Talking), NOW + AGAIN / 2), "one too many");
        assert!(unread.take_due(NOW + AGAIN / 2).is_none());
        let (news, _) = unread.take_due(NOW + AGAIN).unwrap();
        let is = |news: Option<&UnreadNews>, id: &str| matches!(news, Some(UnreadNews::Leg(_, leg)) if leg.leg.as_str() == id);
        assert!(news.len() == MOST_NEWS && is(news.front(), "l1") && is(news.back(), &format!("l{MOST_NEWS}")));
        assert!(unread.again().is_none());
        unread.hold_news(leg(1, LegState::Talking), NOW);
        unread.redate(-3_600_000);
        assert_eq!(unread.again(), Some((NOW + AGAIN).shifted(-3_600_000)), "a clock that is set back delays nothing");
    }
}
