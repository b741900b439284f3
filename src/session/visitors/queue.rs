//! Whose token the portal is asked about next; pure.

use super::source::{Network, Source};
use crate::bitrix::Priority;
use crate::clock::random_bytes;
use crate::domain::allowance::Allowance;
use crate::domain::{CrmCallId, Timestamp};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

/// Tokens of strangers the portal is asked about: a tenth of what a portal allows (2 requests a second), and only out of
/// what calls leave.
const STRANGERS: Allowance = Allowance::new(Duration::from_secs(5), 10);
/// The same for places from which somebody has proved himself: five hundred employees behind one address who begin work
/// within ten minutes. Calls go before them, so that this is no more than what calls leave.
const ACQUAINTED: Allowance = Allowance::new(Duration::from_secs(2), 256);
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
/// Networks whose last turn is remembered of one company.
const NETWORKS: usize = 4096;

/// Those who wait, and what they may.
#[derive(Debug)]
pub(super) struct VisitorQueue {
    /// In the order they came.
    waiting: BTreeMap<u64, Option<Source>>,
    next: u64,
    strangers: Allowance,
    acquainted: Allowance,
    /// Sources from which somebody has proved himself, and when last.
    known: BTreeMap<Source, Timestamp>,
    /// When a stranger of this network had his turn last.
    served: BTreeMap<Option<Network>, Timestamp>,
    /// The stranger whose turn is next. He stays it until he is asked about or leaves, whoever comes meanwhile.
    chosen: Option<u64>,
    /// Decides between those who have waited as long.
    lots: Lots,
    calls: BTreeMap<CrmCallId, u32>,
}

/// Why somebody may not be asked about yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MustWait {
    /// Somebody else is first.
    Behind,
    /// He is first, and may be asked about after so long.
    In(Duration),
    /// He has lost his place.
    GaveWay,
}

impl Default for VisitorQueue {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 0,
            strangers: STRANGERS,
            acquainted: ACQUAINTED,
            known: BTreeMap::new(),
            served: BTreeMap::new(),
            chosen: None,
            lots: Lots(u64::from_le_bytes(random_bytes())),
            calls: BTreeMap::new(),
        }
    }
}

impl VisitorQueue {
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
    /// and in a full room one of the network it holds most of gives way to somebody of whose network it holds fewer.
    pub fn enter(&mut self, source: Option<Source>, now: Timestamp) -> Option<u64> {
        let known = self.is_known(source, now);
        let own = self.waiting.values().filter(|other| **other == source).count();
        // Sources that were known may be so no longer, so the two kinds together are counted as well.
        if own >= WAITING_OF_SOURCE || self.waiting.len() >= 2 * WAITING {
            return None;
        }
        self.next += 1;
        self.waiting.insert(self.next, source);
        let alike: Vec<_> = self
            .waiting
            .iter()
            .map(|(place, other)| (*place, *other))
            .filter(|(_, o)| self.is_known(*o, now) == known)
            .collect();
        if alike.len() > WAITING {
            let last = self.of_the_largest(alike);
            self.waiting.remove(&last);
            if last == self.next {
                return None;
            }
        }
        Some(self.next)
    }

    /// One of the largest network, in it of its largest one, and so on; by lot where they are equal.
    fn of_the_largest(&mut self, mut alike: Vec<(u64, Option<Source>)>) -> u64 {
        self.lots.draw();
        for level in 0..3 {
            let network = |source: &Option<Source>| source.map(|source| source.networks()[level]);
            let mut held: BTreeMap<Option<Network>, usize> = BTreeMap::new();
            for (_, source) in &alike {
                *held.entry(network(source)).or_default() += 1;
            }
            let largest = held.into_iter().max_by_key(|(network, count)| (*count, self.lots.of(network)));
            alike.retain(|(_, source)| largest.is_some_and(|(largest, _)| network(source) == largest));
        }
        alike.iter().map(|(place, _)| *place).max_by_key(|place| self.lots.of(place)).unwrap_or(self.next)
    }

    pub fn leave(&mut self, place: u64) {
        self.waiting.remove(&place);
    }

    /// Whether it is this one's turn, and how urgent he is.
    pub fn turn(&mut self, place: u64, now: Timestamp) -> Result<Priority, MustWait> {
        let Some(source) = self.waiting.get(&place).copied() else { return Err(MustWait::GaveWay) };
        if self.is_known(source, now) {
            if self.first(true, now) != Some(place) {
                return Err(MustWait::Behind);
            }
            return self.acquainted.take(now).map(|()| Priority::Other).map_err(MustWait::In);
        }
        // Nobody is chosen before somebody may be asked about: who has come by then takes part.
        let wait = self.strangers.wait(now);
        if !wait.is_zero() {
            return Err(MustWait::In(wait));
        }
        if self.choose(now) != Some(place) {
            return Err(MustWait::Behind);
        }
        self.strangers.take(now).map_err(MustWait::In)?;
        self.chosen = None;
        for network in networks(source) {
            if self.served.len() >= NETWORKS
                && !self.served.contains_key(&network)
                && let Some(oldest) = self.served.iter().min_by_key(|(_, at)| **at).map(|(network, _)| *network)
            {
                self.served.remove(&oldest);
            }
            self.served.insert(network, now);
        }
        Ok(Priority::Visitor)
    }

