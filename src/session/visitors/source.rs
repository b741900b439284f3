//! Where a visitor comes from.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A network that somebody owns as a whole: one IPv4 address, or the 64 bits of an IPv6 address that a provider gives to
/// one customer (RFC 6177), who can use any address in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source(u64);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits())),
            IpAddr::V6(address) => Self(u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX)),
        }
    }
}

/// A network that holds sources. Whoever attacks from many addresses has them in fewer networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::session) struct Network {
    /// Bits of the source's number that do not count.
    dropped: u8,
    number: u64,
}

impl Source {
    /// The networks it is in, the largest first: /16, /24 and the address of IPv4, /32, /48 and /64 of IPv6.
    pub(in crate::session) fn networks(self) -> [Network; 3] {
        let is_v4 = u32::try_from(self.0).is_ok();
        let steps = if is_v4 { [16, 8, 0] } else { [32, 16, 0] };
        steps.map(|dropped| Network { dropped, number: self.0 >> dropped })
    }

    /// The network that usually belongs to one owner: /24 of IPv4, /48 of IPv6.
    pub(in crate::session) fn owners_network(self) -> Network {
        self.networks()[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_neighbours() {
        let networks = |text: &str| Source::from(text.parse::<IpAddr>().expect(text)).networks();
        let same = |a: &str, b: &str| {
            let (a, b) = (networks(a), networks(b));
            [a[0] == b[0], a[1] == b[1], a[2] == b[2]]
        };
        assert_eq!(same("192.0.2.1", "192.0.2.9"), [true, true, false]);
        assert_eq!(same("192.0.2.1", "192.0.3.1"), [true, false, false]);
        assert_eq!(same("192.0.2.1", "192.1.2.1"), [false; 3]);
        assert_eq!(same("2001:db8:1:2::1", "2001:db8:1:3::1"), [true, true, false]);
        assert_eq!(same("2001:db8:1:2::1", "2001:db8:2:2::1"), [true, false, false]);
        assert_eq!(same("2001:db8:1::1", "2001:db9:1::1"), [false; 3]);
    }

    #[test]
    fn an_ipv6_customer_is_one_source() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().expect(text));
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }
}
