//! Secrets at rest: sealed one by one, each bound to the place it is stored at.

use super::error::StoreError;
use super::key::MasterKey;
use crate::clock::random_bytes;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret as _, SecretString};

/// First byte of a sealed value: which algorithm and layout follow (here: nonce, ciphertext, tag).
const VERSION: u8 = 1;
/// Label under which the sealing key is derived.
const LABEL: &str = "seal secrets in the database, version 1";

/// Where a sealed value is stored. It opens nowhere else, so that rows or columns cannot be swapped.
#[derive(Debug, Clone, Copy)]
pub(super) struct SealContext<'a> {
    pub table: &'static str,
    pub column: &'static str,
    /// The row's identity, mostly the company; never a secret.
    pub row: &'a str,
}

impl<'a> SealContext<'a> {
    pub(super) const fn new(table: &'static str, column: &'static str, row: &'a str) -> Self {
        Self { table, column, row }
    }

    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from([self.table, self.column, self.row].join("\0").into_bytes())
    }

    /// The error for a value at this place that cannot be read.
    pub(super) fn corrupt(&self) -> StoreError {
        StoreError::Corrupt { table: self.table, column: self.column, row: self.row.to_owned() }
    }
}

/// Seals and opens with the installation's key.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    pub(super) fn new(master: &MasterKey) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &master.derive(LABEL));
        Self(LessSafeKey::new(key.expect("the key has the length of the algorithm")))
    }

    /// The nonce is random: with 96 bits, billions of values can be sealed before two may meet.
    pub(super) fn seal(&self, place: SealContext<'_>, secret: &SecretString) -> Vec<u8> {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut body = secret.expose_secret().as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place.aad(), &mut body)
            .expect("stored secrets are far below the algorithm's limit of 256 GiB");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        sealed
    }

    /// Opens a value; one that was changed, moved or sealed with another key is corrupt.
    pub(super) fn open(&self, place: SealContext<'_>, sealed: &[u8]) -> Result<SecretString, StoreError> {
        self.try_open(place, sealed).ok_or_else(|| place.corrupt())
    }

    fn try_open(&self, place: SealContext<'_>, sealed: &[u8]) -> Option<SecretString> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self.0.open_in_place(nonce, place.aad(), &mut body).ok()?;
        let text = std::str::from_utf8(plain).ok()?;
        Some(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: SealContext<'static> = SealContext::new("tokens", "access", "company-1");

    fn seal() -> Seal {
        Seal::new(&MasterKey::fixed(1))
    }

    #[test]
    fn what_was_sealed_opens_and_looks_different_each_time() {
        for text in ["", "секрет", &"x".repeat(10_000)] {
            let secret = SecretString::from(text);
            let (a, b) = (seal().seal(HERE, &secret), seal().seal(HERE, &secret));
            assert_ne!(a, b);
            assert_eq!(seal().open(HERE, &a).unwrap().expose_secret(), text);
        }
    }

    #[test]
    fn a_value_opens_only_in_its_place_and_with_its_key() {
        let sealed = seal().seal(HERE, &"secret".into());
        for elsewhere in [
            SealContext { table: "companies", ..HERE },
            SealContext { column: "refresh", ..HERE },
            SealContext { row: "company-2", ..HERE },
            SealContext { table: "token", column: "saccess", ..HERE },
        ] {
            assert!(seal().open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        assert!(Seal::new(&MasterKey::fixed(2)).open(HERE, &sealed).is_err());
    }

    #[test]
    fn no_change_of_any_byte_goes_unseen() {
        let sealed = seal().seal(HERE, &"secret".into());
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            let got = seal().open(HERE, &changed);
            assert!(matches!(got, Err(StoreError::Corrupt { table: "tokens", column: "access", .. })), "byte {i}");
        }
        for end in 0..sealed.len() {
            assert!(seal().open(HERE, &sealed[..end]).is_err(), "first {end} bytes");
        }
    }
}
