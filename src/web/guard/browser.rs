//! The browser that began a log-in: only there may it end.
//!
//! Otherwise somebody could begin a log-in to his own company and let another's browser finish it, whose user would
//! then write his switch's key into a company that is not his. A browser keeps one mark for all its log-ins, so that
//! several may be under way in several tabs.

use super::admin::private_cookie;
use crate::clock::random_token;
use crate::web::WebState;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use std::time::Duration;

/// The cookie's name.
const COOKIE: &str = "ecss_crm_login";
/// As long as a log-in may be under way.
const LASTS: Duration = Duration::from_secs(600);
/// 256 bits in base64.
const LENGTH: usize = 43;

/// The mark of a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrowserMark(String);

impl BrowserMark {
    /// The mark the browser sent, if it is one of ours by its form.
    pub(crate) fn sent(jar: &CookieJar) -> Option<Self> {
        let value = jar.get(COOKIE)?.value();
        let ours =
            value.len() == LENGTH && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        ours.then(|| Self(value.to_owned()))
    }

    /// The browser's mark, or a new one.
    pub(crate) fn sent_or_new(jar: &CookieJar) -> Self {
        Self::sent(jar).unwrap_or_else(|| Self(random_token()))
    }

    /// What stands for it in the log-in's state.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The cookie that keeps it. `Lax`: the portal sends the browser back with an ordinary navigation.
    pub(crate) fn cookie(&self, state: &WebState) -> Cookie<'static> {
        private_cookie(state, COOKIE, self.0.clone(), Some(LASTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, header};

    fn sent(value: &str) -> Option<BrowserMark> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("{COOKIE}={value}").parse().expect("a cookie"));
        BrowserMark::sent(&CookieJar::from_headers(&headers))
    }

    #[test]
    fn a_browser_keeps_its_mark_and_nothing_else_is_one() {
        let mark = BrowserMark::sent_or_new(&CookieJar::new());
        assert_eq!(sent(&mark.0), Some(mark.clone()));
        assert_ne!(mark, BrowserMark::sent_or_new(&CookieJar::new()));
        for odd in ["", "x", &"a".repeat(LENGTH + 1), &".".repeat(LENGTH)] {
            assert_eq!(sent(odd), None, "{odd}");
        }
    }
}
