//! One company's portal.

mod access;
mod moved;
mod renewal;
mod token_store;

pub use token_store::{StoreFuture, TokenStore, TokenStoreError};

use super::answer::{self, RestAnswer, Verdict};
use super::error::ApiError;
use super::exchange::{AnswerLimit, ExchangeFault, OneLong, send};
use super::oauth::{AppCredentials, OAuth};
use super::rate_limit::{Priority, RateLimitSlot, RateLimiter};
use super::token_owner::{self, TokenOwner};
use crate::clock::Clock;
use crate::domain::budget::Budget;
use crate::domain::language::Lang;
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::http::Guarded;
use access::PortalAccess;
use moved::UnconfirmedMoves;
use oauth2::http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// How long a method rests whose time is used up, where the portal does not say.
const METHOD_REST: Duration = Duration::from_secs(10);
/// The portal counts operating time over ten minutes, so that no rest is longer; with some grace for its clock.
const LONGEST_REST: Duration = Duration::from_secs(1200);

/// What all portals share.
#[derive(Debug, Clone)]
pub struct BitrixTools {
    /// The authorization servers.
    pub oauth: OAuth,
    /// For requests to portals; follows no redirects, and goes no further than the settings allow.
    pub http: Guarded,
    /// For limits and lifetimes.
    pub clock: Clock,
}

/// What is known of a company when its portal is set up.
#[derive(Debug, Clone)]
pub struct PortalSetup {
    /// `member_id`.
    pub company: CompanyId,
    /// Base of REST calls; its scheme is kept as it is.
    pub client_endpoint: String,
    /// Keys of the local application.
    pub credentials: AppCredentials,
    /// The stored pair; `None` if nobody has logged in yet.
    pub tokens: Option<Tokens>,
    /// How much may be asked.
    pub budget: Budget,
    /// Code of the portal's language, where it is known.
    pub language: Option<String>,
}

/// Speaks to one portal; clones are the same portal. Small, as there are thousands.
#[derive(Clone)]
pub struct Portal(Arc<PortalInner>);

struct PortalInner {
    access: PortalAccess,
    http: Guarded,
    clock: Clock,
    limiter: Arc<RateLimiter>,
    unconfirmed: UnconfirmedMoves,
    /// Methods whose time is used up, and until when.
    resting: Mutex<BTreeMap<String, Timestamp>>,
    /// The language its people read, where it is known.
    language: Mutex<Option<Lang>>,
    long: OneLong,
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").field("company", self.0.access.company()).finish_non_exhaustive()
    }
}

impl Portal {
    /// Sets up a portal; nothing is sent yet.
    pub fn new(setup: PortalSetup, tools: BitrixTools, token_store: Arc<dyn TokenStore>) -> Self {
        let BitrixTools { oauth, http, clock } = tools;
        let shared = (oauth, clock.clone(), token_store);
        let access = PortalAccess::new(setup.company, &setup.client_endpoint, setup.credentials, setup.tokens, shared);
        let limiter = Arc::new(RateLimiter::new(setup.budget));
        let language = Mutex::new(setup.language.as_deref().map(Lang::of_portal));
        let (unconfirmed, resting, long) = (UnconfirmedMoves::default(), Mutex::default(), OneLong::default());
        Self(Arc::new(PortalInner { access, http, clock, limiter, unconfirmed, resting, language, long }))
    }

    /// The language to write to its people in.
    pub fn language(&self) -> Lang {
        self.known_language().unwrap_or_default()
    }

