//! What one employee's card shows of the company's calls.

use crate::domain::call::ClickFacts;
use crate::domain::card::{Buttons, CallView, LegView, Phase};
use crate::domain::leg::{Capabilities, Direction};
use crate::domain::{CallKey, CrmCallId, LegId, Phone, Timestamp, UserId};
use crate::web::service::Board;
use serde::Serialize;
use std::sync::Arc;

/// Calls on one card: nobody has so many, but a switch may report them, and every change is sent to every open card.
const MOST_SHOWN: usize = 50;

/// State of a card; what the page is first drawn from and what the stream sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CardState {
    /// Whether the switch can be reached.
    pub(crate) online: bool,
    /// The call the card is about now.
    pub(crate) current: Option<CallCard>,
    /// The running calls of the employee and the card's own one, the one begun last first; of very many the last ones.
    pub(crate) calls: Vec<CallCard>,
}

/// One call as its employee sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CallCard {
    /// Our key: names the call in actions.
    pub(crate) call: CallKey,
    /// The CRM's names of the call.
    pub(crate) crm: Vec<CrmCallId>,
    /// The employee's leg: names it in actions; `None` between a click and the phone's first ring.
    pub(crate) leg: Option<LegId>,
    /// The card was opened for this very call.
    pub(crate) own_card: bool,
    /// The leg's phase.
    pub(crate) phase: Phase,
    /// Who called whom.
    pub(crate) direction: Direction,
    /// The other party's number; `None` when hidden.
    pub(crate) number: Option<Phone>,
    /// The name the switch shows.
    pub(crate) name: Option<String>,
    /// The employee's own number.
    pub(crate) own: Phone,
    /// When the call was first seen, Unix milliseconds.
    pub(crate) started_at: Timestamp,
    /// When the conversation began, Unix milliseconds.
    pub(crate) answered_at: Option<Timestamp>,
    /// Both ends are employees.
    pub(crate) internal: bool,
    /// The click it began with, on the card of the employee who clicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) click: Option<ClickFacts>,
    /// What can be done now.
    pub(crate) buttons: Buttons,
}

impl CallCard {
    /// What was clicked, where no number could be read from it.
    pub(crate) fn written(&self) -> Option<&str> {
        Some(self.click.as_ref()?.written.as_ref()?.as_str())
    }

    fn of(view: &CallView, leg: &LegView, can: Capabilities, card: Option<&CrmCallId>) -> Self {
        Self {
            call: view.key.clone(),
            crm: view.crm.clone(),
            leg: leg.leg.clone(),
            own_card: card.is_some_and(|id| view.crm.contains(id)),
            phase: leg.phase,
            direction: leg.direction,
            number: leg.remote.clone(),
            name: leg.display_name.clone(),
            own: leg.own.clone(),
            started_at: view.started_at,
            answered_at: leg.answered_at,
            internal: view.internal,
            click: view.click.as_ref().filter(|c| leg.owner == Some(c.user)).map(|c| c.facts.clone()),
            buttons: leg.buttons(can),
        }
    }
}

impl CardState {
    /// What this employee's card shows, opened for `card` if the portal said so.
    pub(crate) fn of(board: &dyn Board, user: UserId, card: Option<&CrmCallId>) -> Self {
        let online = board.online();
        // Without a connection no button can be honoured.
        let can = if online { board.can() } else { Capabilities::default() };
        Self::new(&board.calls_of(user, card), online, can, user, card)
    }

    /// A card whose company is not being served.
    pub(crate) const fn closed() -> Self {
        Self { online: false, current: None, calls: Vec::new() }
    }

