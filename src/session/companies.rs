//! All companies of the installation: each with its own tasks, so that none can delay or break another.

use super::actor::{Actor, ActorSetup};
use super::code_limiter::CodeLimiter;
use super::handle::{CompanyContext, CompanyHandle, click_permits};
use super::installs::Installs;
use super::link::{self, LinkTools};
use super::removals::Removals;
use super::status::SharedStatus;
use super::test_event::AwaitedTestEvent;
use super::token_store::CompanyTokenStore;
use super::upkeep::{Upkeep, UpkeepSignals};
use super::visitors::Visitors;
use crate::bitrix::bindings::WantedBindings;
use crate::bitrix::{AppCredentials, BitrixTools, Portal, PortalSetup};
use crate::clock::{Clock, random_unit};
use crate::domain::budget::Budget;
use crate::domain::company::{CallSettings, Company};
use crate::domain::directory::Directory;
use crate::domain::link::{LinkState, retry_delay};
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::store::{Store, StoreError};
use crate::telemetry::company_span;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Messages an actor may have waiting; beyond that the sender hears "busy".
const INBOX: usize = 64;
/// Frames a company's switch may be ahead of its actor, for half a minute at 2,000 a second; then the socket is no longer
/// read, and what waits in it is dated when it is. The link counts their bytes as well.
const LINK_EVENTS: usize = 65_536;
/// How long upkeep may take to end when the company stops.
const LAST_ROUND: Duration = Duration::from_secs(5);
/// First rounds of upkeep are spread over this long per company, up to [`LONGEST_SPREAD`]: what they look for was set up
/// before the restart, and each is a TLS handshake and some requests. A company that is new, or signals, never waits.
const SPREAD: Duration = Duration::from_millis(1800);
const LONGEST_SPREAD: Duration = Duration::from_secs(3600);

/// Over how long the first rounds of companies are spread that start together.
fn first_rounds_within(companies: usize) -> Duration {
    let others = u32::try_from(companies.saturating_sub(1)).unwrap_or(u32::MAX);
    SPREAD.saturating_mul(others).min(LONGEST_SPREAD)
}

/// What all companies share.
#[derive(Clone)]
pub struct Setup {
    pub store: Store,
    pub clock: Clock,
    /// For portals and authorization servers.
    pub bitrix: BitrixTools,
    /// For switches.
    pub link: LinkTools,
    /// What we want to be called by.
    pub wanted: WantedBindings,
    /// Request budget of a portal, unless its company has its own.
    pub budget: Budget,
    /// How long a leg may stay unseen after a reconnect.
    pub grace: Duration,
    /// Application keys of a single-company installation.
    pub keys: Option<AppCredentials>,
    /// `rebindPlacement`.
    pub rebind: Arc<AtomicBool>,
}

/// The running companies; clones are the same.
#[derive(Clone)]
pub struct Companies {
    pub(super) setup: Arc<Setup>,
    running: Arc<RwLock<BTreeMap<CompanyId, Running>>>,
    /// Wakes whoever carries out deletions.
    pub(super) deletions: Arc<Notify>,
    /// One deletion at a time.
    pub(super) deleting: Arc<Mutex<()>>,
    pub(super) installs: Arc<Installs>,
    pub(super) code_limiter: Arc<CodeLimiter>,
    pub(super) removals: Arc<Removals>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

struct Running {
    handle: CompanyHandle,
    stop: CancellationToken,
    /// Cancelled when the last of its tasks is gone.
    ended: CancellationToken,
}

impl Companies {
    /// Nothing runs yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup: Arc::new(setup),
            running: Arc::default(),
            deletions: Arc::default(),
            deleting: Arc::default(),
            installs: Arc::default(),
            code_limiter: Arc::default(),
            removals: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts all registered companies. One that cannot be read is reported and left out.
    pub async fn start_all(&self) -> Result<usize, StoreError> {
        let (companies, unreadable) = self.setup.store.companies().await?;
        for error in unreadable {
            tracing::error!(%error, "a company cannot be started");
        }
        let count = companies.len();
        for company in companies {
            let id = company.id.clone();
            if let Err(error) = self.start(company, count).await {
                tracing::error!(company = %id, %error, "the company cannot be started");
            }
        }
        if let Err(error) = self.recall_removals().await {
            tracing::error!(%error, "removals that wait to be confirmed cannot be read");
        }
        let (companies, stop) = (self.clone(), self.stop.clone());
        self.tasks.spawn(async move { companies.tend_installs(stop).await });
        self.tasks.spawn(self.clone().keep_evidence());
        Ok(count)
    }

    /// The company, if it runs.
    pub fn get(&self, id: &CompanyId) -> Option<CompanyHandle> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(id).map(|r| r.handle.clone())
    }

