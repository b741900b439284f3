//! Renews a portal's tokens: once for all requests that wait, and stored before they are used.

use super::Portal;
use super::access::{BELIEVE_REFUSAL, PortalAccess, RefusedBecause, RenewalPause, RenewalState, TokensRefused};
use crate::bitrix::error::ApiError;
use crate::bitrix::oauth::{OAuthError, Renewal};
use crate::clock::random_unit;
use crate::domain::link::{Closed, retry_delay};
use crate::domain::{REFRESH_LIFE, Timestamp, Tokens};
use std::sync::Arc;
use std::time::Duration;

/// An authorization server that does not answer is asked again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl PortalAccess {
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
            return Err(self.refuse(
                RefusedBecause::Grant,
                ApiError::NeedsLogin(why),
                Some(self.clock.now() + BELIEVE_REFUSAL),
            ));
        }
        match self.refresh(current).await {
            Ok(renewal) if renewal.member_id.as_ref().is_some_and(|m| *m != self.company) => {
                let why = "the authorization server answered for another portal";
                tracing::error!("{why}");
                Err(self.refuse(RefusedBecause::Grant, ApiError::NeedsLogin(why.into()), None))
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
            OAuthError::GrantDead(why) => self.refuse(RefusedBecause::Grant, ApiError::NeedsLogin(why), None),
            OAuthError::CodeDead => self.refuse(RefusedBecause::Grant, ApiError::NeedsLogin(error.to_string()), None),
            OAuthError::WrongClient(why) => self.refuse(RefusedBecause::Keys, ApiError::NeedsLogin(why), some_time),
            OAuthError::Payment(why) => {
                self.refuse(RefusedBecause::Payment, ApiError::Stopped { because: Closed::Payment, why }, some_time)
            }
            OAuthError::Again { why } => ApiError::Again { after: None, why },
            OAuthError::Protocol(_) => ApiError::Again { after: Some(BELIEVE_REFUSAL), why: error.to_string() },
        }
    }

    fn refuse(&self, because: RefusedBecause, error: ApiError, until: Option<Timestamp>) -> ApiError {
        tracing::warn!(%error, "tokens cannot be renewed");
        self.refused.store(Some(Arc::new(TokensRefused { error: error.clone(), because, until })));
        error
    }
}

impl Portal {
    /// Requests made with this pair were accepted. To be called after each renewal, so that the refresh token before it
    /// is kept no longer than needed.
    pub async fn proved(&self, pair: &Tokens) {
        self.0.access.proved(pair).await;
    }
}
