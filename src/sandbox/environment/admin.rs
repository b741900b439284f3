//! An administrator at the daemon's pages, without a browser.

use super::SimulatedCompany;
use crate::sandbox::portal::{AppKeys, SimPortal};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;

/// What an administrator ran into.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The daemon did not answer.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// It answered something else than what the step leads to.
    #[error("{step}: unexpected answer {status}: {body}")]
    Unexpected {
        /// What was being done.
        step: &'static str,
        status: StatusCode,
        /// The page.
        body: String,
    },
    /// The portal shows its own error page instead of sending the browser back.
    #[error("the portal does not authorize this user")]
    NotAuthorized,
}

/// Keeps cookies like a browser, follows no redirects.
#[derive(Debug, Clone)]
pub struct Admin {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Admin {
    pub(super) fn new(client: Client, base: String) -> Self {
        Self { client, base, cookies: BTreeMap::new() }
    }

    /// A request to one of the daemon's pages, cookies included.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header(COOKIE, self.cookies())
    }

    /// Follows a link to one of the daemon's pages.
    pub async fn follow(&mut self, link: String) -> Result<Response, AdminError> {
        let request = self.client.get(link).header(COOKIE, self.cookies());
        self.send(request).await
    }

    fn cookies(&self) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    /// Sends a request and keeps the cookies it brings.
    pub async fn send(&mut self, request: RequestBuilder) -> Result<Response, AdminError> {
        let response = request.send().await?;
        for cookie in response.headers().get_all(SET_COOKIE).iter().filter_map(|c| c.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }

    /// Goes through the log-in: our form, the portal's authorize page, back to us. Ends at the company's page.
    pub async fn log_in(&mut self, portal: &SimPortal, user: i64, keys: Option<&AppKeys>) -> Result<(), AdminError> {
        let state = self.begin_log_in(portal, keys).await?;
        let back = portal.authorize(user, &state).ok_or(AdminError::NotAuthorized)?;
        let response = self.follow(back).await?;
        expect("coming back from the portal", response, StatusCode::SEE_OTHER).await?;
        Ok(())
    }

    /// Fills in the log-in form; the state the portal is to hand back.
    pub async fn begin_log_in(&mut self, portal: &SimPortal, keys: Option<&AppKeys>) -> Result<String, AdminError> {
        let mut form = vec![("domain", portal.domain())];
        if let Some(keys) = keys {
            form.push(("client_id", keys.client_id.clone()));
            form.push(("client_secret", keys.client_secret.clone()));
        }
        let request = self.request(Method::POST, "/login").form(&form);
        let response = self.send(request).await?;
        let response = expect("the log-in form", response, StatusCode::SEE_OTHER).await?;
        let location = response.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
        let state = url::Url::parse(location)
            .ok()
            .and_then(|url| url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()));
        state.ok_or(AdminError::NotAuthorized)
    }

    /// Saves the switch settings of a company.
    pub async fn connect_switch(&mut self, company: &SimulatedCompany, addresses: &[String]) -> Result<(), AdminError> {
        let form = [
            ("backend", "callapi"),
            ("client_id", &company.client_id),
            ("api_key", company.api_key.expose_secret()),
            ("addresses", &addresses.join("\n")),
            ("domain", &company.domain),
            ("tls", "system"),
        ];
        let request = self.request(Method::POST, "/company/ecss").form(&form);
        let response = self.send(request).await?;
        expect("the switch settings", response, StatusCode::SEE_OTHER).await?;
        Ok(())
    }

    /// A page as text.
    pub async fn page(&mut self, path: &str) -> Result<String, AdminError> {
        let response = self.send(self.request(Method::GET, path)).await?;
        Ok(expect("a page", response, StatusCode::OK).await?.text().await?)
    }
}

async fn expect(step: &'static str, response: Response, wanted: StatusCode) -> Result<Response, AdminError> {
    let status = response.status();
    if status == wanted {
        return Ok(response);
    }
    Err(AdminError::Unexpected { step, status, body: response.text().await.unwrap_or_default() })
}
