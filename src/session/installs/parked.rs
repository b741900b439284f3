//! Notices as the store keeps them.

use super::crowd::gives_way;
use crate::bitrix::hook::{Install, Sender};
use crate::domain::{CompanyId, Timestamp, UserId};
use crate::session::visitors::Source;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Life of an access token, where the notice does not tell.
const ACCESS_LIFE: Duration = Duration::from_secs(3600);
/// A notice that was not proved for so long is of no use.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// Notices kept of one portal: anybody can send them.
const MOST: usize = 16;
/// Those of them that come from one network and that nobody vouches for.
const OF_NETWORK: usize = 2;

/// A notice as it is kept, sealed. Notices of former versions have the first three fields only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parked {
    access: String,
    application_token: String,
    server_endpoint: Option<String>,
    #[serde(default)]
    refresh: Option<String>,
    /// Unix milliseconds.
    #[serde(default)]
    expires_at: i64,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    user: Option<UserId>,
    #[serde(default)]
    language: Option<String>,
    /// When it was told, in Unix milliseconds: its name among the others of its portal.
    #[serde(default)]
    told_at: i64,
    /// The authorization server knows its token, whosever it is.
    #[serde(default)]
    vouched: bool,
    /// Where it came from.
    #[serde(default)]
    source: Option<Source>,
}

impl Parked {
    /// A notice that was told at that moment; `None` if it holds nothing that could be confirmed later.
    pub fn of(notice: &Install, told: Timestamp, vouched: bool, now: Timestamp) -> Option<Self> {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let life = notice.expires_in.map_or(ACCESS_LIFE, Duration::from_secs);
        if notice.access.is_none() && notice.refresh.is_none() {
            return None;
        }
        Some(Self {
            access: notice.access.as_ref().map(text).unwrap_or_default(),
            application_token: notice.from.application_token.as_ref().map(text).unwrap_or_default(),
            server_endpoint: notice.server_endpoint.clone(),
            refresh: notice.refresh.as_ref().map(text),
            expires_at: (now + life).millis(),
            scope: notice.scope.clone(),
            user: notice.user,
            language: notice.language.clone(),
            told_at: told.millis(),
            vouched,
            source: None,
        })
    }

    /// The same with where it came from.
    pub fn from(self, source: Option<Source>) -> Self {
        Self { source: source.or(self.source), ..self }
    }

    /// When it was told.
    pub fn told(&self) -> Timestamp {
        Timestamp(self.told_at)
    }

    /// The notice as if it were told now.
    pub fn notice(self, id: &CompanyId, now: Timestamp) -> Install {
        let some = |text: String| Some(text).filter(|t| !t.is_empty()).map(SecretString::from);
        let access = some(self.access);
        Install {
            from: Sender {
                member_id: Some(id.clone()),
                application_token: some(self.application_token),
                access: access.clone(),
                server_endpoint: self.server_endpoint.clone(),
                ..Sender::default()
            },
            client_endpoint: None,
            server_endpoint: self.server_endpoint,
            access,
            refresh: self.refresh.map(SecretString::from),
            expires_in: Some(Timestamp(self.expires_at).since(now).as_secs()),
            scope: self.scope,
            user: self.user,
            language: self.language,
        }
    }
}

/// The notices of one portal, the oldest first. Which of them is true is not known: the one that proves itself is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Candidates(pub Vec<Parked>);

impl Candidates {
    /// Reads what is stored; former versions kept a single notice.
    pub fn read(body: &SecretString) -> Self {
        let body = body.expose_secret();
        let one = || serde_json::from_str(body).ok().map(|one| vec![one]);
        Self(serde_json::from_str(body).ok().or_else(one).unwrap_or_default())
    }

    /// What is to be stored.
    pub fn body(&self) -> SecretString {
        serde_json::to_string(&self.0).expect("notices are plain data").into()
    }

