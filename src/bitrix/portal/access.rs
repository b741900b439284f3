//! A portal's tokens and address: what every request needs, and what one refresh at a time may change.

use super::Portal;
use super::token_store::TokenStore;
use crate::bitrix::error::ApiError;
use crate::bitrix::oauth::{AppCredentials, OAuth, OAuthError, Renewal};
use crate::clock::{Clock, random_unit};
use crate::domain::link::{Closed, retry_delay};
use crate::domain::{CompanyId, REFRESH_LIFE, Timestamp, Tokens};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a refusal that a person can lift without telling us (keys corrected, subscription paid) is believed.
const BELIEVE_REFUSAL: Duration = Duration::from_secs(600);
/// An authorization server that does not answer is asked again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Reading never waits; changing is done by one at a time.
pub(super) struct PortalAccess {
    company: CompanyId,
    oauth: OAuth,
    clock: Clock,
    token_store: Arc<dyn TokenStore>,
    endpoint: ArcSwap<String>,
    credentials: ArcSwap<AppCredentials>,
    tokens: ArcSwapOption<Tokens>,
    refused: ArcSwapOption<TokensRefused>,
    pause: ArcSwapOption<RenewalPause>,
    renewing: Mutex<RenewalState>,
}

/// The authorization server has said no, and asking again is pointless for now.
struct TokensRefused {
    error: ApiError,
    until: Option<Timestamp>,
}

/// The authorization server could not be used; nobody asks it again before the moment.
struct RenewalPause {
    until: Timestamp,
    why: String,
}

#[derive(Default)]
struct RenewalState {
    /// Bought, but not stored yet: the only copy of the new refresh token.
    unsaved: Option<Renewal>,
    /// Attempts in vain since the last success.
    failures: u32,
}

impl PortalAccess {
    pub(super) fn new(
        company: CompanyId,
        client_endpoint: &str,
        credentials: AppCredentials,
        tokens: Option<Tokens>,
        tools: (OAuth, Clock, Arc<dyn TokenStore>),
    ) -> Self {
        let (oauth, clock, token_store) = tools;
        Self {
            company,
            oauth,
            clock,
            token_store,
            endpoint: ArcSwap::from_pointee(with_slash(client_endpoint)),
            credentials: ArcSwap::from_pointee(credentials),
            tokens: ArcSwapOption::from_pointee(tokens),
            refused: ArcSwapOption::empty(),
            pause: ArcSwapOption::empty(),
            renewing: Mutex::default(),
        }
    }

    pub(super) fn company(&self) -> &CompanyId {
        &self.company
    }

    pub(super) fn endpoint(&self) -> Arc<String> {
        self.endpoint.load_full()
    }

    pub(super) fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// The pair last known, good or not.
    pub(super) fn peek(&self) -> Option<Arc<Tokens>> {
        self.tokens.load_full()
    }

    /// The pair to use now.
    pub(super) fn tokens(&self) -> Result<Arc<Tokens>, ApiError> {
        if let Some(refused) = &*self.refused.load()
            && refused.until.is_none_or(|until| is_ahead(until, self.clock.now(), BELIEVE_REFUSAL))
        {
            return Err(refused.error.clone());
        }
        let tokens = self.tokens.load_full().ok_or_else(|| ApiError::NeedsLogin("nobody has logged in yet".into()))?;
        // With a token whose time is over the portal need not be asked at all.
        match self.paused() {
            Some(error) if self.clock.now() >= tokens.expires_at => Err(error),
            _ => Ok(tokens),
        }
    }

    fn paused(&self) -> Option<ApiError> {
        let (pause, now) = (self.pause.load_full()?, self.clock.now());
        (now < pause.until).then(|| ApiError::Again { after: Some(pause.until.since(now)), why: pause.why.clone() })
    }

    /// A new login or installation: replaces everything. The caller has stored it already; a renewal that was under
    /// way then may have stored its pair over it, so it is stored once more.
    pub(super) async fn adopt(&self, client_endpoint: &str, credentials: AppCredentials, tokens: Tokens) {
        let mut renewing = self.renewing.lock().await;
        *renewing = RenewalState::default();
        if let Err(why) = self.token_store.save(&tokens).await {
            tracing::error!(%why, "the tokens of the log-in cannot be stored once more");
        }
        self.endpoint.store(Arc::new(with_slash(client_endpoint)));
        self.credentials.store(Arc::new(credentials));
        self.tokens.store(Some(Arc::new(tokens)));
        self.refused.store(None);
        self.pause.store(None);
    }

    /// Replaces `used`, which the portal no longer accepts, by a fresh pair that is stored already.
    ///
    /// Of many callers with the same pair only the first goes to the authorization server; those who waited find the
    /// work done. Must not be dropped half-way: the answer on its way is the only copy of the new refresh token.
    pub(super) async fn renew(&self, used: &Arc<Tokens>) -> Result<(), ApiError> {
        let mut renewing = self.renewing.lock().await;
        let current = self.tokens()?;
        if !current.is_pair(used) {
            return Ok(());
        }
        if renewing.unsaved.is_none() {
            if let Some(error) = self.paused() {
                return Err(error);
            }
            let bought = self.buy(&current).await.map_err(|error| self.rest(error, &mut renewing))?;
            *renewing = RenewalState { unsaved: Some(bought), failures: 0 };
            self.pause.store(None);
        }
        // Kept in its place until it is stored, so that neither a full disk nor a dropped caller loses it.
        if let Some(renewal) = &renewing.unsaved
            && let Err(why) = self.token_store.save(&renewal.tokens).await
        {
            tracing::error!(%why, "new tokens cannot be stored and are not used before they are");
            return Err(ApiError::Again { after: None, why: format!("new tokens cannot be stored: {why}") });
        }
        let Some(renewal) = renewing.unsaved.take() else { return Ok(()) };
        self.tokens.store(Some(Arc::new(renewal.tokens)));
        if let Some(endpoint) = renewal.client_endpoint {
            self.move_to(&endpoint).await;
        }
        Ok(())
    }

