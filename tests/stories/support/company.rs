//! One company with its portal, its telephones and its admin.

use super::{PATIENCE, Story};
use ecss_crm_server::sandbox::environment::{Admin, SimulatedCompany};
use ecss_crm_server::sandbox::portal::{FinishedCall, OpenCall, SimPortal};
use ecss_crm_server::sandbox::switch::{CallId, DomainHandle, PhoneHandle, PhoneStatus, SwitchWorld};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

pub struct TestCompany {
    pub simulated: SimulatedCompany,
    pub portal: SimPortal,
    pub domain: DomainHandle,
    pub admin: Admin,
    switch: SwitchWorld,
}

impl TestCompany {
    pub(super) fn new(story: &Story, simulated: SimulatedCompany) -> Self {
        story.secret(simulated.api_key.expose_secret());
        Self {
            portal: simulated.portal.clone(),
            domain: story.switch().domain(&simulated.domain),
            admin: story.environment().admin(),
            switch: story.switch().clone(),
            simulated,
        }
    }

    /// The admin registers the company, connects it to the switch, and looks until everything is in place.
    pub async fn register(mut self, story: &Story) -> Self {
        self.admin = story.environment().register(&self.simulated).await.expect("the registration");
        story.remember(&self.admin);
        self.settled(story).await;
        self
    }

    /// Waits until a call would find everything in place: card and events bound, users known, switch connected.
    pub async fn settled(&mut self, story: &Story) {
        let portal = self.portal.clone();
        let bound = || {
            let card = portal.placements().iter().any(|p| p.code == "CALL_CARD");
            let click = portal.handlers().iter().any(|h| h.event == "ONEXTERNALCALLSTART");
            (card && click).then_some(())
        };
        story.until("the card and the click event are bound", bound).await;
        self.employees().await;
        self.online(story).await;
    }

    /// Waits until the company's page says that the switch is connected.
    pub async fn online(&mut self, story: &Story) {
        self.link_is(story, "good").await;
    }

    /// Waits until the company's page shows the switch connection so: `good`, `busy` (trying), `bad` (an admin is
    /// needed).
    pub async fn link_is(&mut self, story: &Story, wanted: &str) {
        let admin = &mut self.admin;
        let what = format!("the page shows the switch connection as {wanted}");
        story.until_asked(&what, async || (link(admin).await == wanted).then_some(())).await;
    }

    /// Waits until the company's page says that something is the matter with the portal: an answer that says so has
    /// arrived and counts.
    pub async fn portal_is_not_well(&self, story: &Story) {
        let seen = async || {
            let request = self.admin.request(Method::GET, "/company?tab=bitrix");
            let page = request.send().await.ok()?.text().await.ok()?;
            let tone = page.split_once("<div class=\"status ")?.1.split('"').next()?;
            (tone != "good").then_some(())
        };
        story.until_asked("the page says that the portal is not well", seen).await;
    }

    /// The number table as the page's dialog gets it; imports the portal's new users.
    pub async fn employees(&mut self) -> Vec<Value> {
        let request = self.admin.request(Method::GET, "/company/employees").header("accept", "application/json");
        let response = self.admin.send(request).await.expect("the number table");
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.expect("JSON");
        body["employees"].as_array().expect("a list of employees").clone()
    }

    /// The numbers of one employee.
    pub async fn numbers_of(&mut self, user: i64) -> Vec<String> {
        let all = self.employees().await;
        let row = all.iter().find(|row| row["user"] == user).unwrap_or_else(|| panic!("user {user} in {all:?}"));
        row["numbers"].as_array().into_iter().flatten().filter_map(|n| n.as_str().map(str::to_owned)).collect()
    }

