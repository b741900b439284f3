//! What a portal, or a browser inside it, posts to us. Pure: nothing here is believed, only read.
//!
//! Events come from the portal's queue server and are proved by [`authentic()`]; what comes with
//! [`PortalPost::Opened`] was sent by a user's browser and proves nothing at all.

mod authentic;
mod click;
mod form;
mod shape;

pub use authentic::authentic;
pub use form::FormFault;

use crate::domain::call::{CrmItem, CrmItemKind};
use crate::domain::{CompanyId, CrmCallId, Timestamp, Tokens, UserId};
use form::Form;
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// One post, sorted.
#[derive(Debug)]
pub enum PortalPost {
    /// The application was installed, or updated: new tokens.
    Install(Box<Install>),
    /// The application was removed.
    Uninstall {
        /// Who says so; comes without tokens, but with the application token.
        from: Sender,
        /// The admin asked for our data to be deleted as well.
        clean: bool,
    },
    /// Somebody clicked on a number.
    CallStart(Box<CallStart>),
    /// A user has opened one of our pages inside the portal.
    Opened(Box<Opened>),
    /// A user was added to the portal.
    UserAdded {
        /// Who says so.
        from: Sender,
    },
    /// The test event that we have asked the portal for, somebody says.
    TestEvent {
        /// Who says so.
        from: Sender,
        /// What the portal was asked with, where it is shown.
        secret: Option<SecretString>,
    },
    /// An event that we did not ask for.
    OtherEvent {
        /// Its name in upper case.
        name: String,
        /// Who says so.
        from: Sender,
    },
}

/// Why a post is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostFault {
    /// Its form cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// It is neither an event nor an opened page.
    #[error("the form has neither an event nor a placement")]
    Unknown,
    /// A field is longer than any portal writes it, or has signs that it cannot have.
    #[error("{0} is nothing that a portal writes")]
    Shape(&'static str),
}

/// What was posted lacks a field that it cannot be taken without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MissingField {
    /// Which portal an event is from.
    #[error("auth[member_id] is missing")]
    Sender,
    /// Which portal a page was opened in.
    #[error("member_id is missing")]
    Portal,
    /// The access token of the user who opened a page.
    #[error("AUTH_ID is missing")]
    Access,
    #[error("data[USER_ID] is missing or cannot be read")]
    Clicker,
    /// The number that was clicked, where a click needs one.
    #[error("data[PHONE_NUMBER] is missing or cannot be read")]
    Number,
}

/// Who an event says it is from.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The portal.
    pub member_id: Option<CompanyId>,
    /// Its host.
    pub domain: Option<String>,
    /// The proof.
    pub application_token: Option<SecretString>,
    /// An access token of the user who caused the event; often missing.
    pub access: Option<SecretString>,
    /// The authorization server that knows it, by the sender's word.
    pub server_endpoint: Option<String>,
}

impl Sender {
    /// The portal, which no event goes without.
    pub fn company(&self) -> Result<&CompanyId, MissingField> {
        self.member_id.as_ref().ok_or(MissingField::Sender)
    }
}

/// `ONAPPINSTALL` and `ONAPPUPDATE`
#[derive(Debug, Clone)]
pub struct Install {
    /// Who says so.
    pub from: Sender,
    /// Base of the portal's REST.
    pub client_endpoint: Option<String>,
    /// Base of the authorization server's REST, unchecked.
    pub server_endpoint: Option<String>,
    /// Access token of the installing user.
    pub access: Option<SecretString>,
    /// Refresh token of the installing user.
    pub refresh: Option<SecretString>,
    /// Seconds until `access` ends.
    pub expires_in: Option<u64>,
    /// Granted scopes.
    pub scope: String,
    /// The installing user, where named.
    pub user: Option<UserId>,
    /// Language of the portal, e.g. `ru`.
    pub language: Option<String>,
}

