//! Installations of the application: taken up once the authorization server has confirmed them, and kept until then.
//!
//! A portal tells an installation once. Where the authorization server does not answer just then, the notice is stored
//! and tried again by itself; where the portal's keys are not known yet, it waits for the administrator's log-in and is
//! tried then, in the same way.

mod question_limiter;
mod retry;
mod stored;
mod waiting;
mod work;

use super::companies::Companies;
use super::enroll::RegisterError;
use crate::bitrix::hook::Install;
use crate::bitrix::{self, AppCredentials, OAuthError, portal_domain};
use crate::clock::random_unit;
use crate::domain::company::Company;
use crate::domain::installs::{QueuedNotice, StoredNotices};
use crate::domain::link::{InstallTrouble, WaitingInstall};
use crate::domain::source::Source;
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::store::{NewCompany, StoreError};
use question_limiter::NoticeSender;
use secrecy::SecretString;
use std::time::Duration;
pub(super) use waiting::Installs;

/// What became of a notice.
enum Taken {
    /// The company has its tokens.
    Up,
    /// It was told of an application whose keys we do not have.
    KeysUnknown,
    /// It holds no token that could prove it.
    TokensMissing,
    /// The authorization server may be asked about it after so long.
    Later(Duration),
}

/// A notice whose token belongs to this portal and application, by the authorization server's word.
struct Proved {
    notice: Install,
    endpoint: String,
}

impl Companies {
    /// The application was installed (or updated) in a portal. Nothing in the notice is believed before the
    /// authorization server has confirmed its token.
    async fn installed(&self, received: &QueuedNotice<Install>) -> Result<(), RegisterError> {
        let QueuedNotice { ref notice, source, authentic } = *received;
        let Some(id) = &notice.from.member_id else { return Ok(()) };
        let received_at = self.now();
        let asker = if authentic { NoticeSender::Proved } else { NoticeSender::Anybody };
        let outcome = self.take_up(id, notice, received_at, asker).await;
        if let Ok(Taken::Up) = outcome {
            self.forget_installs(id, received_at).await;
            return Ok(());
        }
        // The portal drops an application's bindings when it is installed again, whatever we are able to prove.
        if let Some(handle) = self.get(id) {
            handle.perhaps_installed(authentic);
        }
        match outcome {
            Ok(Taken::KeysUnknown) => {
                tracing::info!("the application was installed in a portal whose keys are not known yet");
                let vouched = self.is_vouched(id, notice, asker).await;
                // Whoever logs in meanwhile either finds it, or has registered the company before it is looked for here.
                if self.park(id, notice, received_at, vouched, source).await?
                    && self.setup.store.company(id).await?.is_some()
                {
                    self.installs.try_now(id, received_at);
                }
                Ok(())
            }
            Ok(Taken::Later(wait)) => {
                tracing::debug!(?wait, "an installation has to wait until the authorization server may be asked");
                if self.park(id, notice, received_at, false, source).await? {
                    self.installs.later(id, received_at, wait);
                }
                Ok(())
            }
            Ok(Taken::TokensMissing | Taken::Up) => {
                tracing::warn!("an installation was told without tokens that could prove it");
                // Anybody can say so; people are told only what the portal has said.
                if authentic {
                    self.installs.show(id, received_at, InstallTrouble::TokensMissing);
                }
                Ok(())
            }
            Err(error) => match trouble(&error) {
                Some(trouble) => {
                    tracing::warn!(%error, "an installation could not be confirmed; it is tried again by itself");
                    if self.park(id, notice, received_at, false, source).await? {
                        self.installs.failed(id, received_at, trouble, None, self.now());
                    }
                    Ok(())
                }
                // Nobody can do anything with it; what waits already must not give way to it.
                None if matches!(error, RegisterError::OAuth(OAuthError::GrantDead(_))) => {
                    tracing::warn!(%error, "an installation was refused, as its token is not good");
                    Ok(())
                }
                None => Err(error),
            },
        }
    }

    /// An installation that was told before an administrator brought the keys is tried with them at once; returns when
    /// that was done, or takes too long to be waited for.
    pub(super) async fn after_log_in(&self, id: &CompanyId) {
        match self.setup.store.parked_install(id, self.now()).await {
            Ok(Some(_)) => {
                self.installs.try_for_admin(id, self.now());
                let _ = tokio::time::timeout(retry::SOON, self.installs.attempted(id)).await;
            }
            Ok(None) => drop(self.installs.remove(id, None)),
            Err(error) => tracing::error!(%error, "an installation that waits cannot be read"),
        }
    }

