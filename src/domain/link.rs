//! Health of a company's connections as data: page, readiness, metrics and `doctor` read the same value.

use super::Timestamp;
use super::binding::RefusalReason;
use super::reach::Forbidden;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where the connection to the switch stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LinkState {
    /// The company has no switch settings yet.
    NotConfigured,
    /// Registering or opening the socket.
    Connecting {
        /// When this attempt began.
        since: Timestamp,
    },
    /// Events flow.
    Online {
        /// When the switch said it is ready.
        since: Timestamp,
        /// The address in use.
        address: String,
    },
    /// Broken; the next attempt is planned.
    Waiting {
        /// When the connection was last known to work, or the first attempt.
        since: Timestamp,
        /// When the next attempt starts.
        until: Timestamp,
        /// What went wrong.
        why: LinkFault,
    },
    /// Only an administrator can mend it; no further attempts are made, but for a look where that tells nobody
    /// anything.
    NeedsAdmin {
        since: Timestamp,
        /// What went wrong.
        why: LinkFault,
    },
    /// The company is being stopped.
    Stopped,
}

impl LinkState {
    /// Whether commands can be sent now.
    pub const fn is_online(&self) -> bool {
        matches!(self, Self::Online { .. })
    }

    /// A stable word for metrics and JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Connecting { .. } => "connecting",
            Self::Online { .. } => "online",
            Self::Waiting { .. } => "waiting",
            Self::NeedsAdmin { .. } => "needs_admin",
            Self::Stopped => "stopped",
        }
    }
}

/// Why a connection failed, by what somebody can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum LinkFault {
    /// The switch does not know this client id and key.
    #[error("the switch refused the client id or API key")]
    WrongKey,
    /// The name cannot be resolved.
    #[error("the address cannot be resolved: {0}")]
    UnknownHost(String),
    /// The name leads to a place where we do not go. Names change, so it is tried again.
    #[error("the address is not contacted: {0}")]
    Forbidden(Forbidden),
    /// Nobody listens, or the network is down.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The certificate is not trusted; carries its SHA-256 in hex, so that an admin can accept it.
    #[error("the certificate is not trusted ({reason}); its SHA-256 is {sha256}")]
    Untrusted {
        /// What is wrong with it.
        why: Distrust,
        /// What the TLS library said.
        reason: String,
        /// Fingerprint of the certificate that was shown, lower-case hex without separators.
        sha256: String,
    },
    /// There is no version or cipher of TLS that both sides take.
    #[error("no secure connection: the other side and this server have no version or cipher of TLS in common ({0})")]
    OutdatedTls(String),
    /// The answer is not what the dialect expects.
    #[error("unexpected answer: {0}")]
    Protocol(String),
    /// The peer closed or went silent.
    #[error("the connection was lost: {0}")]
    Lost(String),
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// Nobody here trusts who issued it, or it is no server's certificate at all.
    Authority,
    /// It was issued for other names.
    Name,
    /// Its time is over.
    Expired,
    /// Its time has not begun, or our clock is wrong.
    NotYetValid,
    /// It is not the one that was accepted.
    Changed,
}

impl LinkFault {
    /// Whether trying again without a person makes sense.
    pub const fn may_retry(&self) -> bool {
        !matches!(self, Self::WrongKey | Self::Untrusted { .. })
    }

    /// How soon it is looked whether a fault that needs a person was mended at the other side, where looking tells
    /// nobody anything: a certificate is renewed there, and nothing is sent before it is trusted.
    pub const fn look_again(&self) -> Option<Duration> {
        match self {
            Self::Untrusted { .. } => Some(LOOK_AGAIN),
            _ => None,
        }
    }
}

/// First delay after a failure.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// A renewed certificate is noticed so soon.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Longest delay between attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// How long to wait before attempt number `failures + 1` (`failures` ≥ 1 in a row), spread by `random`
/// in 0.0..1.0 over the upper half of the interval, so that many companies do not return in step.
pub fn retry_delay(failures: u32, random: f64) -> Duration {
    let base = FIRST_DELAY.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_DELAY);
    base.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

/// Before a connection that had held is opened again, at least and at most: most breaks are short, and calls pass
/// unheard meanwhile.
const AFTER_BREAK: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(500)];
/// Before the attempts after the first, second … that failed. Never less than a second, so that no switch hears a
/// company twice within one. The last one stays: however long a switch was away, all are back soon after it, and what
/// 2,000 companies ask of it meanwhile is 200 attempts a second.
const AFTER_FAILURES: [[Duration; 2]; 4] = [
    [Duration::from_secs(1), Duration::from_secs(2)],
    [Duration::from_secs(2), Duration::from_secs(4)],
    [Duration::from_secs(4), Duration::from_secs(8)],
    [Duration::from_secs(8), Duration::from_secs(12)],
];

/// How long to wait before the next attempt to reach a switch, spread by `random` in 0.0..1.0. `failures` counts the
/// attempts in a row that failed, or brought a connection that did not hold; with 0 a connection broke that had held.
pub fn reconnect_delay(failures: u32, random: f64) -> Duration {
    let [least, most] = match usize::try_from(failures).unwrap_or(usize::MAX).checked_sub(1) {
        None => AFTER_BREAK,
        Some(before) => AFTER_FAILURES[before.min(AFTER_FAILURES.len() - 1)],
    };
    least + most.saturating_sub(least).mul_f64(random.clamp(0.0, 1.0))
}

