//! The administrator's session: a private cookie that names it.

use super::same_site::SameSite;
use crate::web::WebState;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_span::request_is_of;
use crate::web::service::{Admin, NewSession};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite as CookieScope};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// The cookie's name.
const COOKIE: &str = "ecss_crm_session";
/// No token of ours is longer; a longer one is not looked up.
const MAX_TOKEN: usize = 256;

/// An administrator with a session, asking from a page of ours.
pub(crate) struct SignedIn(pub(crate) Admin);

impl FromRequestParts<WebState> for SignedIn {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebError> {
        SameSite::from_request_parts(parts, state).await?;
        let token = token_of(&CookieJar::from_headers(&parts.headers)).ok_or(WebError::SessionNeeded)?;
        let admin = state.service.session(&token).await?.ok_or(WebError::SessionNeeded)?;
        request_is_of(&admin.company);
        Ok(Self(admin))
    }
}

/// The token a browser sent.
pub(crate) fn token_of(jar: &CookieJar) -> Option<String> {
    jar.get(COOKIE).map(|c| c.value().to_owned()).filter(|t| !t.is_empty() && t.len() <= MAX_TOKEN)
}

/// The cookie of a new session.
pub(crate) fn session_cookie(state: &WebState, session: &NewSession) -> Cookie<'static> {
    private_cookie(state, COOKIE, session.token.expose_secret().to_owned(), Some(session.lasts))
}

/// The cookie that takes a session's cookie away.
pub(crate) fn ended_cookie(state: &WebState) -> Cookie<'static> {
    let mut cookie = private_cookie(state, COOKIE, String::new(), None);
    cookie.make_removal();
    cookie
}

/// A cookie for our pages alone. `Secure` unless the public address is plain HTTP (a trial on this machine): the
/// browser would drop it.
pub(super) fn private_cookie(
    state: &WebState,
    name: &'static str,
    value: String,
    lasts: Option<Duration>,
) -> Cookie<'static> {
    let mut cookie = Cookie::build((name, value))
        .path(state.base_path().to_owned())
        .http_only(true)
        .same_site(CookieScope::Lax)
        .secure(!state.base.starts_with("http://"))
        .build();
    // The cookie library counts in the types of a time library that we do not use otherwise; it reads text.
    let age = lasts.and_then(|lasts| Cookie::parse(format!("age=; Max-Age={}", lasts.as_secs())).ok());
    cookie.set_max_age(age.and_then(|c| c.max_age()));
    cookie
}