    /// However many requests wait for a renewal, a server that does not answer is asked in growing intervals.
    fn rest(&self, error: ApiError, renewing: &mut RenewalState) -> ApiError {
        let ApiError::Again { after, why } = error else { return error };
        renewing.failures = renewing.failures.saturating_add(1);
        let span = after.unwrap_or_else(|| retry_delay(renewing.failures, random_unit()).min(LONGEST_PAUSE));
        self.pause.store(Some(Arc::new(RenewalPause { until: self.clock.now() + span, why: why.clone() })));
        ApiError::Again { after: Some(span), why }
    }

    /// The portal has accepted this pair: the refresh token before it is not needed any more.
    async fn proved(&self, pair: &Tokens) {
        let _renewing = self.renewing.lock().await;
        let Some(current) = self.peek().filter(|t| t.is_pair(pair) && t.previous.is_some()) else { return };
        let proved = Tokens { previous: None, ..(*current).clone() };
        match self.token_store.save(&proved).await {
            Ok(()) => self.tokens.store(Some(Arc::new(proved))),
            // It is forgotten another time.
            Err(why) => tracing::warn!(%why, "the previous refresh token cannot be removed"),
        }
    }

    async fn buy(&self, current: &Tokens) -> Result<Renewal, ApiError> {
        if self.clock.now().since(current.refresh_obtained_at) >= REFRESH_LIFE {
            let why = "the grant was not used for 180 days and is over".to_owned();
            // Believed for a while only: it is our own clock that says so.
            return Err(self.refuse(ApiError::NeedsLogin(why), Some(self.clock.now() + BELIEVE_REFUSAL)));
        }
        match self.refresh(current).await {
            Ok(renewal) if renewal.member_id.as_ref().is_some_and(|m| *m != self.company) => {
                let why = "the authorization server answered for another portal";
                tracing::error!("{why}");
                Err(self.refuse(ApiError::NeedsLogin(why.into()), None))
            }
            Ok(renewal) => Ok(renewal),
            Err(error) => Err(self.judge(error)),
        }
    }

    /// Asks with the newest refresh token, and with the one before it if that is refused and the pair never proved
    /// its worth.
    async fn refresh(&self, current: &Tokens) -> Result<Renewal, OAuthError> {
        let credentials = self.credentials.load_full();
        let refused = match (self.oauth.refresh(&credentials, current).await, &current.previous) {
            (Err(error @ OAuthError::GrantDead(_)), Some(previous)) => (error, previous),
            (outcome, _) => return outcome,
        };
        let (error, previous) = refused;
        tracing::warn!(%error, "the newest refresh token is refused; the one before it is tried");
        let before = Tokens { refresh: previous.clone(), previous: None, ..current.clone() };
        match self.oauth.refresh(&credentials, &before).await {
            Err(OAuthError::GrantDead(_)) => Err(error),
            outcome => outcome,
        }
    }

    fn judge(&self, error: OAuthError) -> ApiError {
        let some_time = Some(self.clock.now() + BELIEVE_REFUSAL);
        match error {
            OAuthError::GrantDead(why) => self.refuse(ApiError::NeedsLogin(why), None),
            OAuthError::CodeDead => self.refuse(ApiError::NeedsLogin(error.to_string()), None),
            OAuthError::WrongClient(why) => self.refuse(ApiError::NeedsLogin(why), some_time),
            OAuthError::Payment(why) => self.refuse(ApiError::Stopped { because: Closed::Payment, why }, some_time),
            OAuthError::Again { why } => ApiError::Again { after: None, why },
            OAuthError::Protocol(_) => ApiError::Again { after: Some(BELIEVE_REFUSAL), why: error.to_string() },
        }
    }

    fn refuse(&self, error: ApiError, until: Option<Timestamp>) -> ApiError {
        tracing::warn!(%error, "tokens cannot be renewed");
        self.refused.store(Some(Arc::new(TokensRefused { error: error.clone(), until })));
        error
    }

    /// The portal's address has changed, by the authorization server's word.
    pub(super) async fn move_to(&self, client_endpoint: &str) {
        let (old, new) = (self.endpoint(), with_slash(client_endpoint));
        // A portal reached by HTTPS is never moved to an address without.
        let downgrade = old.starts_with("https://") && !new.starts_with("https://");
        if *old == new || downgrade {
            return;
        }
        tracing::info!(from = %old, to = %new, "the portal has a new address");
        if let Err(why) = self.token_store.moved(&new).await {
            // It is learnt again after a restart, by the old address' redirect.
            tracing::warn!(%why, "the portal's new address cannot be stored");
        }
        self.endpoint.store(Arc::new(new));
    }
}

/// Whether a moment is still to come; one further ahead than `longest` comes from a clock that has been set since.
pub(super) fn is_ahead(moment: Timestamp, now: Timestamp, longest: Duration) -> bool {
    now < moment && moment.since(now) <= longest
}

impl Portal {
    /// Requests made with this pair were accepted. To be called after each renewal, so that the refresh token before it
    /// is kept no longer than needed.
    pub async fn proved(&self, pair: &Tokens) {
        self.0.access.proved(pair).await;
    }
}

pub(super) fn with_slash(endpoint: &str) -> String {
    format!("{}/", endpoint.trim_end_matches('/'))
}