/// Where the connection to the portal stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PortalState {
    /// Nothing was asked since the start, so that nobody can tell.
    NotAsked,
    /// Requests are answered.
    Ok,
    /// Requests fail for now and are repeated.
    Unreachable {
        since: Timestamp,
        /// What was seen last.
        why: String,
    },
    /// The portal's request limit is used up; requests wait.
    Limited { since: Timestamp },
    /// The portal answers, but one of its methods has used up its time and is not called until it may be.
    Resting {
        since: Timestamp,
        /// When it may be called again.
        until: Timestamp,
    },
    /// The portal as a whole takes no requests of applications; only a person can change that.
    Closed {
        since: Timestamp,
        /// What stands in the way.
        because: Closed,
        /// What the portal said.
        why: String,
    },
    /// The grant is dead: an admin must log in again.
    NeedsLogin {
        since: Timestamp,
        /// What the authorization server said.
        why: String,
    },
}

impl PortalState {
    /// What [`code`](Self::code) can say.
    pub const CODES: [&'static str; 7] =
        ["not_asked", "ok", "unreachable", "limited", "resting", "closed", "needs_login"];

    /// A stable word for metrics and JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Ok => "ok",
            Self::Unreachable { .. } => "unreachable",
            Self::Limited { .. } => "limited",
            Self::Resting { .. } => "resting",
            Self::Closed { .. } => "closed",
            Self::NeedsLogin { .. } => "needs_login",
        }
    }
}

/// What closes a portal to applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// The subscription or licence is over.
    Payment,
    /// The portal's plan has no REST.
    Plan,
    /// The portal was deleted, or its public part closed.
    Deleted,
    /// The portal's support has blocked REST because of overload.
    Blocked,
}

/// An installation of the application that the portal has announced and nobody could confirm yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingInstall {
    /// When it was announced.
    pub since: Timestamp,
    /// What stands in the way.
    pub why: InstallTrouble,
    /// When it is tried again; `None` before the first attempt since the start, and where nothing can be tried.
    pub next_try: Option<Timestamp>,
}

/// What stands in the way of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallTrouble {
    /// It is about to be tried.
    Untried,
    /// The authorization server has not confirmed it yet, by what it said or what was seen.
    ServerNotYet(String),
    /// The authorization server says no: the keys do not fit, a subscription is over.
    ServerRefuses(String),
    /// The portal does not say in whose name it was announced.
    PortalFails(RefusalReason),
    /// It is another application than the one whose keys we have: it was created again, and has other keys.
    OtherApplication,
    /// It was announced without tokens, so that nothing can prove it.
    TokensMissing,
}

/// What waits to be sent to a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// CRM calls with something that has not been sent yet.
    pub calls: u64,
    /// Since when the oldest of them waits.
    pub since: Option<Timestamp>,
}

/// How the daemon's database does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DiskState {
    /// Everything is stored.
    #[default]
    Ok,
    /// No space is left; what happens is kept in memory until there is.
    Full { since: Timestamp },
    /// The database cannot be written; what happens is kept in memory until it can.
    ReadOnly { since: Timestamp },
    /// The database fails otherwise.
    Failing {
        since: Timestamp,
        /// What was seen last.
        why: String,
    },
}

impl DiskState {
    /// Since when it is not well.
    pub const fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Ok => None,
            Self::Full { since } | Self::ReadOnly { since } | Self::Failing { since, .. } => Some(*since),
        }
    }

    /// A stable word for JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Full { .. } => "full",
            Self::ReadOnly { .. } => "read_only",
            Self::Failing { .. } => "failing",
        }
    }

    /// What is wrong and what to do, for the machine room; `None` when all is well.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Ok => None,
            Self::Full { .. } => {
                Some("The database has no space left: free some on its disk; what happens meanwhile is kept in memory.".to_owned())
            }
            Self::ReadOnly { .. } => {
                Some("The database cannot be written: check the disk and the rights; what happens meanwhile is kept in memory.".to_owned())
            }
            Self::Failing { why, .. } => Some(format!("The database fails, check the disk: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_minute_and_stay_there() {
        assert_eq!(retry_delay(1, 1.0), FIRST_DELAY);
        assert_eq!(retry_delay(1, 0.0), FIRST_DELAY / 2);
        assert_eq!(retry_delay(4, 1.0), Duration::from_secs(4));
        assert_eq!(retry_delay(40, 1.0), LONGEST_DELAY);
    }

    #[test]
    fn a_switch_is_not_asked_twice_a_second_nor_left_alone_for_long() {
        let ms = |failures| [0.0, 1.0].map(|random| reconnect_delay(failures, random).as_millis());
        assert_eq!(ms(0), [250, 500]);
        assert_eq!(ms(1), [1000, 2000]);
        assert_eq!(ms(2), [2000, 4000]);
        assert_eq!(ms(3), [4000, 8000]);
        for failures in [4, 5, 100, u32::MAX] {
            assert_eq!(ms(failures), [8000, 12_000], "after {failures} failures");
        }
    }

    #[test]
    fn a_disk_in_trouble_has_a_sentence() {
        let since = Timestamp(0);
        assert_eq!(DiskState::Ok.problem(), None);
        for (state, word) in [
            (DiskState::Full { since }, "space"),
            (DiskState::ReadOnly { since }, "written"),
            (DiskState::Failing { since, why: "disk I/O error".into() }, "disk I/O error"),
        ] {
            assert!(state.problem().is_some_and(|text| text.contains(word)), "{state:?}");
        }
    }

    #[test]
    fn a_wrong_key_is_not_tried_again() {
        assert!(!LinkFault::WrongKey.may_retry());
        assert!(LinkFault::Lost(String::new()).may_retry());
    }
}
