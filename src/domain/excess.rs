//! What a switch has reported beyond what can be true, and what could not be recorded because too much waited.

use super::Timestamp;
use std::time::Duration;

/// Counted since the start; with an honest switch all of it stays nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Excess {
    /// Calls that were closed because too many were open.
    pub calls: u64,
    /// Legs that were ended or not taken in, and conversations not recorded, because one call had too many.
    pub legs: u64,
    /// Lines of calls' stories that were not kept because a story had too many.
    pub lines: u64,
    pub spell: Spell,
}

/// Calls of a company that wait to be sent to the portal; one more, and the oldest is not recorded. So many have five
/// hundred employees with forty calls each while their portal is away for a whole day; a call that waits takes about a
/// kilobyte of memory.
pub const MOST_WAITING: usize = 20_000;

/// Calls of a company that are stored with their stories, some seven gigabytes; the oldest beyond are forgotten before
/// their time. Five hundred employees with forty calls a day each have 1,800,000 in ninety days.
pub const MOST_STORED: u32 = 2_000_000;

/// Counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unrecorded {
    /// CRM calls that will never be made because too many were waiting.
    pub calls: u64,
    pub spell: Spell,
}

/// A time in which something comes again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spell {
    /// When it began …
    since: Option<Timestamp>,
    /// … and when it was seen last.
    last: Option<Timestamp>,
}

/// After this time without any it is over; what comes later begins again.
const OVER_AFTER: Duration = Duration::from_secs(3600);

impl Spell {
    /// It has come at `now`.
    fn again(&mut self, now: Timestamp) {
        if self.goes_on_since(now).is_none() {
            self.since = Some(now);
        }
        self.last = Some(now);
    }

    /// Since when it has been coming; `None` if it does not any more.
    pub fn goes_on_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.last.filter(|last| now.since(*last) < OVER_AFTER).and(self.since)
    }
}

impl Unrecorded {
    /// Adds this many calls at `now`.
    pub fn add(&mut self, calls: u64, now: Timestamp) {
        if calls > 0 {
            self.calls += calls;
            self.spell.again(now);
        }
    }
}

impl Excess {
    pub const fn is_nothing(&self) -> bool {
        self.calls == 0 && self.legs == 0 && self.lines == 0
    }

    /// Adds what has come at `now`.
    pub fn add(&mut self, more: &Self, now: Timestamp) {
        if more.is_nothing() {
            return;
        }
        self.calls += more.calls;
        self.legs += more.legs;
        self.lines += more.lines;
        self.spell.again(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_an_hour_after_the_last_time_and_the_counts_stay() {
        let at = |minutes: i64| Timestamp(minutes * 60_000);
        let mut excess = Excess::default();
        excess.add(&Excess::default(), at(0));
        assert_eq!(excess.spell.goes_on_since(at(0)), None);
        let one = Excess { calls: 1, ..Excess::default() };
        for (minute, since) in [(1, 1), (50, 1), (100, 1), (200, 200)] {
            excess.add(&one, at(minute));
            assert_eq!(excess.spell.goes_on_since(at(minute + 59)), Some(at(since)));
            assert_eq!(excess.spell.goes_on_since(at(minute + 60)), None);
        }
        assert_eq!(excess.calls, 4);
    }
}
