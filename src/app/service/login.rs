//! Log-in through the portal: out with a signed one-use state, back with a code.

use super::{DaemonService, SESSION, fault};
use crate::bitrix::{AppCredentials, OAuth, OAuthError};
use crate::clock::random_token;
use crate::domain::CompanyId;
use crate::domain::audit::{AuditAction, AuditActor, AuditDeed};
use crate::domain::link::InstallTrouble;
use crate::domain::source::Source;
use crate::session::RegisterError;
use crate::store::LoginAttempt;
use crate::telemetry::company_span;
use crate::web::service::{Authorize, BeginError, LoginError, LoginRequest, LoginReturn, NewSession};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tracing::Instrument as _;

/// How long somebody who logs in waits for the portal to say that it still knows our application.
const QUESTION: Duration = Duration::from_secs(5);

impl DaemonService {
    pub(super) async fn begin(&self, login: LoginRequest) -> Result<Authorize, BeginError> {
        let keys = self.keys_for(&login).await?;
        let nonce = random_token();
        let attempt =
            LoginAttempt { domain: login.domain, client_id: keys.client_id, client_secret: keys.client_secret };
        self.store.put_state(&nonce, &attempt, self.clock.now()).await.map_err(|e| fault(&e))?;
        let url = OAuth::authorize_url(&attempt.domain, &attempt.client_id, &self.sign(&nonce, &login.browser));
        Ok(Authorize { url })
    }

    /// The form's keys, else those the portal was registered with, else the installation's.
    async fn keys_for(&self, login: &LoginRequest) -> Result<AppCredentials, BeginError> {
        if let Some((client_id, client_secret)) = &login.keys {
            return Ok(AppCredentials { client_id: client_id.clone(), client_secret: client_secret.clone() });
        }
        let known = self.store.company_by_domain(&login.domain).await.map_err(|e| fault(&e))?;
        if let Some(company) = known {
            if self.keys_are_stale(&company.id).await {
                return Err(BeginError::KeysStale);
            }
            return Ok(AppCredentials { client_id: company.client_id, client_secret: company.client_secret });
        }
        self.keys.clone().ok_or(BeginError::KeysNeeded)
    }

    /// Whether the application was created again: the portal has told of one with other keys, or knows ours no more.
    async fn keys_are_stale(&self, id: &CompanyId) -> bool {
        if self.companies.waiting_install(id).is_some_and(|waits| waits.why == InstallTrouble::OtherApplication) {
            return true;
        }
        let Some(handle) = self.companies.get(id) else { return false };
        // To its end, whoever waits: a renewal may be on its way.
        let asked = async move { handle.portal().knows_our_keys(QUESTION).await };
        let asked = tokio::spawn(asked.instrument(company_span(id)));
        let known = tokio::time::timeout(QUESTION, asked).await;
        matches!(known, Ok(Ok(false)))
    }

    pub(super) async fn complete(&self, back: LoginReturn) -> Result<NewSession, LoginError> {
        let browser = back.browser.as_deref().ok_or(LoginError::BadState)?;
        let nonce = self.verified(&back.state, browser).ok_or(LoginError::BadState)?;
        let attempt = self.store.take_state(nonce, self.clock.now()).await.map_err(|e| fault(&e))?;
        let attempt = attempt.ok_or(LoginError::BadState)?;
        let claimed = back.member_id.as_deref().map(CompanyId::from);
        let registered = self
            .companies
            .log_in(&attempt, back.code.expose_secret(), claimed.as_ref(), back.source.map(Source::from))
            .await
            .inspect_err(|error| tracing::warn!(domain = attempt.domain, %error, "a log-in did not succeed"))
            .map_err(refused)?;
        let token = self
            .store
            .create_session(&registered.company, registered.user, &registered.name, self.clock.now(), SESSION)
            .await
            .map_err(|e| fault(&e))?;
        // The people who look after this server see it at the usual level: from now on somebody may change the company.
        tracing::warn!(company = %registered.company, domain = registered.domain, user = %registered.user, "an administrator has logged in");
        let actor = AuditActor::Admin { user: registered.user, name: registered.name.clone() };
        let deed = AuditDeed { actor, action: AuditAction::LoggedIn };
        if let Err(error) = self.store.keep_deed(&registered.company, &deed, self.clock.now()).await {
            tracing::error!(company = %registered.company, %error, "who has logged in cannot be kept");
        }
        Ok(NewSession { token, lasts: SESSION })
    }

    /// The state for one browser: another one cannot use it, nor use it up.
    fn sign(&self, nonce: &str, browser: &str) -> String {
        let tag = hmac::sign(&self.state_key, signed(nonce, browser).as_bytes());
        format!("{nonce}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    fn verified<'a>(&self, state: &'a str, browser: &str) -> Option<&'a str> {
        let (nonce, tag) = state.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.state_key, signed(nonce, browser).as_bytes(), &tag).is_ok().then_some(nonce)
    }
}

fn signed(nonce: &str, browser: &str) -> String {
    format!("{nonce}\n{browser}")
}

fn refused(error: RegisterError) -> LoginError {
    match error {
        RegisterError::OAuth(OAuthError::CodeDead) => LoginError::CodeRefused(error.to_string()),
        RegisterError::OAuth(OAuthError::GrantDead(why)) => LoginError::CodeRefused(why),
        RegisterError::OAuth(OAuthError::WrongClient(why)) => LoginError::KeysRefused(why),
        RegisterError::OAuth(other) => LoginError::Unreachable(other.to_string()),
        RegisterError::Portal(error) => LoginError::Unreachable(error.to_string()),
        RegisterError::OtherPortal => LoginError::OtherPortal,
        RegisterError::NotAdmin => LoginError::NotAdmin,
        RegisterError::TooOften => LoginError::TooOften,
        RegisterError::ScopesMissing(scopes) => LoginError::ScopesMissing(scopes),
        RegisterError::Store(error) => LoginError::Fault(fault(&error)),
    }
}