    /// Saves numbers as the page's dialog does; status and answer.
    pub async fn save_numbers(&mut self, rows: &[(i64, &[&str])]) -> (StatusCode, Value) {
        let rows: Vec<Value> = rows.iter().map(|(user, numbers)| json!({ "user": user, "numbers": numbers })).collect();
        let request = self.admin.request(Method::PUT, "/company/employees").json(&json!({ "employees": rows }));
        let response = self.admin.send(request).await.expect("an answer");
        (response.status(), response.json().await.unwrap_or_default())
    }

    /// A telephone of the company.
    pub fn phone(&self, number: &str) -> PhoneHandle {
        self.domain.phone(number)
    }

    /// A client calls a number of the company.
    pub async fn incoming(&self, from: &str, to: &str) -> CallId {
        self.domain.external_call(from, to).await
    }

    /// Waits until a telephone of this company does this.
    pub async fn phone_is(&self, number: &str, status: PhoneStatus) {
        let phone = self.phone(number);
        let look = |_: &SwitchWorld| phone.state().filter(|p| p.status == status).map(drop);
        self.switch.wait_for(&format!("{number} to be {status:?}"), look).await.expect("the telephone");
    }

    /// Waits for the one call the portal knows of.
    pub async fn registered(&self, story: &Story) -> OpenCall {
        let portal = self.portal.clone();
        story.until("the portal knows the call", move || portal.open_calls().into_iter().next()).await
    }

    /// Waits until exactly these employees see a card.
    pub async fn cards_at(&self, story: &Story, users: &[i64]) {
        let portal = self.portal.clone();
        let look = || {
            let seen: Vec<i64> = portal.visible().into_iter().map(|(user, _)| user).collect();
            (seen == users).then_some(())
        };
        story.until(&format!("cards stand at {users:?}"), look).await;
    }

    /// Waits until the portal has recorded this many calls.
    pub async fn finished(&self, story: &Story, n: usize) -> Vec<FinishedCall> {
        let portal = self.portal.clone();
        let look = move || Some(portal.finished_calls()).filter(|all| all.len() >= n);
        story.until(&format!("{n} calls are recorded"), look).await
    }

    /// Waits until the daemon has seen the end of every call.
    pub async fn calls_are_over(&self, story: &Story) {
        story
            .until_asked("no call is listed as active", async || no_active_call(&self.admin).await.then_some(()))
            .await;
    }

    /// A click on a number in the portal; its `CALL_ID`, and what our server answered.
    pub async fn click(&self, user: i64, number: &str) -> (String, Option<u16>) {
        let clicked = tokio::time::timeout(PATIENCE, self.portal.click(user, number)).await.expect("an answer in time");
        let clicked = clicked.expect("a click the portal starts");
        (clicked.call, clicked.deliveries.first().and_then(|d| d.status))
    }
}

/// Whether the company's page lists no active call; a page that is no longer shown lists none.
pub(super) async fn no_active_call(admin: &Admin) -> bool {
    let request = admin.request(Method::GET, "/company/calls").header("accept", "application/json");
    let Ok(response) = request.send().await else { return false };
    if response.status() != StatusCode::OK {
        return true;
    }
    let calls: Value = response.json().await.unwrap_or_default();
    calls["active"].as_array().is_some_and(Vec::is_empty)
}

/// Whether the company's page says that nothing waits for the portal.
pub(super) async fn nothing_waits(admin: &Admin) -> bool {
    let request = admin.request(Method::GET, "/company?tab=diagnostics").header("accept-language", "en");
    let Ok(response) = request.send().await else { return false };
    if response.status() != StatusCode::OK {
        return true;
    }
    let page = response.text().await.unwrap_or_default();
    page.contains("<dt>Calls waiting to be sent to the portal</dt><dd>0</dd>")
}

/// How the company's page shows the switch connection.
async fn link(admin: &mut Admin) -> String {
    let page = admin.page("/company?tab=ecss").await.expect("the company's page");
    let (_, rest) = page.split_once("<div class=\"status ").expect("the state of the connection on the page");
    rest.split('"').next().unwrap_or_default().to_owned()
}
