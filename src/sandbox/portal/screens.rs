//! What stands on each employee's screen: at most one card, as in the portal's browser page.

use super::calls::Card;
use crate::domain::Timestamp;
use std::collections::BTreeMap;

/// One browser tab per employee, always open.
#[derive(Debug, Clone, Default)]
pub struct Screens(BTreeMap<i64, Card>);

impl Screens {
    /// Shows a card: ignored while another call's card is open; a second show of the same call changes nothing.
    pub fn show(&mut self, user: i64, call: &str, now: Timestamp) -> bool {
        if self.0.contains_key(&user) {
            return false;
        }
        self.0.insert(user, Card { call: call.to_owned(), since: now });
        true
    }

    /// Hides a card: only if it is this call's.
    pub fn hide(&mut self, user: i64, call: &str) -> bool {
        let shown = self.0.get(&user).is_some_and(|card| card.call == call);
        if shown {
            self.0.remove(&user);
        }
        shown
    }

    /// The employee closes whatever card stands there.
    pub fn close(&mut self, user: i64) -> Option<Card> {
        self.0.remove(&user)
    }

    /// The card on an employee's screen.
    pub fn of(&self, user: i64) -> Option<&Card> {
        self.0.get(&user)
    }

    /// All cards by employee.
    pub fn all(&self) -> impl Iterator<Item = (i64, &Card)> {
        self.0.iter().map(|(user, card)| (*user, card))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_call_waits_for_the_first_card_to_go() {
        let mut screens = Screens::default();
        assert!(screens.show(7, "a", Timestamp(0)));
        assert!(!screens.show(7, "b", Timestamp(1)));
        assert!(!screens.hide(7, "b"));
        assert_eq!(screens.of(7).map(|card| card.call.as_str()), Some("a"));
        assert!(screens.hide(7, "a"));
        assert!(screens.show(7, "b", Timestamp(2)));
        assert_eq!(screens.close(7).map(|card| card.call), Some("b".to_owned()));
        assert_eq!(screens.all().count(), 0);
    }
}