    /// Adds a notice. One that carries the same application token (which a stranger does not know), or that is the same
    /// one with newer tokens, takes the place of the former. Of those that the authorization server does not vouch for,
    /// one network brings two at most, its first and its newest; where there are too many altogether, one of the network
    /// that has most gives way, by lot where they are equal (`lot` between 0 and 1): so whoever sends many displaces his
    /// own, and whoever has many networks cannot tell what he displaces.
    pub fn add(&mut self, new: Parked, lot: f64) {
        let token = &new.application_token;
        let known = |p: &Parked| !token.is_empty() && p.application_token == *token;
        self.0.retain(|p| !known(p) && p.told_at != new.told_at);
        let network = |p: &Parked| p.source.map(Source::owners_network).filter(|_| !p.vouched);
        let of_new = network(&new);
        let alike = |all: &[Parked]| all.iter().rposition(|p| of_new.is_some() && network(p) == of_new);
        if self.0.iter().filter(|p| of_new.is_some() && network(p) == of_new).count() >= OF_NETWORK
            && let Some(last) = alike(&self.0)
        {
            self.0.remove(last);
        }
        self.0.push(new);
        if self.0.len() > MOST {
            let gives_way = self.gives_way(lot);
            self.0.remove(gives_way);
        }
    }

    /// Which one of too many has to go; never the newest, unless all others are vouched for.
    fn gives_way(&self, lot: f64) -> usize {
        let last = self.0.len() - 1;
        let unproved = self.0[..last].iter().enumerate().filter(|(_, parked)| !parked.vouched);
        let drawn = gives_way(unproved.map(|(place, parked)| (place, parked.source)), lot);
        drawn.unwrap_or(if self.0[last].vouched { 0 } else { last })
    }

    /// Forgets what was told too long ago; former versions noted that for all of them together only.
    pub fn expire(&mut self, now: Timestamp) {
        self.0.retain(|p| p.told_at == 0 || now.since(p.told()) < LIFE);
    }

    /// Forgets what was told until then.
    pub fn forget_until(&mut self, told: Timestamp) {
        self.0.retain(|p| p.told_at > told.millis());
    }

