//! When something was last, of a bounded number of things.

use crate::domain::Timestamp;
use std::collections::BTreeMap;

/// Of more things than `most` the one that was longest ago is forgotten.
#[derive(Debug)]
pub struct Recent<K> {
    most: usize,
    last: BTreeMap<K, Timestamp>,
}

impl<K: Ord + Copy> Recent<K> {
    /// Nothing was yet.
    pub const fn new(most: usize) -> Self {
        Self { most, last: BTreeMap::new() }
    }

    /// It was just now. Looks through all where there are too many, which happens only with somebody's turn.
    pub fn note(&mut self, key: K, now: Timestamp) {
        if self.last.len() >= self.most
            && !self.last.contains_key(&key)
            && let Some(oldest) = self.last.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
        {
            self.last.remove(&oldest);
        }
        self.last.insert(key, now);
    }

    pub fn last(&self, key: &K) -> Option<Timestamp> {
        self.last.get(key).copied()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.last.len()
    }
}
