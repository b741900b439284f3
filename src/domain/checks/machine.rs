//! The machine that the daemon runs on.

use super::Severity;
use crate::domain::Timestamp;
use crate::domain::link::DiskState;
use std::time::Duration;

/// A certificate that ends so soon has to be looked after …
const CERTIFICATE_SOON: Duration = Duration::from_secs(30 * 24 * 3600);
/// … and so soon at once.
const CERTIFICATE_NOW: Duration = Duration::from_secs(7 * 24 * 3600);
/// Less room than this on a disk, in bytes, and it has to be looked after …
const LITTLE_ROOM: u64 = 512 << 20;
/// … and at once.
const NO_ROOM: u64 = 64 << 20;
/// Descriptors that a daemon needs beside its connections: files, sockets, the database.
const FEW_FILES: u64 = 1_024;

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineFinding {
    /// Whether the daemon runs that the settings are for.
    Daemon(DaemonFound),
    /// What the settings say that is probably not meant, each with what to do.
    Settings(Vec<String>),
    /// The certificate that browsers or the gateway see.
    Certificate(CertificateFound),
    /// Whether everything is stored.
    Database(DiskState),
    /// Room for the database, in bytes.
    Room { folder: String, free: u64 },
    /// How many files and connections the process may have open, and how many it may need.
    OpenFiles { limit: u64, wanted: u64 },
    /// Files with secrets that others may read, or that belong to others; each with its rights.
    SecretFiles(Vec<String>),
    /// Sockets that a gateway cannot reach, each with why.
    Sockets(Vec<String>),
}

/// The daemon, asked through its own socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DaemonFound {
    /// It has answered.
    Answers { version: String },
    /// Nobody answers.
    Silent { socket: String, why: String },
}

/// A certificate file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFound {
    /// It is good until then, seen from `now`.
    Valid { ends_at: Timestamp, now: Timestamp },
    /// It cannot be used, and why.
    Unusable(String),
}

impl MachineFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Daemon(_) => "machine.daemon",
            Self::Settings(_) => "machine.settings",
            Self::Certificate(_) => "machine.certificate",
            Self::Database(_) => "machine.database",
            Self::Room { .. } => "machine.disk_room",
            Self::OpenFiles { .. } => "machine.open_files",
            Self::SecretFiles(_) => "machine.secret_files",
            Self::Sockets(_) => "machine.sockets",
        }
    }

    /// What it means for calls.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Daemon(DaemonFound::Answers { .. }) => Severity::Good,
            Self::Daemon(DaemonFound::Silent { .. }) => Severity::Fault,
            Self::Settings(doubts) | Self::SecretFiles(doubts) => {
                if doubts.is_empty() {
                    Severity::Good
                } else {
                    Severity::Warning
                }
            }
            Self::Certificate(CertificateFound::Unusable(_)) => Severity::Fault,
            Self::Certificate(CertificateFound::Valid { ends_at, now }) => match ends_at.since(*now) {
                left if left < CERTIFICATE_NOW => Severity::Fault,
                left if left < CERTIFICATE_SOON => Severity::Warning,
                _ => Severity::Good,
            },
            Self::Database(DiskState::Ok) => Severity::Good,
            Self::Database(_) => Severity::Fault,
            Self::Room { free, .. } => match *free {
                ..NO_ROOM => Severity::Fault,
                NO_ROOM..LITTLE_ROOM => Severity::Warning,
                _ => Severity::Good,
            },
            Self::OpenFiles { limit, wanted } => {
                if *limit >= *wanted + FEW_FILES {
                    Severity::Good
                } else {
                    Severity::Warning
                }
            }
            Self::Sockets(unreachable) => {
                if unreachable.is_empty() {
                    Severity::Good
                } else {
                    Severity::Fault
                }
            }
        }
    }
}
