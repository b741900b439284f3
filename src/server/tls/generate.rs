//! Makes self-signed pairs: at a first start, on demand, and again before the certificate ends.

use super::TlsError;
use super::pair::PairFiles;
use super::pem_file;
use crate::domain::Timestamp;
use crate::regular_file;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use std::fs;
use std::net::IpAddr;

/// The longest validity that browsers grant a server certificate.
const VALID_DAYS: i64 = 825;

/// Stands as organization in every certificate we make, and so distinguishes them from all others.
pub const MARK: &str = "ecss-crm-server (self-signed)";

/// Writes a new P-256 key and a certificate for `host`, `localhost`, `127.0.0.1` and this machine's name.
///
/// Valid from a day before `now` (clocks differ) for 825 days. Files that are there are only replaced if `over`.
pub fn generate(files: &PairFiles, host: &str, now: Timestamp, over: bool) -> Result<(), TlsError> {
    if !over && let Some(path) = [&files.key, &files.cert].into_iter().find(|path| path.exists()) {
        return Err(TlsError::Exists { path: path.clone() });
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| fault(&e))?;
    let cert = make(&key, host, now).map_err(|e| fault(&e))?;
    let was_there = files.key.exists();
    pem_file::write(&files.key, 0o640, &key.serialize_pem())?;
    pem_file::write(&files.cert, 0o644, &cert).inspect_err(|_| {
        if !was_there {
            // Half a pair would be in the way at the next start.
            pem_file::remove(&files.key);
        }
    })
}

/// Writes a new certificate for the key that is there, so that the two files fit at every moment.
pub fn renew(files: &PairFiles, host: &str, now: Timestamp) -> Result<(), TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: files.key.clone(), source };
    let key = regular_file::read_text(&files.key, super::pair::LONGEST_FILE).map_err(unreadable)?;
    let key = KeyPair::from_pem(&key).map_err(|e| fault(&e))?;
    pem_file::write(&files.cert, 0o644, &make(&key, host, now).map_err(|e| fault(&e))?)
}

/// Whether a certificate can be made out to `host`; addresses that stand for all of a machine's are none.
pub fn can_name(host: &str) -> bool {
    !host.is_empty()
        && !host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
        && CertificateParams::new([host.to_owned()]).is_ok()
}

fn fault(error: &rcgen::Error) -> TlsError {
    TlsError::Generate { why: error.to_string() }
}

/// A certificate for the key, as PEM.
fn make(key: &KeyPair, host: &str, now: Timestamp) -> Result<String, rcgen::Error> {
    let mut names: Vec<String> = Vec::new();
    for name in [host, "localhost", "127.0.0.1", machine_name().as_str()] {
        if can_name(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let common_name = names.first().filter(|name| name.len() <= 64).cloned().unwrap_or_else(|| "localhost".to_owned());
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, MARK);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let midnight = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
    params.not_before = midnight(day(now, -1));
    params.not_after = midnight(day(now, VALID_DAYS - 1));
    Ok(params.self_signed(key)?.pem())
}

/// Year, month and day (UTC) this many days from `now`. A clock beyond all calendars gives the epoch's.
fn day(now: Timestamp, days: i64) -> (i32, u8, u8) {
    let moment = jiff::Timestamp::from_millisecond(now.millis() + days * 86_400_000).unwrap_or_default();
    let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

fn machine_name() -> String {
    let read = |path: &str| fs::read_to_string(path).ok().map(|name| name.trim().to_owned());
    // The service's sandbox may hide the first.
    read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname")).unwrap_or_default()
}
