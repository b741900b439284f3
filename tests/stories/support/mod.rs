//! The stage of the stories: a town with the real daemon, companies in it, and the verdict at the end.

mod card;
mod company;
mod ledger;
mod log;

pub use card::Card;
pub use company::TestCompany;
pub use ledger::{assert_nobody_else_talked, assert_talked, same, seconds, talks};

use ecss_crm_server::config::Settings;
use ecss_crm_server::domain::CompanyId;
use ecss_crm_server::sandbox::environment::{Admin, Environment, EnvironmentPlan};
use ecss_crm_server::sandbox::portal::{FinishedCall, PortalSpec, Request, SimPortal};
use ecss_crm_server::sandbox::switch::{CallId, SwitchWorld, TrueCall, TrueLeg};
use ecss_crm_server::store::Store;
use log::Log;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;
use tempfile::TempDir;
use tracing::Level;

/// How long anything awaited may take; generous, as the machine may be busy with other tests, and clearly more than the
/// minute after which we ask again about what anybody can have said.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A client's number as the portal keeps it.
pub const CLIENT: &str = "+79835551122";
/// The same number as the switch shows it.
pub const CLIENT_DIGITS: &str = "79835551122";
/// Ivan, number 1001.
pub const IVAN: i64 = 7;
/// Pyotr, number 1002.
pub const PYOTR: i64 = 8;
/// Maria, number 1003.
pub const MARIA: i64 = 9;

/// One test's stage.
pub struct Story {
    environment: Option<Environment>,
    dir: TempDir,
    log: Log,
    /// Texts that must stand in no log line.
    secrets: RefCell<Vec<String>>,
    /// Refreshes the authorization server may call needless: a rename is confirmed by one.
    needless_refreshes: Cell<usize>,
    /// They may also be fewer.
    refreshes_vary: Cell<bool>,
    /// Lines of the error log that the story leads to, by a part of each.
    forgiven: RefCell<Vec<&'static str>>,
    /// The companies' admins, to look into their pages at the end.
    admins: RefCell<Vec<Admin>>,
}

impl Story {
    /// A town without companies.
    pub async fn begin() -> Self {
        Self::begin_with(|_| {}).await
    }

    /// The same with other settings of the daemon.
    pub async fn begin_with(settings: fn(&mut Settings)) -> Self {
        let log = Log::listen();
        let dir = tempfile::tempdir().expect("a temporary directory");
        let plan = EnvironmentPlan { settings: Some(settings), ..EnvironmentPlan::default() };
        let environment = Environment::build(dir.path(), &plan).await.expect("a town");
        Self {
            environment: Some(environment),
            dir,
            log,
            secrets: RefCell::default(),
            forgiven: RefCell::default(),
            admins: RefCell::default(),
            needless_refreshes: Cell::default(),
            refreshes_vary: Cell::default(),
        }
    }

    /// A town with one company at work: Anna 1000 (admin, user 1), Ivan 1001 (7), Pyotr 1002 (8), Maria 1003 (9),
    /// Oleg 1004 (10, a telephone that does not pick up on command).
    pub async fn with_company() -> (Self, TestCompany) {
        let story = Self::begin().await;
        let company = story.company("firma.local").await;
        (story, company)
    }

    /// One more company, its application installed in the portal, registered by its admin and at work.
    pub async fn company(&self, domain: &str) -> TestCompany {
        let company = self.newcomer(domain, PortalSpec::default()).await;
        company.portal.install(1).await.expect("an installation path");
        company.register(self).await
    }

    /// One more company that nobody has registered yet.
    pub async fn newcomer(&self, domain: &str, spec: PortalSpec) -> TestCompany {
        let simulated = self.environment().add_company(domain, spec).await.expect("a company");
        let keys = simulated.portal.keys().expect("the portal's application");
        self.secrets.borrow_mut().extend([keys.client_secret, keys.application_token]);
        TestCompany::new(self, simulated)
    }

    /// The town.
    pub fn environment(&self) -> &Environment {
        self.environment.as_ref().expect("the town stands until the end")
    }

