//! A portal's tokens and address: what every request needs. How tokens are renewed stands in `renewal`.

use super::token_store::TokenStore;
use crate::bitrix::error::ApiError;
use crate::bitrix::oauth::{AppCredentials, OAuth, Renewal};
use crate::clock::Clock;
use crate::domain::{CompanyId, Timestamp, Tokens};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a refusal that a person can lift without telling us (keys corrected, subscription paid) is believed.
pub(super) const BELIEVE_REFUSAL: Duration = Duration::from_secs(600);

/// Reading never waits; changing is done by one at a time.
pub(super) struct PortalAccess {
    pub(super) company: CompanyId,
    pub(super) oauth: OAuth,
    pub(super) clock: Clock,
    pub(super) token_store: Arc<dyn TokenStore>,
    pub(super) endpoint: ArcSwap<String>,
    pub(super) credentials: ArcSwap<AppCredentials>,
    pub(super) tokens: ArcSwapOption<Tokens>,
    pub(super) refused: ArcSwapOption<TokensRefused>,
    pub(super) pause: ArcSwapOption<RenewalPause>,
    pub(super) renewing: Mutex<RenewalState>,
}

/// The authorization server has said no, and asking again is pointless for now.
pub(super) struct TokensRefused {
    pub(super) error: ApiError,
    pub(super) because: RefusedBecause,
    pub(super) until: Option<Timestamp>,
}

/// What it does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusedBecause {
    Grant,
    /// It does not know the application, or not by these keys.
    Keys,
    Payment,
}

/// The authorization server could not be used; nobody asks it again before the moment.
pub(super) struct RenewalPause {
    pub(super) until: Timestamp,
    pub(super) why: String,
}

#[derive(Default)]
pub(super) struct RenewalState {
    /// Bought, but not stored yet: the only copy of the new refresh token.
    pub(super) unsaved: Option<Renewal>,
    /// Attempts in vain since the last success.
    pub(super) failures: u32,
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

    /// Whether the authorization server no longer knows our application, or not by the keys we have.
    pub(super) fn keys_are_refused(&self) -> bool {
        self.refused.load().as_ref().is_some_and(|refused| refused.because == RefusedBecause::Keys)
    }

    pub(super) fn paused(&self) -> Option<ApiError> {
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

pub(super) fn with_slash(endpoint: &str) -> String {
    format!("{}/", endpoint.trim_end_matches('/'))
}
