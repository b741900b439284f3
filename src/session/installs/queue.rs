//! Notices that were answered and are not worked on yet. Anybody can send them, so there are never many.

use super::crowd::gives_way;
use crate::bitrix::hook::Install;
use crate::domain::CompanyId;
use crate::session::visitors::{Network, Source};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub(super) struct ReceivedNotice {
    pub notice: Install,
    pub source: Option<Source>,
    /// It carries the application token that we know.
    pub authentic: bool,
}

/// No room for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many installations are told at once")]
pub struct InstallQueueFull;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct InstallQueue(Mutex<Queues>);

#[derive(Debug, Default)]
struct Queues {
    waiting: BTreeMap<CompanyId, PortalQueue>,
    next: u64,
    refused: u64,
}

#[derive(Debug)]
struct PortalQueue {
    registered: bool,
    /// In which order they came.
    number: u64,
    /// From where the first was brought.
    network: Option<Network>,
    told: VecDeque<ReceivedNotice>,
}

impl InstallQueue {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a notice in; `true` if nobody works on this portal's yet. What proves itself goes first. Where there are too
    /// many of one portal, one of the network that sent most gives way, by `lot` between 0 and 1; of too many portals that
    /// nobody knows the oldest of the network that brought most, if that is more than the new one's has.
    pub fn offer(
        &self,
        id: &CompanyId,
        registered: bool,
        new: ReceivedNotice,
        lot: f64,
    ) -> Result<bool, InstallQueueFull> {
        let mut queues = self.queues();
        if let Some(portal_queue) = queues.waiting.get_mut(id) {
            portal_queue.add(new, lot);
            return Ok(false);
        }
        let network = new.source.map(Source::owners_network);
        if let Err(full) = queues.make_room(registered, network) {
            queues.refused += 1;
            return Err(full);
        }
        queues.next += 1;
        let portal_queue = PortalQueue { registered, number: queues.next, network, told: VecDeque::from([new]) };
        queues.waiting.insert(id.clone(), portal_queue);
        Ok(true)
    }

    /// The next notice to work on; `None` ends the work.
    pub fn next(&self, id: &CompanyId) -> Option<ReceivedNotice> {
        let mut queues = self.queues();
        let next = queues.waiting.get_mut(id)?.told.pop_front();
        if next.is_none() {
            queues.waiting.remove(id);
        }
        next
    }

    /// Notices since the start for which there was no room.
    pub fn refused(&self) -> u64 {
        self.queues().refused
    }
}

impl Queues {
    fn make_room(&mut self, registered: bool, network: Option<Network>) -> Result<(), InstallQueueFull> {
        // Of each network how many portals, and its oldest.
        let mut held: BTreeMap<Option<Network>, (usize, u64)> = BTreeMap::new();
        let mut all = 0;
        for portal_queue in self.waiting.values().filter(|portal_queue| portal_queue.registered == registered) {
            all += 1;
            let (count, oldest) = held.entry(portal_queue.network).or_insert((0, u64::MAX));
            (*count, *oldest) = (*count + 1, portal_queue.number.min(*oldest));
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
            self.waiting.retain(|_, portal_queue| portal_queue.number != oldest);
        }
        Ok(())
    }
}