    /// Forgets the notice that was told then.
    pub fn forget(&mut self, told: Timestamp) {
        self.0.retain(|p| p.told_at != told.millis());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(access: &str, token: &str) -> Install {
        let former = format!(r#"{{"access":"{access}","application_token":"{token}","server_endpoint":null}}"#);
        serde_json::from_str::<Parked>(&former).expect("readable").notice(&"m".into(), Timestamp(0))
    }

    fn parked(told: i64, token: &str, vouched: bool) -> Parked {
        Parked::of(&notice("a", token), Timestamp(told), vouched, Timestamp(told)).expect("enough")
    }

    #[test]
    fn a_notice_is_kept_whole_and_former_ones_are_read() {
        let now = Timestamp(1_000_000);
        let former = SecretString::from(r#"{"access":"a","application_token":"t","server_endpoint":null}"#.to_owned());
        let notice = Candidates::read(&former).0.remove(0).notice(&"m".into(), now);
        assert_eq!((notice.expires_in, notice.refresh.is_none(), notice.user), (Some(0), true, None));
        let full = Install {
            refresh: Some("r".into()),
            expires_in: Some(100),
            scope: "user".into(),
            user: Some(UserId(5)),
            language: Some("en".into()),
            ..notice
        };
        let mut all = Candidates::default();
        all.add(Parked::of(&full, now, false, now).expect("enough"), 0.5);
        let later = now + Duration::from_secs(40);
        let kept = Candidates::read(&all.body()).0.remove(0);
        assert_eq!(kept.told(), now);
        let again = kept.notice(&"m".into(), later);
        assert_eq!((again.expires_in, again.user, again.language.as_deref()), (Some(60), Some(UserId(5)), Some("en")));
        assert_eq!(
            again.tokens(later).map(|t| (t.refresh.expose_secret().to_owned(), t.scope)),
            Some(("r".into(), "user".into()))
        );
        let bare = Install { access: None, ..full };
        let bare = Parked::of(&bare, now, false, now).expect("the refresh token proves it").notice(&"m".into(), now);
        assert!(bare.access.is_none());
        assert!(Parked::of(&Install { refresh: None, ..bare }, now, false, now).is_none(), "nothing to confirm");
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a notice takes it")]
    fn from(n: u8) -> Option<Source> {
        Some(Source::from(std::net::IpAddr::from([10, n, 0, 1])))
    }

    fn tokens(all: &Candidates) -> Vec<String> {
        all.0.iter().map(|p| p.application_token.clone()).collect()
    }

    #[test]
    fn a_stranger_who_sends_many_notices_displaces_his_own() {
        let add = |all: &mut Candidates, parked| all.add(parked, 0.5);
        // Before and after the true one, which nobody knows yet, but which comes from elsewhere.
        let mut all = Candidates::default();
        (1..10).for_each(|n| add(&mut all, parked(n, &format!("forged {n}"), false).from(from(1))));
        add(&mut all, parked(10, "true", false).from(from(2)));
        (11..20).for_each(|n| add(&mut all, parked(n, &format!("forged {n}"), false).from(from(1))));
        assert_eq!(tokens(&all), ["forged 1", "true", "forged 19"]);
        // From a dozen networks, four before it and many after it.
        let mut all = Candidates::default();
        (1..5).for_each(|n| add(&mut all, parked(n, &format!("forged {n}"), false).from(from(n as u8))));
        add(&mut all, parked(5, "true", false).from(from(99)));
        (6..600).for_each(|n| add(&mut all, parked(n, &format!("forged {n}"), false).from(from((n % 12) as u8))));
        assert!(tokens(&all).contains(&"true".to_owned()) && all.0.len() == MOST, "{:?}", tokens(&all));
        // The authorization server knows the true one: then nothing displaces it, from however many networks.
        let mut all = Candidates::default();
        (1..10).for_each(|n| add(&mut all, parked(n, &format!("forged {n}"), false)));
        add(&mut all, parked(10, "true", true));
        (11..400).for_each(|n| {
            all.add(parked(n, &format!("forged {n}"), false).from(from((n % 250) as u8)), (n % 10) as f64 / 10.0);
        });
        assert!(tokens(&all).contains(&"true".to_owned()) && all.0.len() == MOST, "{:?}", tokens(&all));
        // Nobody knows which one of equals goes.
        let gone = |lot: f64| {
            let mut all = Candidates::default();
            (0..MOST as u8).for_each(|n| all.add(parked(i64::from(n) + 1, &format!("{n}"), false).from(from(n)), lot));
            let before = tokens(&all);
            all.add(parked(100, "new", false).from(from(100)), lot);
            before.into_iter().position(|token| !tokens(&all).contains(&token))
        };
        assert_eq!([0.0, 0.5, 1.0].map(gone), [Some(0), Some(MOST / 2), Some(MOST - 1)]);
    }

    #[test]
    fn a_portal_that_repeats_itself_is_one_notice_and_old_ones_go() {
        let mut all = Candidates::default();
        let add = |all: &mut Candidates, parked| all.add(parked, 0.5);
        // The portal itself repeats itself.
        (1..5).for_each(|n| add(&mut all, parked(n, "true", false)));
        assert_eq!((all.0.len(), all.0[0].told()), (1, Timestamp(4)));
        add(&mut all, parked(5, "other", false));
        all.forget(Timestamp(4));
        assert_eq!(tokens(&all), ["other"]);
        all.expire(Timestamp(5) + LIFE / 2);
        assert_eq!(all.0.len(), 1);
        all.forget_until(Timestamp(5));
        assert_eq!(all, Candidates::default());
        add(&mut all, parked(5, "old", true));
        all.expire(Timestamp(5) + LIFE);
        assert_eq!(all, Candidates::default());
    }
}
