//! Which one of too many gives way, where anybody can bring any number of them.

use crate::session::visitors::{Network, Source};
use std::collections::BTreeMap;

/// One of the network that brought most: in a network of sixteen bits, or thirty-two of IPv6. Where networks have brought
/// as many, `lot` between 0 and 1 decides, so that nobody can tell what he displaces. `None` of none.
pub(super) fn gives_way(crowd: impl Iterator<Item = (usize, Option<Source>)>, lot: f64) -> Option<usize> {
    let mut networks: BTreeMap<Option<Network>, Vec<usize>> = BTreeMap::new();
    for (place, source) in crowd {
        networks.entry(source.map(|source| source.networks()[0])).or_default().push(place);
    }
    let most = networks.values().map(Vec::len).max()?;
    let largest: Vec<usize> = networks.into_values().filter(|of| of.len() == most).flatten().collect();
    largest.get(spread(lot, largest.len())).copied()
}

/// The place among so many that a number between 0 and 1 means.
pub(super) fn spread(lot: f64, of: usize) -> usize {
    ((lot * of as f64) as usize).min(of.saturating_sub(1))
}
