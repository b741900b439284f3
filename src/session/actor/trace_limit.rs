//! How long the stories of calls have become: a switch may tell of one call without end, and every line is stored.

use crate::domain::CallKey;
use crate::domain::call::Note;
use crate::store::TraceLine;
use std::collections::HashMap;

/// Lines of one call's story: a group of 64 telephones that rings twenty-five times. Records do not depend on lines.
const MOST_LINES: u32 = 5_000;

/// Lines of a call that was over already, each time that it is heard of again.
const LINES_AFTER_END: u32 = 200;

/// Lines written of the calls in memory since the start.
#[derive(Debug, Default)]
pub(super) struct TraceLimit(HashMap<CallKey, u32>);

impl TraceLimit {
    /// Leaves out what a story has no room for; its last line says so. Tells how many lines that were.
    pub fn keep(&mut self, lines: &mut Vec<TraceLine>) -> u64 {
        let before = lines.len();
        lines.retain_mut(|line| {
            let written = match self.0.get_mut(&line.call) {
                Some(written) => written,
                None => self.0.entry(line.call.clone()).or_default(),
            };
            if *written > MOST_LINES {
                return false;
            }
            *written += 1;
            if *written > MOST_LINES {
                line.text = last_line();
            }
            true
        });
        (before - lines.len()) as u64
    }

    /// The call was over and is heard of again: there is room for some more lines, so that news of it without end do not
    /// fill the disk.
    pub fn goes_on(&mut self, key: &CallKey) {
        self.0.insert(key.clone(), MOST_LINES - LINES_AFTER_END);
    }

    /// The call is in memory no longer.
    pub fn forget(&mut self, key: &CallKey) {
        self.0.remove(key);
    }
}

fn last_line() -> String {
    serde_json::to_string(&Note::StoryEnds).expect("notes are plain data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_story_without_end_ends_with_a_line_that_says_so_and_another_goes_on() {
        let line = |call: &str| TraceLine { call: call.into(), at: Timestamp(0), text: "x".into() };
        let mut trace_limit = TraceLimit::default();
        let (mut kept, mut left_out) = (Vec::new(), 0);
        for _ in 0..100 {
            let mut lines: Vec<_> = std::iter::repeat_with(|| line("a")).take(100).collect();
            left_out += trace_limit.keep(&mut lines);
            kept.extend(lines);
        }
        assert_eq!((kept.len(), left_out), (MOST_LINES as usize + 1, 10_000 - u64::from(MOST_LINES) - 1));
        assert_eq!(kept.iter().filter(|line| line.text == last_line()).count(), 1);
        assert_eq!(kept.last().map(|line| line.text.clone()), Some(last_line()));
        assert_eq!(trace_limit.keep(&mut vec![line("b")]), 0);
        trace_limit.forget(&"a".into());
        assert_eq!(trace_limit.0.len(), 1);
    }
}
