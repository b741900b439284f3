//! Who holds a connection, and which one gives way to a newcomer.
//!
//! Clients that only hold connections must not shut out those that ask something. A connection on which nothing is
//! being answered is unused: no request, a head or a body that is not complete. Of these there is a limited number,
//! because each costs memory and anybody can open them; and when all places are taken, one of them is closed for the
//! newcomer. It is always of the source that leaves most unused, the one that has stayed as it is for longest, so that
//! a source alone cannot push out others, and a request that arrives at once is never the next. Behind a gateway all
//! connections have one source. Answers under way, streams among them, are never cut. A source that is no gateway has
//! half of the places at most.

use super::refused;
use super::stream::PeerAddr;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many connections are served at once, over all listeners that share their places.
pub const CONNECTIONS: usize = 4096;
/// How many of them may be unused. Each costs up to 48 KiB of buffers: a head, a small body and what runs beside.
const UNUSED: usize = 1024;
/// How soon it is looked again for a connection that can give way, while all are in use.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ConnectionSource {
    /// An IPv4 address, or the network of 64 bits that one IPv6 customer has.
    Tcp(IpAddr),
    /// Through a gateway on this machine: a Unix socket or the loopback interface.
    Gateway,
}

impl From<PeerAddr> for ConnectionSource {
    fn from(peer: PeerAddr) -> Self {
        let PeerAddr::Tcp(address) = peer else { return Self::Gateway };
        match address.ip().to_canonical() {
            ip if ip.is_loopback() => Self::Gateway,
            IpAddr::V6(v6) => Self::Tcp(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))),
            IpAddr::V4(v4) => Self::Tcp(IpAddr::V4(v4)),
        }
    }
}

/// What goes on in a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionActivity {
    /// No request is there: a handshake, a head that is not complete, a connection kept for later.
    Waiting,
    /// The body of a request is arriving.
    Receiving,
    /// A request is worked on or its answer sent.
    Answering,
}

#[derive(Debug)]
struct SlotState {
    source: ConnectionSource,
    doing: ConnectionActivity,
    /// Counts up with every change, so that the lowest has stayed as it is for longest.
    since: u64,
    cut: CancellationToken,
}

/// What one source holds, without what has given way already.
#[derive(Debug, Default)]
struct Holding {
    connections: usize,
    /// Numbers of its unused connections, by their `since`.
    unused: BTreeMap<u64, u64>,
}

#[derive(Debug, Default)]
struct SlotTable {
    changes: u64,
    next: u64,
    unused: usize,
    held: HashMap<u64, SlotState>,
    by_source: HashMap<ConnectionSource, Holding>,
}

/// The places for connections; listeners can share them.
#[derive(Debug)]
pub struct ConnectionSlots {
    slots: Arc<Semaphore>,
    connections: usize,
    most_unused: usize,
    inner: Mutex<SlotTable>,
}

impl Default for ConnectionSlots {
    fn default() -> Self {
        Self::within(CONNECTIONS, UNUSED)
    }
}

/// One connection's place; leaving it frees the place.
#[derive(Debug)]
pub struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    number: u64,
    cut: CancellationToken,
    _slot: Option<OwnedSemaphorePermit>,
}

impl SlotTable {
    fn count_unused(&mut self, source: ConnectionSource, since: u64, number: u64) {
        self.by_source.entry(source).or_default().unused.insert(since, number);
        self.unused += 1;
    }

    fn forget_unused(&mut self, source: ConnectionSource, since: u64) {
        let holding = self.by_source.get_mut(&source);
        if holding.is_some_and(|holding| holding.unused.remove(&since).is_some()) {
            self.unused -= 1;
        }
    }

    fn leave(&mut self, number: u64) -> Option<SlotState> {
        let held = self.held.remove(&number)?;
        self.forget_unused(held.source, held.since);
        let holding = self.by_source.get_mut(&held.source)?;
        holding.connections -= 1;
        if holding.connections == 0 {
            self.by_source.remove(&held.source);
        }
        Some(held)
    }

    /// Closes an unused connection of the source that leaves most unused; `false` if there is none.
    fn cut_one(&mut self) -> bool {
        let oldest = |holding: &Holding| holding.unused.first_key_value().map(|(since, number)| (*since, *number));
        let of_sources = self.by_source.values().filter_map(|h| oldest(h).map(|(since, n)| (h.unused.len(), since, n)));
        let victim = of_sources.max_by_key(|(unused, since, _)| (*unused, Reverse(*since)));
        victim.is_some_and(|(.., number)| self.cut(number))
    }

    /// Closes an unused connection of this source; `false` if there is none.
    fn cut_one_of(&mut self, source: ConnectionSource) -> bool {
        let oldest = self.by_source.get(&source).and_then(|holding| holding.unused.values().next().copied());
        oldest.is_some_and(|number| self.cut(number))
    }

