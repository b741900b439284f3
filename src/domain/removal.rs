//! The word that the application was removed from a portal, before it is believed.
//!
//! Its only proof is the application token, which the portal also writes into pages that every employee opens. So the
//! portal is asked whether it still accepts our grant: after a removal it does not.

use super::Timestamp;
use super::link::retry_delay;
use std::time::Duration;

/// How soon a portal that still accepts us is asked again. A portal in a box may believe a token for an hour without
/// asking the authorization server (bitrix modules, rest/lib/oauth/auth.php).
const STILL_ACCEPTED: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(600), Duration::from_secs(3600)];

/// What the portal said when it was asked about our grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantState {
    Accepted,
    /// It does not, and the authorization server renews it no more.
    Dead,
    /// It could not be asked; what was seen.
    Unknown(String),
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The application is gone.
    Believe,
    /// The portal is asked again after this long.
    AskAgain(Duration),
    /// It was accepted for so long that the word was untrue.
    Refuted,
}

/// A removal that was announced and is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRemoval {
    /// When it was first announced.
    pub since: Timestamp,
    /// It asks for the company's data to be deleted.
    pub clean: bool,
    /// Why it is not believed.
    pub why: Doubt,
}

/// Why a removal is not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The portal has not been asked yet.
    Unasked,
    /// It still accepts us; how many times it has.
    StillAccepted(usize),
    /// It could not be asked, how many times in a row; what was seen last.
    NoAnswer(u32, String),
}

impl ToldRemoval {
    /// It was announced just now, or again: the last word counts, and the portal is asked again.
    pub fn reported(former: Option<Self>, clean: bool, now: Timestamp) -> Self {
        Self { since: former.map_or(now, |former| former.since), clean, why: Doubt::Unasked }
    }

    /// What the portal's answer makes of it; `chance` between 0 and 1 spreads attempts.
    pub fn grant_checked(&mut self, grant: GrantState, chance: f64) -> Next {
        match grant {
            GrantState::Dead => Next::Believe,
            GrantState::Accepted => {
                let before = if let Doubt::StillAccepted(times) = self.why { times } else { 0 };
                self.why = Doubt::StillAccepted(before + 1);
                STILL_ACCEPTED.get(before).map_or(Next::Refuted, |pause| Next::AskAgain(*pause))
            }
            GrantState::Unknown(seen) => {
                let before = if let Doubt::NoAnswer(times, _) = self.why { times } else { 0 };
                self.why = Doubt::NoAnswer(before + 1, seen);
                Next::AskAgain(retry_delay(before + 1, chance))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_is_believed_when_the_grant_is_dead_and_refuted_when_it_lives_on() {
        let mut reported = ToldRemoval::reported(None, true, Timestamp(5));
        assert_eq!(reported.clone().grant_checked(GrantState::Dead, 1.0), Next::Believe);
        for pause in STILL_ACCEPTED {
            assert_eq!(reported.grant_checked(GrantState::Accepted, 1.0), Next::AskAgain(pause));
        }
        assert_eq!(
            reported.clone().grant_checked(GrantState::Dead, 1.0),
            Next::Believe,
            "a portal in a box finds out late"
        );
        assert_eq!(reported.grant_checked(GrantState::Accepted, 1.0), Next::Refuted);
        let again = ToldRemoval::reported(Some(reported), false, Timestamp(9));
        assert_eq!(
            again,
            ToldRemoval { since: Timestamp(5), clean: false, why: Doubt::Unasked },
            "the last word counts"
        );
    }

    #[test]
    fn a_portal_that_cannot_be_asked_decides_nothing() {
        let mut reported = ToldRemoval::reported(None, true, Timestamp(5));
        for attempt in 1..500 {
            let next = reported.grant_checked(GrantState::Unknown("HTTP 503".into()), 1.0);
            assert_eq!(next, Next::AskAgain(retry_delay(attempt, 1.0)));
        }
    }
}
