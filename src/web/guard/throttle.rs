//! Log-ins per minute: each one begun leaves a row behind, so nobody may begin them without end.
//!
//! A stranger with many addresses keeps nobody out: however many log-ins there are, a network has its first one in the
//! minute. That is why these are counted in windows and not by allowances, which know no first one.

use crate::domain::Timestamp;
use crate::domain::source::Source;
use axum::http::{Extensions, HeaderMap};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Log-ins one network may begin within the window.
const PER_NETWORK: u32 = 30;
/// Log-ins within the window after which a network may begin no second one.
const ALTOGETHER: u32 = 3000;
/// Networks that are remembered within the window; of more, any other is forgotten.
const MOST_NETWORKS: usize = 10_000;
const WINDOW: Duration = Duration::from_secs(60);
/// Header in which a gateway names the browser's address.
const REAL_IP: &str = "x-real-ip";

/// The address of the client that opened the connection; the server puts it among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

/// The browser's address. What a header says counts only behind a gateway on this machine (a Unix socket
/// or loopback); elsewhere it could be anything.
pub(crate) fn client_address(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<ClientAddr>().map(|a| a.0).filter(|ip| !ip.is_loopback());
    peer.or_else(|| headers.get(REAL_IP)?.to_str().ok()?.trim().parse().ok())
}

/// Counts log-ins in fixed windows.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<AttemptCounts>);

#[derive(Debug, Default)]
struct AttemptCounts {
    window: i64,
    altogether: u32,
    by_network: HashMap<Option<Source>, u32>,
}

impl Throttle {
    /// Counts one log-in; `false` when there are too many. All without an address share what all together may do.
    pub(crate) fn admit(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now.millis() / i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
        if counts.window != window {
            *counts = AttemptCounts { window, ..AttemptCounts::default() };
        }
        let network = address.map(Source::from);
        let most = if network.is_some() { PER_NETWORK } else { ALTOGETHER };
        let begun = counts.by_network.get(&network).copied().unwrap_or(0);
        if begun >= most || begun > 0 && counts.altogether >= ALTOGETHER {
            return false;
        }
        if begun == 0 && counts.by_network.len() >= MOST_NETWORKS {
            let any = counts.by_network.keys().next().copied();
            any.and_then(|any| counts.by_network.remove(&any));
        }
        counts.by_network.insert(network, begun + 1);
        counts.altogether += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn one_address_cannot_shut_out_another() {
        let throttle = Throttle::default();
        let now = Timestamp(0);
        let admitted = (0..100).filter(|_| throttle.admit(Some(A), now)).count();
        assert_eq!(admitted, PER_NETWORK as usize);
        assert!(throttle.admit(Some(B), now));
        assert!(throttle.admit(Some(A), now + WINDOW), "the next minute is a new one");
    }

    #[test]
    fn there_is_an_end_for_all_together() {
        let throttle = Throttle::default();
        let admitted = (0..ALTOGETHER * 2).filter(|_| throttle.admit(None, Timestamp(0))).count();
        assert_eq!(admitted, ALTOGETHER as usize);
    }

    #[test]
    fn one_ipv6_customer_is_one_network_and_a_flood_of_networks_leaves_each_its_first_log_in() {
        let (throttle, now) = (Throttle::default(), Timestamp(0));
        let of_one = |n: u128| Some(IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) | n)));
        assert_eq!((0..3000).filter(|n| throttle.admit(of_one(*n), now)).count(), PER_NETWORK as usize);
        let of_many = |n: u128| Some(IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db9 << 96) | (n << 64))));
        for n in 0..MOST_NETWORKS as u128 * 2 {
            assert!(throttle.admit(of_many(n), now), "network {n}");
        }
        assert!(throttle.admit(Some(A), now), "the administrator's first");
        assert!(!throttle.admit(Some(A), now), "beside such a flood no second one in this minute");
        assert!(throttle.0.lock().expect("counts").by_network.len() <= MOST_NETWORKS);
    }

    #[test]
    fn a_header_counts_only_behind_a_gateway_of_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(REAL_IP, "10.0.0.2".parse().expect("value"));
        let from = |ip: Option<&str>| {
            let mut extensions = Extensions::new();
            if let Some(ip) = ip {
                extensions.insert(ClientAddr(ip.parse().expect("address")));
            }
            client_address(&extensions, &headers)
        };
        assert_eq!(from(None), Some(B));
        assert_eq!(from(Some("127.0.0.1")), Some(B));
        assert_eq!(from(Some("10.0.0.1")), Some(A));
    }
}
