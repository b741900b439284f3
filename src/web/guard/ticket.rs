//! What a card shows instead of a cookie: a short-lived, signed word for "this employee of this company".
//!
//! Cookies are unreliable in frames of another site, so the ticket stands in the page and comes back with
//! every request. The stream renews it while the card is open, but not beyond half a day after the portal
//! last said who the user is.

use crate::domain::{CompanyId, Timestamp, UserId};
use crate::web::WebState;
use crate::web::middleware::request_span::request_is_of;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use std::time::Duration;

/// How long a ticket is good for.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// How long it can be renewed after the portal has vouched for the user.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// No ticket of ours is longer.
const MAX_LEN: usize = 1024;

/// Who holds a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) company: CompanyId,
    /// The employee.
    pub(crate) user: UserId,
    /// When the portal vouched for the user.
    pub(crate) vouched_at: Timestamp,
}

impl Ticket {
    /// A ticket for somebody the portal has just vouched for.
    pub(crate) fn new(company: CompanyId, user: UserId, now: Timestamp) -> Self {
        Self { company, user, vouched_at: now }
    }

    /// The signed word, good from now on.
    pub(crate) fn sign(&self, key: &[u8; 32], now: Timestamp) -> String {
        let ends = (now + LIFE).min(self.ends());
        let text = format!("{}\n{}\n{}\n{}", self.company, self.user, self.vouched_at.millis(), ends.millis());
        let tag = hmac::sign(&signing(key), text.as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The holder of a word that counts now: ours, not too old, and its company has not been uninstalled since.
    pub(crate) fn of(word: &str, state: &WebState) -> Option<Self> {
        Self::verify(word, &state.key, state.clock.now())
            .filter(|ticket| state.service.vouched(&ticket.company, ticket.vouched_at))
            .inspect(|ticket| request_is_of(&ticket.company))
    }

    /// Reads a word of ours; `None` if it is forged or too old.
    pub(crate) fn verify(word: &str, key: &[u8; 32], now: Timestamp) -> Option<Self> {
        if word.len() > MAX_LEN {
            return None;
        }
        let (text, tag) = word.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        hmac::verify(&signing(key), &text, &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        let text = String::from_utf8(text).ok()?;
        let mut pieces = text.rsplitn(4, '\n');
        let mut number = || pieces.next()?.parse::<i64>().ok();
        let (ends, vouched_at, user) = (number()?, number()?, number()?);
        let company = CompanyId::new(pieces.next()?);
        (now < Timestamp(ends)).then_some(Self { company, user: UserId(user), vouched_at: Timestamp(vouched_at) })
    }

    /// When it can no longer be renewed.
    pub(crate) fn ends(&self) -> Timestamp {
        self.vouched_at + LONGEST
    }
}

/// The state's key also serves other purposes elsewhere; the label keeps signatures apart.
fn signing(key: &[u8; 32]) -> hmac::Key {
    let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"card ticket 1");
    hmac::Key::new(hmac::HMAC_SHA256, own.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const NOW: Timestamp = Timestamp(1_770_000_000_000);

    fn ticket() -> Ticket {
        Ticket::new("a1b2".into(), UserId(42), NOW)
    }

    #[test]
    fn a_ticket_says_who_holds_it() {
        let word = ticket().sign(&KEY, NOW);
        assert_eq!(Ticket::verify(&word, &KEY, NOW), Some(ticket()));
        let odd = Ticket::new("line\nbreak".into(), UserId(-1), NOW);
        assert_eq!(Ticket::verify(&odd.sign(&KEY, NOW), &KEY, NOW), Some(odd));
    }

    #[test]
    fn it_ends_by_itself() {
        let word = ticket().sign(&KEY, NOW);
        assert!(Ticket::verify(&word, &KEY, NOW + LIFE - Duration::from_millis(1)).is_some());
        assert_eq!(Ticket::verify(&word, &KEY, NOW + LIFE), None);
    }

    #[test]
    fn renewing_has_an_end() {
        let late = NOW + LONGEST - Duration::from_secs(1);
        let word = ticket().sign(&KEY, late);
        assert!(Ticket::verify(&word, &KEY, late).is_some());
        assert_eq!(Ticket::verify(&word, &KEY, NOW + LONGEST), None);
    }

    #[test]
    fn forgeries_are_not_taken() {
        let word = ticket().sign(&KEY, NOW);
        let (text, tag) = word.split_once('.').expect("two parts");
        let other = Ticket { user: UserId(43), ..ticket() }.sign(&KEY, NOW);
        let (other_text, _) = other.split_once('.').expect("two parts");
        for forged in [
            String::new(),
            ".".to_owned(),
            text.to_owned(),
            format!("{text}."),
            format!("{other_text}.{tag}"),
            format!("{text}.{}", "A".repeat(43)),
            format!("{word}A"),
            ticket().sign(&[8; 32], NOW),
            "A".repeat(5000),
        ] {
            assert_eq!(Ticket::verify(&forged, &KEY, NOW), None, "{forged}");
        }
    }
}
