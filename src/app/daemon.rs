//! A running daemon: everything built, sockets served, companies at work.

use super::checks::SelfChecks;
use super::listeners::control;
use super::service::DaemonService;
use super::{Listeners, Prepared, certificate};
use crate::bitrix::bindings::WantedBindings;
use crate::bitrix::{AppCredentials, BitrixTools, OAuth};
use crate::clock::{Clock, FOLLOW};
use crate::config::Settings;
use crate::domain::company::Trust;
use crate::domain::excess::MOST_STORED;
use crate::ecss::Dialect;
use crate::http::{ClientOptions, Guarded, TlsConfigs, tls_config};
use crate::metrics::Exposition;
use crate::server::serve::{CONNECTIONS, ConnectionSlots, PeerAddr, serve};
use crate::server::tls::Tls;
use crate::session::{Companies, CompanyHandle, LinkTools, Setup};
use crate::store::Store;
use crate::web::{self, ClientAddr, WebService, WebState};
use anyhow::Context as _;
use arc_swap::ArcSwap;
use axum::extract::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections for health and metrics.
const OPS_CONNECTIONS: usize = 64;
/// A cloud portal ends a request after 60 s; we wait a little longer to hear it say so.
const REST_TIMEOUT: Duration = Duration::from_secs(65);
/// How long the database may take for the simplest answer. The service manager waits longer.
const ANSWER: Duration = Duration::from_secs(10);
/// How often old calls are forgotten and the database is tidied.
const TIDY: Duration = Duration::from_secs(3600);