    fn cut(&mut self, number: u64) -> bool {
        let Some(held) = self.leave(number) else { return false };
        held.cut.cancel();
        refused::gave_way();
        true
    }
}

impl ConnectionSlots {
    /// This many connections at once, and this many of them unused.
    pub fn within(connections: usize, unused: usize) -> Self {
        let slots = Arc::new(Semaphore::new(connections));
        Self { slots, connections, most_unused: unused, inner: Mutex::default() }
    }

    /// How many connections there can be.
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// Whether all places are taken.
    pub fn are_full(&self) -> bool {
        self.slots.available_permits() == 0
    }

    fn inner(&self) -> MutexGuard<'_, SlotTable> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer, as soon as there is one; `None` if its source has its share and uses all of it.
    pub async fn admit(self: &Arc<Self>, peer: PeerAddr) -> Option<ConnectionSlot> {
        if !self.keeps_to_its_share(peer) {
            refused::over_share();
            return None;
        }
        loop {
            if let Ok(slot) = self.slots.clone().try_acquire_owned() {
                return Some(self.take(peer, Some(slot)));
            }
            self.make_room();
            // Those in use now may be unused soon.
            if let Ok(slot) = timeout(LOOK_AGAIN, self.slots.clone().acquire_owned()).await {
                return Some(self.take(peer, slot.ok()));
            }
        }
    }

    fn keeps_to_its_share(&self, peer: PeerAddr) -> bool {
        let (source, mut inner) = (ConnectionSource::from(peer), self.inner());
        let holds = inner.by_source.get(&source).map_or(0, |holding| holding.connections);
        source == ConnectionSource::Gateway || holds < (self.connections / 2).max(1) || inner.cut_one_of(source)
    }

    fn take(self: &Arc<Self>, peer: PeerAddr, slot: Option<OwnedSemaphorePermit>) -> ConnectionSlot {
        let (source, cut) = (ConnectionSource::from(peer), CancellationToken::new());
        let mut inner = self.inner();
        inner.changes += 1;
        inner.next += 1;
        let (number, since) = (inner.next, inner.changes);
        inner.held.insert(number, SlotState { source, doing: ConnectionActivity::Waiting, since, cut: cut.clone() });
        inner.by_source.entry(source).or_default().connections += 1;
        inner.count_unused(source, since, number);
        self.trim(&mut inner);
        drop(inner);
        ConnectionSlot { slots: self.clone(), number, cut, _slot: slot }
    }

    /// Closes the connection that is to give way to a newcomer; `false` if none can.
    fn make_room(&self) -> bool {
        self.inner().cut_one()
    }

    fn trim(&self, inner: &mut SlotTable) {
        while inner.unused > self.most_unused && inner.cut_one() {}
    }
}

impl ConnectionSlot {
    /// Cancelled when this connection has to give way.
    pub const fn cut(&self) -> &CancellationToken {
        &self.cut
    }

    /// Something else goes on now.
    pub fn now(&self, doing: ConnectionActivity) {
        self.change(|_| true, doing);
    }

    /// The request has arrived, unless its answer has been sent already.
    pub fn arrived(&self) {
        self.change(|before| before == ConnectionActivity::Receiving, ConnectionActivity::Answering);
    }

