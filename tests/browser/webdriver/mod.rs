//! A real browser in a test's hands: a small WebDriver client for chromedriver with headless Chromium.
//!
//! Waiting is done inside the page: a condition in JavaScript is looked at again at every change of the document and
//! a few times a second besides, until it holds or its time is over. Nothing here sleeps.

mod driver;
mod keys;
mod page;
mod shots;

pub use keys::Key;
pub use page::By;

use driver::Driver;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// How the browser is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// `Accept-Language`, most wanted first, separated by commas.
    pub language: &'static str,
    /// Size of the window in CSS pixels.
    pub size: (u32, u32),
    /// Take any certificate: only for pages of the simulated portal that come over HTTPS.
    pub any_certificate: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { language: "ru,ru-RU", size: (1280, 800), any_certificate: false }
    }
}

/// A line of the browser's console.
#[derive(Debug, Clone)]
pub struct ConsoleLine {
    /// `SEVERE`, `WARNING`, `INFO`, `DEBUG`.
    pub level: String,
    /// With the address it came from.
    pub message: String,
}

/// One browser with one window; closed when dropped, also by a panic.
pub struct Browser {
    client: reqwest::Client,
    session: String,
    driver: Driver,
    _profile: TempDir,
}

/// What chromedriver refuses.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}: {message}")]
pub struct Refused {
    /// WebDriver's word, such as `stale element reference`.
    pub error: String,
    /// For people.
    pub message: String,
}

impl Browser {
    /// Starts a fresh browser; `client` must let requests take half a minute.
    pub async fn start(client: &reqwest::Client, options: &Options) -> Self {
        let profile = tempfile::Builder::new().prefix("ecss-crm-browser-").tempdir().expect("a place for the profile");
        let mut driver = Driver::start();
        let wanted = driver::capabilities(options, profile.path());
        let url = format!("{}/session", driver.url());
        let answer: Value = send(client.post(&url).json(&wanted)).await.expect("a browser starts");
        let id = answer["sessionId"].as_str().expect("a session has a name").to_owned();
        let process = answer["capabilities"]["goog:processID"].as_u64().and_then(|id| u32::try_from(id).ok());
        driver.knows_browser(process.expect("a browser has a process"), profile.path());
        let session = format!("{}/session/{id}", driver.url());
        Self { client: client.clone(), session, driver, _profile: profile }
    }

    /// A WebDriver command with parameters.
    pub async fn post(&self, command: &str, body: &Value) -> Result<Value, Refused> {
        send(self.client.post(format!("{}/{command}", self.session)).json(body)).await
    }

    /// A WebDriver command that asks.
    pub async fn get(&self, command: &str) -> Result<Value, Refused> {
        send(self.client.get(format!("{}/{command}", self.session))).await
    }

    /// Opens an address and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await.unwrap_or_else(|e| panic!("{url} does not open: {e}"));
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.post("refresh", &json!({})).await.expect("the page loads again");
    }

    /// The address of the page.
    pub async fn address(&self) -> String {
        self.get("url").await.expect("a page has an address").as_str().unwrap_or_default().to_owned()
    }

    /// A command of Chromium's own protocol.
    pub async fn cdp(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", &body).await.unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    /// Lets pages believe that the screen is this size, which may be narrower than a window can be.
    pub async fn screen(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics).await;
    }

    /// Lets pages believe that the reader likes `light` or `dark`.
    pub async fn scheme(&self, name: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": name }] });
        self.cdp("Emulation.setEmulatedMedia", &media).await;
    }

    /// What the console said since this was asked last.
    pub async fn console(&self) -> Vec<ConsoleLine> {
        let lines = self.post("se/log", &json!({ "type": "browser" })).await.expect("the browser keeps a log");
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines.iter().map(|l| ConsoleLine { level: text(l, "level"), message: text(l, "message") }).collect()
    }

    /// All windows, oldest first.
    pub async fn windows(&self) -> Vec<String> {
        let names = self.get("window/handles").await.expect("there are windows");
        serde_json::from_value(names).expect("windows have names")
    }

    /// Looks at another window from now on.
    pub async fn look_at(&self, window: &str) {
        self.post("window", &json!({ "handle": window })).await.expect("the window is there");
    }

    /// The window that is not among `known`, once it is there.
    pub async fn new_window(&self, known: &[String]) -> String {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(new) = self.windows().await.into_iter().find(|name| !known.contains(name)) {
                return new;
            }
            assert!(tokio::time::Instant::now() < deadline, "no new window opens");
        }
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<Value, Refused> {
    let refused = |error: &str, message: String| Refused { error: error.to_owned(), message };
    let response = request.send().await.map_err(|e| refused("no answer", e.to_string()))?;
    let good = response.status().is_success();
    let mut answer: Value = response.json().await.map_err(|e| refused("no JSON", e.to_string()))?;
    let value = answer["value"].take();
    if good {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    Err(refused(text("error"), text("message").to_owned()))
}
