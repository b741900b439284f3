//! How far our own requests may reach: the internet, private networks, this machine.
//!
//! Names come from people we do not know (portals, administrators of companies), and a name leads wherever its owner
//! says, at every look-up again. What counts is therefore the address that a connection is made to.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What kind of place an address is; the later ones are less of anybody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    /// Anything in the internet.
    Internet,
    /// A network of the house or of the provider.
    Private,
    /// The machine we run on.
    ThisMachine,
    /// No peer of ours can be there: unspecified, multicast, broadcast, reserved addresses.
    Nowhere,
    /// Valid on one cable only, and where clouds keep the credentials of their machines.
    LinkLocal,
    /// Where clouds keep the credentials of their machines.
    Metadata,
}

impl AddressClass {
    /// The most far-reaching setting that would still be needed to go there; `None` where nothing allows it.
    pub const fn allowed_by(self) -> Option<Networks> {
        match self {
            Self::Internet => Some(Networks::Public),
            Self::Private => Some(Networks::Private),
            Self::ThisMachine => Some(Networks::Local),
            Self::Nowhere | Self::LinkLocal | Self::Metadata => None,
        }
    }

    /// In English, for logs and for the particulars of a fault.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Internet => "an address in the internet",
            Self::Private => "an address in a private network",
            Self::ThisMachine => "this machine itself",
            Self::Nowhere => "an address that no server can have",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "an address of a cloud's metadata service",
        }
    }
}

/// Where an address leads that is written in numbers, or is this machine's own name, judged by its spelling. A name may
/// lead anywhere.
pub fn literal_place(host: &str) -> Option<AddressClass> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if matches!(bare.as_str(), "localhost" | "::1") || bare.ends_with(".localhost") {
        return Some(AddressClass::ThisMachine);
    }
    if bare.contains(':') {
        let inside = ["fc", "fd"].iter().any(|start| bare.starts_with(start));
        return Some(if inside { AddressClass::Private } else { AddressClass::Internet });
    }
    let parts: Option<Vec<u8>> = bare.split('.').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [127, _, _, _] => Some(AddressClass::ThisMachine),
        [0, _, _, _] => Some(AddressClass::Nowhere),
        [169, 254, _, _] => Some(AddressClass::LinkLocal),
        [10, _, _, _] | [192, 168, _, _] | [172, 16..=31, _, _] | [100, 64..=127, _, _] => Some(AddressClass::Private),
        [_, _, _, _] => Some(AddressClass::Internet),
        _ => None,
    }
}

/// Which places may be contacted; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Networks {
    /// The internet only.
    Public,
    /// Private networks too.
    Private,
    /// This machine too.
    Local,
}

impl Networks {
    /// Whether a connection to such a place may be made.
    pub fn allow(self, place: AddressClass) -> bool {
        place.allowed_by().is_some_and(|needed| needed <= self)
    }

    /// As it is written in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither public nor private nor local")]
pub struct NoNetworks;

impl FromStr for Networks {
    type Err = NoNetworks;

    fn from_str(text: &str) -> Result<Self, NoNetworks> {
        let all = [Self::Public, Self::Private, Self::Local];
        all.into_iter().find(|networks| text.trim().eq_ignore_ascii_case(networks.name())).ok_or(NoNetworks)
    }
}

/// A name leads to a place where we do not go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Forbidden {
    /// The name (or address) as it was written; without a port.
    pub host: String,
    /// Where it leads.
    pub place: AddressClass,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leads to {}, ", self.host, self.place.words())?;
        match self.place.allowed_by() {
            Some(needed) => write!(f, "which the settings of this server allow only with \"{needed}\""),
            None => f.write_str("which is never contacted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Networks::{Local, Private, Public};

    #[test]
    fn an_address_in_numbers_says_where_it_leads_and_a_name_does_not() {
        for (host, place) in [
            ("localhost", Some(AddressClass::ThisMachine)),
            ("127.0.0.1", Some(AddressClass::ThisMachine)),
            ("[::1]", Some(AddressClass::ThisMachine)),
            ("192.168.116.130", Some(AddressClass::Private)),
            ("172.20.0.1", Some(AddressClass::Private)),
            ("[fd00::1]", Some(AddressClass::Private)),
            ("93.184.216.34", Some(AddressClass::Internet)),
            ("0.0.0.0", Some(AddressClass::Nowhere)),
            ("crm.example.org", None),
            ("10.example.org", None),
            ("", None),
        ] {
            assert_eq!(literal_place(host), place, "{host}");
        }
    }

    #[test]
    fn each_setting_includes_those_before_it_and_none_what_is_never_contacted() {
        for (place, allowed) in [
            (AddressClass::Internet, &[Public, Private, Local][..]),
            (AddressClass::Private, &[Private, Local]),
            (AddressClass::ThisMachine, &[Local]),
            (AddressClass::Nowhere, &[]),
            (AddressClass::LinkLocal, &[]),
            (AddressClass::Metadata, &[]),
        ] {
            for networks in [Public, Private, Local] {
                assert_eq!(networks.allow(place), allowed.contains(&networks), "{networks} {place:?}");
            }
        }
    }

    #[test]
    fn every_setting_reads_back_as_it_is_written() {
        for networks in [Public, Private, Local] {
            assert_eq!(networks.to_string().parse(), Ok(networks));
        }
        assert_eq!(" Private ".parse(), Ok(Private));
        for text in ["", "all", "10.0.0.0/8", "true"] {
            assert_eq!(text.parse::<Networks>(), Err(NoNetworks), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_who_where_and_what_would_allow_it() {
        let said = |place| Forbidden { host: "b24.example".to_owned(), place }.to_string();
        assert_eq!(
            said(AddressClass::Private),
            "b24.example leads to an address in a private network, which the settings of this server allow only with \
             \"private\""
        );
        assert!(said(AddressClass::Metadata).ends_with("metadata service, which is never contacted"));
    }
}
