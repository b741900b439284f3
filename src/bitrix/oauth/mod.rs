//! Buys and renews the tokens of portals.
//!
//! Tokens of every portal, in the cloud or in a box, are issued by Bitrix24's own authorization servers; an
//! application's secret is shown to these and to a configured one only, never to a host that somebody named.

mod app_info;
mod bridge;
mod hosts;
mod wire;

pub use app_info::AppInfo;
pub use hosts::TokenHostFault;

use crate::clock::Clock;
use crate::domain::{CompanyId, Tokens};
use crate::http::Guarded;
use bridge::{Bridge, BridgeFault, post_else_get};
use hosts::Hosts;
use oauth2::{AuthType, AuthorizationCode, Client, ClientId, ClientSecret, RefreshToken, RequestTokenError, TokenUrl};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use tokio::sync::Semaphore;
use url::{Url, form_urlencoded};
use wire::{Exchange, ExchangeError, Offer, WireFault};

/// Refreshes under way at the same time, all companies together.
const REFRESHES_AT_ONCE: usize = 16;

/// The keys of a portal's local application.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// `local.….…`
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What a login has brought.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The pair; to be stored before it is used.
    pub tokens: Tokens,
    /// The portal.
    pub member_id: CompanyId,
    /// Base of the portal's REST, with a slash at its end.
    pub client_endpoint: String,
}

/// What a refresh has brought.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The pair; to be stored before it is used.
    pub tokens: Tokens,
    /// The portal, where the server names it.
    pub member_id: Option<CompanyId>,
    /// Where the portal lives now, if the server says so; differs from before after a rename.
    pub client_endpoint: Option<String>,
}

/// Why there are no tokens, by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The code of a login is used up or too old (30 s): log in once more.
    #[error("the login took too long or was used before")]
    CodeDead,
    /// The grant is over: an admin must log in again; asking again is pointless.
    #[error("the authorization server no longer accepts the grant: {0}")]
    GrantDead(String),
    /// The application's keys or scopes do not fit: an admin must correct them.
    #[error("the authorization server does not accept the application: {0}")]
    WrongClient(String),
    /// Try later.
    #[error("the authorization server cannot be used for now: {why}")]
    Again { why: String },
    /// The subscription or trial is over, or the application was removed.
    #[error("the authorization server demands a subscription: {0}")]
    Payment(String),
    /// The answer is not what it should be; a person has to look.
    #[error("the authorization server answered unexpectedly: {0}")]
    Protocol(String),
}

/// The authorization servers.
#[derive(Debug, Clone)]
pub struct OAuth {
    hosts: Arc<Hosts>,
    /// When many companies come back at once (a start after months), the servers are not stormed.
    refreshing: Arc<Semaphore>,
    http: Guarded,
    clock: Clock,
}

impl OAuth {
    /// `token_host` is the configured server: a host name, or a whole `http://…` address for tests and the sandbox.
    pub fn new(token_host: &str, http: Guarded, clock: Clock) -> Result<Self, TokenHostFault> {
        let refreshing = Arc::new(Semaphore::new(REFRESHES_AT_ONCE));
        Ok(Self { hosts: Arc::new(Hosts::new(token_host)?), refreshing, http, clock })
    }

    /// Where to send an admin's browser. `domain` is the portal's host, with port if it is not 443; a whole
    /// `http://…` address is kept (sandbox). Only these two parameters mean anything to the portal.
    pub fn authorize_url(domain: &str, client_id: &str, state: &str) -> String {
        let base = domain.trim_end_matches('/');
        let base = if base.contains("://") { base.to_owned() } else { format!("https://{base}") };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("state", state)
            .finish();
        format!("{base}/oauth/authorize/?{query}")
    }

    /// Turns the code of a login into tokens.
    pub async fn exchange(&self, credentials: &AppCredentials, code: &str) -> Result<Grant, OAuthError> {
        let granted = first_reachable(self.hosts.order(None), |host| async move {
            let client = exchange_at(&host, credentials)?;
            let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
            request.request_async(&Bridge(&self.http)).await.map_err(|e| Attempt::from_exchange(&e, Offer::Code))
        })
        .await?;
        let lacks = |what: &str| OAuthError::Protocol(format!("the token answer has no {what}"));
        Ok(Grant {
            tokens: granted.tokens(None, self.clock.now()).ok_or_else(|| lacks("refresh_token"))?,
            member_id: granted.member_id().ok_or_else(|| lacks("member_id"))?,
            client_endpoint: self.portal(granted.client_endpoint()).ok_or_else(|| lacks("usable client_endpoint"))?,
        })
    }