    /// All running companies.
    pub fn all(&self) -> Vec<CompanyHandle> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).values().map(|r| r.handle.clone()).collect()
    }

    /// Ends one company's work; what waits stays stored. The token, if it was running, is cancelled when the last of
    /// its tasks is gone.
    pub fn stop_company(&self, id: &CompanyId) -> Option<CancellationToken> {
        let removed = self.running.write().unwrap_or_else(PoisonError::into_inner).remove(id)?;
        removed.stop.cancel();
        Some(removed.ended)
    }

    /// Ends everything: requests under way may finish, the rest is stored and goes on at the next start.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Starts a company, replacing one that runs already. `of` is how many start together.
    pub(super) async fn start(&self, company: Company, of: usize) -> Result<CompanyHandle, StoreError> {
        let stop = self.stop.child_token();
        let id = company.id.clone();
        // All that the company's tasks have to say is said within this.
        let span = company_span(&id);
        let (handle, parts) = self.build(company).instrument(span.clone()).await?;
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        self.publish(&id, Running { handle: handle.clone(), stop: stop.clone(), ended });
        let companies = self.clone();
        let first_delay = first_rounds_within(of).mul_f64(random_unit());
        self.tasks.spawn({
            let handle = handle.clone();
            let supervised = async move {
                companies.supervise(id, handle, parts, stop, first_delay).await;
                drop(end);
            };
            supervised.instrument(span)
        });
        Ok(handle)
    }

    fn publish(&self, id: &CompanyId, new: Running) {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = running.insert(id.clone(), new) {
            old.stop.cancel();
        }
    }

    /// Runs a company's tasks; if one of them fails, all are built again after a pause.
    async fn supervise(
        self,
        id: CompanyId,
        mut handle: CompanyHandle,
        mut parts: Box<TaskParts>,
        stop: CancellationToken,
        first_delay: Duration,
    ) {
        let mut failures = 0;
        loop {
            let RunningTasks { mut tasks, actor, upkeep } = self.run_tasks(parts, &handle, &stop, first_delay);
            let mut upkeep_ended = false;
            let ended = loop {
                match tasks.join_next_with_id().await {
                    Some(Ok((task, ()))) if task == actor => break None,
                    Some(Ok((task, ()))) => upkeep_ended |= task == upkeep,
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            };
            if stop.is_cancelled() && !upkeep_ended && !Box::pin(ends_in_time(&mut tasks, upkeep)).await {
                tracing::info!("the portal does not answer; upkeep is cut off");
            }
            tasks.shutdown().await;
            let Some(error) = ended.filter(|_| !stop.is_cancelled()) else { return };
            failures += 1;
            tracing::error!(%error, failures, "the company's work broke off and is started anew");
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(retry_delay(failures, random_unit())) => {}
                }
                match Box::pin(self.rebuild(&id)).await {
                    Ok(Some(new)) => {
                        (handle, parts) = new;
                        break;
                    }
                    Ok(None) => return,
                    Err(error) => tracing::error!(%error, "the company cannot be read"),
                }
                failures += 1;
            }
            let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
            // Whoever stops or replaces the company does so under this lock.
            if !stop.is_cancelled()
                && let Some(running) = running.get_mut(&id)
            {
                running.handle = handle.clone();
            }
        }
    }

    /// Sets a company's tasks going, within the span of the caller.
    fn run_tasks(
        &self,
        parts: Box<TaskParts>,
        handle: &CompanyHandle,
        stop: &CancellationToken,
        first_delay: Duration,
    ) -> RunningTasks {
        let mut tasks = JoinSet::new();
        let TaskParts { actor, inbox, events, link_state, link_events, switch } = *parts;
        let actor = tasks.spawn(actor.run(inbox, events, stop.clone()).in_current_span()).id();
        tasks.spawn(link::run(self.setup.link.clone(), switch, link_events, link_state).in_current_span());
        let upkeep = Upkeep { wanted: self.setup.wanted.clone(), rebind: self.setup.rebind.clone(), first_delay };
        let upkeep = tasks.spawn(upkeep.run(handle.clone(), stop.clone()).in_current_span()).id();
        RunningTasks { tasks, actor, upkeep }
    }

    async fn rebuild(&self, id: &CompanyId) -> Result<Option<(CompanyHandle, Box<TaskParts>)>, StoreError> {
        match self.setup.store.company(id).await? {
            Some(company) => Ok(Some(self.build(company).await?)),
            None => Ok(None),
        }
    }

    async fn build(&self, company: Company) -> Result<(CompanyHandle, Box<TaskParts>), StoreError> {
        let setup = &self.setup;
        let id = company.id.clone();
        let employees = setup.store.employees(&id).await?;
        let portal = Portal::new(
            PortalSetup {
                company: id.clone(),
                client_endpoint: company.client_endpoint.clone(),
                credentials: AppCredentials {
                    client_id: company.client_id.clone(),
                    client_secret: company.client_secret.clone(),
                },
                tokens: self.readable_tokens(&id).await?,
                budget: self.budget(&company.calls),
                language: company.language.clone(),
            },
            setup.bitrix.clone(),
            Arc::new(CompanyTokenStore { store: setup.store.clone(), company: id.clone() }),
        );
        let (link_state, link) = watch::channel(LinkState::NotConfigured);
        let shared = Arc::new(SharedStatus::new(link));
        let (inbox, inbox_rx) = mpsc::channel(INBOX);
        let (link_events, events) = mpsc::channel(LINK_EVENTS);
        let (switch, switch_rx) = watch::channel(company.switch.map(Arc::new));
        let upkeep_signals = Arc::new(UpkeepSignals::default());
        let actor = Actor::new(ActorSetup {
            company: id.clone(),
            store: setup.store.clone(),
            portal: portal.clone(),
            clock: setup.clock.held(),
            shared: shared.clone(),
            grace: setup.grace,
            settings: company.calls,
            directory: Directory::new(employees),
            upkeep_signals: upkeep_signals.clone(),
        });
        let handle = CompanyHandle(Arc::new(CompanyContext {
            company: id,
            store: setup.store.clone(),
            clock: setup.clock.clone(),
            since: company.created_at,
            portal,
            shared,
            inbox,
            switch,
            link: setup.link.clone(),
            upkeep_signals,
            visitors: Visitors::default(),
            test_event: AwaitedTestEvent::default(),
            clicks_waiting: click_permits(),
            reloading: Mutex::default(),
        }));
        let parts = TaskParts { actor, inbox: inbox_rx, events, link_state, link_events, switch: switch_rx };
        Ok((handle, Box::new(parts)))
    }

    /// Tokens that cannot be opened are as good as none: an administrator logs in again, and calls go on being followed.
    async fn readable_tokens(&self, id: &CompanyId) -> Result<Option<Tokens>, StoreError> {
        match self.setup.store.tokens(id).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "the portal cannot be told anything until an administrator logs in again");
                Ok(None)
            }
            other => other,
        }
    }

    /// The company's own budget, or the installation's.
    pub fn budget(&self, calls: &CallSettings) -> Budget {
        calls.budget.as_deref().and_then(|b| b.parse().ok()).unwrap_or(self.setup.budget)
    }

    /// Does something for a company, which may be one that nobody serves, in the background; [`stop`](Self::stop) waits
    /// for it.
    pub(super) fn spawn_for(&self, company: &CompanyId, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work.instrument(company_span(company)));
    }

    /// Does something that may take `last` longer when everything is to end; `None` if it was not done by then.
    pub(super) async fn before_the_end<T>(&self, last: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        match self.stop.run_until_cancelled(work.as_mut()).await {
            Some(done) => Some(done),
            None => tokio::time::timeout(last, work).await.ok(),
        }
    }

    /// Whether everything is to end.
    pub(super) fn is_ending(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits, but not beyond the end of everything.
    pub(super) async fn pause(&self, span: Duration) {
        let _ = self.stop.run_until_cancelled(tokio::time::sleep(span)).await;
    }

    /// Now, by the companies' clock.
    pub(super) fn now(&self) -> Timestamp {
        self.setup.clock.now()
    }
}

