//! What the authorization server has given out: codes, access tokens, refresh tokens.

use super::ids;
use crate::domain::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Life of an authorization code, which is good for one use.
pub const CODE_LIFE: Duration = Duration::from_secs(30);
/// Life of an access token.
pub const ACCESS_LIFE: Duration = Duration::from_secs(3600);
/// Life of a refresh token, which is good for one use.
pub const REFRESH_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);
/// A refresh that leaves less than this of the access token's life is not held against the client.
const EARLY: Duration = Duration::from_secs(600);

/// Whom a grant stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The portal.
    pub member_id: String,
    /// The application.
    pub client_id: String,
    /// The employee all calls run as.
    pub user: i64,
}

/// A pair of tokens as it is given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Good for an hour.
    pub access: String,
    /// Good for 180 days and one refresh.
    pub refresh: String,
    /// End of the access token.
    pub expires: Timestamp,
}

#[derive(Debug, Clone)]
struct Access {
    holder: Holder,
    expires: Timestamp,
    refused: bool,
}

#[derive(Debug, Clone)]
struct Refresh {
    holder: Holder,
    expires: Timestamp,
    access: String,
    used_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Code {
    holder: Holder,
    expires: Timestamp,
}

/// Why an access token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unaccepted {
    /// Never issued, or its application is gone.
    Unknown,
    /// Its hour is over.
    Expired,
}

/// All grants of one authorization server.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    /// How long a used refresh token may be used again.
    pub grace: Duration,
}

impl Grants {
    /// A code for the authorization redirect.
    pub fn issue_code(&mut self, holder: Holder, now: Timestamp) -> String {
        let code = ids::token();
        self.codes.insert(code.clone(), Code { holder, expires: now + CODE_LIFE });
        code
    }

    /// Takes a code: `None` if it is unknown, used, too old, or another application's.
    pub fn redeem(&mut self, code: &str, client_id: &str, now: Timestamp) -> Option<Holder> {
        if self.codes.get(code)?.holder.client_id != client_id {
            return None;
        }
        self.codes.remove(code).filter(|c| now < c.expires).map(|c| c.holder)
    }

    /// A fresh pair.
    pub fn issue(&mut self, holder: &Holder, now: Timestamp) -> Pair {
        let pair = Pair { access: ids::token(), refresh: ids::token(), expires: now + ACCESS_LIFE };
        self.access
            .insert(pair.access.clone(), Access { holder: holder.clone(), expires: pair.expires, refused: false });
        let refresh =
            Refresh { holder: holder.clone(), expires: now + REFRESH_LIFE, access: pair.access.clone(), used_at: None };
        self.refresh.insert(pair.refresh.clone(), refresh);
        pair
    }

    /// Takes a refresh token: its holder, and whether the refresh was needless (the access token of the
    /// pair was neither old nor ever refused).
    pub fn rotate(&mut self, token: &str, client_id: &str, now: Timestamp) -> Option<(Holder, bool)> {
        let grace = self.grace;
        let found = self.refresh.get_mut(token)?;
        let used_up = found.used_at.is_some_and(|at| grace.is_zero() || now.since(at) > grace);
        if found.holder.client_id != client_id || used_up || now >= found.expires {
            return None;
        }
        found.used_at.get_or_insert(now);
        let access = self.access.get(&found.access);
        let needless = access.is_some_and(|a| !a.refused && a.expires.since(now) > EARLY);
        Some((found.holder.clone(), needless))
    }

    /// Whom an access token stands for.
    pub fn check(&mut self, token: &str, now: Timestamp) -> Result<Holder, Unaccepted> {
        let access = self.access.get_mut(token).ok_or(Unaccepted::Unknown)?;
        if now >= access.expires {
            access.refused = true;
            return Err(Unaccepted::Expired);
        }
        Ok(access.holder.clone())
    }

    /// Notes that the portal answered 401 to this token.
    pub fn note_refused(&mut self, token: &str) {
        if let Some(access) = self.access.get_mut(token) {
            access.refused = true;
        }
    }

    /// Ends the hour of all access tokens of a portal at once.
    pub fn expire(&mut self, member_id: &str, now: Timestamp) {
        self.access.values_mut().filter(|a| a.holder.member_id == member_id).for_each(|a| a.expires = now);
    }

    /// Forgets everything given out for a portal.
    pub fn revoke(&mut self, member_id: &str) {
        self.codes.retain(|_, c| c.holder.member_id != member_id);
        self.access.retain(|_, a| a.holder.member_id != member_id);
        self.refresh.retain(|_, r| r.holder.member_id != member_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder { member_id: "m".to_owned(), client_id: "local.1".to_owned(), user: 1 }
    }

    #[test]
    fn a_code_is_good_once_for_half_a_minute_and_one_application() {
        let mut grants = Grants::default();
        let start = Timestamp(0);
        let code = grants.issue_code(holder(), start);
        assert_eq!(grants.redeem(&code, "local.2", start), None);
        assert_eq!(grants.redeem(&code, "local.1", start + Duration::from_secs(29)), Some(holder()));
        assert_eq!(grants.redeem(&code, "local.1", start), None);
        let late = grants.issue_code(holder(), start);
        assert_eq!(grants.redeem(&late, "local.1", start + CODE_LIFE), None);
    }

    #[test]
    fn a_refresh_token_dies_with_its_use_unless_there_is_grace() {
        let mut grants = Grants::default();
        let start = Timestamp(0);
        let pair = grants.issue(&holder(), start);
        assert!(grants.rotate(&pair.refresh, "local.1", start).is_some());
        assert!(grants.rotate(&pair.refresh, "local.1", start).is_none());
        grants.grace = Duration::from_secs(60);
        assert!(grants.rotate(&pair.refresh, "local.1", start + Duration::from_secs(60)).is_some());
        assert!(grants.rotate(&pair.refresh, "local.1", start + Duration::from_secs(61)).is_none());
    }

    #[test]
    fn a_refresh_token_ends_after_180_days() {
        let mut grants = Grants::default();
        let pair = grants.issue(&holder(), Timestamp(0));
        assert!(grants.rotate(&pair.refresh, "local.1", Timestamp(0) + REFRESH_LIFE).is_none());
    }

    #[test]
    fn a_refresh_is_needless_while_the_access_token_is_young_and_unrefused() {
        let mut grants = Grants::default();
        let start = Timestamp(0);
        let needless = |grants: &mut Grants, token: &str, now| grants.rotate(token, "local.1", now).map(|(_, n)| n);
        let young = grants.issue(&holder(), start);
        assert_eq!(needless(&mut grants, &young.refresh, start), Some(true));
        let refused = grants.issue(&holder(), start);
        grants.note_refused(&refused.access);
        assert_eq!(needless(&mut grants, &refused.refresh, start), Some(false));
        let old = grants.issue(&holder(), start);
        assert_eq!(needless(&mut grants, &old.refresh, start + ACCESS_LIFE), Some(false));
    }

    #[test]
    fn an_access_token_is_known_then_expired_then_forgotten() {
        let mut grants = Grants::default();
        let pair = grants.issue(&holder(), Timestamp(0));
        assert_eq!(grants.check(&pair.access, Timestamp(0)), Ok(holder()));
        grants.expire("m", Timestamp(5));
        assert_eq!(grants.check(&pair.access, Timestamp(5)), Err(Unaccepted::Expired));
        grants.revoke("m");
        assert_eq!(grants.check(&pair.access, Timestamp(5)), Err(Unaccepted::Unknown));
    }
}
