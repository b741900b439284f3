//! Where somebody comes from who has proved nothing.

use serde::{Deserialize, Serialize};

/// A network that somebody owns as a whole: one IPv4 address, or the 64 bits of an IPv6 address that a provider gives to
/// one customer (RFC 6177), who can use any address in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source(u64);

/// A network that holds sources. Whoever attacks from many addresses has them in fewer networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// Bits of the source's number that do not count.
    dropped: u8,
    number: u64,
}

impl Source {
    /// Of an IPv4 address, as its 32 bits.
    pub const fn of_ipv4(bits: u32) -> Self {
        Self(bits as u64)
    }

    /// Of an IPv6 address, as its 128 bits; not of one that stands for an IPv4 address.
    pub const fn of_ipv6(bits: u128) -> Self {
        Self((bits >> 64) as u64)
    }

    /// The networks it is in, the largest first: /16, /24 and the address of IPv4, /32, /48 and /64 of IPv6.
    pub fn networks(self) -> [Network; 3] {
        let is_v4 = u32::try_from(self.0).is_ok();
        let steps = if is_v4 { [16, 8, 0] } else { [32, 16, 0] };
        steps.map(|dropped| Network { dropped, number: self.0 >> dropped })
    }

    /// The network that usually belongs to one owner: /24 of IPv4, /48 of IPv6.
    pub fn owners_network(self) -> Network {
        self.networks()[1]
    }
}
