//! What is kept in memory of a call that is over: its names, so that late or repeated news of it are recognised. Everything
//! else of it stands in the store, from where it comes back when there are such news. Less than two hundred bytes each.

use crate::domain::call::Call;
use crate::domain::{CallKey, LegId, SwitchCallId, Timestamp};
use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Calls are remembered by the page, and forgotten by the page: so many together make up the time they are remembered.
const PAGES: u32 = 4;
/// Calls on a page at most; all pages together hold what thirty calls a second leave in ten minutes, in three megabytes.
const MOST_ON_PAGE: usize = 4_096;

/// Calls that are over, of one kind.
#[derive(Debug)]
pub(super) struct Tombstones {
    remembered: Duration,
    /// The oldest first.
    pages: VecDeque<TombstonePage>,
    /// Names are kept as hashes of 64 bits, by a key of our own: no two of them look alike in practice, nor can a switch
    /// make them.
    hasher: RandomState,
}

/// Calls that ended one after the other.
#[derive(Debug)]
struct TombstonePage {
    first: Timestamp,
    last: Timestamp,
    keys: Vec<Box<str>>,
    /// Hashes of names, each with the place of the key.
    names: BTreeSet<(u64, u32)>,
    /// By how much the clock was moved since these calls were stored.
    moved: i64,
}

/// Something that news may name.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum NewsName<'a> {
    /// A call, in our words or in the switch's.
    Call(&'a str),
    Leg(&'a LegId),
}

/// A call that is over and not in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Tombstone {
    pub key: CallKey,
    /// By how many milliseconds the clock was moved since it was stored.
    pub moved: i64,
}

impl TombstonePage {
    /// Where a call stands that came back and is over once more: news that repeat themselves take no further place.
    fn place_of(&self, name: u64, key: &CallKey) -> Option<u32> {
        let mut named = self.names.range((name, 0)..=(name, u32::MAX)).map(|(_, place)| *place);
        named.find(|place| *self.keys[*place as usize] == *key.as_str())
    }
}

impl Tombstones {
    /// Nobody yet; each is remembered at least this long after its end, if there are not too many.
    pub fn new(remembered: Duration) -> Self {
        Self { remembered, pages: VecDeque::new(), hasher: RandomState::new() }
    }

    /// Remembers a call that ended at this moment and that the switch has called so as well.
    pub fn add<'a>(&mut self, call: &Call, aliases: impl Iterator<Item = &'a SwitchCallId>, ended: Timestamp) {
        let legs = call.legs.iter().flat_map(|leg| [NewsName::Leg(&leg.id), NewsName::Call(leg.call.as_str())]);
        let names = legs.chain(aliases.map(|name| NewsName::Call(name.as_str())));
        let names = names.chain([NewsName::Call(call.key.as_str())]).map(|name| self.hasher.hash_one(name));
        let names: Vec<u64> = names.collect();
        let key = self.hasher.hash_one(NewsName::Call(call.key.as_str()));
        let page = self.page_for(ended);
        let place = page.place_of(key, &call.key).unwrap_or_else(|| {
            page.keys.push(call.key.as_str().into());
            page.keys.len() as u32 - 1
        });
        page.names.extend(names.into_iter().map(|name| (name, place)));
        page.last = page.last.max(ended);
    }

    fn page_for(&mut self, ended: Timestamp) -> &mut TombstonePage {
        let has_room = |page: &&mut TombstonePage| {
            page.keys.len() < MOST_ON_PAGE && page.moved == 0 && ended.since(page.first) < self.remembered / PAGES
        };
        if self.pages.back_mut().as_ref().is_none_or(|page| !has_room(page)) {
            let (keys, names) = (Vec::new(), BTreeSet::new());
            self.pages.push_back(TombstonePage { first: ended, last: ended, keys, names, moved: 0 });
            if self.pages.len() > PAGES as usize + 1 {
                self.pages.pop_front();
            }
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// The calls of this name, those that were remembered last first.
    pub fn find(&self, name: NewsName<'_>) -> impl Iterator<Item = Tombstone> {
        let name = self.hasher.hash_one(name);
        self.pages.iter().rev().flat_map(move |page| {
            let found = page.names.range((name, 0)..=(name, u32::MAX)).rev();
            found.map(|(_, place)| Tombstone { key: CallKey::new(&*page.keys[*place as usize]), moved: page.moved })
        })
    }

    /// Forgets the calls that ended long ago.
    pub fn forget(&mut self, now: Timestamp) {
        while self.pages.front().is_some_and(|page| page.last + self.remembered <= now) {
            self.pages.pop_front();
        }
    }

    /// The clock was moved by so many milliseconds.
    pub fn redate(&mut self, millis: i64) {
        for page in &mut self.pages {
            (page.first, page.last) = (page.first.shifted(millis), page.last.shifted(millis));
            page.moved += millis;
        }
    }

    /// How many calls are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.pages.iter().map(|page| page.keys.len()).sum()
    }
}