    /// Who has to look whether it is his turn: of those from known sources, and of the others. Where no stranger may be
    /// asked about yet, it is the one who looks when that is over.
    pub fn next(&mut self, now: Timestamp) -> [Option<u64>; 2] {
        let may_ask = self.strangers.wait(now).is_zero();
        let stranger = if may_ask { self.choose(now) } else { self.first(false, now) };
        [self.first(true, now), stranger]
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether this one still has his place.
    pub fn holds(&self, place: u64) -> bool {
        self.waiting.contains_key(&place)
    }

    /// Who has come first of those from known sources, or of the others.
    fn first(&self, known: bool, now: Timestamp) -> Option<u64> {
        self.waiting.iter().find(|(_, source)| self.is_known(**source, now) == known).map(|(place, _)| *place)
    }

    /// The stranger whose turn is next: of the network that has waited longest for one, in it of the smaller network that
    /// has, and so on, so that neither many requests nor many addresses of a few networks bring more turns. Those who
    /// are equal draw lots: whoever comes into a crowd may be the next as well.
    fn choose(&mut self, now: Timestamp) -> Option<u64> {
        let is_stranger = |source: &Option<Source>| !self.is_known(*source, now);
        if let Some(chosen) = self.chosen.filter(|place| self.waiting.get(place).is_some_and(is_stranger)) {
            return Some(chosen);
        }
        let mut lots = self.lots;
        lots.draw();
        let rank = |(place, source): &(&u64, &Option<Source>)| {
            let last = |network| self.served.get(&network).copied().unwrap_or(Timestamp(i64::MIN));
            (networks(**source).map(|network| (last(network), lots.of(&network))), lots.of(*place))
        };
        let chosen = self.waiting.iter().filter(|(_, source)| is_stranger(source)).min_by_key(rank);
        let chosen = chosen.map(|(place, _)| *place);
        (self.lots, self.chosen) = (lots, chosen);
        chosen
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

/// The networks of a source, the largest first; whoever does not tell where he comes from is in one of its own.
fn networks(source: Option<Source>) -> [Option<Network>; 3] {
    source.map_or([None; 3], |source| source.networks().map(Some))
}

/// Numbers that nobody outside can guess; the same number for the same thing until they are drawn anew.
#[derive(Debug, Clone, Copy)]
struct Lots(u64);

impl Lots {
    fn draw(&mut self) {
        self.0 = self.of(&1);
    }

    fn of(self, thing: &impl Hash) -> u64 {
        // Not kept from one version of the library to the next, which nobody needs.
        let mut hasher = DefaultHasher::new();
        (self.0, thing).hash(&mut hasher);
        hasher.finish()
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
        let mut queue = VisitorQueue::default();
        let flood: Vec<u64> = (0..1000).filter_map(|_| queue.enter(source(1), NOW)).collect();
        assert_eq!(flood.len(), WAITING_OF_SOURCE);
        for _ in 0..10 {
            let place = queue.choose(NOW).expect("somebody waits");
            assert_eq!(queue.turn(place, NOW), Ok(Priority::Visitor));
            queue.leave(place);
        }
        let left = *queue.waiting.keys().next().expect("somebody waits");
        assert_eq!(queue.turn(left, NOW), Err(MustWait::In(Duration::from_secs(5))), "that was all at once");
        let genuine = queue.enter(source(2), NOW).expect("room for another source");
        let later = NOW + Duration::from_secs(5);
        assert_eq!(queue.turn(left, later), Err(MustWait::Behind));
        assert_eq!(queue.turn(genuine, later), Ok(Priority::Visitor));
    }

    #[test]
    fn five_hundred_employees_of_one_known_address_who_come_within_ten_minutes_wait_for_nobody() {
        let mut queue = VisitorQueue::default();
        queue.greet(source(7), NOW);
        for n in 0..500 {
            let now = NOW + Duration::from_millis(1_200 * n);
            let place = queue.enter(source(7), now).expect("room");
            assert_eq!(queue.turn(place, now), Ok(Priority::Other), "employee {n}");
            queue.leave(place);
        }
    }

    #[test]
    fn sixty_employees_behind_one_known_address_do_not_wait_for_strangers() {
        let mut queue = VisitorQueue::default();
        queue.greet(source(7), NOW);
        let flood: Vec<u64> = (0..300).filter_map(|n| queue.enter(source(1000 + n), NOW)).collect();
        let staff: Vec<u64> = (0..60).map(|_| queue.enter(source(7), NOW).expect("room")).collect();
        assert!(flood.len() >= WAITING);
        assert_eq!(queue.waiting.len(), WAITING + 60);
        for place in &staff {
            assert_eq!(queue.turn(*place, NOW), Ok(Priority::Other));
            queue.leave(*place);
        }
        let next_day = NOW + ACQUAINTED_FOR;
        let mut queue = VisitorQueue::default();
        queue.greet(source(7), NOW);
        let place = queue.enter(source(7), next_day).expect("room");
        assert_ne!(queue.turn(place, next_day), Ok(Priority::Other), "a stranger again");
    }

    #[test]
    fn in_a_full_room_one_of_the_largest_network_gives_way() {
        let mut queue = VisitorQueue { lots: Lots(7), ..VisitorQueue::default() };
        // Three quarters from four addresses of one network, the rest from single ones far away.
        let many: Vec<u64> = (0..WAITING)
            .map(|n| {
                queue.enter(source(n as u32 % 4 * if n % 4 == 3 { n as u32 * 65_536 } else { 1 }), NOW).expect("room")
            })
            .collect();
        let place = queue.enter(source(0xcb00_7101), NOW).expect("room for another network");
        assert_eq!(queue.waiting.len(), WAITING);
        let gone: Vec<_> = many.iter().filter(|place| queue.turn(**place, NOW) == Err(MustWait::GaveWay)).collect();
        assert!(gone.len() == 1 && gone[0] % 4 != 0, "{gone:?}");
        assert!(queue.waiting.contains_key(&place));
    }

    /// A flood from `networks` networks of ten thousand addresses each, `a_second` new ones a second, and twelve
    /// employees who come one after another from places that nobody knows: how many of them have their turn within ten
    /// seconds.
    fn newcomers_served(networks: u32, a_second: u32) -> usize {
        let mut queue = VisitorQueue { lots: Lots(42), ..VisitorQueue::default() };
        let (mut forged, mut served, mut n) = (BTreeMap::new(), 0, 0_u32);
        let step = Duration::from_millis(100);
        let mut now = NOW;
        for person in 0..15_u32 {
            let mut mine = None;
            for tick in 0..100 {
                now = now + step;
                for _ in 0..a_second / 10 {
                    n += 1;
                    let from = ((n % networks + 1) << 16) | (n / networks % 10_000);
                    forged.extend(queue.enter(source(from), now).map(|place| (place, now)));
                }
                if tick == 0 && person >= 3 {
                    mine = queue.enter(source(((40_000 + person) << 16) | 0x4d), now);
                }
                let over: Vec<u64> = forged
                    .iter()
                    .filter(|(_, at)| now.since(**at) >= Duration::from_secs(10))
                    .map(|(p, _)| *p)
                    .collect();
                let next = queue.strangers.wait(now).is_zero().then(|| queue.choose(now)).flatten();
                for place in over.into_iter().chain(next.filter(|place| Some(*place) != mine)) {
                    if !forged.contains_key(&place)
                        || queue.turn(place, now).is_ok()
                        || now.since(forged[&place]) >= Duration::from_secs(10)
                    {
                        forged.remove(&place);
                        queue.leave(place);
                    }
                }
                if let Some(place) = mine
                    && queue.turn(place, now).is_ok()
                {
                    served += 1;
                    queue.leave(place);
                    mine = None;
                }
            }
            if let Some(place) = mine {
                queue.leave(place);
            }
        }
        served
    }

    #[test]
    fn somebody_new_has_his_turn_in_a_flood_from_many_addresses_of_some_networks() {
        for (networks, a_second) in [(1, 20), (4, 100), (16, 20)] {
            let served = newcomers_served(networks, a_second);
            assert!(served >= 11, "{networks} networks, {a_second} a second: {served} of 12");
        }
    }

    #[test]
    fn whoever_does_not_tell_where_he_comes_from_is_known_to_nobody() {
        let mut queue = VisitorQueue::default();
        queue.greet(None, NOW);
        let place = queue.enter(None, NOW).expect("room");
        assert_eq!(queue.turn(place, NOW), Ok(Priority::Visitor));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut queue = VisitorQueue::default();
        for n in 0..5000_u32 {
            queue.greet(source(n), NOW + Duration::from_millis(u64::from(n)));
            queue.admit_to_call(&format!("externalCall.{n}").as_str().into());
            if let Some(place) = queue.enter(source(n), NOW) {
                let _ = queue.turn(place, NOW);
            }
        }
        assert!(queue.known.len() == SOURCES && queue.waiting.len() <= 2 * WAITING);
        assert!(queue.calls.len() <= CALLS && queue.served.len() <= NETWORKS);
        let call = "externalCall.x".into();
        assert_eq!((0..1000).filter(|_| queue.admit_to_call(&call)).count(), TOKENS_OF_CALL as usize);
    }
}
