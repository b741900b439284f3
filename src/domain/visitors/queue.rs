//! Whose token the portal is asked about next.

use super::lots::Lots;
use super::recent::Recent;
use crate::domain::Timestamp;
use crate::domain::allowance::Allowance;
use crate::domain::source::{Network, Source};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tokens of strangers the portal is asked about: a tenth of what a portal allows (2 requests a second), and only out of
/// what calls leave.
const STRANGERS: Allowance = Allowance::new(Duration::from_secs(5), 10);
/// The same for places from which somebody has proved himself: five hundred employees behind one address who begin work
/// within ten minutes. Calls go before them, so that this is no more than what calls leave.
const ACQUAINTED: Allowance = Allowance::new(Duration::from_secs(2), 256);
/// Who may wait of one company, and of one source of it.
pub(super) const WAITING: usize = 256;
pub(super) const WAITING_OF_SOURCE: usize = 64;
/// Sources that are remembered of one company, and for how long; those that come first again go on counting.
pub(super) const SOURCES: usize = 1024;
pub(super) const ACQUAINTED_FOR: Duration = Duration::from_secs(24 * 3600);
/// Networks whose last turn is remembered of one company.
pub(super) const NETWORKS: usize = 4096;

/// Those who wait of one company, and what they may.
///
/// Whoever comes, leaves or looks has all of them walked through, twice [`WAITING`] at most. That happens a few times for
/// each request that has to wait, and is little beside the request; an index would have to follow sources that become
/// known and are forgotten again.
#[derive(Debug)]
pub struct VisitorQueue {
    /// In the order they came.
    pub(super) waiting: BTreeMap<u64, Option<Source>>,
    next: u64,
    pub(super) strangers: Allowance,
    acquainted: Allowance,
    /// When somebody from this source has proved himself last.
    pub(super) known: Recent<Source>,
    /// When a stranger of this network had his turn last.
    pub(super) served: Recent<Option<Network>>,
    /// The stranger whose turn is next. He stays it until he is asked about or leaves, whoever comes meanwhile.
    chosen: Option<u64>,
    /// Decides between those who have waited as long.
    lots: Lots,
}

/// Somebody may be asked about now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// From where somebody has proved himself before.
    Acquainted,
    /// Nobody knows where he comes from.
    Stranger,
}

/// Why somebody may not be asked about yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnRefused {
    /// Somebody else is first.
    NotFirst,
    /// Nobody may be asked about before so long.
    Wait(Duration),
    /// He has lost his place to somebody else.
    Displaced,
}

impl VisitorQueue {
    /// Nobody waits. Whoever does not know the seed cannot tell how lots fall.
    pub const fn new(seed: u64) -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 0,
            strangers: STRANGERS,
            acquainted: ACQUAINTED,
            known: Recent::new(SOURCES),
            served: Recent::new(NETWORKS),
            chosen: None,
            lots: Lots::new(seed),
        }
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

    /// Somebody waits no longer, for whatever reason.
    pub fn leave(&mut self, place: u64) {
        self.waiting.remove(&place);
    }

    /// Takes this one's turn, if it is his.
    pub fn turn(&mut self, place: u64, now: Timestamp) -> Result<Turn, TurnRefused> {
        let Some(source) = self.waiting.get(&place).copied() else { return Err(TurnRefused::Displaced) };
        if self.is_known(source, now) {
            if self.first(true, now) != Some(place) {
                return Err(TurnRefused::NotFirst);
            }
            return self.acquainted.take(now).map(|()| Turn::Acquainted).map_err(TurnRefused::Wait);
        }
        // Nobody is chosen before somebody may be asked about: who has come by then takes part.
        let wait = self.strangers.wait(now);
        if !wait.is_zero() {
            return Err(TurnRefused::Wait(wait));
        }
        if self.choose(now) != Some(place) {
            return Err(TurnRefused::NotFirst);
        }
        self.strangers.take(now).map_err(TurnRefused::Wait)?;
        self.chosen = None;
        for network in networks(source) {
            self.served.note(network, now);
        }
        Ok(Turn::Stranger)
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
    /// are equal draw lots: whoever comes among many may be the next as well.
    pub(super) fn choose(&mut self, now: Timestamp) -> Option<u64> {
        let is_stranger = |source: &Option<Source>| !self.is_known(*source, now);
        if let Some(chosen) = self.chosen.filter(|place| self.waiting.get(place).is_some_and(is_stranger)) {
            return Some(chosen);
        }
        let mut lots = self.lots;
        lots.draw();
        let rank = |(place, source): &(&u64, &Option<Source>)| {
            let last = |network| self.served.last(&network).unwrap_or(Timestamp(i64::MIN));
            (networks(**source).map(|network| (last(network), lots.of(&network))), lots.of(*place))
        };
        let chosen = self.waiting.iter().filter(|(_, source)| is_stranger(source)).min_by_key(rank);
        let chosen = chosen.map(|(place, _)| *place);
        (self.lots, self.chosen) = (lots, chosen);
        chosen
    }

    /// Somebody from there has proved himself. Whoever does not tell where he comes from is nobody's acquaintance.
    pub fn greet(&mut self, source: Option<Source>, now: Timestamp) {
        if let Some(source) = source {
            self.known.note(source, now);
        }
    }

    fn is_known(&self, source: Option<Source>, now: Timestamp) -> bool {
        source.and_then(|source| self.known.last(&source)).is_some_and(|at| now.since(at) < ACQUAINTED_FOR)
    }
}

/// The networks of a source, the largest first; whoever does not tell where he comes from is in one of its own.
fn networks(source: Option<Source>) -> [Option<Network>; 3] {
    source.map_or([None; 3], |source| source.networks().map(Some))
}