impl PortalQueue {
    fn add(&mut self, new: ReceivedNotice, lot: f64) {
        if new.authentic {
            self.told.retain(|told| !told.authentic);
            self.told.push_front(new);
        } else {
            let network = |told: &ReceivedNotice| told.source.map(Source::owners_network).filter(|_| !told.authentic);
            let of_new = network(&new).filter(|_| !new.authentic);
            if of_new.is_some()
                && self.told.iter().filter(|told| network(told) == of_new).count() >= OF_NETWORK
                && let Some(last) = self.told.iter().rposition(|told| network(told) == of_new)
            {
                self.told.remove(last);
            }
            self.told.push_back(new);
        }
        if self.told.len() > OF_PORTAL {
            let newest = self.told.len() - 1;
            let unproved = self.told.iter().enumerate().take(newest).filter(|(_, told)| !told.authentic);
            let drawn = gives_way(unproved.map(|(place, told)| (place, told.source)), lot);
            self.told.remove(drawn.unwrap_or(newest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::hook::Sender;
    use secrecy::ExposeSecret as _;
    use std::net::{IpAddr, Ipv4Addr};

    fn told(name: &str, source: u32, authentic: bool) -> ReceivedNotice {
        let notice = Install {
            from: Sender::default(),
            client_endpoint: None,
            server_endpoint: None,
            access: Some(name.to_owned().into()),
            refresh: None,
            expires_in: None,
            scope: String::new(),
            user: None,
            language: None,
        };
        let source = (source > 0).then(|| Source::from(IpAddr::V4(Ipv4Addr::from(source))));
        ReceivedNotice { notice, source, authentic }
    }

    fn drain(queue: &InstallQueue, id: &CompanyId) -> Vec<String> {
        let names = std::iter::from_fn(|| queue.next(id));
        names.map(|told| told.notice.access.expect("a token").expose_secret().to_owned()).collect()
    }

    /// An address in the network of that number.
    fn at(network: u32) -> u32 {
        ((network + 1) << 16) | 1
    }

    #[test]
    fn a_flood_before_and_after_the_true_notice_leaves_it_its_place() {
        let (queue, id) = (InstallQueue::default(), CompanyId::from("m"));
        let offer = |told| queue.offer(&id, true, told, 0.5);
        for n in 0..1000 {
            assert_eq!(offer(told("forged", at(1), false)), Ok(n == 0), "one works on them");
        }
        offer(told("true", at(2), false)).expect("room");
        (0..1000).for_each(|_| assert_eq!(offer(told("forged", at(1), false)), Ok(false)));
        assert_eq!(drain(&queue, &id), ["forged", "true", "forged"]);
        // From a handful of networks, before and after it.
        (0..4).for_each(|n| assert_eq!(offer(told("forged", at(n), false)), Ok(n == 0)));
        offer(told("true", at(99), false)).expect("room");
        (0..600).for_each(|n| assert_eq!(offer(told("forged", at(n % 6), false)), Ok(false)));
        let kept = drain(&queue, &id);
        assert!(kept.len() == OF_PORTAL && kept.contains(&"true".to_owned()), "{kept:?}");
        // Without sources only the application token tells them apart.
        offer(told("true", 0, true)).expect("room");
        (0..1000).for_each(|n| assert_eq!(offer(told(&format!("forged {n}"), 0, false)), Ok(false)));
        let kept = drain(&queue, &id);
        assert_eq!((kept.len(), kept[0].as_str(), kept[OF_PORTAL - 1].as_str()), (OF_PORTAL, "true", "forged 999"));
    }

    #[test]
    fn unknown_portals_take_no_room_from_registered_ones_nor_one_network_from_others() {
        let queue = InstallQueue::default();
        let offer = |n: u32, registered, source| {
            queue.offer(&format!("m{registered}{n}").as_str().into(), registered, told("x", source, false), 0.5).is_ok()
        };
        assert_eq!((0..1000).filter(|n| offer(*n, false, at(1) + n % 200)).count(), STRANGERS_OF_NETWORK);
        assert!(offer(2000, false, at(2)), "a portal tells the truth meanwhile");
        // Two and a half thousand more from sixty networks: the room is full, and each network has taken it from the largest.
        assert!(
            (3000..5500).filter(|n| offer(*n, false, at(10 + n % 60))).count() >= STRANGERS - STRANGERS_OF_NETWORK - 1
        );
        assert_eq!(queue.queues().waiting.len(), STRANGERS);
        assert!(queue.queues().waiting.contains_key(&CompanyId::from("mfalse2000")), "nobody displaces it");
        assert!(offer(20_000, false, at(3)), "there is room for the next true one as well");
        assert_eq!((0..1000).filter(|n| offer(*n, true, 1)).count(), COMPANIES);
        assert!(queue.refused() >= 1000 - 64 + 1000 - 512);
    }
}