    /// The town, to stop and start its daemon.
    pub fn town_mut(&mut self) -> &mut Environment {
        self.environment.as_mut().expect("the town stands until the end")
    }

    /// The switch of all companies.
    pub fn switch(&self) -> &SwitchWorld {
        &self.environment().switch
    }

    /// This text must not stand in any log line.
    pub fn secret(&self, text: &str) {
        self.secrets.borrow_mut().push(text.to_owned());
    }

    /// Waits until the portals have come to what `look` looks for.
    pub async fn until<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        match self.environment().portals.until(PATIENCE, look).await {
            Some(found) => found,
            None => panic!("waited in vain until {what}"),
        }
    }

    /// Waits until something that can only be asked for is so: asks again and again.
    pub async fn until_asked<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let asking = async {
            // Nothing says when a page would answer differently, so it is asked often.
            let mut often = tokio::time::interval(Duration::from_millis(25));
            loop {
                often.tick().await;
                if let Some(found) = ask().await {
                    return found;
                }
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asking).await;
        asked.unwrap_or_else(|elapsed| panic!("waited in vain until {what}: {elapsed}"))
    }

    /// What a call really was, once it is over.
    pub async fn truth(&self, call: CallId) -> TrueCall {
        self.switch().wait_over(call).await.expect("the call ends")
    }

    /// One refresh with a young token is what the story leads to.
    pub fn forgive_one_refresh(&self) {
        self.needless_refreshes.set(1);
    }

    /// Hours pass for all: one refresh may come to the authorization server just before its own time has.
    pub fn forgive_one_refresh_at_most(&self) {
        self.needless_refreshes.set(1);
        self.refreshes_vary.set(true);
    }

    /// This much time passes at once, for the portals and for the daemon. The switch's clock is its own.
    pub fn pass(&self, span: Duration) {
        // The portal first, so that no token is too young for the side that finds it old.
        self.environment().portals.advance(span);
        self.environment().clock.pass(span);
    }

    /// Errors with this text are what the story leads to.
    pub fn forgive_errors(&self, text: &'static str) {
        self.forgiven.borrow_mut().push(text);
    }

    /// How often the log has said this, for everybody to read.
    pub fn said(&self, text: &str) -> usize {
        self.log.naming(text, Level::INFO).len()
    }

    /// How often the log has said this at the level a daemon has by default.
    pub fn warned(&self, text: &str) -> usize {
        self.log.naming(text, Level::WARN).len()
    }

    /// Waits until the log says this.
    pub async fn until_said(&self, text: &str) {
        self.until_asked(text, async || (self.said(text) > 0).then_some(())).await;
    }

    /// This admin's page is looked at in the end.
    fn remember(&self, admin: &Admin) {
        self.admins.borrow_mut().push(admin.clone());
    }

    /// Stops the daemon as a service manager does.
    pub async fn stop_daemon(&mut self) {
        self.town_mut().stop_daemon().await;
    }

    /// Starts it again, and waits until `links` companies are connected to the switch.
    pub async fn start_daemon(&mut self, links: usize) {
        self.town_mut().start_daemon().await.expect("the daemon starts again");
        self.switch().wait_linked(links).await.expect("the companies connect to the switch again");
    }

    /// The verdict: everything told, nothing left on a screen, nothing done wrong on either side, no line in the
    /// error log, no secret in any line.
    pub async fn end(mut self) {
        let portals = self.environment().portals.clone();
        let silent = || {
            let done = portals.portals().iter().all(|p| p.open_calls().is_empty() && p.visible().is_empty());
            done.then_some(())
        };
        // Whether it became silent in time is shown better by the assertions below.
        let _ = portals.until(PATIENCE, silent).await;
        let admins = self.admins.take();
        for admin in &admins {
            self.until_asked("nothing goes on and nothing waits", async || {
                (company::no_active_call(admin).await && company::nothing_waits(admin).await).then_some(())
            })
            .await;
        }
        // Requests under way end with the daemon: after this nothing can be recorded twice unseen.
        self.stop_daemon().await;
        portals.portals().iter().for_each(SimPortal::assert_silent);
        let wrong = portals.auth_violations();
        let (needless, vary) = (self.needless_refreshes.get(), self.refreshes_vary.get());
        let right = if vary { wrong.len() <= needless } else { wrong.len() == needless };
        assert!(right, "what the authorization server was asked: {wrong:?}");
        assert_eq!(self.switch().violations(), Vec::<String>::new(), "what the switch was asked wrongly");
        let mut errors = self.log.errors();
        errors.retain(|line| !self.forgiven.borrow().iter().any(|text| line.contains(text)));
        assert_eq!(errors, Vec::<String>::new(), "the error log");
        for secret in self.secrets.borrow().iter().filter(|s| s.len() >= 8) {
            assert_eq!(self.log.naming(secret, Level::TRACE), Vec::<String>::new(), "a secret in the log");
        }
        for digits in [CLIENT_DIGITS, "9835551122"] {
            assert_eq!(self.log.naming(digits, Level::INFO), Vec::<String>::new(), "a client's number in the log");
        }
        assert_eq!(self.log.nameless(), Vec::<String>::new(), "lines that do not tell of which company they are");
        self.assert_nothing_waits().await;
        let environment = self.environment.take().expect("the town stands until the end");
        environment.stop().await;
    }

    /// No step is left in the outbox, no call open in the database.
    async fn assert_nothing_waits(&self) {
        let store = Store::open(&self.environment().settings.state_dir).await.expect("the database");
        for portal in self.environment().portals.portals() {
            let id = CompanyId::new(portal.member_id());
            let waiting = store.pending_intents(&id).await.expect("the outbox");
            assert!(waiting.is_empty(), "steps the portal was never told: {waiting:?}");
            let open = store.open_calls(&id).await.expect("open calls");
            assert!(open.is_empty(), "calls left open in the database: {open:?}");
        }
        store.close().await;
    }

    fn report(&self) -> String {
        let mut text = String::from("\n--- the portals' side\n");
        let Some(environment) = &self.environment else { return text };
        for portal in environment.portals.portals() {
            for r in portal.requests().iter().filter(|r| r.method.starts_with("telephony")) {
                let _ = writeln!(text, "  {} {} -> {} {}", r.method, r.params, r.status, r.answer["error"]);
            }
            let _ = writeln!(text, "  verdict: {}", portal.verdict());
        }
        let _ = write!(text, "--- the log ({})\n{}", self.dir.path().display(), self.log.tail(80));
        text
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = std::io::stderr().write_all(self.report().as_bytes());
        }
    }
}