impl Install {
    /// The pair, as received at `now`; `None` if the event came without.
    pub fn tokens(&self, now: Timestamp) -> Option<Tokens> {
        Some(Tokens {
            access: self.access.clone()?,
            refresh: self.refresh.clone()?,
            expires_at: now + Duration::from_secs(self.expires_in.unwrap_or(3600)),
            previous: None,
            refresh_obtained_at: now,
            user_id: self.user,
            server_endpoint: self.server_endpoint.clone(),
            scope: self.scope.clone(),
        })
    }
}

/// `ONEXTERNALCALLSTART`
#[derive(Debug, Clone)]
pub struct CallStart {
    /// Who says so.
    pub from: Sender,
    /// When the portal made the event.
    pub sent_at: Option<Timestamp>,
    /// The CRM call that the portal has registered already; absent from old boxes.
    pub call: Option<CrmCallId>,
    /// Who clicked.
    pub user: Option<UserId>,
    /// The number as it stands in the CRM.
    pub number: String,
    /// The same in international form, where the portal could read it.
    pub international: Option<String>,
    /// What to dial after the answer: what the portal's parser finds behind `;` or `#` in the number
    /// (voximplant/lib/rest/helper.php, `startCall`).
    pub extension: Option<String>,
    /// The chosen line; absent when the application itself is the number for outgoing calls.
    pub line: Option<String>,
    /// The call campaign (CRM call list); the portal sends `0` for none.
    pub campaign: Option<i64>,
    /// Clicked in the mobile application.
    pub mobile: bool,
    /// The CRM item clicked on.
    pub item: Option<CrmItem>,
}

/// One of our pages was opened in a frame. Every field comes from the user's browser.
#[derive(Debug, Clone)]
pub struct Opened {
    /// `PLACEMENT_OPTIONS`; null if there are none or they are no JSON.
    pub options: Value,
    /// The portal's host, from the query.
    pub domain: Option<String>,
    /// Whether the portal is reached by HTTPS, from the query.
    pub https: bool,
    /// Language of the page, e.g. `ru`, from the query.
    pub language: Option<String>,
    /// The user's access token: the *registered* portal says whose it is.
    pub auth_id: Option<SecretString>,
    /// For how long that token is good, by the browser's word.
    pub expires_in: Option<Duration>,
    /// The portal, by the browser's word.
    pub member_id: Option<CompanyId>,
    /// What authenticates the portal's events, by the browser's word; older boxes do not send it.
    pub application_token: Option<SecretString>,
}

impl Opened {
    /// The CRM call that the card belongs to.
    pub fn call(&self) -> Option<CrmCallId> {
        self.option("CALL_ID").map(CrmCallId::new)
    }

    /// The client's number that the card shows. A text without digits is how we tell the portal that there is none.
    pub fn number(&self) -> Option<String> {
        self.option("PHONE_NUMBER").filter(|number| number.chars().any(|c| c.is_ascii_digit()))
    }

    /// One of the options as text.
    fn option(&self, key: &str) -> Option<String> {
        self.options.get(key).and_then(super::lenient::text).filter(|v| v != "undefined")
    }
}

