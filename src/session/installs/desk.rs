//! Notices that were answered and are not worked on yet. Anybody can send them, so there are never many.

use crate::bitrix::hook::Install;
use crate::domain::CompanyId;
use crate::session::visitors::Source;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notices that wait of one portal; each is at most 8 kB, by the lengths of its fields.
const OF_PORTAL: usize = 4;
/// Registered portals whose notices wait at once: 16 MB at most.
const COMPANIES: usize = 512;
/// Portals that nobody knows, and how many of them one source may bring.
const STRANGERS: usize = 256;
const OF_SOURCE: usize = 32;

/// A notice and what is known of who sent it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub notice: Install,
    pub source: Option<Source>,
    /// It carries the application token that we know.
    pub authentic: bool,
}

/// No room for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many installations are told at once")]
pub struct DeskFull;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<Piles>);

#[derive(Debug, Default)]
struct Piles {
    waiting: BTreeMap<CompanyId, Pile>,
    refused: u64,
}

#[derive(Debug)]
struct Pile {
    registered: bool,
    /// Who brought the first.
    source: Option<Source>,
    told: VecDeque<Told>,
}

impl Desk {
    fn piles(&self) -> MutexGuard<'_, Piles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a notice in; `true` if nobody works on this portal's yet. What comes from the same source takes the place of
    /// its former one; what proves itself goes first.
    pub fn offer(&self, id: &CompanyId, registered: bool, new: Told) -> Result<bool, DeskFull> {
        let mut piles = self.piles();
        if let Some(pile) = piles.waiting.get_mut(id) {
            pile.add(new);
            return Ok(false);
        }
        let alike = piles.waiting.values().filter(|pile| pile.registered == registered);
        let (all, own) = alike.fold((0, 0), |(all, own), pile| {
            (all + 1, own + usize::from(new.source.is_some() && pile.source == new.source))
        });
        let full = if registered { all >= COMPANIES } else { all >= STRANGERS || own >= OF_SOURCE };
        if full {
            piles.refused += 1;
            return Err(DeskFull);
        }
        let pile = Pile { registered, source: new.source, told: VecDeque::from([new]) };
        piles.waiting.insert(id.clone(), pile);
        Ok(true)
    }

    /// The next notice to work on; `None` ends the work.
    pub fn next(&self, id: &CompanyId) -> Option<Told> {
        let mut piles = self.piles();
        let next = piles.waiting.get_mut(id)?.told.pop_front();
        if next.is_none() {
            piles.waiting.remove(id);
        }
        next
    }

    /// Notices since the start for which there was no room.
    pub fn refused(&self) -> u64 {
        self.piles().refused
    }
}

impl Pile {
    fn add(&mut self, new: Told) {
        if new.authentic {
            self.told.retain(|told| !told.authentic);
            self.told.push_front(new);
        } else {
            self.told.retain(|told| told.authentic || new.source.is_none() || told.source != new.source);
            self.told.push_back(new);
        }
        while self.told.len() > OF_PORTAL {
            // The last before the new one: whoever sends many displaces his own.
            self.told.remove(self.told.len() - 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::hook::Sender;
    use secrecy::ExposeSecret as _;
    use std::net::{IpAddr, Ipv4Addr};

    fn told(name: &str, source: u32, authentic: bool) -> Told {
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
            update: false,
        };
        let source = (source > 0).then(|| Source::from(IpAddr::V4(Ipv4Addr::from(source))));
        Told { notice, source, authentic }
    }

    fn drain(desk: &Desk, id: &CompanyId) -> Vec<String> {
        let names = std::iter::from_fn(|| desk.next(id));
        names.map(|told| told.notice.access.expect("a token").expose_secret().to_owned()).collect()
    }

    #[test]
    fn a_flood_before_and_after_the_true_notice_leaves_it_its_place() {
        let (desk, id) = (Desk::default(), CompanyId::from("m"));
        for n in 0..1000 {
            let first = desk.offer(&id, true, told("forged", 1, false)).expect("room");
            assert_eq!(first, n == 0, "one works on them");
        }
        desk.offer(&id, true, told("true", 2, false)).expect("room");
        (0..1000).for_each(|_| assert_eq!(desk.offer(&id, true, told("forged", 1, false)), Ok(false)));
        assert_eq!(drain(&desk, &id), ["true", "forged"]);
        // Without sources only the application token tells them apart.
        desk.offer(&id, true, told("true", 0, true)).expect("room");
        (0..1000).for_each(|n| assert_eq!(desk.offer(&id, true, told(&format!("forged {n}"), 0, false)), Ok(false)));
        let kept = drain(&desk, &id);
        assert_eq!((kept.len(), kept[0].as_str(), kept[3].as_str()), (4, "true", "forged 999"));
    }

    #[test]
    fn unknown_portals_take_no_room_from_registered_ones_nor_one_source_from_others() {
        let desk = Desk::default();
        let offer = |n: u32, registered, source| {
            desk.offer(&format!("m{registered}{n}").as_str().into(), registered, told("x", source, false)).is_ok()
        };
        assert_eq!((0..1000).filter(|n| offer(*n, false, 1)).count(), OF_SOURCE);
        assert!(offer(2000, false, 2));
        assert_eq!((3000..6000).filter(|n| offer(*n, false, 10 + n)).count(), STRANGERS - OF_SOURCE - 1);
        assert!(!offer(7000, false, 3));
        assert_eq!((0..1000).filter(|n| offer(*n, true, 1)).count(), COMPANIES);
        assert_eq!(desk.refused(), 1000 - 32 + 3000 - (256 - 33) + 1 + 1000 - 512);
    }
}
