//! Notices that were answered and are not worked on yet. Anybody can send them, so there are never many.

use super::displacement::{displaced, replaced};
use crate::domain::CompanyId;
use crate::domain::source::{Network, Source};
use std::collections::{BTreeMap, VecDeque};

/// Notices that wait of one portal, and those of them that come from one network; each is at most 5 kB, by the lengths of
/// its fields, and some hundred bytes if a portal has written it.
const OF_PORTAL: usize = 8;
const OF_NETWORK: usize = 2;
/// Registered portals whose notices wait at once: 20 MB at most.
const COMPANIES: usize = 512;
/// Portals that nobody knows, and how many of them one network (/24 of IPv4, /48 of IPv6) may bring: 10 MB at most.
const STRANGERS: usize = 2048;
const STRANGERS_OF_NETWORK: usize = 64;

/// A notice and what is known of who sent it.
#[derive(Debug, Clone)]
pub struct QueuedNotice<N> {
    /// What it says.
    pub notice: N,
    /// Where it came from, as far as that is known.
    pub source: Option<Source>,
    /// It carries the application token that we know.
    pub authentic: bool,
}

/// No room for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many installations are told at once")]
pub struct InstallQueueFull;

/// The notices of all portals, those of each portal in the order they are worked on.
#[derive(Debug)]
pub struct NoticeQueue<N> {
    portals: BTreeMap<CompanyId, PortalNotices<N>>,
    next: u64,
    refused: u64,
}

#[derive(Debug)]
struct PortalNotices<N> {
    registered: bool,
    /// In which order the portals came.
    number: u64,
    /// From where the first was brought.
    network: Option<Network>,
    waiting: VecDeque<QueuedNotice<N>>,
}

impl<N> Default for NoticeQueue<N> {
    fn default() -> Self {
        Self { portals: BTreeMap::new(), next: 0, refused: 0 }
    }
}

impl<N> NoticeQueue<N> {
    /// Takes a notice in; `true` if nobody works on this portal's yet. What proves itself goes first. Where there are too
    /// many of one portal, one of the network that sent most gives way, by `lot` between 0 and 1; of too many portals that
    /// nobody knows the oldest of the network that brought most, if that is more than the new one's has.
    pub fn offer(
        &mut self,
        id: &CompanyId,
        registered: bool,
        new: QueuedNotice<N>,
        lot: f64,
    ) -> Result<bool, InstallQueueFull> {
        if let Some(portal) = self.portals.get_mut(id) {
            portal.add(new, lot);
            return Ok(false);
        }
        let network = new.source.map(Source::owners_network);
        if let Err(full) = self.make_room(registered, network) {
            self.refused += 1;
            return Err(full);
        }
        self.next += 1;
        let portal = PortalNotices { registered, number: self.next, network, waiting: VecDeque::from([new]) };
        self.portals.insert(id.clone(), portal);
        Ok(true)
    }

    /// The next notice to work on; `None` ends the work.
    pub fn next(&mut self, id: &CompanyId) -> Option<QueuedNotice<N>> {
        let next = self.portals.get_mut(id)?.waiting.pop_front();
        if next.is_none() {
            self.portals.remove(id);
        }
        next
    }

    /// Notices since the start for which there was no room.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn make_room(&mut self, registered: bool, network: Option<Network>) -> Result<(), InstallQueueFull> {
        // Of each network how many portals, and its oldest.
        let mut held: BTreeMap<Option<Network>, (usize, u64)> = BTreeMap::new();
        let mut all = 0;
        for portal in self.portals.values().filter(|portal| portal.registered == registered) {
            all += 1;
            let (count, oldest) = held.entry(portal.network).or_insert((0, u64::MAX));
            (*count, *oldest) = (*count + 1, portal.number.min(*oldest));
        }
        if registered {
            return if all < COMPANIES { Ok(()) } else { Err(InstallQueueFull) };
        }
        let own = held.get(&network).map_or(0, |(count, _)| *count);
        // Without a gateway that names them all strangers are of one network, so that only all together are counted.
        if network.is_some() && own >= STRANGERS_OF_NETWORK {
            return Err(InstallQueueFull);
        }
        if all >= STRANGERS {
            let largest = held.into_values().max_by_key(|(count, _)| *count);
            let (_, oldest) = largest.filter(|(count, _)| *count > own + 1).ok_or(InstallQueueFull)?;
            self.portals.retain(|_, portal| portal.number != oldest);
        }
        Ok(())
    }
}

