//! What kind of place an IP address is.

use crate::domain::reach::AddressClass;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Judges an address; one that only wraps another (mapped, NAT64, 6to4, Teredo) is what it leads to.
pub fn place_of(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(v4) => of_v4(v4),
        IpAddr::V6(v6) => of_v6(v6),
    }
}

/// Metadata services outside 169.254.0.0/16: Alibaba (100.100.100.200), Azure's wire server (168.63.129.16) and Oracle
/// (192.0.0.192), as their documentation for virtual machines names them.
const METADATA_V4: [[u8; 4]; 3] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];

fn of_v4(address: Ipv4Addr) -> AddressClass {
    let octets = address.octets();
    if METADATA_V4.contains(&octets) {
        return AddressClass::Metadata;
    }
    if address.is_link_local() {
        return if octets == [169, 254, 169, 254] { AddressClass::Metadata } else { AddressClass::LinkLocal };
    }
    match octets {
        // "This network" (RFC 6890), which Linux takes for the machine itself; multicast, reserved, broadcast; the
        // IETF's own range.
        [0 | 224..=255, ..] | [192, 0, 0, _] => AddressClass::Nowhere,
        [127, ..] => AddressClass::ThisMachine,
        // Shared by a provider's customers (RFC 6598), and for measurements (RFC 2544).
        [100, 64..=127, ..] | [198, 18 | 19, ..] => AddressClass::Private,
        _ if address.is_private() => AddressClass::Private,
        _ => AddressClass::Internet,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressClass {
    let [first, second, third, fourth, fifth, sixth, high, low] = address.segments();
    let v4 = |high: u16, low: u16| of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match [first, second, third, fourth, fifth, sixth] {
        [0, 0, 0, 0, 0, 0] if (high, low) == (0, 0) => AddressClass::Nowhere,
        [0, 0, 0, 0, 0, 0] if (high, low) == (0, 1) => AddressClass::ThisMachine,
        // IPv4-compatible, -mapped, -translated (RFC 4291, RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(high, low),
        // NAT64 of the house (RFC 8215): where the IPv4 address stands in it is the house's choice.
        [0x64, 0xff9b, 1, ..] => v4(high, low).max(AddressClass::Private),
        // 6to4 (RFC 3056); Teredo (RFC 4380), which writes the client's address inverted.
        [0x2002, ..] => v4(second, third),
        [0x2001, 0, ..] => v4(!high, !low).max(v4(third, fourth)),
        // Amazon (fd00:ec2::254 and its neighbours), Google (fd20:ce::254).
        [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] => AddressClass::Metadata,
        // Unique local (RFC 4193), and site-local of before.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => AddressClass::Private,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xff00..=0xffff, ..] => AddressClass::Nowhere,
        // ISATAP (RFC 5214) wraps in the interface's half.
        [.., 0 | 0x200, 0x5efe] => v4(high, low),
        _ => AddressClass::Internet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_by_where_they_lead() {
        for (place, addresses) in [
            (
                AddressClass::Internet,
                "1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.169.0.1 169.253.0.1 223.255.255.255 \
                 2a00:1450::1 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1",
            ),
            (
                AddressClass::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.254 198.18.0.1 fc00::1 \
                 fd12:3456::1 fec0::1 ::ffff:10.0.0.1 64:ff9b::192.168.0.1 2002:a00:1::1 64:ff9b:1::1.1.1.1 \
                 2001:0:101:101::f5ff:fffe 2001:db8::5efe:10.0.0.1",
            ),
            (
                AddressClass::ThisMachine,
                "127.0.0.1 127.1.2.3 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1",
            ),
            (
                AddressClass::Nowhere,
                "0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 192.0.0.1 :: ff02::1 \
                 ::ffff:0.0.0.0 ::ffff:224.0.0.1 2002::1",
            ),
            (AddressClass::LinkLocal, "169.254.0.1 169.254.170.2 fe80::1 febf::1 ::ffff:169.254.0.1 2002:a9fe:1::1"),
            (
                AddressClass::Metadata,
                "169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254 \
                 ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 64:ff9b:1::a9fe:a9fe \
                 ::ffff:100.100.100.200 2001:db8::200:5efe:169.254.169.254",
            ),
        ] {
            for text in addresses.split_whitespace() {
                assert_eq!(place_of(text.parse().expect(text)), place, "{text}");
            }
        }
    }
}
