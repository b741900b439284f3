//! Files, sockets and limits of this machine.

use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::checks::machine::{CertificateFound, MachineFinding};
use crate::server::serve::CONNECTIONS;
use crate::server::tls::{PairFiles, Tls};
use rustix::process::{Resource, getrlimit};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Files that nobody else should read.
pub fn secret_files(settings: &Settings) -> Vec<PathBuf> {
    vec![settings.state_dir.join("key"), settings.state_dir.join("store.db"), settings.ssl_key_filename.clone()]
}

/// Room on the disk of the database, and who may read the files with secrets. What cannot be looked at is left out.
pub fn machine_files(state_dir: &Path, secret_files: &[PathBuf]) -> Vec<MachineFinding> {
    let mut found = Vec::new();
    if let Ok(disk) = rustix::fs::statvfs(state_dir) {
        let folder = state_dir.display().to_string();
        found.push(MachineFinding::Room { folder, free: disk.f_bavail.saturating_mul(disk.f_frsize) });
    }
    let mut doubts = Vec::new();
    for file in secret_files {
        let Ok(data) = file.metadata() else { continue };
        let mode = data.permissions().mode() & 0o777;
        // A group may be allowed, as that of the service is for a TLS key.
        if mode & 0o007 != 0 {
            doubts.push(format!("{} ({mode:o})", file.display()));
        }
    }
    found.push(MachineFinding::SecretFiles(doubts));
    found
}

/// How many files this process may have open.
pub fn open_files() -> MachineFinding {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    MachineFinding::OpenFiles { limit, wanted: CONNECTIONS as u64 }
}

/// Whether the sockets are where the settings name them.
pub fn sockets(paths: &[PathBuf]) -> MachineFinding {
    let fault = |path: &PathBuf| match path.metadata() {
        Ok(data) if data.file_type().is_socket() => None,
        Ok(_) => Some(format!("{} is no socket", path.display())),
        Err(error) => Some(format!("{}: {error}", path.display())),
    };
    MachineFinding::Sockets(paths.iter().filter_map(fault).collect())
}

/// The certificate that the settings name, without making one.
pub fn certificate_of(settings: &Settings, now: Timestamp) -> CertificateFound {
    let pair = PairFiles { cert: settings.ssl_cert_filename.clone(), key: settings.ssl_key_filename.clone() };
    match Tls::load(pair) {
        Ok(tls) => CertificateFound::Valid { ends_at: tls.expires_at(), now },
        Err(error) => CertificateFound::Unusable(error.to_string()),
    }
}