    fn new(views: &[Arc<CallView>], online: bool, can: Capabilities, user: UserId, card: Option<&CrmCallId>) -> Self {
        let mine = views.iter().filter_map(|view| Some(CallCard::of(view, view.leg_of(user)?, can, card)));
        let mut calls: Vec<CallCard> = mine.collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.started_at));
        let live = || calls.iter().find(|call| call.phase != Phase::Ended);
        let current = calls.iter().find(|call| call.own_card).or_else(live).cloned();
        calls.truncate(MOST_SHOWN);
        Self { online, current, calls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ClickView;

    const ME: UserId = UserId(7);
    const ALL: Capabilities = Capabilities { make: true, answer: true, release: true, hold: true, transfer: true };

    fn call(key: &str, owner: i64, phase: Phase, started_at: i64, crm: &[&str]) -> Arc<CallView> {
        let leg = LegView {
            leg: Some(format!("{key}-leg").as_str().into()),
            owner: Some(UserId(owner)),
            own: Phone::parse("1001").expect("number"),
            remote: Phone::parse("+79830000000").ok(),
            party: crate::domain::numbers::Party::Client,
            display_name: None,
            direction: Direction::In,
            phase,
            answered_at: None,
        };
        Arc::new(CallView {
            key: key.into(),
            crm: crm.iter().map(|id| (*id).into()).collect(),
            started_at: Timestamp(started_at),
            internal: false,
            ended: phase == Phase::Ended,
            legs: vec![leg],
            click: None,
        })
    }

    fn current(views: &[Arc<CallView>], card: Option<&str>) -> Option<String> {
        let card = card.map(CrmCallId::from);
        CardState::new(views, true, ALL, ME, card.as_ref()).current.map(|c| c.call.to_string())
    }

    #[test]
    fn the_card_shows_the_call_it_was_opened_for() {
        let views = [call("a", 7, Phase::Talking, 1, &["crm-a"]), call("b", 7, Phase::Ringing, 2, &["crm-b"])];
        assert_eq!(current(&views, Some("crm-a")).as_deref(), Some("a"));
        assert_eq!(current(&views, Some("crm-b")).as_deref(), Some("b"));
    }

    #[test]
    fn a_card_of_an_unknown_call_shows_the_newest_live_one() {
        let views = [
            call("old", 7, Phase::Talking, 1, &[]),
            call("new", 7, Phase::Ringing, 2, &[]),
            call("over", 7, Phase::Ended, 3, &[]),
        ];
        assert_eq!(current(&views, Some("foreign")).as_deref(), Some("new"));
        assert_eq!(current(&views, None).as_deref(), Some("new"));
    }

    #[test]
    fn the_own_call_stays_after_its_end() {
        let views = [call("own", 7, Phase::Ended, 1, &["crm"]), call("next", 7, Phase::Ringing, 2, &[])];
        assert_eq!(current(&views, Some("crm")).as_deref(), Some("own"));
    }

    #[test]
    fn a_clicks_facts_stand_on_the_card_of_whoever_clicked() {
        let facts = ClickFacts { extension: Some("12".into()), ..ClickFacts::default() };
        let clicked_by = |user| {
            let mut view = CallView::clone(&call("own", 7, Phase::Dialing, 1, &["crm"]));
            view.click = Some(ClickView { user: UserId(user), facts: facts.clone() });
            CardState::new(&[Arc::new(view)], true, ALL, ME, None).current.expect("a call").click
        };
        assert_eq!((clicked_by(7), clicked_by(8)), (Some(facts.clone()), None));
    }

    #[test]
    fn of_thousands_of_calls_the_last_ones_are_shown_and_the_cards_own_one() {
        let views: Vec<_> =
            (0..4_000).map(|n| call(&format!("c{n}"), 7, Phase::Talking, n, &[&format!("crm-{n}")])).collect();
        let state = CardState::new(&views, true, ALL, ME, Some(&"crm-3".into()));
        assert_eq!((state.calls.len(), state.calls[0].call.as_str()), (MOST_SHOWN, "c3999"));
        assert_eq!(state.current.expect("its own").call.as_str(), "c3");
    }

    #[test]
    fn calls_of_others_stay_theirs() {
        let views = [call("theirs", 8, Phase::Talking, 1, &["crm"])];
        let state = CardState::new(&views, true, ALL, ME, Some(&"crm".into()));
        assert_eq!((state.current, state.calls), (None, vec![]));
    }
}
