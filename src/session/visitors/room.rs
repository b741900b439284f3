//! Whose token the portal is asked about next; pure.

use super::source::Source;
use crate::bitrix::Priority;
use crate::domain::allowance::Allowance;
use crate::domain::{CrmCallId, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tokens of strangers the portal is asked about: a tenth of what a portal allows (2 requests a second), and only out of
/// what calls leave.
const STRANGERS: Allowance = Allowance::new(Duration::from_secs(5), 10);
/// The same for places from which somebody has proved himself: sixty employees behind one address at nine o'clock.
const ACQUAINTED: Allowance = Allowance::new(Duration::from_secs(5), 64);
/// Who may wait of one company, and of one source of it.
const WAITING: usize = 256;
const WAITING_OF_SOURCE: usize = 64;
/// Sources that are remembered of one company, and for how long; those that come first again go on counting.
const SOURCES: usize = 1024;
const ACQUAINTED_FOR: Duration = Duration::from_secs(24 * 3600);
/// Tokens that may be shown for one running call. Its id cannot be guessed; a group of fifty opens fifty cards, some
/// twice.
const TOKENS_OF_CALL: u32 = 200;
/// Calls whose tokens are counted; many more than ring at once.
const CALLS: usize = 4096;

/// Those who wait, and what they may.
#[derive(Debug)]
pub(super) struct Room {
    /// In the order they came.
    waiting: BTreeMap<u64, Option<Source>>,
    next: u64,
    strangers: Allowance,
    acquainted: Allowance,
    /// Sources from which somebody has proved himself, and when last.
    known: BTreeMap<Source, Timestamp>,
    /// When a stranger of this source had his turn last.
    served: BTreeMap<Option<Source>, Timestamp>,
    calls: BTreeMap<CrmCallId, u32>,
}

/// Why somebody may not be asked about yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotYet {
    /// Somebody else is first.
    Behind,
    /// He is first, and may be asked about after so long.
    In(Duration),
    /// He has lost his place.
    GaveWay,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 0,
            strangers: STRANGERS,
            acquainted: ACQUAINTED,
            known: BTreeMap::new(),
            served: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }
}

impl Room {
    /// Whether one more token may be shown for this running call.
    pub fn admit_to_call(&mut self, call: &CrmCallId) -> bool {
        if self.calls.len() >= CALLS {
            self.calls.clear();
        }
        let shown = self.calls.entry(call.clone()).or_default();
        *shown = shown.saturating_add(1);
        *shown <= TOKENS_OF_CALL
    }

    /// A place to wait; `None` where there are too many. Strangers take no place from whoever comes from a known source,
    /// and in a full room the last of whom it holds most of gives way to somebody of whom it holds fewer.
    pub fn enter(&mut self, source: Option<Source>, now: Timestamp) -> Option<u64> {
        let own = self.waiting.values().filter(|other| **other == source).count();
        // Sources that were known may be so no longer, so the two kinds together are counted as well.
        if own >= WAITING_OF_SOURCE || self.waiting.len() >= 2 * WAITING {
            return None;
        }
        let known = self.is_known(source, now);
        let mut held: BTreeMap<Option<Source>, (usize, u64)> = BTreeMap::new();
        for (place, other) in self.waiting.iter().filter(|(_, other)| self.is_known(**other, now) == known) {
            let held = held.entry(*other).or_default();
            *held = (held.0 + 1, *place);
        }
        if held.values().map(|held| held.0).sum::<usize>() >= WAITING {
            let (_, last) = held.values().max().copied().filter(|(most, _)| *most > own)?;
            self.waiting.remove(&last);
        }
        self.next += 1;
        self.waiting.insert(self.next, source);
        Some(self.next)
    }

    pub fn leave(&mut self, place: u64) {
        self.waiting.remove(&place);
    }

    /// Whether it is this one's turn, and how urgent he is.
    pub fn turn(&mut self, place: u64, now: Timestamp) -> Result<Priority, NotYet> {
        let Some(source) = self.waiting.get(&place).copied() else { return Err(NotYet::GaveWay) };
        if self.is_known(source, now) {
            if self.first_known(now) != Some(place) {
                return Err(NotYet::Behind);
            }
            return self.acquainted.take(now).map(|()| Priority::Other).map_err(NotYet::In);
        }
        if self.first_stranger(now) != Some(place) {
            return Err(NotYet::Behind);
        }
        self.strangers.take(now).map_err(NotYet::In)?;
        if self.served.len() >= SOURCES {
            self.served.clear();
        }
        self.served.insert(source, now);
        Ok(Priority::Guest)
    }