/// See the module. [`Daemon::stop`] ends it in good order.
pub struct Daemon {
    store: Store,
    companies: Companies,
    service: Arc<DaemonService>,
    tls: Tls,
    dialect: Arc<ArcSwap<Dialect>>,
    rebind: Arc<AtomicBool>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Daemon {
    /// Builds and starts everything. When this returns, requests are answered and companies are connecting. `clock` is
    /// [`Clock::steady`].
    pub async fn start(
        settings: &Settings,
        prepared: Prepared,
        listeners: Listeners,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let tls = certificate::tls(settings, clock.now())?;
        let store = Store::open(&settings.state_dir)
            .await
            .with_context(|| format!("the state directory {} cannot be used", settings.state_dir.display()))?;
        let Prepared { trusted, dialect, zone } = prepared;
        let dialect = Arc::new(ArcSwap::new(dialect));
        let http = Guarded::new(
            &tls_config(&trusted, &Trust::System)?,
            ClientOptions { timeout: REST_TIMEOUT, ..ClientOptions::default() },
            settings.portal_networks,
        );
        let oauth = OAuth::new(&settings.bitrix_token_host, http.clone(), clock.clone())?;
        let keys = settings.bitrix_client_id.clone().zip(settings.bitrix_client_secret.clone());
        let keys = keys.map(|(client_id, client_secret)| AppCredentials { client_id, client_secret });
        let rebind = Arc::new(AtomicBool::new(settings.rebind_placement));
        let base = settings.public_base();
        let companies = Companies::new(Setup {
            store: store.clone(),
            clock: clock.clone(),
            bitrix: BitrixTools { oauth, http, clock: clock.clone() },
            link: LinkTools {
                dialect: dialect.clone(),
                networks: settings.switch_networks,
                tls: Arc::new(TlsConfigs::new(trusted.clone())?),
                returns: Arc::default(),
                zone,
                clock: clock.clone(),
            },
            wanted: WantedBindings {
                card_handler: format!("{base}/call/call.html"),
                event_handler: format!("{base}/events"),
                title_ru: "ECSS-10".to_owned(),
                title_en: "ECSS-10".to_owned(),
            },
            budget: settings.portal_budget,
            grace: settings.reconnect_grace,
            keys: keys.clone(),
            rebind: rebind.clone(),
        });
        let checks = SelfChecks::new(settings, &trusted, &page_key(&store), tls.clone(), store.clone(), clock.clone())?;
        let service = Arc::new(DaemonService::new(store.clone(), companies.clone(), clock.clone(), keys, checks));
        let daemon = Self {
            store,
            companies,
            service,
            tls,
            dialect,
            rebind,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        daemon.serve(settings, &base, listeners, &clock);
        let count = daemon.companies.start_all().await?;
        tracing::info!(companies = count, base, "started");
        daemon.tasks.spawn(certificate::watch(daemon.tls.clone(), clock.clone(), daemon.stop.clone()));
        let (store, stop) = (daemon.store.clone(), daemon.stop.clone());
        let companies = daemon.companies.clone();
        daemon.tasks.spawn(tidy(
            companies.clone(),
            store.clone(),
            clock.clone(),
            settings.retention_days,
            stop.clone(),
        ));
        let deletions_stop = stop.clone();
        daemon.tasks.spawn(async move { companies.tend_deletions(deletions_stop).await });
        daemon.tasks.spawn(async move {
            stop.run_until_cancelled(async { tokio::join!(store.tend(&clock), follow(&clock)) }).await;
        });
        Ok(daemon)
    }

    fn serve(&self, settings: &Settings, base: &str, listeners: Listeners, clock: &Clock) {
        let service: Arc<dyn WebService> = self.service.clone();
        let key = page_key(&self.store);
        let (prefixes, stop) = (settings.prefixes(), self.stop.clone());
        let state = WebState::new(service, base, prefixes, key, clock.clone(), stop, CONNECTIONS)
            .with_process_metrics(process_metrics);
        let router = web::router(state.clone()).layer(axum::middleware::map_request(warn_of_client));
        let stop = || self.stop.clone();
        let slots: Arc<ConnectionSlots> = Arc::default();
        self.tasks.spawn(serve(listeners.http, router.clone(), None, slots.clone(), stop()));
        self.tasks.spawn(serve(listeners.https, router, Some(self.tls.clone()), slots, stop()));
        match control(settings) {
            Ok(listener) => {
                let slots = Arc::new(ConnectionSlots::within(OPS_CONNECTIONS, OPS_CONNECTIONS));
                self.tasks.spawn(serve(listener, web::control_router(state.clone()), None, slots, stop()));
            }
            Err(error) => tracing::warn!(%error, "the command `doctor` cannot ask this process"),
        }
        if let Some(ops) = listeners.ops {
            let door = if ops.tcp_address().is_some() { web::OpsDoor::Port } else { web::OpsDoor::Socket };
            let slots = Arc::new(ConnectionSlots::within(OPS_CONNECTIONS, OPS_CONNECTIONS));
            self.tasks.spawn(serve(ops, web::ops_router(state, door), None, slots, stop()));
        }
    }

    /// Takes up what can change while we run: certificate, dialect, `rebindPlacement`.
    pub fn reload(&self, settings: &Settings, prepared: Prepared) {
        if let Err(error) = self.tls.reload() {
            tracing::error!(%error, "the certificate in use stays, as the new one cannot be used");
        }
        self.dialect.store(prepared.dialect);
        self.rebind.store(settings.rebind_placement, Ordering::Relaxed);
        if settings.rebind_placement {
            self.companies.all().iter().for_each(CompanyHandle::look_after);
        }
    }

    /// Whether a restart could help: only if the database does not answer, whatever its answer is. A full disk, for
    /// one, is no better after a restart, and calls go on in memory meanwhile. The error is a sentence.
    pub async fn is_alive(&self) -> Result<(), String> {
        let answer = tokio::time::timeout(ANSWER, self.store.ping()).await;
        answer.map(drop).map_err(|_| format!("the database has not answered for {} s", ANSWER.as_secs()))
    }

    /// One line for the service manager.
    pub fn summary(&self) -> String {
        let all: Vec<_> = self.companies.all().iter().map(CompanyHandle::status).collect();
        let online = all.iter().filter(|company| company.link.is_online()).count();
        let calls: u64 = all.iter().map(|company| company.calls).sum();
        let waiting: u64 = all.iter().map(|company| company.backlog.calls).sum();
        format!(
            "{online} of {} companies connected to their switch; {calls} running calls; {waiting} requests wait for \
             their portal",
            all.len()
        )
    }

    /// Stops taking requests, lets those under way end, stores what is open.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.service.close().await;
        self.companies.stop().await;
        self.store.close().await;
        tracing::info!("stopped");
    }
}

/// What is counted once for the whole process.
fn process_metrics(out: &mut Exposition) {
    crate::server::serve::metrics(out);
    crate::telemetry::metrics(out);
}

/// Tells the pages who asks: they know nothing of listeners. Over a gateway's socket the gateway's word counts.
async fn warn_of_client(mut request: Request) -> Request {
    if let Some(PeerAddr::Tcp(address)) = request.extensions().get::<PeerAddr>() {
        let client = ClientAddr(address.ip());
        request.extensions_mut().insert(client);
    }
    request
}

/// What the pages sign with.
fn page_key(store: &Store) -> [u8; 32] {
    store.key().derive("card ticket")
}

/// Keeps the daemon's clock near the machine's.
async fn follow(clock: &Clock) {
    loop {
        tokio::time::sleep(FOLLOW).await;
        if let Some(moved) = clock.follow() {
            let seconds = moved / 1000;
            tracing::warn!(
                "the machine's clock was set by {seconds} s: new times go by it, calls under way keep their length"
            );
        }
    }
}

async fn tidy(companies: Companies, store: Store, clock: Clock, retention_days: u32, stop: CancellationToken) {
    let keep = Duration::from_secs(u64::from(retention_days) * 24 * 3600);
    loop {
        match store.forget_before(clock.now() - keep).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, retention_days, "old calls were forgotten"),
            Err(error) => tracing::error!(%error, "old calls cannot be forgotten"),
        }
        match store.forget_beyond(MOST_STORED).await {
            Ok(gone) => {
                for (company, forgotten) in gone {
                    tracing::warn!(%company, forgotten, kept = MOST_STORED,
                        "more calls are stored of this company than may be: its oldest were forgotten before their time");
                }
            }
            Err(error) => tracing::error!(%error, "companies with too many stored calls cannot be found or relieved"),
        }
        if let Err(error) = companies.forget_uninstalled(clock.now() - keep).await {
            tracing::error!(%error, "uninstalled companies cannot be forgotten");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TIDY) => {}
            () = store.has_grown() => {}
        }
    }
}
