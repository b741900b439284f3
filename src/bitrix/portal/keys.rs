//! A portal's tokens and address: what every request needs, and what one refresh at a time may change.

use super::vault::TokenVault;
use crate::bitrix::error::ApiError;
use crate::bitrix::oauth::{AppCredentials, OAuth, OAuthError, Renewal};
use crate::clock::Clock;
use crate::domain::link::Closed;
use crate::domain::{CompanyId, Timestamp, Tokens};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a refusal that a person can lift without telling us (keys corrected, subscription paid) is believed.
const BELIEVE_REFUSAL: Duration = Duration::from_secs(600);

/// Reading never waits; changing is done by one at a time.
pub(super) struct Keys {
    company: CompanyId,
    oauth: OAuth,
    clock: Clock,
    vault: Arc<dyn TokenVault>,
    endpoint: ArcSwap<String>,
    credentials: ArcSwap<AppCredentials>,
    tokens: ArcSwapOption<Tokens>,
    refused: ArcSwapOption<Refused>,
    renewing: Mutex<Renewing>,
}

/// The authorization server has said no, and asking again is pointless for now.
struct Refused {
    error: ApiError,
    until: Option<Timestamp>,
}

#[derive(Default)]
struct Renewing {
    /// Bought, but not stored yet: the only copy of the new refresh token.
    unsaved: Option<Renewal>,
}

impl Keys {
    pub(super) fn new(
        company: CompanyId,
        client_endpoint: &str,
        credentials: AppCredentials,
        tokens: Option<Tokens>,
        tools: (OAuth, Clock, Arc<dyn TokenVault>),
    ) -> Self {
        let (oauth, clock, vault) = tools;
        Self {
            company,
            oauth,
            clock,
            vault,
            endpoint: ArcSwap::from_pointee(with_slash(client_endpoint)),
            credentials: ArcSwap::from_pointee(credentials),
            tokens: ArcSwapOption::from_pointee(tokens),
            refused: ArcSwapOption::empty(),
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
        self.tokens.load_full().ok_or_else(|| ApiError::NeedsLogin("nobody has logged in yet".into()))
    }

    /// A new login or installation: replaces everything. The caller has stored it already.
    pub(super) async fn adopt(&self, client_endpoint: &str, credentials: AppCredentials, tokens: Tokens) {
        let mut renewing = self.renewing.lock().await;
        renewing.unsaved = None;
        self.endpoint.store(Arc::new(with_slash(client_endpoint)));
        self.credentials.store(Arc::new(credentials));
        self.tokens.store(Some(Arc::new(tokens)));
        self.refused.store(None);
    }

    /// Replaces `used`, which the portal no longer accepts, by a fresh pair that is stored already.
    ///
    /// Of many callers with the same pair only the first goes to the authorization server; whoever waited finds the
    /// work done. Must not be dropped half-way: the answer on its way is the only copy of the new refresh token.
    pub(super) async fn renew(&self, used: &Arc<Tokens>) -> Result<(), ApiError> {
        let mut renewing = self.renewing.lock().await;
        let current = self.tokens()?;
        if !Arc::ptr_eq(&current, used) {
            return Ok(());
        }
        if renewing.unsaved.is_none() {
            renewing.unsaved = Some(self.buy(&current).await?);
        }
        // Kept in its place until it is stored, so that neither a full disk nor a dropped caller loses it.
        if let Some(renewal) = &renewing.unsaved
            && let Err(why) = self.vault.save(&renewal.tokens).await
        {
            tracing::error!(company = %self.company, %why, "new tokens cannot be stored and are not used before they are");
            return Err(ApiError::Again { after: None, why: format!("new tokens cannot be stored: {why}") });
        }
        let Some(renewal) = renewing.unsaved.take() else { return Ok(()) };
        self.tokens.store(Some(Arc::new(renewal.tokens)));
        if let Some(endpoint) = renewal.client_endpoint {
            self.move_to(&endpoint).await;
        }
        Ok(())
    }

    async fn buy(&self, current: &Tokens) -> Result<Renewal, ApiError> {
        match self.oauth.refresh(&self.credentials.load_full(), current).await {
            Ok(renewal) if renewal.member_id.as_ref().is_some_and(|m| *m != self.company) => {
                let why = "the authorization server answered for another portal";
                tracing::error!(company = %self.company, "{why}");
                Err(self.refuse(ApiError::NeedsLogin(why.into()), None))
            }
            Ok(renewal) => Ok(renewal),
            Err(error) => Err(self.judge(error)),
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
        tracing::warn!(company = %self.company, %error, "tokens cannot be renewed");
        self.refused.store(Some(Arc::new(Refused { error: error.clone(), until })));
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
        tracing::info!(company = %self.company, from = %old, to = %new, "the portal has a new address");
        if let Err(why) = self.vault.moved(&new).await {
            // It is learnt again after a restart, by the old address' redirect.
            tracing::warn!(company = %self.company, %why, "the portal's new address cannot be stored");
        }
        self.endpoint.store(Arc::new(new));
    }
}

/// Whether a moment is still to come; one further ahead than `longest` was told by a clock that has been set since.
pub(super) fn is_ahead(moment: Timestamp, now: Timestamp, longest: Duration) -> bool {
    now < moment && moment.since(now) <= longest
}

pub(super) fn with_slash(endpoint: &str) -> String {
    format!("{}/", endpoint.trim_end_matches('/'))
}
