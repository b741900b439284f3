//! The master key: where it comes from and what is derived from it.

use super::error::{SealFault, StoreError};
use super::files;
use crate::clock::random_bytes;
use crate::regular_file;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret as _, SecretBox};
use std::io;
use std::path::Path;

const LEN: usize = 32;
/// Name of the key in the state directory.
pub(super) const FILE: &str = "key";
/// Name of the key among systemd's credentials.
const CREDENTIAL: &str = "db.key";

/// The installation's one secret; all other keys are derived from it.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; LEN]>);

impl MasterKey {
    /// A key for one purpose, named by `label`; the same label always gives the same key.
    pub fn derive(&self, label: &str) -> [u8; LEN] {
        let mut out = [0; LEN];
        let secret = Salt::new(HKDF_SHA256, b"ecss-crm-server").extract(self.0.expose_secret());
        secret
            .expand(&[label.as_bytes()], KeyLength)
            .and_then(|okm| okm.fill(&mut out))
            .expect("32 bytes are within what HKDF-SHA256 can give");
        out
    }

    /// Reads the key from systemd's credentials (`db.key`) or from `key` in the state directory. Without either, a
    /// new key is made, unless there is a database already: its secrets would be lost, so that is an error.
    pub(super) fn load(dir: &Path, credentials: Option<&Path>, database_exists: bool) -> Result<Self, StoreError> {
        if let Some(key) = credentials.map(|c| read(&c.join(CREDENTIAL))).transpose()?.flatten() {
            return Ok(key);
        }
        let path = dir.join(FILE);
        match read(&path)? {
            Some(key) => {
                files::make_private(&path, 0o600)?;
                Ok(key)
            }
            None if database_exists => Err(SealFault::Missing.into()),
            None => {
                let bytes = random_bytes();
                files::write_new(&path, format!("{}\n", hex(&bytes)).as_bytes())?;
                Ok(Self(SecretBox::new(Box::new(bytes))))
            }
        }
    }
}

/// Tells ring how long a derived key is.
struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        LEN
    }
}

/// The longest key file, in bytes: digits with space around them.
const LONGEST_FILE: u64 = 4096;

fn read(path: &Path) -> Result<Option<MasterKey>, StoreError> {
    match regular_file::read(path, LONGEST_FILE) {
        Ok(content) => {
            let bytes = parse(&content).ok_or(SealFault::Malformed)?;
            Ok(Some(MasterKey(SecretBox::new(Box::new(bytes)))))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::from_io(&format!("reading {}", path.display()), &e)),
    }
}

/// 32 raw bytes (`head -c 32 /dev/urandom`) or 64 hex digits (`openssl rand -hex 32`).
fn parse(content: &[u8]) -> Option<[u8; LEN]> {
    if let Ok(raw) = content.try_into() {
        return Some(raw);
    }
    let digits = content.trim_ascii();
    let mut key = [0; LEN];
    if digits.len() != 2 * LEN {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok()?;
    }
    Some(key)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, b| {
        write!(text, "{b:02x}").expect("writing to a String cannot fail");
        text
    })
}

#[cfg(test)]
impl MasterKey {
    /// A key known to the test.
    pub(super) fn fixed(byte: u8) -> Self {
        Self(SecretBox::new(Box::new([byte; LEN])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_first_start_makes_a_private_key_and_later_starts_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let made = MasterKey::load(dir.path(), None, false).unwrap();
        let mode = fs::metadata(dir.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = MasterKey::load(dir.path(), None, true).unwrap();
        assert_eq!(made.derive("x"), read.derive("x"));
    }

    #[test]
    fn a_key_that_others_could_read_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        fs::write(&path, "ab".repeat(32)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        MasterKey::load(dir.path(), None, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_database_without_a_key_does_not_get_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let got = MasterKey::load(dir.path(), None, true);
        assert!(matches!(got, Err(StoreError::Sealed(SealFault::Missing))), "{got:?}");
        assert!(!dir.path().join("key").exists());
    }

    #[test]
    fn a_credential_goes_before_the_file_and_may_be_raw_or_hex() {
        let (dir, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        MasterKey::load(dir.path(), Some(credentials.path()), false).unwrap();
        fs::write(credentials.path().join("db.key"), [7; 32]).unwrap();
        let raw = MasterKey::load(dir.path(), Some(credentials.path()), true).unwrap();
        assert_eq!(raw.derive("x"), MasterKey::fixed(7).derive("x"));
        fs::write(credentials.path().join("db.key"), format!("{}\n", "07".repeat(32))).unwrap();
        let hex = MasterKey::load(dir.path(), Some(credentials.path()), true).unwrap();
        assert_eq!(hex.derive("x"), raw.derive("x"));
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for bad in ["", "short", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("key"), bad).unwrap();
            let got = MasterKey::load(dir.path(), None, false);
            assert!(matches!(got, Err(StoreError::Sealed(SealFault::Malformed))), "{bad:?}: {got:?}");
        }
    }

    #[test]
    fn labels_give_different_keys_and_nothing_shows_in_debug() {
        let key = MasterKey::fixed(0xab);
        assert_ne!(key.derive("a"), key.derive("b"));
        assert_ne!(key.derive("a"), [0xab; 32]);
        let shown = format!("{key:?}").to_lowercase();
        assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
    }
}