impl PortalPost {
    /// Reads a post's query and body.
    pub fn parse(query: Option<&str>, body: &[u8]) -> Result<Self, PostFault> {
        let form = Form::parse(body)?;
        let post = match form.get("event") {
            Some(name) => event(&name.to_ascii_uppercase(), &form),
            None if form.get("PLACEMENT").is_some() || form.get("AUTH_ID").is_some() => {
                Self::Opened(Box::new(opened(&Form::parse(query.unwrap_or_default().as_bytes())?, &form)))
            }
            None => return Err(PostFault::Unknown),
        };
        match shape::fault(&post) {
            Some(field) => Err(PostFault::Shape(field)),
            None => Ok(post),
        }
    }
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn event(name: &str, form: &Form) -> PortalPost {
    let auth = |key: &str| form.nested("auth", key);
    let from = Sender {
        member_id: auth("member_id").map(CompanyId::from),
        domain: auth("domain").map(str::to_owned),
        application_token: auth("application_token").map(secret),
        access: auth("access_token").map(secret),
        server_endpoint: auth("server_endpoint").map(str::to_owned),
    };
    match name {
        "ONAPPINSTALL" | "ONAPPUPDATE" => PortalPost::Install(Box::new(Install {
            from,
            client_endpoint: auth("client_endpoint").map(str::to_owned),
            server_endpoint: auth("server_endpoint").map(str::to_owned),
            access: auth("access_token").map(secret),
            refresh: auth("refresh_token").map(secret),
            expires_in: auth("expires_in").and_then(|s| s.parse().ok()),
            scope: auth("scope").unwrap_or_default().to_owned(),
            user: auth("user_id").and_then(user),
            language: form.nested("data", "LANGUAGE_ID").map(str::to_owned),
        })),
        "ONAPPUNINSTALL" => PortalPost::Uninstall { from, clean: form.nested("data", "CLEAN") == Some("1") },
        "ONAPPTEST" => {
            // As it was sent (test-handler.md), or as the portal spells the names of other parameters.
            let returned = form.get("data[QUERY][any]").or_else(|| form.get("data[QUERY][ANY]"));
            PortalPost::TestEvent { from, secret: returned.map(secret) }
        }
        "ONUSERADD" => PortalPost::UserAdded { from },
        "ONEXTERNALCALLSTART" => PortalPost::CallStart(Box::new(call_start(from, form))),
        _ => PortalPost::OtherEvent { name: name.to_owned(), from },
    }
}

fn user(text: &str) -> Option<UserId> {
    text.trim().parse().ok().filter(|id| *id > 0).map(UserId)
}

/// A flag as PHP writes it into a form, or as Bitrix24 writes flags elsewhere.
fn yes(text: &str) -> bool {
    matches!(text.trim(), "1" | "Y" | "y" | "true")
}

fn item_kind(word: &str) -> CrmItemKind {
    let word = click::bounded(word);
    match word.as_str() {
        "CONTACT" => CrmItemKind::Contact,
        "COMPANY" => CrmItemKind::Company,
        "LEAD" => CrmItemKind::Lead,
        "DEAL" => CrmItemKind::Deal,
        _ => CrmItemKind::Other(word),
    }
}

fn call_start(from: Sender, form: &Form) -> CallStart {
    let data = |key: &str| form.nested("data", key);
    let owned = |key: &str| data(key).map(str::to_owned);
    let item_id = data("CRM_ENTITY_ID").and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    CallStart {
        from,
        sent_at: form.get("ts").and_then(|s| s.parse::<i64>().ok()).map(|s| Timestamp(s.saturating_mul(1000))),
        call: data("CALL_ID").map(CrmCallId::from),
        user: data("USER_ID").and_then(user),
        number: data("PHONE_NUMBER").unwrap_or_default().to_owned(),
        international: owned("PHONE_NUMBER_INTERNATIONAL"),
        extension: owned("EXTENSION"),
        line: owned("LINE_NUMBER"),
        campaign: data("CALL_LIST_ID").and_then(|id| id.trim().parse().ok()).filter(|id| *id > 0),
        mobile: data("IS_MOBILE").is_some_and(yes),
        item: data("CRM_ENTITY_TYPE").zip(item_id).map(|(kind, id)| CrmItem { kind: item_kind(kind), id }),
    }
}

fn opened(query: &Form, form: &Form) -> Opened {
    // Some portals repeat the query's fields in the body.
    let either = |key: &str| query.get(key).or_else(|| form.get(key));
    Opened {
        options: form.get("PLACEMENT_OPTIONS").and_then(|o| serde_json::from_str(o).ok()).unwrap_or(Value::Null),
        domain: either("DOMAIN").map(str::to_owned),
        https: either("PROTOCOL") != Some("0"),
        language: either("LANG").map(str::to_owned),
        auth_id: form.get("AUTH_ID").map(secret),
        expires_in: form.get("AUTH_EXPIRES").and_then(|s| s.parse().ok()).map(Duration::from_secs),
        member_id: form.get("member_id").map(CompanyId::from),
        application_token: form.get("APPLICATION_TOKEN").map(secret),
    }
}

#[cfg(test)]
mod tests;
