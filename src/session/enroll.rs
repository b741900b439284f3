//! How a company comes to us: log-in of its admin, installation of the application.

use super::companies::Companies;
use crate::bitrix::{self, ApiError, AppCredentials, OAuthError, missing_scopes, portal_domain};
use crate::domain::company::Company;
use crate::domain::source::Source;
use crate::domain::{CompanyId, Tokens, UserId};
use crate::store::{LoginAttempt, NewCompany, StoreError};
use crate::telemetry::company_span;
use secrecy::SecretString;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

/// How long the authorization server and the portal together may take for a log-in. A person waits for it, and then for
/// an attempt at an installation that was told before: altogether less than half a minute, as gateways and people wait.
const LOG_IN_PATIENCE: Duration = Duration::from_secs(20);
const NO_ANSWER: &str = "no answer has come in time for the log-in";

/// An admin who has logged in.
#[derive(Debug, Clone)]
pub struct RegisteredCompany {
    pub company: CompanyId,
    /// Where its portal is, by the authorization server's word.
    pub domain: String,
    /// His id in the portal.
    pub user: UserId,
    /// His name, may be empty.
    pub name: String,
}

/// Why a company was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The authorization server said no, or nothing.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// The portal could not be asked.
    #[error(transparent)]
    Portal(#[from] ApiError),
    /// The grant is for another portal than the one that sent the browser back.
    #[error("the grant belongs to another portal")]
    OtherPortal,
    /// Only administrators of the portal may do this.
    #[error("the user is not an administrator")]
    NotAdmin,
    /// Too many log-ins have not succeeded lately.
    #[error("too many log-ins have not succeeded lately")]
    TooOften,
    /// Rights were not ticked in the portal's application form.
    #[error("the application lacks the rights: {}", .0.join(", "))]
    ScopesMissing(Vec<String>),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Companies {
    /// Completes a log-in: tokens are stored durably before their first use for the company, and the company starts.
    /// `claimed` is the `member_id` the browser brought back, `source` where it is.
    pub async fn log_in(
        &self,
        attempt: &LoginAttempt,
        code: &str,
        claimed: Option<&CompanyId>,
        source: Option<Source>,
    ) -> Result<RegisteredCompany, RegisterError> {
        let keys =
            AppCredentials { client_id: attempt.client_id.clone(), client_secret: attempt.client_secret.clone() };
        let tools = &self.setup.bitrix;
        if !self.code_limiter.take(&attempt.domain, source, self.now()) {
            return Err(RegisterError::TooOften);
        }
        let patience = Instant::now() + LOG_IN_PATIENCE;
        let grant = timeout_at(patience, tools.oauth.exchange(&keys, code)).await;
        let grant = grant.map_err(|_| OAuthError::Again { why: NO_ANSWER.to_owned() })??;
        self.code_limiter.proved(&attempt.domain, source, self.now());
        if claimed.is_some_and(|c| *c != grant.member_id) {
            return Err(RegisterError::OtherPortal);
        }
        let who = timeout_at(patience, bitrix::who(tools, &grant.client_endpoint, &grant.tokens.access)).await;
        let who = who.map_err(|_| ApiError::Again { after: None, why: NO_ANSWER.to_owned() })??;
        if !who.admin {
            return Err(RegisterError::NotAdmin);
        }
        let missing = missing_scopes(&grant.tokens.scope);
        if !missing.is_empty() {
            return Err(RegisterError::ScopesMissing(missing));
        }
        let domain = portal_domain(&grant.client_endpoint).unwrap_or_else(|| attempt.domain.clone());
        let company = NewCompany {
            id: grant.member_id.clone(),
            domain: domain.clone(),
            client_endpoint: grant.client_endpoint,
            client_id: keys.client_id,
            client_secret: keys.client_secret,
            application_token: None,
            language: None,
        };
        let tokens = Tokens { user_id: grant.tokens.user_id.or(Some(who.user)), ..grant.tokens };
        let admitted = async {
            self.admit(company, tokens).await?;
            // An installation that was told before brings the application token, by the way of all installations.
            self.after_log_in(&grant.member_id).await;
            self.prove_portal(&grant.member_id);
            Ok::<_, StoreError>(())
        };
        admitted.instrument(company_span(&grant.member_id)).await?;
        Ok(RegisteredCompany { company: grant.member_id, domain, user: who.user, name: who.name })
    }

    /// Stores a company that has proved itself and lets it run.
    pub(super) async fn admit(&self, new: NewCompany, tokens: Tokens) -> Result<(), StoreError> {
        // What was known of the grant before and the new pair does not tell is kept, in memory as on disk.
        let tokens = match self.setup.store.tokens(&new.id).await {
            Ok(Some(before)) => tokens.filled_from(&before),
            _ => tokens,
        };
        let keys = AppCredentials { client_id: new.client_id.clone(), client_secret: new.client_secret.clone() };
        // Before the new grant is there: what is being asked with the old one decides nothing any more.
        self.refute_removal(&new.id).await?;
        self.register(&new, &tokens).await?;
        if let Some(handle) = self.get(&new.id) {
            handle.portal().adopt(&new.client_endpoint, keys, tokens).await;
            if let Some(code) = &new.language {
                handle.portal().set_language(code);
            }
            handle.mended().await;
            tracing::info!(domain = new.domain, "the company has renewed its registration");
        } else if let Some(company) = self.setup.store.company(&new.id).await? {
            self.start(company, 1).await?;
            tracing::info!(domain = new.domain, "a company has been registered");
        }
        Ok(())
    }

    /// Codes of log-ins since the start that nobody was asked about, as too many had been made up.
    pub fn refused_codes(&self) -> u64 {
        self.code_limiter.refused()
    }

    /// An administrator has opened the application inside his portal: its application token is kept if none is known.
    pub async fn learn_application_token(&self, company: &Company, token: &SecretString) {
        if company.application_token.is_none()
            && let Err(error) = self.setup.store.save_application_token(&company.id, token).await
        {
            tracing::error!(%error, "the application token could not be stored");
        }
    }
}
