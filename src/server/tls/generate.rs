//! Makes the self-signed pair of a first start.

use super::TlsError;
use super::pair::PairFiles;
use crate::domain::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The longest validity that browsers grant a server certificate.
const VALID_DAYS: i64 = 825;

/// Writes a new P-256 key and a certificate for `host`, `localhost`, `127.0.0.1` and this machine's name.
///
/// Valid from a day before `now` (clocks differ) for 825 days. Files that are there are never overwritten.
pub fn generate(files: &PairFiles, host: &str, now: Timestamp) -> Result<(), TlsError> {
    let (cert, key) = make(host, now).map_err(|e| TlsError::Generate { why: e.to_string() })?;
    write(&files.key, 0o640, &key)?;
    write(&files.cert, 0o644, &cert).inspect_err(|_| {
        // Half a pair would be in the way at the next start.
        let _ = fs::remove_file(&files.key);
    })
}

/// Certificate and key as PEM.
fn make(host: &str, now: Timestamp) -> Result<(String, String), rcgen::Error> {
    let mut names: Vec<String> = Vec::new();
    for name in [host, "localhost", "127.0.0.1", machine_name().as_str()] {
        let usable = !name.is_empty() && !name.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
        if usable && !names.iter().any(|known| known == name) && CertificateParams::new([name.to_owned()]).is_ok() {
            names.push(name.to_owned());
        }
    }
    let common_name = names.first().filter(|name| name.len() <= 64).cloned().unwrap_or_else(|| "localhost".to_owned());
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let midnight = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
    params.not_before = midnight(day(now, -1));
    params.not_after = midnight(day(now, VALID_DAYS - 1));
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let cert = params.self_signed(&key)?;
    Ok((cert.pem(), key.serialize_pem()))
}

/// Year, month and day (UTC) so many days from `now`. A clock beyond all calendars gives the epoch's.
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

fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let path = &behind_link(path);
    let fault = |source: io::Error| TlsError::Unwritable { path: path.clone(), source };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o750).create(parent).map_err(fault)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(fault)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| {
        let _ = fs::remove_file(path);
        fault(source)
    })
}

/// The file that a link to a missing file stands for: `create_new` does not follow links.
fn behind_link(path: &Path) -> PathBuf {
    match fs::read_link(path) {
        Ok(target) => path.parent().map_or(target.clone(), |parent| parent.join(&target)),
        Err(_) => path.to_owned(),
    }
}
