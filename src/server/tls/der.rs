//! As much of a certificate's DER as we must know: until when it is valid, which key it is for, and who
//! signed it for whom.
//!
//! The TLS library does not give the first, and gives the second only for certificates of version 3, while
//! pairs made by old scripts may be of version 1.

use crate::domain::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What we know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The whole SubjectPublicKeyInfo, as it stands there.
    pub public_key: Vec<u8>,
    /// The whole name of who signed it.
    pub issuer: Vec<u8>,
    /// The whole name of whom it was made out to.
    pub subject: Vec<u8>,
}

/// Reads a certificate; `None` if it is none.
pub fn facts(certificate: &[u8]) -> Option<Facts> {
    let mut outer = Elements(certificate).content_of(SEQUENCE)?;
    let mut signed = outer.content_of(SEQUENCE)?;
    if signed.0.first() == Some(&VERSION) {
        signed.next()?;
    }
    // Serial number, signature algorithm.
    for _ in 0..2 {
        signed.next()?;
    }
    let issuer = signed.next()?.whole.to_vec();
    let mut validity = signed.content_of(SEQUENCE)?;
    let not_before = moment(&validity.next()?)?;
    let not_after = moment(&validity.next()?)?;
    let subject = signed.next()?.whole.to_vec();
    let public_key = signed.next().filter(|key| key.tag == SEQUENCE)?.whole.to_vec();
    Some(Facts { not_before, not_after, public_key, issuer, subject })
}

fn moment(element: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let year: i16 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    if rest.len() != 10 {
        return None;
    }
    let two = |from: usize| rest.get(from..from + 2)?.parse::<i8>().ok();
    let civil = DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
    Some(Timestamp(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

/// Elements that follow each other.
struct Elements<'d>(&'d [u8]);

struct Element<'d> {
    tag: u8,
    content: &'d [u8],
    whole: &'d [u8],
}

impl<'d> Elements<'d> {
    fn next(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Two to four bytes of length: more than that is no certificate.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Element { tag, content, whole })
    }

    fn content_of(&mut self, tag: u8) -> Option<Self> {
        self.next().filter(|element| element.tag == tag).map(|element| Elements(element.content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: u8, text: &str) -> Option<i64> {
        moment(&Element { tag, content: text.as_bytes(), whole: &[] }).map(Timestamp::millis)
    }

    #[test]
    fn both_forms_of_time_are_read() {
        assert_eq!(of(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(of(UTC_TIME, "261123063024Z"), Some(1_795_415_424_000));
        assert_eq!(of(GENERALIZED_TIME, "20261123063024Z"), Some(1_795_415_424_000));
        for (tag, text) in [
            (UTC_TIME, "261123063024"),
            (UTC_TIME, "2611230630Z"),
            (GENERALIZED_TIME, "20261323063024Z"),
            (0x02, "261123063024Z"),
        ] {
            assert_eq!(of(tag, text), None, "{text}");
        }
    }

    #[test]
    fn a_generated_certificate_gives_up_its_facts() {
        let mut params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 11, 23);
        params.not_after = rcgen::date_time_ymd(2061, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        let facts = facts(params.self_signed(&key).unwrap().der()).unwrap();
        assert_eq!(facts.not_before, Timestamp(1_795_392_000_000));
        assert_eq!(facts.not_after, Timestamp(2_871_849_600_000));
        assert_eq!(facts.public_key, rcgen::PublicKeyData::subject_public_key_info(&key));
    }

    #[test]
    fn anything_cut_short_or_bent_is_refused_without_harm() {
        let key = rcgen::KeyPair::generate().unwrap();
        let whole = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        let whole = whole.der();
        for length in 0..whole.len() {
            assert_eq!(facts(&whole[..length]), None);
        }
        for at in 0..whole.len() {
            let mut bent = whole.to_vec();
            bent[at] ^= 0xff;
            let _ = facts(&bent);
        }
    }
}
