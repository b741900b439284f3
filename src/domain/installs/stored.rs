//! Notices of installations as they are kept until the authorization server has confirmed one.

use super::displacement::{displaced, replaced};
use crate::domain::source::{Network, Source};
use crate::domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A notice that was not proved for this long is of no use.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// Notices kept of one portal: anybody can send them.
const MOST: usize = 16;
/// Those of them that come from one network and that nobody vouches for.
const OF_NETWORK: usize = 2;

/// A notice as it is kept, sealed. Notices of former versions have the first three fields only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredNotice {
    /// The access token, empty where there is none.
    pub access: String,
    /// The portal's application token, empty where there is none.
    pub application_token: String,
    /// The authorization server that the notice names.
    pub server_endpoint: Option<String>,
    /// The refresh token.
    #[serde(default)]
    pub refresh: Option<String>,
    /// End of the access token's life, in Unix milliseconds.
    #[serde(default)]
    pub expires_at: i64,
    /// Rights of the tokens, as the portal writes them.
    #[serde(default)]
    pub scope: String,
    /// Whose tokens they are.
    #[serde(default)]
    pub user: Option<UserId>,
    /// Code of the portal's language.
    #[serde(default)]
    pub language: Option<String>,
    /// When it came, in Unix milliseconds: its name among the others of its portal.
    #[serde(default, rename = "told_at")]
    pub received_at: i64,
    /// The authorization server knows its token, whosever it is.
    #[serde(default)]
    pub vouched: bool,
    /// Where it came from.
    #[serde(default)]
    pub source: Option<Source>,
}

/// Without the tokens, which are nobody's business.
impl fmt::Debug for StoredNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredNotice")
            .field("received_at", &self.received_at)
            .field("vouched", &self.vouched)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl StoredNotice {
    /// When it came.
    pub const fn received_at(&self) -> Timestamp {
        Timestamp(self.received_at)
    }

    /// The network it is counted for: none where the authorization server vouches for it.
    fn network(&self) -> Option<Network> {
        self.source.map(Source::owners_network).filter(|_| !self.vouched)
    }
}

/// The notices of one portal, the oldest first. Which of them is true is not known: the one that proves itself is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredNotices(pub Vec<StoredNotice>);

impl StoredNotices {
    /// Adds a notice. One that carries the same application token (which a stranger does not know), or that is the same
    /// one with newer tokens, takes the place of the former. Of those that the authorization server does not vouch for,
    /// one network brings two at most, its first and its newest; where there are too many altogether, one of the network
    /// that has most gives way, by lot where they are equal (`lot` between 0 and 1): so whoever sends many displaces his
    /// own, and whoever has many networks cannot tell what he displaces.
    pub fn add(&mut self, new: StoredNotice, lot: f64) {
        let token = &new.application_token;
        let same = |other: &StoredNotice| {
            other.received_at == new.received_at || !token.is_empty() && other.application_token == *token
        };
        self.0.retain(|other| !same(other));
        if let Some(last) = replaced(self.0.iter().map(StoredNotice::network), new.network(), OF_NETWORK) {
            self.0.remove(last);
        }
        self.0.push(new);
        if self.0.len() > MOST {
            let displaced = self.displaced(lot);
            self.0.remove(displaced);
        }
    }

    /// Which one of too many has to go; never the newest, unless all others are vouched for.
    fn displaced(&self, lot: f64) -> usize {
        let last = self.0.len() - 1;
        let unproved = self.0[..last].iter().enumerate().filter(|(_, other)| !other.vouched);
        let drawn = displaced(unproved.map(|(place, other)| (place, other.source)), lot);
        drawn.unwrap_or(if self.0[last].vouched { 0 } else { last })
    }

    /// Forgets what came too long ago; former versions noted that for all of them together only.
    pub fn expire(&mut self, now: Timestamp) {
        self.0.retain(|notice| notice.received_at == 0 || now.since(notice.received_at()) < LIFE);
    }

    /// Forgets what came until then.
    pub fn forget_until(&mut self, received_at: Timestamp) {
        self.0.retain(|notice| notice.received_at > received_at.millis());
    }

    /// Forgets what was told with another application token than the portal's own.
    pub fn keep_told_with(&mut self, token: &str) {
        self.0.retain(|notice| notice.application_token == token);
    }

