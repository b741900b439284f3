//! The call card in an employee's browser.

use super::{PATIENCE, Story, TestCompany};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

/// An open card.
pub struct Card {
    client: Client,
    base: String,
    /// What the card shows instead of a cookie.
    pub ticket: String,
    /// The `CALL_ID` it was opened for.
    pub call: String,
    /// The state the page was drawn from.
    pub state: Value,
}

impl Card {
    /// Opens the first tab of the card on this employee's screen, as the browser does.
    pub async fn open(story: &Story, company: &TestCompany, user: i64) -> Self {
        Self::open_if_there(story, company, user).await.expect("a tab in the card")
    }

    /// Opens it if one stands on this employee's screen.
    pub async fn open_if_there(story: &Story, company: &TestCompany, user: i64) -> Option<Self> {
        let frame = company.portal.card_frames(user).into_iter().next()?;
        let client = story.environment().client().clone();
        let response = frame.send(&client).await.expect("the card");
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers().clone();
        let policy = headers.get("content-security-policy").and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert!(policy.contains("frame-ancestors") && policy.contains(&company.portal.domain()), "{policy}");
        assert!(!headers.contains_key("x-frame-options"), "the portal may not frame it");
        let page = response.text().await.expect("a page");
        let state = serde_json::from_str(&attribute(&page, "data-state")).expect("the card's state");
        let (ticket, call) = (attribute(&page, "data-ticket"), attribute(&page, "data-card"));
        story.secret(&ticket);
        Some(Self { client, base: story.environment().base(), ticket, call, state })
    }

    /// Opens the live stream.
    pub async fn stream(&self) -> Stream {
        let query = [("ticket", self.ticket.as_str()), ("card", self.call.as_str())];
        let response = self.client.get(format!("{}/call/stream", self.base)).query(&query).send().await;
        let response = response.expect("the stream");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Stream { response, text: String::new() }
    }

    /// Presses a button for the call the card was opened for.
    pub async fn press(&self, action: &str) -> (StatusCode, Value) {
        self.send(&json!({ "ticket": self.ticket, "action": action, "call": self.call })).await
    }

    /// Sends whatever to the address of the buttons.
    pub async fn send(&self, body: &Value) -> (StatusCode, Value) {
        let sent = self.client.post(format!("{}/call/action", self.base)).json(body).send();
        let response = tokio::time::timeout(PATIENCE, sent).await.expect("an answer in time").expect("an answer");
        (response.status(), response.json().await.unwrap_or_default())
    }
}

/// The card's live state.
pub struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    /// Reads on until a state of the card fits.
    pub async fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let reading = async {
            loop {
                while let Some(end) = self.text.find("\n\n") {
                    let data = calls_of(&self.text[..end]);
                    self.text.drain(..end + 2);
                    if let Some(state) = data {
                        if fits(&state) {
                            return Some(state);
                        }
                        last = state;
                    }
                }
                let chunk = self.response.chunk().await.ok().flatten()?;
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        assert!(read.is_ok(), "waited in vain until {what}; last: {last}");
        read.ok().flatten().unwrap_or_else(|| panic!("the stream ended before {what}; last: {last}"))
    }

    /// Reads on until the call of the card is in this phase.
    pub async fn phase(&mut self, phase: &str) -> Value {
        let what = format!("the card shows {phase}");
        self.until(&what, |state| state["current"]["phase"] == phase).await["current"].clone()
    }
}

/// The state an event of the stream carries, if it is of that kind.
fn calls_of(event: &str) -> Option<Value> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::trim_start));
    if field("event:")? != "calls" {
        return None;
    }
    serde_json::from_str(field("data:")?).ok()
}

/// An attribute of the page, unescaped.
fn attribute(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name} on the card: {page}"));
    let raw = rest.split('"').next().unwrap_or_default();
    let plain = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
    ];
    let text = plain.iter().fold(raw.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&#38;", "&").replace("&amp;", "&")
}
