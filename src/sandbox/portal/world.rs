//! The world: its clock, its servers, its portals.

use super::fault::{Fault, Faults};
use super::grants::Grants;
use super::handle::SimPortal;
use super::judge::{Log, Request, Violation};
use super::phones::PhoneActions;
use super::server;
use super::spec::PortalSpec;
use super::state::Portal;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::sandbox::certs::Certs;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a world needs.
#[derive(Clone)]
pub struct WorldOptions {
    /// Certificates of its servers.
    pub certs: Certs,
    /// For events and installation calls: must trust the application's certificate.
    pub client: reqwest::Client,
    /// The clock that [`PortalWorld::advance`] adds to.
    pub clock: Clock,
    /// Port of the authorization server; 0 takes a free one.
    pub auth_port: u16,
}

/// Simulated portals with their authorization server; clones are the same world.
#[derive(Clone)]
pub struct PortalWorld(pub(super) Arc<Inner>);

pub(super) struct Inner {
    options: WorldOptions,
    auth_host: String,
    shift: AtomicU64,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    stop: CancellationToken,
    phones: OnceLock<Arc<dyn PhoneActions>>,
}

/// Everything that changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub portals: BTreeMap<String, Portal>,
    pub grants: Grants,
    pub auth_faults: Faults,
    pub auth_log: Log,
}

impl PortalWorld {
    /// Starts the authorization server of an empty world.
    pub async fn start(options: WorldOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.auth_port)).await?;
        let auth_host = listener.local_addr()?.to_string();
        let world = Self(Arc::new(Inner {
            options,
            auth_host,
            shift: AtomicU64::new(0),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            stop: CancellationToken::new(),
            phones: OnceLock::new(),
        }));
        world.serve(listener, server::auth_router(world.clone()));
        Ok(world)
    }

    /// Starts a portal.
    pub async fn add_portal(&self, spec: PortalSpec) -> io::Result<SimPortal> {
        let listener = TcpListener::bind(("127.0.0.1", spec.port)).await?;
        let domain = format!("{}:{}", spec.host, listener.local_addr()?.port());
        let member_id = spec.member_id.clone();
        self.with(|state| state.portals.insert(member_id.clone(), Portal::new(spec, domain.clone())));
        self.serve(listener, server::portal_router(self.clone(), &member_id, &domain));
        Ok(SimPortal::new(self.clone(), member_id))
    }

    /// A portal by its `member_id`.
    pub fn portal(&self, member_id: &str) -> Option<SimPortal> {
        let known = self.with(|state| state.portals.contains_key(member_id));
        known.then(|| SimPortal::new(self.clone(), member_id.to_owned()))
    }

    pub fn portals(&self) -> Vec<SimPortal> {
        let ids = self.with(|state| state.portals.keys().cloned().collect::<Vec<_>>());
        ids.into_iter().map(|id| SimPortal::new(self.clone(), id)).collect()
    }

    /// `host:port` of the authorization server.
    pub fn auth_host(&self) -> &str {
        &self.0.auth_host
    }

    /// `https://host:port` of the authorization server, as the daemon's `bitrixTokenHost` wants it.
    pub fn auth_url(&self) -> String {
        format!("https://{}", self.0.auth_host)
    }

    /// Now, in the world.
    pub fn now(&self) -> Timestamp {
        self.0.options.clock.now() + Duration::from_millis(self.0.shift.load(Ordering::SeqCst))
    }

    /// Moves the world's time forward: codes, tokens, limits and the 30-minute rule follow.
    pub fn advance(&self, span: Duration) {
        self.0.shift.fetch_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        self.touch();
    }

    /// How long a used refresh token may be used again (default: not at all).
    pub fn set_refresh_grace(&self, grace: Duration) {
        self.with(|state| state.grants.grace = grace);
    }

    /// The next token request meets `fault`.
    pub fn auth_next(&self, fault: Fault) {
        self.with(|state| state.auth_faults.next(Some("oauth/token"), fault));
    }

    /// The next request of this kind (`oauth/token`, `app.info`) meets `fault`.
    pub fn auth_next_for(&self, method: &str, fault: Fault) {
        self.with(|state| state.auth_faults.next(Some(method), fault));
    }

    /// Every request for tokens or about one (`app.info`) meets `fault`, until [`PortalWorld::auth_heal`].
    pub fn auth_standing(&self, fault: Fault) {
        self.with(|state| state.auth_faults.standing(None, fault));
    }

    /// Ends all faults of the authorization server.
    pub fn auth_heal(&self) {
        self.with(|state| state.auth_faults.heal());
    }

    /// Requests to the authorization server.
    pub fn auth_requests(&self) -> Vec<Request> {
        self.with(|state| state.auth_log.requests().to_vec())
    }

    /// What no correct client does to the authorization server, including refreshes nobody needed.
    pub fn auth_violations(&self) -> Vec<Violation> {
        self.with(|state| state.auth_log.violations.clone())
    }

    /// Puts telephones on the portals' pages; only the first call counts.
    pub fn set_phones(&self, phones: Arc<dyn PhoneActions>) {
        let _ = self.0.phones.set(phones);
        self.touch();
    }

    /// Changes whenever anything in the world does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Waits until `look` finds something, looking again at every change; `None` after `within`.
    pub async fn until<T>(&self, within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let mut changes = self.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look() {
                    return Some(found);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(within, wait).await.ok().flatten()
    }

    /// Closes all sockets.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Panics with a list if any portal has an unfinished call, a visible card, or saw a violation.
    pub fn assert_silent(&self) {
        for portal in self.portals() {
            portal.assert_silent();
        }
        let wrong = self.auth_violations();
        assert!(wrong.is_empty(), "authorization server: {wrong:?}");
    }

    pub(super) fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Like [`PortalWorld::with`], and wakes everything that waits.
    pub(super) fn change<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let result = self.with(work);
        self.touch();
        result
    }

    pub(super) fn touch(&self) {
        self.0.changed.send_modify(|n| *n += 1);
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0.options.client
    }

    pub(super) fn phones(&self) -> Option<&Arc<dyn PhoneActions>> {
        self.0.phones.get()
    }

    pub(super) fn stopped(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(super) fn serve(&self, listener: TcpListener, router: axum::Router) {
        server::serve(listener, self.0.options.certs.server.clone(), router, self.0.stop.clone());
    }
}
