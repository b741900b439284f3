//! A whole environment: the simulated portals and switch with the real daemon between them, over real sockets.
//!
//! The sandbox command shows it to a newcomer, the tests drive and judge it. The daemon is used as an administrator
//! would: through its settings and its pages.

mod admin;
mod phones;
mod ports;

pub use admin::{Admin, AdminError};
pub use ports::free_port;

use super::certs::Certs;
use super::portal::{PortalSpec, PortalWorld, SimPortal, WorldOptions};
use super::switch::{Subscriber, SwitchWorld};
use crate::app::{Daemon, Listeners, prepare};
use crate::clock::Clock;
use crate::config::{Networks, Settings};
use crate::http::{ClientOptions, Trusted};
use crate::server::bind::tcp;
use anyhow::Context as _;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct EnvironmentPlan {
    /// Port of the first portal's page; 0 takes a free one.
    pub portal_port: u16,
    /// Changes to the daemon's settings before it starts.
    pub settings: Option<fn(&mut Settings)>,
    /// Who runs the daemon.
    pub daemon: DaemonPlace,
}

/// Where the environment's daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DaemonPlace {
    /// In this process, started and stopped by the environment.
    #[default]
    Here,
    /// Elsewhere: somebody else starts a process with the environment's settings. The ports are chosen and free.
    Elsewhere,
}

pub struct Environment {
    /// All portals and their authorization server.
    pub portals: PortalWorld,
    /// The switch of all companies.
    pub switch: SwitchWorld,
    /// The daemon's settings; changes count from its next start.
    pub settings: Settings,
    /// Certificates of all simulated servers.
    pub certs: Certs,
    /// The daemon's clock; its machine's clock can be set.
    pub clock: Clock,
    daemon: Option<Daemon>,
    client: reqwest::Client,
    dir: PathBuf,
}

/// One company of the environment, furnished but not necessarily registered.
#[derive(Clone)]
pub struct SimulatedCompany {
    pub portal: SimPortal,
    /// Its domain on the switch.
    pub domain: String,
    /// Client id of its integration.
    pub client_id: String,
    /// API key of its integration.
    pub api_key: SecretString,
}

impl Environment {
    /// Builds the worlds in `dir` and starts the daemon, if it is to run here; no company is registered yet.
    pub async fn build(dir: &Path, plan: &EnvironmentPlan) -> anyhow::Result<Self> {
        let certs = Certs::new()?;
        let ca_file = certs.write_ca(dir)?;
        let trusted = Trusted::load(Some(&ca_file))?;
        let client =
            certs.client(&trusted, ClientOptions { timeout: Duration::from_secs(30), ..Default::default() })?;
        let clock = Clock::system();
        let portals = PortalWorld::start(WorldOptions {
            certs: certs.clone(),
            client: client.clone(),
            clock: clock.clone(),
            auth_port: 0,
        })
        .await?;
        let switch = SwitchWorld::new(clock);
        switch.listen(SocketAddr::from(([127, 0, 0, 1], 0)), Some(Arc::clone(&certs.server))).await?;
        let mut settings = Settings {
            use_unix_sockets: false,
            server_host: "127.0.0.1".to_owned(),
            ssl_key_filename: dir.join("key.pem"),
            ssl_cert_filename: dir.join("cert.pem"),
            bitrix_token_host: portals.auth_url(),
            default_log_file: dir.join("default.log"),
            error_log_file: dir.join("error.log"),
            state_dir: dir.join("db"),
            ca_file: Some(ca_file),
            // Everything in the environment is on this machine.
            portal_networks: Networks::Local,
            ..Settings::default()
        };
        if let Some(change) = plan.settings {
            change(&mut settings);
        }
        // The public address must be known before anything listens on it.
        let (http, https) = (tcp("127.0.0.1", free_port()?).await?, tcp("127.0.0.1", free_port()?).await?);
        let port = |l: &crate::server::bind::Listener| l.tcp_address().map(|a| a.port()).context("a TCP listener");
        (settings.http_port, settings.https_port) = (port(&http)?, port(&https)?);
        settings.proxy_gateway_url = Some(format!("http://127.0.0.1:{}/bitrix", settings.http_port));
        let mut environment = Self {
            portals,
            switch,
            settings,
            certs,
            clock: Clock::steady(),
            daemon: None,
            client,
            dir: dir.to_owned(),
        };
        match plan.daemon {
            DaemonPlace::Here => environment.start_on(Listeners { http, https, ops: None }).await?,
            DaemonPlace::Elsewhere => drop((http, https)),
        }
        Ok(environment)
    }

    /// A company with a portal, a domain on the switch and an integration over its employees' numbers; the switch
    /// has a phone for every number.
    pub async fn add_company(&self, domain: &str, spec: PortalSpec) -> anyhow::Result<SimulatedCompany> {
        self.switch.add_domain(domain);
        let mut numbers = Vec::new();
        for user in spec.users.iter().filter(|u| u.active) {
            if let Some(number) = &user.inner {
                // Not every telephone picks up on command; the last number's does not.
                let sip_answer = !number.ends_with('4');
                let phone = Subscriber::new(number).named(&user.full_name()).sip_answer(sip_answer);
                self.switch.add_subscriber(domain, phone)?;
                numbers.push(number.clone());
            }
        }
        for client in &spec.clients {
            self.switch.add_contact(domain, &client.number, &client.name)?;
        }
        let members: Vec<&str> = numbers.iter().map(String::as_str).collect();
        self.switch.add_group(domain, "600", &members)?;
        self.switch.add_hunt(domain, "601", &members)?;
        self.switch.add_queue(domain, "112", &members)?;
        let client_id = format!("crm-{domain}");
        let api_key = self.switch.add_integration(domain, &client_id, &format!("{{{}}}", numbers.join(",")))?;
        let portal = self.portals.add_portal(spec).await?;
        portal.set_handler(&self.base(), &self.base());
        Ok(SimulatedCompany { portal, domain: domain.to_owned(), client_id, api_key })
    }

    /// The daemon's public address.
    pub fn base(&self) -> String {
        self.settings.public_base()
    }

    /// A client that trusts all simulated servers and follows no redirects.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Where the environment keeps its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// An administrator's browser, without cookies yet.
    pub fn admin(&self) -> Admin {
        Admin::new(self.client.clone(), self.base())
    }

    /// Registers a company as its administrator would, and connects it to the switch.
    pub async fn register(&self, company: &SimulatedCompany) -> anyhow::Result<Admin> {
        let keys = company.portal.keys().context("the portal has no application")?;
        let mut admin = self.admin();
        admin.log_in(&company.portal, 1, Some(&keys)).await?;
        admin.connect_switch(company, &self.switch.base_urls()).await?;
        Ok(admin)
    }

    /// Stops the daemon in good order.
    pub async fn stop_daemon(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await;
        }
    }

    pub async fn start_daemon(&mut self) -> anyhow::Result<()> {
        let listeners = Listeners::take_or_bind(&self.settings, Vec::new()).await?;
        self.start_on(listeners).await
    }

    async fn start_on(&mut self, listeners: Listeners) -> anyhow::Result<()> {
        let prepared = prepare(&self.settings).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        self.daemon = Some(Daemon::start(&self.settings, prepared, listeners, self.clock.clone()).await?);
        Ok(())
    }

    /// Puts the first company's telephones on the portals' pages.
    pub fn show_phones(&self, company: &SimulatedCompany) {
        self.portals.set_phones(phones::Desk::new(self.switch.clone(), company));
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.stop_daemon().await;
        self.switch.shutdown();
        self.portals.stop();
    }
}
