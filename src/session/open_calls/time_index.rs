//! Calls by a moment of theirs, the earliest first: when each wants to be looked at, or was last heard of. What it costs
//! does not depend on how many there are.

use crate::domain::{CallKey, Timestamp};
use std::collections::{BTreeSet, HashMap};

/// At most one moment per call.
#[derive(Debug, Default)]
pub(super) struct TimeIndex {
    moments: HashMap<CallKey, Timestamp>,
    in_order: BTreeSet<(Timestamp, CallKey)>,
}

impl TimeIndex {
    /// The call's moment is this one from now on, or none.
    pub fn set(&mut self, key: &CallKey, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.moments.insert(key.clone(), at),
            None => self.moments.remove(key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.in_order.remove(&(before, key.clone()));
        }
        if let Some(at) = at {
            self.in_order.insert((at, key.clone()));
        }
    }

    /// The call's moment.
    pub fn at(&self, key: &CallKey) -> Option<Timestamp> {
        self.moments.get(key).copied()
    }

    /// The earliest.
    pub fn first(&self) -> Option<(Timestamp, &CallKey)> {
        self.in_order.first().map(|(at, key)| (*at, key))
    }

    /// Takes out the calls whose moment has come.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<CallKey> {
        let mut due = Vec::new();
        while let Some((at, key)) = self.in_order.pop_first() {
            if at > now {
                self.in_order.insert((at, key));
                break;
            }
            self.moments.remove(&key);
            due.push(key);
        }
        due
    }

    /// How many calls have a moment.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// The calls, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &CallKey> {
        self.moments.keys()
    }

    /// The clock was moved by so many milliseconds.
    pub fn redate(&mut self, millis: i64) {
        self.moments.values_mut().for_each(|at| *at = at.shifted(millis));
        self.in_order = self.moments.iter().map(|(key, at)| (*at, key.clone())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_whatever_was_changed() {
        let mut time_index = TimeIndex::default();
        for (key, at) in [("a", 5), ("b", 3), ("c", 9), ("b", 7), ("d", 1)] {
            time_index.set(&key.into(), Some(Timestamp(at)));
        }
        time_index.set(&"d".into(), None);
        assert_eq!((time_index.first(), time_index.len()), (Some((Timestamp(5), &"a".into())), 3));
        time_index.redate(10);
        assert!(time_index.take_due(Timestamp(14)).is_empty());
        assert_eq!(time_index.take_due(Timestamp(17)), ["a".into(), "b".into()]);
        assert_eq!((time_index.first(), time_index.len()), (Some((Timestamp(19), &"c".into())), 1));
    }
}