    /// An installation of this company that is not confirmed yet.
    pub fn waiting_install(&self, id: &CompanyId) -> Option<WaitingInstall> {
        self.installs.shown(id)
    }

    /// How many installations are not confirmed yet.
    pub fn waiting_installs(&self) -> usize {
        self.installs.count()
    }

    /// What was told until then is done.
    async fn forget_installs(&self, id: &CompanyId, received_at: Timestamp) {
        match self.edit(id, |all| all.forget_until(received_at)).await {
            Ok(0) => drop(self.installs.remove(id, None)),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "an installation that is done could not be forgotten");
            }
        }
    }

    /// Has a notice confirmed and registers its company.
    async fn take_up(
        &self,
        id: &CompanyId,
        notice: &Install,
        received_at: Timestamp,
        asker: NoticeSender,
    ) -> Result<Taken, RegisterError> {
        if notice.access.is_none() && notice.refresh.is_none() {
            return Ok(Taken::TokensMissing);
        }
        let known = self.setup.store.company(id).await?;
        let of_company = known
            .as_ref()
            .map(|c| AppCredentials { client_id: c.client_id.clone(), client_secret: c.client_secret.clone() });
        let Some(keys) = of_company.or_else(|| self.setup.keys.clone()) else { return Ok(Taken::KeysUnknown) };
        if let Err(wait) = self.installs.questions.take(id, known.is_some(), asker, self.now()) {
            return Ok(Taken::Later(wait));
        }
        let endpoint = known.as_ref().map(|c| c.client_endpoint.clone());
        let Some(proved) = self.prove(id, notice, &keys, endpoint, received_at).await? else {
            return Ok(Taken::KeysUnknown);
        };
        self.enrol(id, proved, &keys, known.as_ref(), received_at).await
    }

    /// Asks the authorization server whose token it is; one whose time is over is renewed, which says the same. `None`
    /// if it belongs to another application.
    async fn prove(
        &self,
        id: &CompanyId,
        notice: &Install,
        keys: &AppCredentials,
        endpoint: Option<String>,
        received_at: Timestamp,
    ) -> Result<Option<Proved>, RegisterError> {
        let Some(access) = &notice.access else { return self.renew(id, notice, keys, endpoint, received_at).await };
        match self.setup.bitrix.oauth.app_info(access, notice.server_endpoint.as_deref()).await {
            Ok(info) => {
                let same_portal = info.member_id.as_ref().is_none_or(|member| member == id);
                let ours = same_portal && info.is_for(&keys.client_id);
                let language = notice.language.clone().or(info.language);
                let endpoint = endpoint.or(info.client_endpoint).filter(|_| ours);
                let notice = Install { language, ..notice.clone() };
                Ok(endpoint.map(|endpoint| Proved { notice, endpoint }))
            }
            // It has waited too long, with us or on its way; the other token lives for months.
            Err(OAuthError::GrantDead(_)) if notice.refresh.is_some() => {
                self.renew(id, notice, keys, endpoint, received_at).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Buys a new pair for a notice without a good access token. The answer names the portal as well.
    async fn renew(
        &self,
        id: &CompanyId,
        notice: &Install,
        keys: &AppCredentials,
        endpoint: Option<String>,
        received_at: Timestamp,
    ) -> Result<Option<Proved>, RegisterError> {
        let before = Install { access: notice.access.clone().or_else(|| Some(String::new().into())), ..notice.clone() };
        let Some(tokens) = before.tokens(self.now()) else { return Ok(None) };
        let renewal = self.setup.bitrix.oauth.refresh(keys, &tokens).await?;
        if renewal.member_id.as_ref().is_some_and(|member| member != id) {
            return Err(RegisterError::OtherPortal);
        }
        let tokens = renewal.tokens;
        let notice = Install {
            expires_in: Some(tokens.expires_at.since(self.now()).as_secs()),
            access: Some(tokens.access),
            refresh: Some(tokens.refresh),
            user: tokens.user_id,
            scope: tokens.scope,
            server_endpoint: tokens.server_endpoint,
            ..notice.clone()
        };
        // The new pair is the only good one: kept before it is used.
        self.park(id, &notice, received_at, true, None).await?;
        Ok(renewal.client_endpoint.or(endpoint).map(|endpoint| Proved { notice, endpoint }))
    }

    /// Registers the company if the tokens are an administrator's: employees hold tokens of the application as well. A
    /// pair that was bought after the notice was told, as by a log-in, is newer and stays.
    async fn enrol(
        &self,
        id: &CompanyId,
        Proved { notice, endpoint }: Proved,
        keys: &AppCredentials,
        known: Option<&Company>,
        received_at: Timestamp,
    ) -> Result<Taken, RegisterError> {
        let Some(access) = &notice.access else { return Ok(Taken::TokensMissing) };
        let who = bitrix::who(&self.setup.bitrix, &endpoint, access).await?;
        if !who.admin {
            return Err(RegisterError::NotAdmin);
        }
        let current = self.setup.store.tokens(id).await.ok().flatten();
        let newer =
            notice.tokens(self.now()).filter(|_| current.is_none_or(|pair| pair.refresh_obtained_at < received_at));
        match (newer, known) {
            (Some(tokens), _) => {
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
            }
            (None, Some(_)) => self.learn_from(id, &notice).await?,
            // Nobody has tokens for it yet.
            (None, None) => return Ok(Taken::KeysUnknown),
        }
        tracing::warn!(user = %who.user, "the application was installed in the portal and is confirmed");
        Ok(Taken::Up)
    }

    /// Takes over what a proved notice tells beside its tokens.
    async fn learn_from(&self, id: &CompanyId, notice: &Install) -> Result<(), StoreError> {
        if let Some(token) = &notice.from.application_token {
            self.setup.store.save_application_token(id, token).await?;
        }
        if let Some(handle) = self.get(id) {
            if let Some(code) = &notice.language {
                handle.learn_language(code).await;
            }
            handle.look_after();
        }
        Ok(())
    }

    /// Whether the authorization server knows the notice's token as this portal's, for whatever application.
    async fn is_vouched(&self, id: &CompanyId, notice: &Install, asker: NoticeSender) -> bool {
        let Some(access) = &notice.access else { return false };
        if self.installs.questions.take(id, self.get(id).is_some(), asker, self.now()).is_err() {
            return false;
        }
        let info = self.setup.bitrix.oauth.app_info(access, notice.server_endpoint.as_deref()).await;
        info.is_ok_and(|info| info.member_id.is_none_or(|member| member == *id))
    }

    /// Keeps a notice; `false` if it holds nothing that could be confirmed later.
    async fn park(
        &self,
        id: &CompanyId,
        notice: &Install,
        received_at: Timestamp,
        vouched: bool,
        source: Option<Source>,
    ) -> Result<bool, RegisterError> {
        let Some(notice) = stored::to_store(notice, received_at, vouched, source, self.now()) else {
            return Ok(false);
        };
        self.edit(id, |all| all.add(notice, random_unit())).await?;
        Ok(true)
    }

    /// Changes the notices of a portal; tells how many are left.
    async fn edit(&self, id: &CompanyId, change: impl FnOnce(&mut StoredNotices)) -> Result<usize, StoreError> {
        let _turn = self.installs.parking.lock().await;
        let before = self.candidates(id).await?;
        let mut all = before.clone();
        change(&mut all);
        match (all == before, all.0.len()) {
            (true, _) => {}
            (false, 0) => self.setup.store.drop_install(id).await?,
            (false, _) => self.setup.store.park_install(id, &stored::body(&all), self.now()).await?,
        }
        Ok(all.0.len())
    }

    async fn candidates(&self, id: &CompanyId) -> Result<StoredNotices, StoreError> {
        let body: Option<SecretString> = self.setup.store.parked_install(id, self.now()).await?;
        let mut all = body.as_ref().map(stored::read).unwrap_or_default();
        all.expire(self.now());
        Ok(all)
    }
}

/// What stands in the way of a notice that is worth another attempt; `None` if it is none.
fn trouble(error: &RegisterError) -> Option<InstallTrouble> {
    match error {
        RegisterError::OAuth(OAuthError::Again { why } | OAuthError::Protocol(why)) => {
            Some(InstallTrouble::ServerNotYet(why.clone()))
        }
        RegisterError::OAuth(OAuthError::WrongClient(why) | OAuthError::Payment(why)) => {
            Some(InstallTrouble::ServerRefuses(why.clone()))
        }
        RegisterError::OAuth(OAuthError::GrantDead(_) | OAuthError::CodeDead) => None,
        // Its token is good by the authorization server's word, so that the portal's refusal is not the last word.
        RegisterError::Portal(error) => Some(InstallTrouble::PortalFails(error.heard())),
        RegisterError::Store(StoreError::Unavailable(_) | StoreError::Full) => Some(InstallTrouble::Untried),
        RegisterError::Store(_)
        | RegisterError::OtherPortal
        | RegisterError::NotAdmin
        | RegisterError::TooOften
        | RegisterError::ScopesMissing(_) => None,
    }
}
