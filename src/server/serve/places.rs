//! Who holds a connection, and which one gives way when all places are taken.
//!
//! Whoever only holds connections must not shut out those who ask something. So when there is no place left, a
//! connection on which nothing is being answered is closed for the newcomer: of the source that holds most, the one
//! that has waited longest. A source alone cannot push out others this way. Behind a gateway all connections have one
//! source, and its longest unused ones give way. Answers under way, streams among them, are never cut.

use super::stream::PeerAddr;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Where connections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// An IPv4 address, or the network of 64 bits that one IPv6 customer has.
    Tcp(IpAddr),
    /// The gateway on this machine.
    Unix,
}

impl From<PeerAddr> for Source {
    fn from(peer: PeerAddr) -> Self {
        match peer {
            PeerAddr::Unix => Self::Unix,
            PeerAddr::Tcp(address) => Self::Tcp(match address.ip().to_canonical() {
                IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
                v4 @ IpAddr::V4(_) => v4,
            }),
        }
    }
}

/// What goes on in a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// No request is there: a handshake, a head that is not complete, a connection kept for later.
    Waiting,
    /// The body of a request is arriving.
    Receiving,
    /// A request is worked on or its answer sent.
    Answering,
}

#[derive(Debug)]
struct Held {
    source: Source,
    doing: Doing,
    /// Counts up with every change, so that the lowest has stayed as it is for longest.
    since: u64,
    cut: CancellationToken,
}

#[derive(Debug, Default)]
struct Inner {
    changes: u64,
    next: u64,
    held: HashMap<u64, Held>,
    by_source: HashMap<Source, usize>,
}

/// All connections of a listener.
#[derive(Debug, Default)]
pub struct Places(Mutex<Inner>);

/// One connection's entry; leaving it frees the entry.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    number: u64,
    cut: CancellationToken,
}

impl Places {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A newcomer takes a place.
    pub fn take(self: &Arc<Self>, peer: PeerAddr) -> Place {
        let (source, cut) = (Source::from(peer), CancellationToken::new());
        let mut inner = self.inner();
        inner.changes += 1;
        inner.next += 1;
        let (number, since) = (inner.next, inner.changes);
        inner.held.insert(number, Held { source, doing: Doing::Waiting, since, cut: cut.clone() });
        *inner.by_source.entry(source).or_default() += 1;
        drop(inner);
        Place { places: self.clone(), number, cut }
    }

    /// Closes the connection that is to give way to a newcomer; `false` if none can.
    pub fn make_room(&self, newcomer: PeerAddr) -> bool {
        let newcomer = Source::from(newcomer);
        let inner = self.inner();
        let holds = |source: Source| inner.by_source.get(&source).copied().unwrap_or(0);
        // A request that is arriving gives way only to somebody who holds clearly less.
        let may_go = |held: &&Held| match held.doing {
            Doing::Waiting => true,
            Doing::Receiving => holds(held.source) > holds(newcomer) + 1,
            Doing::Answering => false,
        };
        let victim = inner
            .held
            .values()
            .filter(|held| !held.cut.is_cancelled())
            .filter(may_go)
            .max_by_key(|held| (held.doing == Doing::Waiting, holds(held.source), u64::MAX - held.since));
        victim.map(|held| held.cut.cancel()).is_some()
    }
}

impl Place {
    /// Cancelled when this connection has to give way.
    pub const fn cut(&self) -> &CancellationToken {
        &self.cut
    }

    /// Something else goes on now.
    pub fn now(&self, doing: Doing) {
        self.change(|_| true, doing);
    }

    /// The request has arrived, unless its answer has been sent already.
    pub fn arrived(&self) {
        self.change(|before| before == Doing::Receiving, Doing::Answering);
    }

    fn change(&self, if_it_was: impl Fn(Doing) -> bool, doing: Doing) {
        let mut inner = self.places.inner();
        inner.changes += 1;
        let since = inner.changes;
        if let Some(held) = inner.held.get_mut(&self.number).filter(|held| if_it_was(held.doing)) {
            (held.doing, held.since) = (doing, since);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.places.inner();
        let Some(held) = inner.held.remove(&self.number) else { return };
        if let Some(count) = inner.by_source.get_mut(&held.source) {
            *count -= 1;
            if *count == 0 {
                inner.by_source.remove(&held.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(ip: &str) -> PeerAddr {
        PeerAddr::Tcp((ip.parse::<IpAddr>().unwrap(), 1).into())
    }

    fn cut(places: &[Place]) -> Vec<usize> {
        places.iter().enumerate().filter(|(_, p)| p.cut().is_cancelled()).map(|(n, _)| n).collect()
    }

    #[test]
    fn the_longest_unused_connection_of_the_greediest_gives_way() {
        let places = Arc::new(Places::default());
        let modest = [places.take(peer("10.0.0.1"))];
        let greedy: Vec<_> = (0..3).map(|_| places.take(peer("10.0.0.2"))).collect();
        greedy[0].now(Doing::Answering);
        greedy[1].now(Doing::Waiting); // Used meanwhile, so the third has waited longer.
        assert!(places.make_room(peer("10.0.0.3")));
        assert_eq!((cut(&modest), cut(&greedy)), (vec![], vec![2]));
        assert!(places.make_room(peer("10.0.0.3")));
        assert_eq!((cut(&modest), cut(&greedy)), (vec![], vec![1, 2]));
        assert!(places.make_room(peer("10.0.0.3")));
        assert_eq!((cut(&modest), cut(&greedy)), (vec![0], vec![1, 2]), "no answer is cut");
        assert!(!places.make_room(peer("10.0.0.3")));
    }

    #[test]
    fn a_slow_body_gives_way_only_to_who_holds_less() {
        let places = Arc::new(Places::default());
        let slow: Vec<_> = (0..3).map(|_| places.take(peer("10.0.0.2"))).collect();
        for place in &slow {
            place.now(Doing::Receiving);
        }
        assert!(!places.make_room(peer("10.0.0.2")), "its own further ones wait");
        assert!(places.make_room(peer("10.0.0.1")));
        assert_eq!(cut(&slow), [0]);
        slow[1].arrived();
        slow[2].now(Doing::Waiting);
        slow[2].arrived();
        assert!(places.make_room(peer("10.0.0.2")), "what was answered stays answered");
        assert_eq!(cut(&slow), [0, 2]);
    }

    #[test]
    fn all_of_a_gateway_and_all_of_an_ipv6_customer_are_one_source() {
        assert_eq!(Source::from(peer("2a00:1:2:3::1")), Source::from(peer("2a00:1:2:3:4::1")));
        assert_ne!(Source::from(peer("2a00:1:2:3::1")), Source::from(peer("2a00:1:2:4::1")));
        assert_eq!(Source::from(peer("::ffff:10.0.0.1")), Source::from(peer("10.0.0.1")));
        let places = Arc::new(Places::default());
        let held = [places.take(PeerAddr::Unix), places.take(PeerAddr::Unix)];
        assert!(places.make_room(PeerAddr::Unix));
        assert_eq!(cut(&held), [0]);
        drop(held);
        assert!(places.inner().by_source.is_empty() && places.inner().held.is_empty());
    }
}
