//! Where a request comes from, by its address.

use crate::domain::source::Source;
use std::net::IpAddr;

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_ipv4(address.to_bits()),
            IpAddr::V6(address) => Self::of_ipv6(address.to_bits()),
        }
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