    fn change(&self, if_it_was: impl Fn(ConnectionActivity) -> bool, doing: ConnectionActivity) {
        let mut inner = self.slots.inner();
        inner.changes += 1;
        let now = inner.changes;
        let Some(held) = inner.held.get_mut(&self.number).filter(|held| if_it_was(held.doing)) else { return };
        let (source, since) = (held.source, held.since);
        (held.doing, held.since) = (doing, now);
        inner.forget_unused(source, since);
        if doing != ConnectionActivity::Answering {
            inner.count_unused(source, now, self.number);
            self.slots.trim(&mut inner);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.inner().leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(ip: &str) -> PeerAddr {
        PeerAddr::Tcp((ip.parse::<IpAddr>().unwrap(), 1).into())
    }

    fn cut(slots: &[ConnectionSlot]) -> Vec<usize> {
        slots.iter().enumerate().filter(|(_, p)| p.cut().is_cancelled()).map(|(n, _)| n).collect()
    }

    fn some(slots: &Arc<ConnectionSlots>, count: usize, ip: &str) -> Vec<ConnectionSlot> {
        (0..count).map(|_| slots.take(peer(ip), None)).collect()
    }

    #[test]
    fn the_longest_unused_connection_of_the_greediest_gives_way() {
        let slots = Arc::new(ConnectionSlots::default());
        let modest = some(&slots, 1, "10.0.0.1");
        let greedy = some(&slots, 3, "10.0.0.2");
        greedy[0].now(ConnectionActivity::Answering);
        greedy[1].now(ConnectionActivity::Waiting); // Used meanwhile, so the third has waited longer.
        modest[0].now(ConnectionActivity::Waiting);
        assert!(slots.make_room());
        assert_eq!((cut(&modest), cut(&greedy)), (vec![], vec![2]));
        assert!(slots.make_room());
        assert_eq!((cut(&modest), cut(&greedy)), (vec![], vec![1, 2]));
        assert!(slots.make_room());
        assert_eq!((cut(&modest), cut(&greedy)), (vec![0], vec![1, 2]), "no answer is cut");
        assert!(!slots.make_room());
    }

    #[test]
    fn a_body_that_does_not_come_gives_way_like_a_request_that_does_not_come() {
        let slots = Arc::new(ConnectionSlots::default());
        let slow = some(&slots, 3, "10.0.0.2");
        slow[1].now(ConnectionActivity::Receiving);
        slow[0].now(ConnectionActivity::Receiving);
        slow[2].now(ConnectionActivity::Receiving);
        slow[2].arrived();
        assert!(slots.make_room());
        assert_eq!(cut(&slow), [1], "the oldest, no matter who comes");
        let newcomer = some(&slots, 1, "10.0.0.2");
        assert!(slots.make_room());
        assert_eq!((cut(&slow), cut(&newcomer)), (vec![0, 1], vec![]), "who has just come is not the next");
        slow[2].now(ConnectionActivity::Waiting);
        slow[2].arrived();
        assert!(slots.make_room() && slots.make_room(), "what was answered stays answered");
    }

    #[test]
    fn unused_connections_are_few_even_where_places_are_free() {
        let slots = Arc::new(ConnectionSlots::within(100, 4));
        let modest = some(&slots, 2, "10.0.0.1");
        let mut answering = Vec::new();
        for _ in 0..5 {
            answering.extend(some(&slots, 1, "10.0.0.2"));
            for slot in &answering {
                slot.now(ConnectionActivity::Answering);
            }
        }
        let greedy = some(&slots, 4, "10.0.0.3");
        assert_eq!((cut(&modest), cut(&answering), cut(&greedy)), (vec![], vec![], vec![0, 1]));
        answering[3].now(ConnectionActivity::Waiting);
        assert_eq!(
            (cut(&modest), cut(&answering), cut(&greedy)),
            (vec![0], vec![], vec![0, 1]),
            "streams are no fault"
        );
        assert_eq!(slots.inner().unused, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_is_no_gateway_has_half_of_the_places() {
        let slots = Arc::new(ConnectionSlots::within(4, 4));
        let mut greedy = Vec::new();
        for _ in 0..3 {
            greedy.extend(slots.admit(peer("203.0.113.9")).await);
            greedy.last().expect("a place").now(ConnectionActivity::Answering);
            if greedy.len() == 2 {
                greedy[0].now(ConnectionActivity::Waiting);
            }
        }
        assert_eq!((greedy.len(), cut(&greedy)), (3, vec![0]), "its own unused one gives way");
        assert!(slots.admit(peer("203.0.113.9")).await.is_none(), "it answers on all it may have");
        assert!(slots.admit(peer("203.0.113.10")).await.is_some());
        drop(greedy);
        let gateway = [slots.admit(PeerAddr::Unix).await, slots.admit(peer("127.0.0.1")).await];
        let more = [slots.admit(peer("::1")).await, slots.admit(PeerAddr::Unix).await];
        assert!(gateway.iter().chain(&more).all(Option::is_some), "a gateway comes for many");
        assert!(slots.are_full());
    }

    #[test]
    fn all_of_a_gateway_and_all_of_an_ipv6_customer_are_one_source() {
        assert_eq!(ConnectionSource::from(peer("2a00:1:2:3::1")), ConnectionSource::from(peer("2a00:1:2:3:4::1")));
        assert_ne!(ConnectionSource::from(peer("2a00:1:2:3::1")), ConnectionSource::from(peer("2a00:1:2:4::1")));
        assert_eq!(ConnectionSource::from(peer("::ffff:10.0.0.1")), ConnectionSource::from(peer("10.0.0.1")));
        assert_eq!(ConnectionSource::from(peer("127.0.0.1")), ConnectionSource::from(PeerAddr::Unix));
        let slots = Arc::new(ConnectionSlots::default());
        let held = [slots.take(PeerAddr::Unix, None), slots.take(PeerAddr::Unix, None)];
        assert!(slots.make_room());
        assert_eq!(cut(&held), [0]);
        drop(held);
        let inner = slots.inner();
        assert!(inner.by_source.is_empty() && inner.held.is_empty() && inner.unused == 0);
    }
}
