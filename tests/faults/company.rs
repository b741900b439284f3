//! One company: its portal, its telephones, its administrator.

use super::stage::{PATIENCE, Stage};
use ecss_crm_server::sandbox::environment::{Admin, SimulatedCompany};
use ecss_crm_server::sandbox::portal::{Limits, PortalSpec, SimPortal, User};
use ecss_crm_server::sandbox::switch::{DomainHandle, SwitchWorld};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub struct TestCompany {
    pub simulated: SimulatedCompany,
    pub portal: SimPortal,
    pub domain: DomainHandle,
    pub switch: SwitchWorld,
    /// Number to employee.
    pub owners: BTreeMap<String, i64>,
    /// How much traffic it has had.
    traffic: AtomicU32,
    admin: Admin,
}

impl TestCompany {
    /// A company of this many employees with a telephone each, registered and at work.
    pub async fn settle(stage: &Stage, domain: &str, seats: i64, limits: Limits) -> Self {
        let inner = |user: i64| (1000 + user).to_string();
        let user =
            |id: i64| User { admin: id == 1, ..User::new(id, "Иван", &format!("{id}-й")).inner(&inner(id)) };
        let spec = PortalSpec { users: (1..=seats).map(user).collect(), limits, ..PortalSpec::default() };
        let simulated = stage.environment.add_company(domain, spec).await.expect("a company");
        simulated.portal.install(1).await.expect("an installation path");
        let admin = stage.environment.register(&simulated).await.expect("the registration");
        let mut company = Self {
            portal: simulated.portal.clone(),
            domain: stage.environment.switch.domain(domain),
            switch: stage.environment.switch.clone(),
            owners: (1..=seats).map(|user| (inner(user), user)).collect(),
            traffic: AtomicU32::new(0),
            admin,
            simulated,
        };
        company.settled(stage).await;
        company
    }

    /// The first digits of clients' numbers that no traffic of this company has had.
    pub fn unused_series(&self) -> u32 {
        let series = 10 + self.traffic.fetch_add(1, Ordering::Relaxed);
        assert!(series < 100, "there are ninety of two digits");
        series
    }

    /// Waits until a call would find everything in place.
    async fn settled(&mut self, stage: &Stage) {
        let portal = self.portal.clone();
        let bound = || {
            let card = portal.placements().iter().any(|p| p.code == "CALL_CARD");
            let click = portal.handlers().iter().any(|h| h.event == "ONEXTERNALCALLSTART");
            (card && click).then_some(())
        };
        stage.environment.portals.until(PATIENCE, bound).await.expect("the card and the click event are bound");
        // Opening the table imports the employees.
        self.admin.page("/company/employees").await.expect("the number table");
        self.linked().await;
    }

    /// Waits until the daemon is connected to the switch for this company.
    pub async fn linked(&self) {
        let id = &self.simulated.client_id;
        let linked = |switch: &SwitchWorld| (switch.links_of(id) > 0).then_some(());
        let wait = async {
            // The world's own patience is shorter than the longest pause between two attempts.
            while self.switch.wait_for("the company's socket", linked).await.is_err() {}
        };
        tokio::time::timeout(PATIENCE * 2, wait).await.expect("the daemon connects");
    }

    /// Whether the company's pages say that no call goes on and nothing waits to be sent.
    pub async fn is_quiet(&self) -> bool {
        let calls: Value =
            serde_json::from_str(&self.page("/company/calls", "application/json").await).unwrap_or_default();
        let over = calls["active"].as_array().is_some_and(Vec::is_empty);
        over && self.page("/company?tab=diagnostics", "text/html").await.contains(NOTHING_WAITS)
    }

    /// What the company's page says is wrong.
    pub async fn troubles(&self) -> String {
        self.page("/company", "text/html").await.replace("&#39;", "'")
    }

    /// The story of one call, by the switch's name for it.
    pub async fn story(&self, call: &str) -> String {
        self.page(&format!("/company/calls/{call}"), "text/html").await
    }

    async fn page(&self, path: &str, accept: &str) -> String {
        let request = self.admin.request(Method::GET, path).header("accept", accept).header("accept-language", "en");
        match request.timeout(Duration::from_secs(10)).send().await {
            Ok(response) if response.status() == StatusCode::OK => response.text().await.unwrap_or_default(),
            _ => String::new(),
        }
    }
}

const NOTHING_WAITS: &str = "<dt>Calls waiting to be sent to the portal</dt><dd>0</dd>";
