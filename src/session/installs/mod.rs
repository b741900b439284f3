//! Installations of the application: taken up once the authorization server has confirmed them, and kept until then.
//!
//! A portal tells an installation once. Where the authorization server does not answer just then, the notice is stored
//! and tried again by itself; where the portal's keys are not known yet, it waits for the administrator's log-in.

mod parked;
mod retry;

use super::companies::Companies;
use super::enroll::RegisterError;
use crate::bitrix::hook::Install;
use crate::bitrix::{self, AppCredentials, AppInfo, OAuthError, portal_domain};
use crate::domain::link::WaitingInstall;
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::store::NewCompany;
use parked::Parked;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Installations that are tried again by themselves: at most as many as the store keeps.
#[derive(Debug, Default)]
pub(super) struct Installs {
    waiting: Mutex<BTreeMap<CompanyId, WaitingInstall>>,
    bell: Notify,
}

impl Installs {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<CompanyId, WaitingInstall>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It could not be confirmed; what lasts keeps its beginning.
    fn wait(&self, id: &CompanyId, since: Timestamp, why: &str) {
        let mut all = self.waiting();
        let known = all.entry(id.clone());
        let waiting = known.or_insert_with(|| WaitingInstall { since, why: String::new(), next_try: None });
        why.clone_into(&mut waiting.why);
        self.bell.notify_one();
    }
}

/// What became of a notice.
enum Taken {
    /// The company has its tokens.
    Up,
    /// It was told of an application whose keys we do not have.
    KeysUnknown,
}