    /// Who is next of those from known sources, and of the others.
    pub fn next(&self, now: Timestamp) -> [Option<u64>; 2] {
        [self.first_known(now), self.first_stranger(now)]
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether this one still has his place.
    pub fn holds(&self, place: u64) -> bool {
        self.waiting.contains_key(&place)
    }

    fn first_known(&self, now: Timestamp) -> Option<u64> {
        self.waiting.iter().find(|(_, source)| self.is_known(**source, now)).map(|(place, _)| *place)
    }

    /// In turn by source, so that one who sends many gets no more than another.
    fn first_stranger(&self, now: Timestamp) -> Option<u64> {
        let last = |source: &Option<Source>| self.served.get(source).copied().unwrap_or(Timestamp(i64::MIN));
        let strangers = self.waiting.iter().filter(|(_, source)| !self.is_known(**source, now));
        strangers.min_by_key(|(place, source)| (last(source), **place)).map(|(place, _)| *place)
    }

    /// Somebody from there has proved himself. Whoever does not tell where he comes from is nobody's acquaintance.
    pub fn greet(&mut self, source: Option<Source>, now: Timestamp) {
        let Some(source) = source else { return };
        if self.known.len() >= SOURCES
            && !self.known.contains_key(&source)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, at)| **at).map(|(source, _)| *source)
        {
            self.known.remove(&oldest);
        }
        self.known.insert(source, now);
    }

    fn is_known(&self, source: Option<Source>, now: Timestamp) -> bool {
        source.and_then(|source| self.known.get(&source)).is_some_and(|at| now.since(*at) < ACQUAINTED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const NOW: Timestamp = Timestamp(1_000_000);

    #[expect(clippy::unnecessary_wraps, reason = "as the room takes it")]
    fn source(n: u32) -> Option<Source> {
        Some(IpAddr::V4(Ipv4Addr::from(n)).into())
    }

    #[test]
    fn a_flood_from_one_place_leaves_the_next_turn_to_others() {
        let mut room = Room::default();
        let flood: Vec<u64> = (0..1000).filter_map(|_| room.enter(source(1), NOW)).collect();
        assert_eq!(flood.len(), WAITING_OF_SOURCE);
        for place in flood.iter().take(10) {
            assert_eq!(room.turn(*place, NOW), Ok(Priority::Guest));
            room.leave(*place);
        }
        assert_eq!(room.turn(flood[10], NOW), Err(NotYet::In(Duration::from_secs(5))), "that was all at once");
        let genuine = room.enter(source(2), NOW).expect("room for another source");
        let later = NOW + Duration::from_secs(5);
        assert_eq!(room.turn(flood[10], later), Err(NotYet::Behind));
        assert_eq!(room.turn(genuine, later), Ok(Priority::Guest));
    }

    #[test]
    fn sixty_employees_behind_one_known_address_do_not_wait_for_strangers() {
        let mut room = Room::default();
        room.greet(source(7), NOW);
        let flood: Vec<u64> = (0..300).filter_map(|n| room.enter(source(1000 + n), NOW)).collect();
        let staff: Vec<u64> = (0..60).map(|_| room.enter(source(7), NOW).expect("room")).collect();
        assert_eq!((flood.len(), room.waiting.len()), (300, WAITING + 60));
        for place in &staff {
            assert_eq!(room.turn(*place, NOW), Ok(Priority::Other));
            room.leave(*place);
        }
        let next_day = NOW + ACQUAINTED_FOR;
        let mut room = Room::default();
        room.greet(source(7), NOW);
        let place = room.enter(source(7), next_day).expect("room");
        assert_ne!(room.turn(place, next_day), Ok(Priority::Other), "a stranger again");
    }

    #[test]
    fn in_a_full_room_the_last_of_many_gives_way_to_the_first_of_few() {
        let mut room = Room::default();
        let many: Vec<u64> = (0..WAITING).map(|n| room.enter(source(n as u32 % 4), NOW).expect("room")).collect();
        assert_eq!(room.enter(source(1), NOW), None);
        let place = room.enter(source(9), NOW).expect("room for another source");
        assert_eq!(room.waiting.len(), WAITING);
        let gone: Vec<_> = many.iter().filter(|place| room.turn(**place, NOW) == Err(NotYet::GaveWay)).collect();
        assert_eq!(gone, [&many[WAITING - 1]]);
        assert!(room.waiting.contains_key(&place));
    }

    #[test]
    fn whoever_does_not_tell_where_he_comes_from_is_known_to_nobody() {
        let mut room = Room::default();
        room.greet(None, NOW);
        let place = room.enter(None, NOW).expect("room");
        assert_eq!(room.turn(place, NOW), Ok(Priority::Guest));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut room = Room::default();
        for n in 0..5000_u32 {
            room.greet(source(n), NOW + Duration::from_millis(u64::from(n)));
            room.admit_to_call(&format!("externalCall.{n}").as_str().into());
            if let Some(place) = room.enter(source(n), NOW) {
                let _ = room.turn(place, NOW);
            }
        }
        assert!(room.known.len() == SOURCES && room.waiting.len() <= 2 * WAITING);
        assert!(room.calls.len() <= CALLS && room.served.len() <= SOURCES);
        let call = "externalCall.x".into();
        assert_eq!((0..1000).filter(|_| room.admit_to_call(&call)).count(), TOKENS_OF_CALL as usize);
    }
}