    /// Buys the next pair. The answer is the only copy of the new refresh token: store it before anything else.
    pub async fn refresh(&self, credentials: &AppCredentials, tokens: &Tokens) -> Result<Renewal, OAuthError> {
        let _turn = self.refreshing.acquire().await;
        let token = &RefreshToken::new(tokens.refresh.expose_secret().to_owned());
        let granted = first_reachable(self.hosts.order(tokens.server_endpoint.as_deref()), |host| async move {
            let client = exchange_at(&host, credentials)?;
            let request = client.exchange_refresh_token(token);
            request.request_async(&Bridge(&self.http)).await.map_err(|e| Attempt::from_exchange(&e, Offer::Token))
        })
        .await?;
        let missing = || OAuthError::Protocol("the token answer has no refresh_token".into());
        Ok(Renewal {
            tokens: granted.tokens(Some(tokens), self.clock.now()).ok_or_else(missing)?,
            member_id: granted.member_id(),
            client_endpoint: self.portal(granted.client_endpoint()),
        })
    }

    /// An address that a server has named, if secrets may go there.
    fn portal(&self, named: Option<String>) -> Option<String> {
        named.filter(|endpoint| self.hosts.may_be_portal(endpoint))
    }

    /// Asks whose token this is. `server_endpoint` comes with the token and is used only if it is a known server.
    pub async fn app_info(&self, access: &SecretString, server_endpoint: Option<&str>) -> Result<AppInfo, OAuthError> {
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("auth", access.expose_secret()).finish();
        let form = form.as_str();
        let (status, body) = first_reachable(self.hosts.order(server_endpoint), |host| async move {
            let url = join(&host, "rest/app.info")?;
            post_else_get(&self.http, url.as_str(), form.to_owned()).await.map_err(|e| Attempt::from_bridge(&e))
        })
        .await?;
        if status != 200 {
            let fault: WireFault = serde_json::from_slice(&body).unwrap_or_default();
            return Err(fault.judge(Offer::Token));
        }
        serde_json::from_slice(&body)
            .map(|answer| AppInfo::read(&answer))
            .map(|info| AppInfo { client_endpoint: self.portal(info.client_endpoint.clone()), ..info })
            .map_err(|_| OAuthError::Protocol("app.info answered no JSON".into()))
    }
}

/// One failed attempt at one server.
struct Attempt {
    /// Nothing was sent, so another server may be asked.
    unreachable: bool,
    error: OAuthError,
}

impl Attempt {
    fn from_exchange(error: &ExchangeError, offer: Offer) -> Self {
        let unreachable = matches!(error, RequestTokenError::Request(BridgeFault::Unreachable(_)));
        Self { unreachable, error: wire::judge(error, offer) }
    }

    fn from_bridge(fault: &BridgeFault) -> Self {
        Self { unreachable: matches!(fault, BridgeFault::Unreachable(_)), error: wire::judge_bridge(fault) }
    }
}

impl From<OAuthError> for Attempt {
    fn from(error: OAuthError) -> Self {
        Self { unreachable: false, error }
    }
}

/// Asks the servers in order until one can be connected to; that one's word counts.
async fn first_reachable<T, F: Future<Output = Result<T, Attempt>>>(
    hosts: Vec<Url>,
    ask: impl Fn(Url) -> F,
) -> Result<T, OAuthError> {
    let mut last = OAuthError::Protocol("no authorization server is configured".into());
    for host in hosts {
        match ask(host).await {
            Ok(answer) => return Ok(answer),
            Err(Attempt { unreachable, error }) => {
                last = error;
                if !unreachable {
                    break;
                }
            }
        }
    }
    Err(last)
}

fn exchange_at(host: &Url, credentials: &AppCredentials) -> Result<Exchange, OAuthError> {
    // In the body, not in a Basic header: this server reads nothing else.
    Ok(Client::new(ClientId::new(credentials.client_id.clone()))
        .set_client_secret(ClientSecret::new(credentials.client_secret.expose_secret().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(join(host, "oauth/token/")?)))
}

fn join(host: &Url, path: &str) -> Result<Url, OAuthError> {
    host.join(path).map_err(|e| OAuthError::Protocol(e.to_string()))
}

#[cfg(test)]
mod tests;
