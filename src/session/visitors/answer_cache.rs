//! What the portal has said of tokens, for a while; kept under the tokens' digests.

use crate::bitrix::TokenOwner;
use crate::domain::Timestamp;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::time::Duration;

/// A good token is believed for this long: an employee opens many cards with one, and somebody who is dismissed is out
/// soon.
const GOOD_FOR: Duration = Duration::from_secs(300);
/// A token that the portal does not know never becomes a good one.
const BAD_FOR: Duration = Duration::from_secs(600);
/// Answers kept of one company: what sixty employees with ten tokens each have, and far more than the allowance of
/// strangers lets in until their answers are forgotten.
const MOST: usize = 1024;

/// A token's digest: the token itself is kept nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokenDigest([u8; 16]);

impl TokenDigest {
    pub fn of(token: &SecretString) -> Self {
        let whole = digest(&SHA256, token.expose_secret().as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&whole.as_ref()[..16]);
        Self(half)
    }
}

/// The token is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nobody;

#[derive(Debug, Default)]
pub(super) struct AnswerCache(BTreeMap<TokenDigest, (Result<TokenOwner, Nobody>, Timestamp)>);

impl AnswerCache {
    /// Whose token it is, as far as that is known.
    pub fn get(&self, token: TokenDigest, now: Timestamp) -> Option<Result<TokenOwner, Nobody>> {
        // A clock that was set back makes an answer older, not younger.
        let fresh = |until: Timestamp| now < until && until.since(now) <= BAD_FOR;
        self.0.get(&token).filter(|(_, until)| fresh(*until)).map(|(who, _)| who.clone())
    }

    /// Remembers an answer; a good token not beyond its own life.
    pub fn put(&mut self, token: TokenDigest, who: Result<TokenOwner, Nobody>, life: Option<Duration>, now: Timestamp) {
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, until)| *until > now);
        }
        if self.0.len() >= MOST
            && let Some(first) = self.0.iter().min_by_key(|(_, (_, until))| *until).map(|(token, _)| *token)
        {
            self.0.remove(&first);
        }
        let span = if who.is_ok() { GOOD_FOR.min(life.unwrap_or(GOOD_FOR)) } else { BAD_FOR };
        self.0.insert(token, (who, now + span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    fn token(n: usize) -> TokenDigest {
        TokenDigest::of(&format!("token {n}").into())
    }

    #[test]
    fn answers_are_remembered_for_a_while_and_a_bounded_number_of_them() {
        let (mut answers, now) = (AnswerCache::default(), Timestamp(1_000_000));
        let anna = TokenOwner { user: UserId(5), admin: false, name: "Anna".into() };
        answers.put(token(1), Ok(anna.clone()), None, now);
        answers.put(token(2), Err(Nobody), None, now);
        answers.put(token(3), Ok(anna.clone()), Some(Duration::from_secs(20)), now);
        assert_eq!(
            (answers.get(token(1), now), answers.get(token(2), now)),
            (Some(Ok(anna.clone())), Some(Err(Nobody)))
        );
        assert_eq!(answers.get(token(9), now), None);
        assert_eq!(answers.get(token(3), now + Duration::from_secs(20)), None, "a token's own life is over");
        assert_eq!(answers.get(token(1), now + GOOD_FOR), None);
        assert_eq!(answers.get(token(2), now + GOOD_FOR), Some(Err(Nobody)));
        assert_eq!(answers.get(token(2), now + BAD_FOR), None);
        assert_eq!(answers.get(token(1), now - BAD_FOR), None, "the clock was set back");
        for n in 0..MOST * 2 {
            answers.put(token(n), Ok(anna.clone()), None, now + Duration::from_millis(n as u64));
        }
        assert_eq!(answers.0.len(), MOST);
        assert!(answers.get(token(MOST * 2 - 1), now).is_some());
    }
}
