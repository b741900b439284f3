//! Having a notice confirmed: by the authorization server whose token it is, by the portal that he is an administrator.

use super::question_limiter::NoticeSender;
use crate::bitrix::hook::Install;
use crate::bitrix::{self, AppCredentials, OAuthError, portal_domain};
use crate::domain::company::Company;
use crate::domain::evidence::EvidenceKind;
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::session::companies::Companies;
use crate::session::enroll::RegisterError;
use crate::store::{NewCompany, StoreError};
use std::time::Duration;

/// What became of a notice.
pub(super) enum Taken {
    /// The company has its tokens.
    Up,
    /// It was told of an application whose keys we do not have, or it is not known of which.
    KeysUnknown,
    /// The authorization server vouches for it, and it is of another application than the one whose keys we have.
    OtherApplication,
    /// It holds no token that could prove it.
    TokensMissing,
    /// The authorization server may be asked about it after this long.
    Later(Duration),
}

/// What the authorization server's word makes of a notice.
enum NoticeProof {
    /// Its token belongs to this portal and application.
    Ours(Box<Proved>),
    /// Its token belongs to this portal, and to another application.
    OtherApplication,
    Nothing,
}

/// A notice whose token belongs to this portal and application.
struct Proved {
    notice: Install,
    endpoint: String,
}

impl Companies {
    /// Has a notice confirmed and registers its company.
    pub(super) async fn take_up(
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
        match self.prove(id, notice, &keys, endpoint, received_at).await? {
            NoticeProof::Ours(proved) => self.enrol(id, *proved, &keys, known.as_ref(), received_at).await,
            NoticeProof::OtherApplication => match &known {
                Some(company) if self.is_admins(company, notice).await? => Ok(Taken::OtherApplication),
                _ => Ok(Taken::KeysUnknown),
            },
            NoticeProof::Nothing => Ok(Taken::KeysUnknown),
        }
    }

    /// Whether an administrator's token came with it: every employee holds tokens of some application or other.
    async fn is_admins(&self, company: &Company, notice: &Install) -> Result<bool, RegisterError> {
        let Some(access) = &notice.access else { return Ok(false) };
        Ok(bitrix::who(&self.setup.bitrix, &company.client_endpoint, access).await?.admin)
    }

    /// Asks the authorization server whose token it is; one whose time is over is renewed, which says the same.
    async fn prove(
        &self,
        id: &CompanyId,
        notice: &Install,
        keys: &AppCredentials,
        endpoint: Option<String>,
        received_at: Timestamp,
    ) -> Result<NoticeProof, RegisterError> {
        let Some(access) = &notice.access else { return self.renew(id, notice, keys, endpoint, received_at).await };
        match self.setup.bitrix.oauth.app_info(access, notice.server_endpoint.as_deref()).await {
            Ok(info) => {
                let same_portal = info.member_id.as_ref().is_none_or(|member| member == id);
                let ours = same_portal && info.is_for(&keys.client_id);
                let language = notice.language.clone().or(info.language);
                let endpoint = endpoint.or(info.client_endpoint).filter(|_| ours);
                let notice = Install { language, ..notice.clone() };
                Ok(match endpoint {
                    Some(endpoint) => NoticeProof::Ours(Box::new(Proved { notice, endpoint })),
                    None if same_portal && info.client_id.is_some() && !ours => NoticeProof::OtherApplication,
                    None => NoticeProof::Nothing,
                })
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
    ) -> Result<NoticeProof, RegisterError> {
        let before = Install { access: notice.access.clone().or_else(|| Some(String::new().into())), ..notice.clone() };
        let Some(tokens) = before.tokens(self.now()) else { return Ok(NoticeProof::Nothing) };
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
        let endpoint = renewal.client_endpoint.or(endpoint);
        Ok(endpoint.map_or(NoticeProof::Nothing, |endpoint| NoticeProof::Ours(Box::new(Proved { notice, endpoint }))))
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
        if let Some(handle) = self.get(id) {
            handle.saw(EvidenceKind::Installed);
        }
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
    pub(super) async fn is_vouched(&self, id: &CompanyId, notice: &Install, asker: NoticeSender) -> bool {
        let Some(access) = &notice.access else { return false };
        if self.installs.questions.take(id, self.get(id).is_some(), asker, self.now()).is_err() {
            return false;
        }
        let info = self.setup.bitrix.oauth.app_info(access, notice.server_endpoint.as_deref()).await;
        info.is_ok_and(|info| info.member_id.is_none_or(|member| member == *id))
    }
}
