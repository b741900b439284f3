//! What a running daemon finds out about its machine and about the way to itself.

mod gateway;
mod machine;

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::checks::Finding;
use crate::domain::checks::machine::{CertificateFound, DaemonFound, MachineFinding};
use crate::http::Trusted;
use crate::server::tls::Tls;
use crate::store::Store;
use gateway::GatewayProbe;
pub(super) use machine::{certificate_of, machine_files, secret_files};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The public address is asked again after this, if somebody wants to know.
const FRESH: Duration = Duration::from_secs(60);

/// See the module; clones are the same.
#[derive(Clone)]
pub struct SelfChecks(Arc<SelfChecksInner>);

struct SelfChecksInner {
    state_dir: PathBuf,
    secret_files: Vec<PathBuf>,
    sockets: Vec<PathBuf>,
    tls: Tls,
    store: Store,
    clock: Clock,
    gateway: Arc<GatewayChecks>,
}

/// What stands in front of the daemon. Apart from the rest: asking may outlive the daemon by seconds, and must not hold
/// its database.
struct GatewayChecks {
    probe: GatewayProbe,
    known: Mutex<GatewayKnown>,
}

/// What was found at the public address last.
#[derive(Default)]
struct GatewayKnown {
    findings: Vec<Finding>,
    asked: Option<Instant>,
}

impl SelfChecks {
    /// Of the daemon with these settings. `key` is that of its pages.
    pub fn new(
        settings: &Settings,
        trusted: &Trusted,
        key: &[u8; 32],
        tls: Tls,
        store: Store,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let sockets = if settings.use_unix_sockets {
            vec![settings.http_unix_socket.clone(), settings.https_unix_socket.clone()]
        } else {
            Vec::new()
        };
        Ok(Self(Arc::new(SelfChecksInner {
            state_dir: settings.state_dir.clone(),
            secret_files: secret_files(settings),
            sockets,
            tls,
            store,
            gateway: Arc::new(GatewayChecks {
                probe: GatewayProbe::new(settings, trusted, key, clock.clone())?,
                known: Mutex::default(),
            }),
            clock,
        })))
    }

    /// Everything about machine and gateway, as it is now. Takes seconds where the gateway does not answer.
    pub async fn all(&self) -> Vec<Finding> {
        let mut findings = self.machine();
        findings.extend(self.0.gateway.ask().await);
        findings
    }

    /// What was found at the public address lately. Asks anew in the background where that is long ago.
    pub fn gateway(&self) -> Vec<Finding> {
        let gateway = &self.0.gateway;
        let mut known = gateway.known();
        if known.asked.is_none_or(|asked| asked.elapsed() >= FRESH) {
            known.asked = Some(Instant::now());
            let gateway = gateway.clone();
            tokio::spawn(async move { gateway.ask().await });
        }
        known.findings.clone()
    }

    fn machine(&self) -> Vec<Finding> {
        let SelfChecksInner { state_dir, secret_files, sockets, tls, store, clock, .. } = &*self.0;
        let answers = DaemonFound::Answers { version: env!("CARGO_PKG_VERSION").to_owned() };
        let certificate = CertificateFound::Valid { ends_at: tls.expires_at(), now: clock.now() };
        let mut found = vec![
            MachineFinding::Daemon(answers),
            MachineFinding::Database(store.health()),
            MachineFinding::Certificate(certificate),
        ];
        found.extend(machine_files(state_dir, secret_files));
        found.push(machine::open_files());
        if !sockets.is_empty() {
            found.push(machine::sockets(sockets));
        }
        found.into_iter().map(Finding::Machine).collect()
    }
}

impl GatewayChecks {
    async fn ask(&self) -> Vec<Finding> {
        let found: Vec<Finding> = self.probe.ask().await.into_iter().map(Finding::Gateway).collect();
        *self.known() = GatewayKnown { findings: found.clone(), asked: Some(Instant::now()) };
        found
    }

    fn known(&self) -> MutexGuard<'_, GatewayKnown> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
