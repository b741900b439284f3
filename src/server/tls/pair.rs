//! A certificate and its private key, read from two PEM files and checked against each other.

use super::TlsError;
use super::der::{self, Facts};
use super::generate::MARK;
use crate::domain::Timestamp;
use crate::regular_file;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a pair lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The certificate, followed by those of its issuers (PEM).
    pub cert: PathBuf,
    /// The private key (PEM: PKCS#8, PKCS#1 or SEC1, not encrypted).
    pub key: PathBuf,
}

impl PairFiles {
    /// Which of the two are there, certificate first. What cannot be looked at counts as there, so that it is
    /// reported as unreadable and never replaced.
    pub fn present(&self) -> (bool, bool) {
        let is_there = |path: &Path| path.try_exists().unwrap_or(true);
        (is_there(&self.cert), is_there(&self.key))
    }
}

/// A pair that fits.
#[derive(Debug)]
pub struct Pair {
    /// As the TLS library uses it.
    pub certified: Arc<CertifiedKey>,
    /// Since when the certificate is valid.
    pub not_before: Timestamp,
    /// Until when the certificate is valid.
    pub not_after: Timestamp,
    /// Whether everybody on this machine can read the key.
    pub key_is_exposed: bool,
    /// Whether it is one that we have made ourselves.
    pub is_own: bool,
}

impl Pair {
    /// Reads and checks a pair.
    pub fn load(files: &PairFiles, provider: &CryptoProvider) -> Result<Self, TlsError> {
        match files.present() {
            (false, true) => return Err(TlsError::Half { missing: files.cert.clone(), present: files.key.clone() }),
            (true, false) => return Err(TlsError::Half { missing: files.key.clone(), present: files.cert.clone() }),
            (false, false) => return Err(TlsError::Missing { cert: files.cert.clone(), key: files.key.clone() }),
            (true, true) => {}
        }
        let chain = read_chain(&files.cert)?;
        let Facts { not_before, not_after, public_key, issuer, subject } = chain
            .first()
            .and_then(|leaf| der::facts(leaf))
            .ok_or_else(|| TlsError::NoCertificate { path: files.cert.clone() })?;
        let key = provider
            .key_provider
            .load_private_key(read_key(&files.key)?)
            .map_err(|e| TlsError::Unusable { path: files.key.clone(), why: e.to_string() })?;
        if key.public_key().is_some_and(|of_key| *of_key != *public_key) {
            return Err(TlsError::Mismatch { cert: files.cert.clone(), key: files.key.clone() });
        }
        let key_is_exposed = fs::metadata(&files.key).is_ok_and(|key| key.permissions().mode() & 0o004 != 0);
        let mark = MARK.as_bytes();
        let is_own = issuer == subject && subject.windows(mark.len()).any(|part| part == mark);
        let certified = Arc::new(CertifiedKey::new(chain, key));
        Ok(Self { certified, not_before, not_after, key_is_exposed, is_own })
    }

    /// Whether the certificate is made out to `host` (a name or an IP address).
    pub fn covers(&self, host: &str) -> bool {
        let (Some(leaf), Ok(name)) = (self.certified.cert.first(), ServerName::try_from(host)) else { return false };
        ParsedCertificate::try_from(leaf).is_ok_and(|cert| rustls::client::verify_server_name(&cert, &name).is_ok())
    }
}

/// The longest key or chain, in bytes; a chain of ten certificates has about 20 KiB.
pub const LONGEST_FILE: u64 = 1024 * 1024;

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    regular_file::read(path, LONGEST_FILE).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    chain.map_err(|e| TlsError::Unusable { path: path.to_owned(), why: e.to_string() })
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(path)?;
    // PKCS#8 says it in the label, the older form in a header line.
    if pem.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err(TlsError::Encrypted { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::NoKey { path: path.to_owned() })
}