/// Waits for upkeep: a request of it may be renewing the tokens, and the answer is their only copy.
async fn ends_in_time(tasks: &mut JoinSet<()>, upkeep: tokio::task::Id) -> bool {
    let ended = async {
        while let Some(done) = tasks.join_next_with_id().await {
            if done.is_ok_and(|(task, ())| task == upkeep) {
                break;
            }
        }
    };
    tokio::time::timeout(LAST_ROUND, ended).await.is_ok()
}

/// A company's tasks, and which of them is which.
struct RunningTasks {
    tasks: JoinSet<()>,
    actor: tokio::task::Id,
    upkeep: tokio::task::Id,
}

/// What a company's tasks own.
struct TaskParts {
    actor: Actor,
    inbox: mpsc::Receiver<super::message::ActorMessage>,
    events: mpsc::Receiver<link::LinkEvent>,
    link_state: watch::Sender<LinkState>,
    link_events: mpsc::Sender<link::LinkEvent>,
    switch: watch::Receiver<Option<Arc<crate::domain::company::SwitchSettings>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_company_is_looked_after_at_once_and_many_over_minutes() {
        let within = |companies| first_rounds_within(companies).as_millis();
        assert_eq!([0, 1, 2, 11, 2001].map(within), [0, 0, 1800, 18_000, 3_600_000]);
        assert_eq!(first_rounds_within(usize::MAX), LONGEST_SPREAD);
    }
}
