//! The browser that began a log-in: only there may it end.
//!
//! Otherwise an attacker could begin a log-in to their own company and let another's browser finish it, whose user
//! would then write the key of their switch into the attacker's company. A browser keeps one mark for all its log-ins,
//! so that several may be under way in several tabs. A signature would not help against a neighbour's page
//! (`a.example.org` for `crm.example.org`) that plants a mark: it could plant one that we have made for its owner. The
//! `__Host-` in the name does, as browsers take such a cookie from the very host only.

use super::admin::private_cookie;
use crate::clock::random_token;
use crate::web::WebState;
use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::Cookie;
use std::time::Duration;

/// The cookie's name.
const COOKIE: &str = "__Host-ecss_crm_login";
/// Its name in a trial over plain HTTP, where browsers take none of the other kind.
const PLAIN_COOKIE: &str = "ecss_crm_login";
/// As long as a log-in may be under way.
const LASTS: Duration = Duration::from_secs(600);
/// 256 bits in base64.
const LENGTH: usize = 43;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrowserMark(String);

impl BrowserMark {
    /// The mark the browser sent, if it is one of ours by its form and the only one.
    pub(crate) fn sent(headers: &HeaderMap, state: &WebState) -> Option<Self> {
        Self::named(headers, name(state))
    }

    fn named(headers: &HeaderMap, name: &str) -> Option<Self> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut values = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter_map(|(key, value)| (key == name).then_some(value));
        let (value, None) = (values.next()?, values.next()) else { return None };
        let ours =
            value.len() == LENGTH && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        ours.then(|| Self(value.to_owned()))
    }

    /// The browser's mark, or a new one.
    pub(crate) fn sent_or_new(headers: &HeaderMap, state: &WebState) -> Self {
        Self::sent(headers, state).unwrap_or_else(|| Self(random_token()))
    }

    /// What stands for it in the log-in's state.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The cookie that keeps it. `Lax`: the portal sends the browser back with an ordinary navigation.
    pub(crate) fn cookie(&self, state: &WebState) -> Cookie<'static> {
        let mut cookie = private_cookie(state, name(state), self.0.clone(), Some(LASTS));
        if cookie.name() == COOKIE {
            // Browsers take such a name for the whole host only.
            cookie.set_path("/");
        }
        cookie
    }
}

fn name(state: &WebState) -> &'static str {
    if state.base.starts_with("http://") { PLAIN_COOKIE } else { COOKIE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &[&str]) -> Option<BrowserMark> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().expect("a cookie"));
        }
        BrowserMark::named(&headers, COOKIE)
    }

    #[test]
    fn a_browser_keeps_its_mark_and_nothing_else_is_one() {
        let (mark, other) = (random_token(), random_token());
        let (mine, another) = (format!("{COOKIE}={mark}"), format!("{COOKIE}={other}"));
        assert_eq!(sent(&["a=b", &mine]), Some(BrowserMark(mark.clone())));
        assert_eq!(sent(&[&format!("a=b; {mine}; c=d")]), Some(BrowserMark(mark.clone())));
        for odd in ["", "x", &"a".repeat(LENGTH + 1), &".".repeat(LENGTH)] {
            assert_eq!(sent(&[&format!("{COOKIE}={odd}")]), None, "{odd}");
        }
        assert_eq!(sent(&[&format!("{PLAIN_COOKIE}={mark}")]), None, "a neighbour can set that one");
        for two in [&[mine.as_str(), another.as_str()][..], &[&format!("{mine}; {another}")]] {
            assert_eq!(sent(two), None, "it is not clear which is ours");
        }
    }
}
