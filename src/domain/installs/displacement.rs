//! Which one of too many has to go, where anybody can bring any number of them.

use crate::domain::source::{Network, Source};
use std::collections::BTreeMap;

/// One of the network that brought most: in a network of sixteen bits, or thirty-two of IPv6. Where networks have brought
/// as many, `lot` between 0 and 1 decides, so that nobody can tell what he displaces. `None` of none.
pub fn displaced(all: impl Iterator<Item = (usize, Option<Source>)>, lot: f64) -> Option<usize> {
    let mut networks: BTreeMap<Option<Network>, Vec<usize>> = BTreeMap::new();
    for (place, source) in all {
        networks.entry(source.map(|source| source.networks()[0])).or_default().push(place);
    }
    let most = networks.values().map(Vec::len).max()?;
    let largest: Vec<usize> = networks.into_values().filter(|of| of.len() == most).flatten().collect();
    largest.get(nth_by_lot(lot, largest.len())).copied()
}

/// Whose place a new one of `network` takes: that of the newest of the same network, if there are `most` of it already.
/// Those without a network take nobody's.
pub fn replaced(all: impl Iterator<Item = Option<Network>>, network: Option<Network>, most: usize) -> Option<usize> {
    network?;
    let alike: Vec<usize> = all.enumerate().filter(|(_, of)| *of == network).map(|(place, _)| place).collect();
    alike.last().copied().filter(|_| alike.len() >= most)
}

/// Which one of so many a number between 0 and 1 means.
pub fn nth_by_lot(lot: f64, of: usize) -> usize {
    ((lot * of as f64) as usize).min(of.saturating_sub(1))
}