impl Companies {
    /// The application was installed (or updated) in a portal. Nothing in the notice is believed before the
    /// authorization server has confirmed its token.
    pub async fn installed(&self, notice: &Install) -> Result<(), RegisterError> {
        let Some(id) = &notice.from.member_id else { return Ok(()) };
        match self.take_up(id, notice, false).await {
            Ok(Taken::Up) => {
                self.forget_install(id).await;
                Ok(())
            }
            Ok(Taken::KeysUnknown) => {
                tracing::info!(company = %id, "the application was installed in a portal whose keys are not known yet");
                if self.park(id, notice).await? && self.setup.store.company(id).await?.is_some() {
                    self.try_install_again(id);
                }
                Ok(())
            }
            Err(error) if error.may_pass() => {
                tracing::warn!(company = %id, %error, "an installation could not be confirmed; it is tried again by itself");
                if self.park(id, notice).await? {
                    self.installs.wait(id, self.now(), &error.to_string());
                }
                Ok(())
            }
            // Nobody can do anything with it; what waits already must not give way to it.
            Err(RegisterError::OAuth(error @ OAuthError::GrantDead(_))) => {
                tracing::warn!(company = %id, %error, "an installation was refused, as its token is not good");
                Ok(())
            }
            Err(RegisterError::OAuth(error)) => {
                tracing::warn!(company = %id, %error, "an installation could not be confirmed; it waits for a log-in");
                self.park(id, notice).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// An installation that was kept while an administrator was bringing the keys is tried with them.
    pub(super) async fn after_log_in(&self, id: &CompanyId) {
        if let Ok(Some(_)) = self.setup.store.parked_install(id, self.now()).await {
            self.try_install_again(id);
        }
    }

    fn try_install_again(&self, id: &CompanyId) {
        self.installs.wait(id, self.now(), "its keys have come only now");
    }

    /// An installation of this company that is tried again by itself.
    pub fn waiting_install(&self, id: &CompanyId) -> Option<WaitingInstall> {
        self.installs.waiting().get(id).cloned()
    }

    /// How many installations are tried again by themselves.
    pub fn waiting_installs(&self) -> usize {
        self.installs.waiting().len()
    }

    /// The company has its tokens, or the notice turned out to be none.
    pub(super) async fn forget_install(&self, id: &CompanyId) {
        self.installs.waiting().remove(id);
        if let Err(error) = self.setup.store.drop_install(id).await {
            tracing::warn!(company = %id, %error, "an installation that is done could not be forgotten");
        }
    }

    /// Has a notice confirmed and registers its company; `waited` if it was told some time ago.
    async fn take_up(&self, id: &CompanyId, notice: &Install, waited: bool) -> Result<Taken, RegisterError> {
        let known = self.setup.store.company(id).await?;
        let of_company = known
            .as_ref()
            .map(|c| AppCredentials { client_id: c.client_id.clone(), client_secret: c.client_secret.clone() });
        let Some(keys) = of_company.or_else(|| self.setup.keys.clone()) else { return Ok(Taken::KeysUnknown) };
        let confirmed = match self.confirm(notice, &keys).await {
            // It has waited too long for its access token; the other one lives for months.
            Err(RegisterError::OAuth(OAuthError::GrantDead(_))) if waited && notice.refresh.is_some() => {
                return self.renew_and_take_up(id, notice, &keys, known.map(|c| c.client_endpoint)).await;
            }
            other => other?,
        };
        let Some(info) = confirmed else { return Ok(Taken::KeysUnknown) };
        let Some(endpoint) = known.map(|c| c.client_endpoint).or_else(|| info.client_endpoint.clone()) else {
            return Ok(Taken::KeysUnknown);
        };
        let Some(tokens) = notice.tokens(self.now()) else {
            if let Some(token) = &notice.from.application_token {
                self.setup.store.save_application_token(id, token).await?;
            }
            return Ok(Taken::Up);
        };
        let notice = &Install { language: notice.language.clone().or(info.language), ..notice.clone() };
        self.enrol(id, notice, &keys, endpoint, tokens).await?;
        Ok(Taken::Up)
    }

    /// Buys a new pair for a notice whose access token is over. The answer names the portal as well.
    async fn renew_and_take_up(
        &self,
        id: &CompanyId,
        notice: &Install,
        keys: &AppCredentials,
        endpoint: Option<String>,
    ) -> Result<Taken, RegisterError> {
        let Some(tokens) = notice.tokens(self.now()) else { return Ok(Taken::KeysUnknown) };
        let renewal = self.setup.bitrix.oauth.refresh(keys, &tokens).await?;
        if renewal.member_id.as_ref().is_some_and(|member| member != id) {
            return Err(RegisterError::OtherPortal);
        }
        let tokens = Tokens { previous: None, ..renewal.tokens };
        // The new pair is the only good one: kept before it is used.
        let notice = Install {
            access: Some(tokens.access.clone()),
            refresh: Some(tokens.refresh.clone()),
            expires_in: Some(tokens.expires_at.since(self.now()).as_secs()),
            ..notice.clone()
        };
        self.park(id, &notice).await?;
        let Some(endpoint) = renewal.client_endpoint.or(endpoint) else { return Ok(Taken::KeysUnknown) };
        self.enrol(id, &notice, keys, endpoint, tokens).await?;
        Ok(Taken::Up)
    }

    /// Registers the company if the tokens are an administrator's.
    async fn enrol(
        &self,
        id: &CompanyId,
        notice: &Install,
        keys: &AppCredentials,
        endpoint: String,
        tokens: Tokens,
    ) -> Result<(), RegisterError> {
        let who = bitrix::who(&self.setup.bitrix, &endpoint, &tokens.access).await?;
        if !who.admin {
            return Err(RegisterError::NotAdmin);
        }
        let company = NewCompany {
            id: id.clone(),
            domain: portal_domain(&endpoint).unwrap_or_default(),
            client_endpoint: endpoint,
            client_id: keys.client_id.clone(),
            client_secret: keys.client_secret.clone(),
            application_token: notice.from.application_token.clone(),
            language: notice.language.clone(),
        };
        // The official notice names no user; the portal does.
        self.admit(company, Tokens { user_id: tokens.user_id.or(Some(who.user)), ..tokens }).await?;
        tracing::warn!(company = %id, user = %who.user, "the application was installed in the portal and is confirmed");
        Ok(())
    }

    /// What the authorization server says of the notice's token; `None` if it belongs to another application.
    async fn confirm(&self, notice: &Install, keys: &AppCredentials) -> Result<Option<AppInfo>, RegisterError> {
        let Some(access) = &notice.access else { return Ok(None) };
        let info = self.setup.bitrix.oauth.app_info(access, notice.server_endpoint.as_deref()).await?;
        let same_portal = info.member_id.is_none() || info.member_id == notice.from.member_id;
        Ok(Some(info).filter(|i| same_portal && i.is_for(&keys.client_id)))
    }

    /// Keeps a notice; `false` if it holds nothing that could be confirmed later.
    async fn park(&self, id: &CompanyId, notice: &Install) -> Result<bool, RegisterError> {
        let now = self.now();
        let Some(parked) = Parked::of(notice, now) else { return Ok(false) };
        let body = serde_json::to_string(&parked).expect("a notice is plain data");
        self.setup.store.park_install(id, &SecretString::from(body), now).await?;
        Ok(true)
    }
}
