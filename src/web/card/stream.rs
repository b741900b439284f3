//! `/call/stream`: the card's live state as server-sent events.
//!
//! Three kinds of events: `calls` with the whole state of the card whenever it has changed, `ticket` with a fresh
//! ticket before the old one runs out, for actions and for coming back after a lost connection, and `gave_way` as the
//! last one when the place is needed for another card, so that this one does not come back at once and take it again.

use super::stream_slots::StreamSlot;
use super::view::CardState;
use crate::domain::CrmCallId;
use crate::web::WebState;
use crate::web::guard::Ticket;
use crate::web::middleware::error::WebError;
use crate::web::read::FormFields;
use crate::web::service::Board;
use axum::extract::{RawQuery, State};
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often a comment shows that the connection lives; gateways close silent ones after a minute.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// How often the ticket is renewed: three times within its life.
const RENEW_EVERY: Duration = Duration::from_secs(5 * 60);
/// Tells nginx to pass events on as they come.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET /call/stream?ticket=…&card=…`; `card` is the `CALL_ID` the card was opened for.
pub(crate) async fn follow(State(state): State<WebState>, RawQuery(query): RawQuery) -> Result<Response, WebError> {
    let query = FormFields::parse(query.unwrap_or_default().as_bytes());
    let ticket = Ticket::of(query.get("ticket"), &state).ok_or(WebError::StaleTicket)?;
    let board = state
        .service
        .board(&ticket.company)
        .ok_or_else(|| WebError::Busy("the company of a card is not being served".to_owned()))?;
    let card = Some(query.get("card")).filter(|id| !id.is_empty()).map(CrmCallId::from);
    let mut renew = interval_at(Instant::now() + RENEW_EVERY, RENEW_EVERY);
    renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let changes = board.changes(ticket.user);
    let slot = state.stream_slots.take(&ticket).ok_or_else(|| WebError::Busy("too many cards are open".to_owned()))?;
    let follower = Follower { state, ticket, board, changes, card, renew, sent: None, slot: Some(slot) };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(COMMENT_EVERY));
    Ok(([(ACCEL_BUFFERING, "no")], sse).into_response())
}

/// One open stream.
struct Follower {
    state: WebState,
    ticket: Ticket,
    board: Box<dyn Board>,
    changes: watch::Receiver<()>,
    card: Option<CrmCallId>,
    renew: Interval,
    /// The state sent last.
    sent: Option<CardState>,
    /// None once another stream has it.
    slot: Option<StreamSlot>,
}

/// The data of the event `calls`.
#[derive(Serialize)]
struct CallsData<'a> {
    now: i64,
    #[serde(flatten)]
    shown: &'a CardState,
}

impl Follower {
    /// The next event; `None` ends the stream: the daemon stops, the company is gone, the employee has too many of
    /// them, or the portal has to vouch for them again.
    async fn next(&mut self) -> Option<Event> {
        let shutdown = self.state.shutdown.clone();
        let taken = self.slot.as_ref()?.taken.clone();
        loop {
            if shutdown.is_cancelled() || self.state.clock.now() >= self.ticket.ends() {
                return None;
            }
            if let Some(event) = self.news() {
                return Some(event);
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = taken.cancelled() => {
                    self.slot = None;
                    return Some(Event::default().event("gave_way").data("to a newer card"));
                }
                _ = self.renew.tick() => return Some(self.fresh_ticket()),
                changed = self.changes.changed() => changed.ok()?,
            }
        }
    }

    /// What the card shows now, if it has been told something else. Apart from the waiting, which thousands of cards do
    /// most of the time: nothing of it is held there.
    fn news(&mut self) -> Option<Event> {
        let shown = CardState::of(&*self.board, self.ticket.user, self.card.as_ref());
        if self.sent.as_ref() == Some(&shown) {
            return None;
        }
        // Whoever follows has loaded the card, run its script and come through the gateway.
        if self.sent.is_none() {
            self.state.service.card_followed(&self.ticket.company);
        }
        let data = CallsData { now: self.state.clock.now().millis(), shown: &shown };
        let text = serde_json::to_string(&data).unwrap_or_default();
        self.sent = Some(shown);
        Some(Event::default().event("calls").retry(RETRY).data(text))
    }

    fn fresh_ticket(&self) -> Event {
        Event::default().event("ticket").data(self.ticket.sign(&self.state.key, self.state.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_only_waits_takes_little_memory() {
        const fn bytes<'a, F>(_: fn(&'a mut Follower) -> F) -> usize {
            size_of::<F>()
        }
        let (held, waiting) = (size_of::<Follower>(), bytes(Follower::next));
        assert!(held + waiting <= 1152, "{held} {waiting}");
    }
}