    /// Forgets the notice that came then.
    pub fn forget(&mut self, received_at: Timestamp) {
        self.0.retain(|notice| notice.received_at != received_at.millis());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(received_at: i64, token: &str, vouched: bool) -> StoredNotice {
        let former = format!(r#"{{"access":"a","application_token":"{token}","server_endpoint":null}}"#);
        let former: StoredNotice = serde_json::from_str(&former).expect("readable");
        StoredNotice { received_at, vouched, ..former }
    }

    fn sent(received_at: i64, token: &str, source: Option<Source>) -> StoredNotice {
        StoredNotice { source, ..notice(received_at, token, false) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a notice takes it")]
    fn from(n: u8) -> Option<Source> {
        Some(Source::of_ipv4(u32::from_be_bytes([10, n, 0, 1])))
    }

    fn tokens(all: &StoredNotices) -> Vec<String> {
        all.0.iter().map(|p| p.application_token.clone()).collect()
    }

    #[test]
    fn a_stranger_who_sends_many_notices_displaces_his_own() {
        let add = |all: &mut StoredNotices, notice| all.add(notice, 0.5);
        // Before and after the true one, which nobody knows yet, but which comes from elsewhere.
        let mut all = StoredNotices::default();
        (1..10).for_each(|n| add(&mut all, sent(n, &format!("forged {n}"), from(1))));
        add(&mut all, sent(10, "true", from(2)));
        (11..20).for_each(|n| add(&mut all, sent(n, &format!("forged {n}"), from(1))));
        assert_eq!(tokens(&all), ["forged 1", "true", "forged 19"]);
        // From a dozen networks, four before it and many after it.
        let mut all = StoredNotices::default();
        (1..5).for_each(|n| add(&mut all, sent(n, &format!("forged {n}"), from(n as u8))));
        add(&mut all, sent(5, "true", from(99)));
        (6..600).for_each(|n| add(&mut all, sent(n, &format!("forged {n}"), from((n % 12) as u8))));
        assert!(tokens(&all).contains(&"true".to_owned()) && all.0.len() == MOST, "{:?}", tokens(&all));
        // The authorization server knows the true one: then nothing displaces it, from however many networks.
        let mut all = StoredNotices::default();
        (1..10).for_each(|n| add(&mut all, notice(n, &format!("forged {n}"), false)));
        add(&mut all, notice(10, "true", true));
        (11..400).for_each(|n| {
            all.add(sent(n, &format!("forged {n}"), from((n % 250) as u8)), (n % 10) as f64 / 10.0);
        });
        assert!(tokens(&all).contains(&"true".to_owned()) && all.0.len() == MOST, "{:?}", tokens(&all));
        // Nobody knows which one of equals goes.
        let gone = |lot: f64| {
            let mut all = StoredNotices::default();
            (0..MOST as u8).for_each(|n| all.add(sent(i64::from(n) + 1, &format!("{n}"), from(n)), lot));
            let before = tokens(&all);
            all.add(sent(100, "new", from(100)), lot);
            before.into_iter().position(|token| !tokens(&all).contains(&token))
        };
        assert_eq!([0.0, 0.5, 1.0].map(gone), [Some(0), Some(MOST / 2), Some(MOST - 1)]);
    }

    #[test]
    fn once_the_portals_token_is_known_only_what_was_told_with_it_stays() {
        let mut all = StoredNotices::default();
        (1..5).for_each(|n| all.add(notice(n, &format!("forged {n}"), false), 0.5));
        all.add(notice(5, "true", false), 0.5);
        all.add(notice(6, "", true), 0.5);
        all.keep_told_with("true");
        assert_eq!(tokens(&all), ["true"]);
        all.keep_told_with("another");
        assert_eq!(all, StoredNotices::default());
    }

    #[test]
    fn a_portal_that_repeats_itself_is_one_notice_and_old_ones_go() {
        let mut all = StoredNotices::default();
        let add = |all: &mut StoredNotices, notice| all.add(notice, 0.5);
        // The portal itself repeats itself.
        (1..5).for_each(|n| add(&mut all, notice(n, "true", false)));
        assert_eq!((all.0.len(), all.0[0].received_at()), (1, Timestamp(4)));
        add(&mut all, notice(5, "other", false));
        all.forget(Timestamp(4));
        assert_eq!(tokens(&all), ["other"]);
        all.expire(Timestamp(5) + LIFE / 2);
        assert_eq!(all.0.len(), 1);
        all.forget_until(Timestamp(5));
        assert_eq!(all, StoredNotices::default());
        add(&mut all, notice(5, "old", true));
        all.expire(Timestamp(5) + LIFE);
        assert_eq!(all, StoredNotices::default());
    }
}
