//! Installations of the application: taken up once the authorization server has confirmed them, and kept until then.
//!
//! A portal tells an installation once. Where the authorization server does not answer just then, the notice is stored
//! and tried again by itself; where the portal's keys are not known yet, it waits for the administrator's log-in and is
//! tried then, in the same way.

mod confirm;
mod question_limiter;
mod retry;
mod stored;
mod waiting;
mod work;

use super::companies::Companies;
use super::enroll::RegisterError;
use crate::bitrix::OAuthError;
use crate::bitrix::hook::Install;
use crate::clock::random_unit;
use crate::domain::installs::{QueuedNotice, StoredNotices};
use crate::domain::link::{InstallTrouble, WaitingInstall};
use crate::domain::source::Source;
use crate::domain::{CompanyId, Timestamp};
use crate::store::StoreError;
use confirm::Taken;
use question_limiter::NoticeSender;
use secrecy::{ExposeSecret as _, SecretString};
pub(super) use waiting::Installs;

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
            Ok(Taken::OtherApplication) => {
                tracing::warn!(
                    "another application is installed in the portal with this server's address: it was created again, and an administrator has to log in with its keys"
                );
                if self.park(id, notice, received_at, true, source).await? {
                    self.installs.failed(id, received_at, InstallTrouble::OtherApplication, None, received_at);
                }
                Ok(())
            }
            Ok(Taken::KeysUnknown) => {
                tracing::info!("the application was installed in a portal whose keys are not known yet");
                let vouched = self.is_vouched(id, notice, asker).await;
                // Whoever logs in meanwhile either finds it, or has registered the company before it is looked for
                // here.
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

    /// The portal has proved its application token: what was told with another one was not told by it.
    pub(super) async fn settle_installs(&self, id: &CompanyId, token: &SecretString) {
        match self.edit(id, |all| all.keep_told_with(token.expose_secret())).await {
            Ok(0) => drop(self.installs.remove(id, None)),
            Ok(_) => self.installs.try_for_admin(id, self.now()),
            Err(error) => tracing::warn!(%error, "installations that are proved to be forged could not be forgotten"),
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

    /// Changes the notices of a portal; returns how many are left.
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
        RegisterError::Portal(error) => Some(InstallTrouble::PortalFails(error.refusal_reason())),
        RegisterError::Store(StoreError::Unavailable(_) | StoreError::Full) => Some(InstallTrouble::Untried),
        RegisterError::Store(_)
        | RegisterError::OtherPortal
        | RegisterError::NotAdmin
        | RegisterError::TooOften
        | RegisterError::ScopesMissing(_) => None,
    }
}
