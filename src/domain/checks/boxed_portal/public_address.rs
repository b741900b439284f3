//! Whether an address can be a portal's public address, by its spelling alone.

/// What an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressVerdict {
    /// The portal accepts it, and it does not lead into a private network.
    Public,
    /// It could be public, but what is sent there can be read on the way, and most messengers want HTTPS.
    NotEncrypted,
    /// The host has no dot in it.
    NoDomain,
    /// It leads to the machine itself or into a private network; the portal refuses it.
    Private,
    /// It leads into 172.17.0.0 – 172.31.255.255, which the portal's own check lets pass; nobody outside reaches it.
    PrivateUnnoticed,
}

/// Judges a URL by its scheme and host.
pub fn judge_address(scheme: &str, host: &str) -> AddressVerdict {
    match judge_host(host) {
        AddressVerdict::Public if scheme != "https" => AddressVerdict::NotEncrypted,
        verdict => verdict,
    }
}

/// Judges a URL's host, as the portal's own check does (portal code, `checkPublicUrl`), and where that has a hole.
fn judge_host(host: &str) -> AddressVerdict {
    if host == "localhost" {
        return AddressVerdict::Private;
    }
    // IPv6, as URLs write it: the shortest form, in small letters. Unique local (fc00::/7) and link-local (fe80::/10) ones
    // are inside.
    if let Some(address) = host.strip_prefix('[') {
        let inside =
            ["::1]", "::]", "fc", "fd", "fe8", "fe9", "fea", "feb"].iter().any(|start| address.starts_with(start));
        return if inside { AddressVerdict::Private } else { AddressVerdict::Public };
    }
    let parts: Option<Vec<u8>> = host.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_deref() {
        Some([0 | 10 | 127, _, _, _] | [172, 16, _, _] | [192, 168, _, _]) => AddressVerdict::Private,
        Some([172, 17..=31, _, _]) => AddressVerdict::PrivateUnnoticed,
        _ if host.contains('.') => AddressVerdict::Public,
        _ => AddressVerdict::NoDomain,
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressVerdict, judge_address};

    #[test]
    fn private_addresses_are_told_also_where_the_portals_own_check_has_its_hole() {
        for (host, verdict) in [
            ("crm.example.org", AddressVerdict::Public),
            ("xn--e1afmkfd.xn--p1ai", AddressVerdict::Public),
            ("93.184.216.34", AddressVerdict::Public),
            ("172.15.0.1", AddressVerdict::Public),
            ("172.32.0.1", AddressVerdict::Public),
            ("172.16.0.1", AddressVerdict::Private),
            ("172.17.0.1", AddressVerdict::PrivateUnnoticed),
            ("172.31.255.255", AddressVerdict::PrivateUnnoticed),
            ("10.0.0.1", AddressVerdict::Private),
            ("127.0.0.1", AddressVerdict::Private),
            ("0.0.0.0", AddressVerdict::Private),
            ("192.168.1.1", AddressVerdict::Private),
            ("localhost", AddressVerdict::Private),
            ("portal", AddressVerdict::NoDomain),
            ("[::1]", AddressVerdict::Private),
            ("[fd12::1]", AddressVerdict::Private),
            ("[2a02:6b8::2:242]", AddressVerdict::Public),
        ] {
            assert_eq!(judge_address("https", host), verdict, "{host}");
        }
        assert_eq!(judge_address("http", "crm.example.org"), AddressVerdict::NotEncrypted);
    }
}