/// A conversation takes its time: here the time itself is the subject.
pub async fn talk(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// The leg of this phone that talked.
pub fn talked_leg(truth: &TrueCall, number: &str) -> TrueLeg {
    let found = truth.legs_of(number).find(|leg| leg.answered.is_some());
    found.unwrap_or_else(|| panic!("{number} talked: {truth:?}")).clone()
}

/// The record says what the leg really was, to the second.
#[track_caller]
pub fn assert_true(record: &FinishedCall, leg: &TrueLeg) {
    let talked = leg.talked().expect("the leg talked and ended").as_secs_f64();
    assert_eq!(record.code, "200");
    assert!(record.duration >= 1, "an answered call lasts at least a second: {record:?}");
    let off = (record.duration as f64 - talked.max(1.0)).abs();
    assert!(off <= 1.0, "talked {talked} s, recorded {} s", record.duration);
}

/// Requests of one telephony method that the portal carried out: `register`, `show`, `hide`, `finish`.
pub fn told(portal: &SimPortal, method: &str) -> Vec<Request> {
    let asked = portal.requests_of(&format!("telephony.externalcall.{method}"));
    asked.into_iter().filter(|r| r.executed).collect()
}

/// How often the portal was asked, by itself and not among the questions of a report, whose token it is.
pub fn asked_whose_token(portal: &SimPortal) -> usize {
    portal.requests_of("profile").iter().filter(|r| !r.in_batch).count()
}

/// The only one of its kind.
#[track_caller]
pub fn only<T: std::fmt::Debug>(mut all: Vec<T>) -> T {
    assert_eq!(all.len(), 1, "exactly one: {all:?}");
    all.remove(0)
}
