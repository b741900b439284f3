//! A renamed portal answers with a redirect. It is believed only after the authorization server has confirmed it,
//! as the repeated request carries our token.

use super::access::{PortalAccess, is_ahead, with_slash};
use crate::bitrix::answer::Verdict;
use crate::bitrix::error::ApiError;
use crate::clock::Clock;
use crate::domain::allowance::Allowance;
use crate::domain::{Timestamp, Tokens};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// How long an unconfirmed redirect is not asked about again.
const DISBELIEVE: Duration = Duration::from_secs(600);
/// A portal can name another address at each request. The authorization server is asked about three at once, then about
/// one in this time.
const ASK_EVERY: Duration = Duration::from_secs(200);
const ASK_AT_ONCE: u32 = 3;

/// Redirects that the authorization server did not confirm.
#[derive(Debug)]
pub(super) struct UnconfirmedMoves(Mutex<MoveRefusal>);

#[derive(Debug)]
struct MoveRefusal {
    last: Option<(String, Timestamp)>,
    questions: Allowance,
}

impl Default for UnconfirmedMoves {
    fn default() -> Self {
        Self(Mutex::new(MoveRefusal { last: None, questions: Allowance::new(ASK_EVERY, ASK_AT_ONCE) }))
    }
}

impl UnconfirmedMoves {
    /// Whether the authorization server may be asked about this address.
    fn may_ask(&self, target: &str, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = state.last.as_ref();
        let known = last.is_some_and(|(t, until)| t == target && is_ahead(*until, now, DISBELIEVE));
        !known && state.questions.take(now).is_ok()
    }

    fn note(&self, target: &str, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last = Some((target.to_owned(), now + DISBELIEVE));
    }
}

/// The REST base a redirect points to, if it can be a rename: the same method under another address, and no step
/// from HTTPS to HTTP.
pub(super) fn target(endpoint: &str, method: &str, location: &str) -> Option<String> {
    let asked = Url::parse(endpoint).ok()?.join(method).ok()?;
    let new = asked.join(location).ok()?;
    let secure = new.scheme() == "https" || (new.scheme() == "http" && asked.scheme() == "http");
    let plain = new.username().is_empty() && new.password().is_none();
    if !secure || !plain || new.path() != asked.path() || new.origin() == asked.origin() {
        return None;
    }
    new.join("./").ok().map(|mut base| {
        base.set_query(None);
        base.set_fragment(None);
        with_slash(base.as_str())
    })
}

/// Finds out whether the portal has moved. `Ok` means: repeat the request at the address now known.
pub(super) async fn follow(
    access: &PortalAccess,
    unconfirmed: &UnconfirmedMoves,
    clock: &Clock,
    asked: (&str, &str),
    location: String,
    tokens: &Arc<Tokens>,
) -> Result<(), ApiError> {
    let (endpoint, method) = asked;
    if *access.endpoint() != endpoint {
        return Ok(()); // Somebody else has found out meanwhile.
    }
    let rejected = |location| Verdict::Moved(location).into_error();
    let Some(new) = target(endpoint, method, &location) else { return Err(rejected(location)) };
    if !unconfirmed.may_ask(&new, clock.now()) {
        return Err(rejected(location));
    }
    let info = access.oauth().app_info(&tokens.access, tokens.server_endpoint.as_deref()).await;
    match info {
        Ok(info)
            if info.member_id.as_ref() == Some(access.company()) && info.client_endpoint.as_ref() == Some(&new) =>
        {
            access.move_to(&new).await;
        }
        // The answer of a refresh always names the present address.
        _ => access.renew(tokens).await?,
    }
    if *access.endpoint() == endpoint {
        unconfirmed.note(&new, clock.now());
        return Err(rejected(location));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_method_under_another_address_is_a_rename() {
        let old = "https://old.example/rest/";
        for (location, want) in [
            ("https://new.example/rest/telephony.x", Some("https://new.example/rest/")),
            ("https://new.example/rest/telephony.x?auth=1#a", Some("https://new.example/rest/")),
            ("//new.example/rest/telephony.x", Some("https://new.example/rest/")),
            ("https://new.example:8443/rest/telephony.x", Some("https://new.example:8443/rest/")),
            ("http://new.example/rest/telephony.x", None),
            ("https://new.example/auth/", None),
            ("https://new.example/rest/", None),
            ("/rest/telephony.x", None),
            ("https://user@new.example/rest/telephony.x", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(target(old, "telephony.x", location).as_deref(), want, "{location}");
        }
        let plain = "http://box.example/rest/";
        assert!(target(plain, "m", "http://new.example/rest/m").is_some());
        assert_eq!(target(plain, "m", "https://box.example/rest/m").as_deref(), Some("https://box.example/rest/"));
    }
}