impl<N> PortalNotices<N> {
    fn add(&mut self, new: QueuedNotice<N>, lot: f64) {
        if new.authentic {
            self.waiting.retain(|waiting| !waiting.authentic);
            self.waiting.push_front(new);
        } else {
            let network = |of: &QueuedNotice<N>| of.source.map(Source::owners_network).filter(|_| !of.authentic);
            if let Some(last) = replaced(self.waiting.iter().map(network), network(&new), OF_NETWORK) {
                self.waiting.remove(last);
            }
            self.waiting.push_back(new);
        }
        if self.waiting.len() > OF_PORTAL {
            let newest = self.waiting.len() - 1;
            let unproved = self.waiting.iter().enumerate().take(newest).filter(|(_, waiting)| !waiting.authentic);
            let drawn = displaced(unproved.map(|(place, waiting)| (place, waiting.source)), lot);
            self.waiting.remove(drawn.unwrap_or(newest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(name: &str, source: u32, authentic: bool) -> QueuedNotice<String> {
        QueuedNotice { notice: name.to_owned(), source: (source > 0).then(|| Source::of_ipv4(source)), authentic }
    }

    fn drain(queue: &mut NoticeQueue<String>, id: &CompanyId) -> Vec<String> {
        std::iter::from_fn(|| queue.next(id)).map(|next| next.notice).collect()
    }

    /// An address in the network of that number.
    fn at(network: u32) -> u32 {
        ((network + 1) << 16) | 1
    }

    #[test]
    fn a_flood_before_and_after_the_true_notice_leaves_it_its_place() {
        let (mut queue, id) = (NoticeQueue::default(), CompanyId::from("m"));
        let offer = |queue: &mut NoticeQueue<String>, new| queue.offer(&id, true, new, 0.5);
        for n in 0..1000 {
            assert_eq!(offer(&mut queue, notice("forged", at(1), false)), Ok(n == 0), "one works on them");
        }
        offer(&mut queue, notice("true", at(2), false)).expect("room");
        (0..1000).for_each(|_| assert_eq!(offer(&mut queue, notice("forged", at(1), false)), Ok(false)));
        assert_eq!(drain(&mut queue, &id), ["forged", "true", "forged"]);
        // From a handful of networks, before and after it.
        (0..4).for_each(|n| assert_eq!(offer(&mut queue, notice("forged", at(n), false)), Ok(n == 0)));
        offer(&mut queue, notice("true", at(99), false)).expect("room");
        (0..600).for_each(|n| assert_eq!(offer(&mut queue, notice("forged", at(n % 6), false)), Ok(false)));
        let kept = drain(&mut queue, &id);
        assert!(kept.len() == OF_PORTAL && kept.contains(&"true".to_owned()), "{kept:?}");
        // Without sources only the application token tells them apart.
        offer(&mut queue, notice("true", 0, true)).expect("room");
        (0..1000).for_each(|n| assert_eq!(offer(&mut queue, notice(&format!("forged {n}"), 0, false)), Ok(false)));
        let kept = drain(&mut queue, &id);
        assert_eq!((kept.len(), kept[0].as_str(), kept[OF_PORTAL - 1].as_str()), (OF_PORTAL, "true", "forged 999"));
    }

    #[test]
    fn unknown_portals_take_no_room_from_registered_ones_nor_one_network_from_others() {
        let mut queue = NoticeQueue::default();
        let offer = |queue: &mut NoticeQueue<_>, n: u32, registered, source| {
            let id = format!("m{registered}{n}").as_str().into();
            queue.offer(&id, registered, notice("x", source, false), 0.5).is_ok()
        };
        assert_eq!((0..1000).filter(|n| offer(&mut queue, *n, false, at(1) + n % 200)).count(), STRANGERS_OF_NETWORK);
        assert!(offer(&mut queue, 2000, false, at(2)), "a portal tells the truth meanwhile");
        // Two and a half thousand more from sixty networks: the room is full, and each network has taken it from the largest.
        assert!(
            (3000..5500).filter(|n| offer(&mut queue, *n, false, at(10 + n % 60))).count()
                >= STRANGERS - STRANGERS_OF_NETWORK - 1
        );
        assert_eq!(queue.portals.len(), STRANGERS);
        assert!(queue.portals.contains_key(&CompanyId::from("mfalse2000")), "nobody displaces it");
        assert!(offer(&mut queue, 20_000, false, at(3)), "there is room for the next true one as well");
        assert_eq!((0..1000).filter(|n| offer(&mut queue, *n, true, 1)).count(), COMPANIES);
        assert!(queue.refused() >= 1000 - 64 + 1000 - 512);
    }
}