    /// The same, if it is known.
    pub fn known_language(&self) -> Option<Lang> {
        *self.0.language.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its people read the language with this code.
    pub fn set_language(&self, code: &str) {
        *self.0.language.lock().unwrap_or_else(PoisonError::into_inner) = Some(Lang::of_portal(code));
    }

    /// Base of REST calls as known now, with a slash at its end.
    pub fn client_endpoint(&self) -> Arc<String> {
        self.0.access.endpoint()
    }

    /// The pair last known, for showing when it was obtained.
    pub fn tokens(&self) -> Option<Arc<Tokens>> {
        self.0.access.peek()
    }

    /// Takes over a new login or installation, which the caller has stored already.
    pub async fn adopt(&self, client_endpoint: &str, credentials: AppCredentials, tokens: Tokens) {
        self.0.access.adopt(client_endpoint, credentials, tokens).await;
    }

    /// Replaces the request budget.
    pub fn set_budget(&self, budget: Budget) {
        self.0.limiter.set_budget(budget);
    }

    /// Buys a new pair now, so that an idle company's grant does not end after 180 days.
    pub async fn renew(&self) -> Result<(), ApiError> {
        let tokens = self.0.access.tokens()?;
        self.0.access.renew(&tokens).await
    }

    /// Calls a REST method with an object of parameters (or null for none), waiting for the budget first.
    ///
    /// An expired token is renewed and a rename of the portal followed, each at most once per call. Do not drop the
    /// future half-way (run it in a task of its own): a refresh may be under way.
    pub async fn call(&self, method: &str, params: &Value) -> Result<RestAnswer, ApiError> {
        self.call_with(method, params, false).await
    }

    /// Waits until the budget has room for one request that is not urgent.
    pub(super) async fn wait_for_budget(&self) {
        self.0.limiter.acquire(&self.0.clock, Priority::Other).await;
    }

    /// The same with its place in the budget taken already.
    pub(super) async fn call_paid(&self, method: &str, params: &Value) -> Result<RestAnswer, ApiError> {
        self.call_with(method, params, true).await
    }

    /// The place of a sender that sends often and decides only when its turn comes what is worth sending.
    pub fn rate_limit_slot(&self) -> RateLimitSlot {
        RateLimitSlot::new(self.0.limiter.clone())
    }

    async fn call_with(&self, method: &str, params: &Value, mut paid: bool) -> Result<RestAnswer, ApiError> {
        let (mut renewed, mut followed) = (false, false);
        loop {
            self.check_rest(method)?;
            // Without tokens nobody needs to queue; they are taken after the wait, as they may change during it.
            self.0.access.tokens()?;
            if !std::mem::take(&mut paid) {
                // A repetition is urgent: it has waited its turn before.
                let priority = if renewed || followed { Priority::Live } else { Priority::Other };
                self.0.limiter.acquire(&self.0.clock, priority).await;
            }
            let tokens = self.0.access.tokens()?;
            let endpoint = self.0.access.endpoint();
            match self.0.post(&endpoint, method, params, &tokens.access).await {
                Ok(answer) => return Ok(answer),
                Err(Verdict::Token(why)) if !renewed => {
                    tracing::debug!(method, why, "renewing the token");
                    renewed = true;
                    self.0.access.renew(&tokens).await?;
                }
                Err(Verdict::Moved(location)) if !followed => {
                    followed = true;
                    let (access, asked) = (&self.0.access, (endpoint.as_str(), method));
                    moved::follow(access, &self.0.unconfirmed, &self.0.clock, asked, location, &tokens).await?;
                }
                Err(verdict) => return Err(self.note(method, verdict)),
            }
        }
    }

    /// Who the owner of somebody else's access token is, by this portal's word.
    pub async fn who(&self, access: &SecretString, priority: Priority) -> Result<TokenOwner, ApiError> {
        let endpoint = &self.0.access.endpoint();
        token_owner::ask(|method| async move {
            self.0.limiter.acquire(&self.0.clock, priority).await;
            self.0.post(endpoint, method, &Value::Null, access).await.map_err(Verdict::into_error)
        })
        .await
    }

    /// Whether the portal still accepts our grant, asked with what calls leave of the budget within `patience`. `false`
    /// only where it was refused and the authorization server renews it no more. To be run to its end, as
    /// [`call`](Self::call).
    pub async fn accepts_us(&self, patience: Duration) -> Result<bool, ApiError> {
        if self.tokens().is_none() {
            return Err(ApiError::Again { after: None, why: "there is no grant to ask with".into() });
        }
        let turn = self.0.limiter.acquire(&self.0.clock, Priority::Visitor);
        if tokio::time::timeout(patience, turn).await.is_err() {
            return Err(ApiError::Again { after: None, why: "calls need all that the portal allows just now".into() });
        }
        match self.call_paid("profile", &Value::Null).await {
            Ok(_) | Err(ApiError::Refused { .. }) => Ok(true),
            Err(ApiError::NeedsLogin(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the portal knows the application whose keys we have, asked as [`accepts_us`](Self::accepts_us). `false`
    /// only by the authorization server's word; where nobody answers it is taken for known.
    pub async fn knows_our_keys(&self, patience: Duration) -> bool {
        let accepted = self.accepts_us(patience).await;
        !matches!(accepted, Ok(false)) || !self.0.access.keys_are_refused()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn check_rest(&self, method: &str) -> Result<(), ApiError> {
        let mut resting = self.resting();
        match resting.get(method).copied() {
            Some(until) if access::is_ahead(until, self.0.clock.now(), LONGEST_REST) => {
                let why = format!("{method} has used up its time in the portal");
                Err(ApiError::Resting { until, why })
            }
            Some(_) => {
                resting.remove(method);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Remembers limits, so that the next request does not run into them as well.
    pub(super) fn note(&self, method: &str, verdict: Verdict) -> ApiError {
        let now = self.0.clock.now();
        let verdict = match verdict {
            Verdict::MethodLimit { until, why } => {
                let until = until.unwrap_or(now + METHOD_REST);
                self.resting().insert(method.to_owned(), until);
                Verdict::MethodLimit { until: Some(until), why }
            }
            Verdict::PortalLimit { until, why } => {
                self.0.limiter.drain(now);
                Verdict::PortalLimit { until, why }
            }
            other => other,
        };
        let error = verdict.into_error();
        tracing::debug!(method, %error, "no result");
        error
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PortalInner {
    async fn post(
        &self,
        endpoint: &str,
        method: &str,
        params: &Value,
        access: &SecretString,
    ) -> Result<RestAnswer, Verdict> {
        // What these bring is many rows or the answers of many commands.
        let limit = match method {
            "user.get" | "batch" => AnswerLimit::Long(&self.long),
            _ => AnswerLimit::Ordinary,
        };
        post(&self.http, &self.clock, endpoint, method, params, access, limit).await
    }
}

/// An object of parameters, or nothing, with the token beside them.
struct WithToken<'a> {
    params: &'a Value,
    auth: &'a SecretString,
}

impl Serialize for WithToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.params.as_object().into_iter().flatten() {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("auth", self.auth.expose_secret())?;
        map.end()
    }
}

/// One request with one token, read but not reacted to. The token goes into the body, which portals in the cloud and
/// in a box accept alike, and which no access log shows.
pub(super) async fn post(
    http: &Guarded,
    clock: &Clock,
    endpoint: &str,
    method: &str,
    params: &Value,
    access: &SecretString,
    limit: AnswerLimit<'_>,
) -> Result<RestAnswer, Verdict> {
    let body = WithToken { params, auth: access };
    let request = http
        .request(Method::POST, &format!("{endpoint}{method}"))
        .map_err(ExchangeFault::from)?
        .header("accept", "application/json")
        .json(&body);
    let reply = send(request, limit).await?;
    tracing::trace!(method, status = reply.status, bytes = reply.body.len(), "the portal answered");
    answer::read(&reply, clock.now())
}

/// The host (with port, if it is not the usual one) of a portal's REST base.
pub fn portal_domain(client_endpoint: &str) -> Option<String> {
    let url = Url::parse(client_endpoint).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
pub(super) mod tests;
