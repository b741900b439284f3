//! The switch's clock against ours.
//!
//! The switch writes local time without a zone, so a wrong zone setting or an unset clock would make conversations
//! hours long or negative. A leg that was seen ringing and is now connected was answered just now, whatever the
//! switch writes: the difference is measured there and taken off every time on this connection.

use crate::domain::leg::{LegEvent, LegState};
use crate::domain::{LegId, Timestamp};
use std::collections::HashSet;

/// Differences up to this are the network's and the rounding's, in milliseconds.
const TOLERATED: i64 = 5_000;
/// Legs remembered while they ring; more at once would only mean that measuring waits.
const MOST: usize = 4_096;

/// What is known about the switch's clock on one connection.
#[derive(Debug, Default)]
pub(super) struct Skew {
    ringing: HashSet<LegId>,
    /// What has to be added to the switch's times, in milliseconds.
    offset: i64,
}

impl Skew {
    /// Corrects the leg's answer time. Gives the new offset when it has changed, for the log.
    pub(super) fn correct(&mut self, leg: &mut LegEvent, now: Timestamp) -> Option<i64> {
        let was_ringing = match leg.state {
            LegState::Dialing | LegState::Ringing => {
                if self.ringing.len() < MOST {
                    self.ringing.insert(leg.leg.clone());
                }
                return None;
            }
            LegState::Talking | LegState::Held | LegState::Released => self.ringing.remove(&leg.leg),
        };
        let said = leg.answered_at?;
        let mut changed = None;
        let difference = now.millis().saturating_sub(said.millis());
        // Nobody answers in the future: that measures too, if only roughly.
        let in_future = self.offset.saturating_sub(difference) > TOLERATED;
        let just_answered = was_ringing && leg.state == LegState::Talking;
        if in_future || just_answered && difference.saturating_sub(self.offset).saturating_abs() > TOLERATED {
            self.offset = if difference.saturating_abs() > TOLERATED { difference } else { 0 };
            changed = Some(self.offset);
        }
        leg.answered_at = Some(Timestamp(said.millis().saturating_add(self.offset)));
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::leg::Direction;

    const HOUR: i64 = 3_600_000;
    const NOON: i64 = 1_790_000_000_000;

    fn leg(id: &str, state: LegState, answered_at: Option<i64>) -> LegEvent {
        LegEvent {
            leg: id.into(),
            call: "c".into(),
            call_ref: None,
            own: Phone::parse("1001").expect("number"),
            remote: None,
            remote_unreadable: false,
            direction: Direction::In,
            state,
            answered_at: answered_at.map(Timestamp),
            display_name: None,
            cause: None,
        }
    }

    fn pass(
        skew: &mut Skew,
        id: &str,
        state: LegState,
        answered_at: Option<i64>,
        now: i64,
    ) -> (Option<i64>, Option<i64>) {
        let mut leg = leg(id, state, answered_at);
        let changed = skew.correct(&mut leg, Timestamp(now));
        (leg.answered_at.map(Timestamp::millis), changed)
    }

    #[test]
    fn clocks_that_agree_are_left_alone() {
        let mut skew = Skew::default();
        assert_eq!(pass(&mut skew, "a", LegState::Ringing, None, NOON), (None, None));
        assert_eq!(
            pass(&mut skew, "a", LegState::Talking, Some(NOON + 3_000), NOON + 4_200),
            (Some(NOON + 3_000), None)
        );
        assert_eq!(
            pass(&mut skew, "a", LegState::Released, Some(NOON + 3_000), NOON + HOUR),
            (Some(NOON + 3_000), None)
        );
    }

    #[test]
    fn a_wrong_zone_is_measured_once_and_taken_off_everywhere() {
        let mut skew = Skew::default();
        pass(&mut skew, "a", LegState::Ringing, None, NOON);
        let ahead = NOON + 7 * HOUR;
        assert_eq!(pass(&mut skew, "a", LegState::Talking, Some(ahead), NOON), (Some(NOON), Some(-7 * HOUR)));
        // The end repeats the same text and must give the same moment.
        assert_eq!(pass(&mut skew, "a", LegState::Released, Some(ahead), NOON + 60_000), (Some(NOON), None));
        // A leg that was never seen ringing is corrected all the same.
        assert_eq!(
            pass(&mut skew, "b", LegState::Talking, Some(ahead + 9_000), NOON + 90_000),
            (Some(NOON + 9_000), None)
        );
        // A second measurement that differs by the network only changes nothing.
        pass(&mut skew, "c", LegState::Ringing, None, NOON);
        assert_eq!(pass(&mut skew, "c", LegState::Talking, Some(ahead), NOON + 2_000), (Some(NOON), None));
    }

    #[test]
    fn a_clock_that_was_set_right_is_believed_again() {
        let mut skew = Skew::default();
        for (id, said, offset) in [("a", NOON - HOUR, HOUR), ("b", NOON - 1_000, 0)] {
            pass(&mut skew, id, LegState::Ringing, None, NOON);
            assert_eq!(pass(&mut skew, id, LegState::Talking, Some(said), NOON).1, Some(offset));
        }
    }

    #[test]
    fn an_old_conversation_seen_after_a_reconnect_keeps_its_beginning() {
        let mut skew = Skew::default();
        assert_eq!(pass(&mut skew, "a", LegState::Talking, Some(NOON - HOUR), NOON), (Some(NOON - HOUR), None));
        let future = NOON + HOUR;
        assert_eq!(pass(&mut skew, "a", LegState::Talking, Some(future), NOON), (Some(NOON), Some(-HOUR)));
        assert_eq!(pass(&mut skew, "a", LegState::Released, Some(future), NOON + 60_000), (Some(NOON), None));
    }
}
