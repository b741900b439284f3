//! A town with a browser in it.

use crate::webdriver::{Browser, By, Options};
use ecss_crm_server::sandbox::environment::{Environment, EnvironmentPlan, SimulatedCompany};
use ecss_crm_server::sandbox::portal::{PortalSpec, SimPortal};
use std::time::Duration;
use tempfile::TempDir;

/// The employee whose screen the stories look at, with number and name.
pub const IVAN: i64 = 7;
pub const IVAN_NUMBER: &str = "1001";
/// A client the portal knows, and how the switch writes the number.
pub const CLIENT: &str = "+79835551122";
pub const CLIENT_ON_THE_WIRE: &str = "79835551122";

const LONG: Duration = Duration::from_secs(60);

/// Everything a story needs. The browser comes first, so that it closes first.
pub struct Scene {
    pub browser: Browser,
    pub environment: Environment,
    pub company: SimulatedCompany,
    _dir: TempDir,
}

impl Scene {
    /// A town with one company that has nothing to do with us yet, and a browser on an empty page.
    pub async fn new(options: &Options) -> Self {
        let dir = tempfile::Builder::new().prefix("ecss-crm-scene-").tempdir().expect("a place for the town");
        let environment = Environment::build(dir.path(), &EnvironmentPlan::default()).await.expect("the town stands");
        // By its name the portal is another site than the daemon, as it is in the world.
        let spec = PortalSpec { host: "localhost".to_owned(), ..PortalSpec::default() };
        let company = environment.add_company("browser.local", spec).await.expect("a company moves in");
        let browser = Browser::start(environment.client(), options).await;
        Self { browser, environment, company, _dir: dir }
    }

    /// The same with the company registered, connected to the switch and its telephones on the portal's page.
    pub async fn ready(options: &Options) -> Self {
        let scene = Self::new(options).await;
        scene.company.portal.install(1).await;
        let mut admin = scene.environment.register(&scene.company).await.expect("the company registers");
        scene.environment.show_phones(&scene.company);
        scene.environment.switch.wait_linked(1).await.expect("the switch is connected");
        let portal = scene.portal();
        scene.eventually("the bindings", || !portal.placements().is_empty() && !portal.handlers().is_empty()).await;
        // A call that comes before the users are known is nobody's. Looking at the number table fetches them.
        admin.page("/company/employees").await.expect("the number table");
        scene
    }

    /// The same with a client who calls Ivan; the browser is inside his card.
    pub async fn with_ringing_card() -> Self {
        let scene = Self::ready(&Options::default()).await;
        scene.portal_page(IVAN).await;
        scene.outside_calls(CLIENT, IVAN_NUMBER).await;
        scene.enter_card().await;
        scene.browser.says("#phase", "Входящий вызов").await;
        scene
    }

    pub fn portal(&self) -> &SimPortal {
        &self.company.portal
    }

    /// Logs in to the company's pages: `submit` and `user` are what stands on the buttons.
    pub async fn log_in(&self, submit: &str, user: &str) {
        self.browser.open(&self.environment.base()).await;
        self.browser.fill(&By::css("#domain"), &self.portal().domain()).await;
        self.browser.click(&By::word(submit)).await;
        self.browser.click(&By::word(user)).await;
        self.browser.find(&By::css("nav.tabs")).await;
    }

    /// Opens the portal's page as an employee.
    pub async fn portal_page(&self, user: i64) {
        self.browser.open(&format!("{}?user={user}", self.portal().page_url())).await;
        self.browser.find(&By::css("#handsets li")).await;
    }

    /// The telephones' form: somebody outside calls the company.
    pub async fn outside_calls(&self, from: &str, to: &str) {
        self.browser.fill(&By::css("#ring input[name=from]"), from).await;
        self.browser.choose(&By::css("#ring select"), to).await;
        self.browser.click(&By::css("#ring button")).await;
    }

    /// Presses a button of a telephone on the portal's page.
    pub async fn press_phone(&self, number: &str, word: &str) {
        self.browser.click(&By::within("#handsets li", number, word)).await;
    }

    /// Goes into our frame inside the portal's card.
    pub async fn enter_card(&self) {
        self.browser.enter(&By::css("#tab-frames iframe")).await;
        self.browser.find(&By::css("#card #phase")).await;
    }

    /// Waits until something is true in the portal.
    pub async fn eventually(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let found = self.environment.portals.until(LONG, || holds().then_some(())).await;
        assert!(found.is_some(), "waited in vain for {what}\n{}", self.portal().verdict());
    }

    /// Nothing is left undone, nobody did what must not be done, and the browser has nothing to complain about.
    pub async fn end(self) {
        self.quiet_console().await;
        self.eventually("the last record", || self.portal().open_calls().is_empty()).await;
        self.environment.portals.assert_silent();
        self.environment.stop().await;
    }

    /// No error, no warning, no violated policy in the console so far.
    pub async fn quiet_console(&self) {
        let lines = self.browser.console().await;
        let loud: Vec<_> = lines.iter().filter(|line| line.level == "SEVERE" || line.level == "WARNING").collect();
        assert!(loud.is_empty(), "the console complains: {loud:#?}");
    }
}
