//! All that one portal knows.

use super::calls::{FinishedCall, OpenCall};
use super::fault::Faults;
use super::ids;
use super::judge::{Delivery, Log, Push, Verdict};
use super::limits::Meter;
use super::network::Carrier;
use super::screens::Screens;
use super::spec::{AppKeys, AppSpec, Client, PortalSpec, User};
use super::story::{Story, Told};
use crate::domain::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The feed keeps this many entries.
const FEED: usize = 60;
/// Long numbers with the same last digits are the same subscriber.
const SUFFIX: usize = 10;

/// A bound event handler.
#[derive(Debug, Clone)]
pub struct Handler {
    /// `event_handler_id`.
    pub id: i64,
    /// Upper case.
    pub event: String,
    /// Where events are posted to.
    pub url: String,
    /// The user whose authorization is sent; 0 means the user who caused the event.
    pub auth_type: i64,
    /// Kept for polling instead of posted.
    pub offline: bool,
}

/// A test event that was asked for and is not sent yet.
#[derive(Debug, Clone)]
pub struct TestEvent {
    /// Who asked.
    pub caller: i64,
    /// Who is told.
    pub handlers: Vec<Handler>,
    /// The parameters of the request.
    pub query: Value,
}

/// A bound placement.
#[derive(Debug, Clone)]
pub struct Placement {
    /// `CALL_CARD`, …
    pub code: String,
    /// What is opened.
    pub url: String,
    /// Name of the tab.
    pub title: String,
    /// As sent.
    pub description: String,
    /// As sent.
    pub lang_all: Value,
    /// As sent.
    pub options: Value,
    /// 0 for everybody.
    pub user: i64,
}

/// An external line.
#[derive(Debug, Clone)]
pub struct Line {
    /// May be empty.
    pub name: String,
    /// Make leads of unknown callers on this line.
    pub crm_auto_create: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { name: String::new(), crm_auto_create: true }
    }
}

#[derive(Debug)]
pub struct Portal {
    /// Survives renames.
    pub member_id: String,
    /// `host:port`; changes with a rename.
    pub domain: String,
    /// Shown to people.
    pub title: String,
    /// Accounts.
    pub users: Vec<User>,
    /// The CRM.
    pub clients: Vec<Client>,
    /// The application's form.
    pub app: AppSpec,
    /// The id the portal gave it.
    pub app_id: i64,
    /// Its keys; `None` after it was deleted.
    pub keys: Option<AppKeys>,
    /// Inbound webhooks: secret and user.
    pub webhooks: BTreeMap<String, i64>,
    /// People logged in with a browser: cookie value and user.
    pub sessions: BTreeMap<String, i64>,
    /// Bound events.
    pub handlers: Vec<Handler>,
    /// Test events under way.
    pub test_events: Vec<TestEvent>,
    /// Bound placements.
    pub placements: Vec<Placement>,
    /// External lines by number.
    pub lines: BTreeMap<String, Line>,
    /// Calls that are not finished.
    pub calls: Vec<OpenCall>,
    pub finished: Vec<FinishedCall>,
    /// The missed-call counter: number and employee.
    pub missed: Vec<(String, i64)>,
    /// Cards.
    pub screens: Screens,
    /// Push messages.
    pub pushes: Vec<Push>,
    /// Events sent.
    pub deliveries: Vec<Delivery>,
    /// Requests seen.
    pub log: Log,
    /// Misfortunes waiting.
    pub faults: Faults,
    /// How long requests are under way.
    pub carrier: Carrier,
    /// Limiters.
    pub meter: Meter,
    /// Lines have the field `CRM_AUTO_CREATE`; older boxes ignore it.
    pub lines_know_crm: bool,
    /// The portal's language, as installation notices give it.
    pub language: String,
    /// Whether events carry the causing user's token, and where tokens are refreshed.
    pub event_auth: EventAuth,
    feed: Vec<Told>,
    last_id: i64,
}

/// How much of the `auth` block an event carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventAuth {
    /// Everything but a refresh token.
    #[default]
    Usual,
    /// Without `server_endpoint`, as for a while in November 2024.
    NoServerEndpoint,
    /// Without any token, as for events caused by robots.
    NoTokens,
    /// With a refresh token, as the documentation prints it.
    WithRefresh,
}

impl Portal {
    /// A portal of its description, reached at `domain`.
    pub fn new(spec: PortalSpec, domain: String) -> Self {
        Self {
            member_id: spec.member_id,
            domain,
            title: spec.title,
            users: spec.users,
            clients: spec.clients,
            app: spec.app,
            app_id: 1,
            keys: Some(fresh_keys()),
            webhooks: BTreeMap::new(),
            sessions: BTreeMap::new(),
            handlers: Vec::new(),
            test_events: Vec::new(),
            placements: Vec::new(),
            lines: BTreeMap::new(),
            calls: Vec::new(),
            finished: Vec::new(),
            missed: Vec::new(),
            screens: Screens::default(),
            pushes: Vec::new(),
            deliveries: Vec::new(),
            log: Log::default(),
            faults: Faults::default(),
            carrier: Carrier::default(),
            meter: Meter::new(spec.limits),
            lines_know_crm: true,
            language: "ru".to_owned(),
            event_auth: EventAuth::Usual,
            feed: Vec::new(),
            last_id: 100,
        }
    }

    /// A number nobody has yet.
    pub fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// An account by id.
    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|u| u.id == id)
    }

    /// An account that may own calls.
    pub fn active_user(&self, id: i64) -> Option<&User> {
        self.user(id).filter(|u| u.active && u.kind.is_real())
    }

    /// The account with an internal number: the first, if several have it.
    pub fn user_by_inner(&self, number: &str) -> Option<&User> {
        self.users.iter().find(|u| u.active && u.kind.is_real() && u.kept_inner().as_deref() == Some(number))
    }

    /// Whom the CRM knows by a number.
    pub fn client(&self, number: &str) -> Option<&Client> {
        self.clients.iter().find(|client| same_number(&client.number, number))
    }

    /// Forgets the application: events, placements, lines.
    pub fn forget_app(&mut self) {
        self.handlers.clear();
        self.placements.clear();
        self.lines.clear();
    }

    /// Gives the application new keys, as when it is deleted and added again.
    pub fn renew_keys(&mut self) -> AppKeys {
        self.forget_app();
        self.app_id = self.next_id();
        let keys = fresh_keys();
        self.keys = Some(keys.clone());
        keys
    }

    /// Adds to the feed.
    pub fn add_to_feed(&mut self, at: Timestamp, story: Story) {
        self.feed.push(Told { at, story });
        if self.feed.len() > FEED {
            self.feed.remove(0);
        }
    }

    /// The feed, oldest first.
    pub fn feed(&self) -> &[Told] {
        &self.feed
    }

    /// What is left undone and what was done wrong.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            unfinished: self.calls.iter().map(|c| c.id.clone()).collect(),
            visible: self.screens.all().map(|(user, card)| (user, card.call.clone())).collect(),
            violations: self.log.violations.clone(),
        }
    }
}

fn fresh_keys() -> AppKeys {
    AppKeys { client_id: ids::client_id(), client_secret: ids::hex(25), application_token: ids::hex(16) }
}

/// Whether two spellings mean one subscriber.
pub fn same_number(a: &str, b: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (a, b) = (digits(a), digits(b));
    let tail = |text: &str| text.get(text.len().saturating_sub(SUFFIX)..).map(str::to_owned);
    !a.is_empty() && (a == b || (a.len() >= SUFFIX && b.len() >= SUFFIX && tail(&a) == tail(&b)))
}
