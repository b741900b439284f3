//! What an actor takes up again after a restart: open calls, steps not told yet, clicks without effect.

use super::Actor;
use super::round::{Origin, Round};
use crate::domain::CallKey;
use crate::domain::call::{Call, Click, Event, Leg};
use crate::session::message::ActorMessage;
use crate::session::open_calls::REMEMBER;
use crate::session::outbox::LaneHistory;
use crate::store::{CallRow, IntentId, PortalEvent, StoreError, StoredIntent};

/// Ended calls remembered again, at most.
const MOST_ENDED: u32 = 1_000;

impl Actor {
    /// Takes up what was open when the daemon stopped: all of it, or nothing where something cannot be read now.
    pub(super) async fn restore(&mut self) -> Result<(), StoreError> {
        let calls = self.store.open_calls(&self.company).await?;
        let ended = self.store.ended_calls(&self.company, self.clock.now() - REMEMBER, MOST_ENDED).await?;
        let steps = self.store.pending_intents(&self.company).await?;
        let clicks = self.store.pending_events(&self.company).await?;
        let mut round = Round::default();
        for row in ended {
            self.remember(&row);
        }
        for row in calls {
            self.restore_call(&row, &mut round);
        }
        for step in steps {
            let pointless = self.restore_step(step);
            round.record.settled.extend(pointless);
        }
        self.commit(round).await;
        for click in clicks {
            self.restore_click(&click).await;
        }
        Ok(())
    }

    fn restore_call(&mut self, row: &CallRow, round: &mut Round) {
        match serde_json::from_str::<Call>(&row.body) {
            Ok(mut call) => {
                let now = self.clock.now();
                // Stored in the future: the clock was set back while we were away.
                if row.updated_at > now {
                    call.redate(now.millis() - row.updated_at.millis());
                }
                let key = call.key.clone();
                for leg in &call.legs {
                    self.alias_of(&key, leg);
                }
                self.open_calls.restore(call, now);
                self.take(&key, Event::LinkLost(row.updated_at.min(now)), Origin::Nobody, round);
            }
            Err(error) => {
                tracing::error!(call = %row.key, %error, "a stored call cannot be read and is left alone");
            }
        }
    }

    /// Remembers a call that has ended lately: a switch that tells its end once more must not make a call of it.
    fn remember(&mut self, row: &CallRow) {
        let Ok(call) = serde_json::from_str::<Call>(&row.body) else { return };
        if call.is_over() {
            self.open_calls.remember(&call, row.ended_at.unwrap_or(row.updated_at));
        }
    }

    /// Tells the steps that need not be told any more.
    fn restore_step(&mut self, intent: StoredIntent) -> Vec<IntentId> {
        match serde_json::from_str(&intent.body) {
            Ok(step) => {
                let step = (intent.id, step, intent.created_at);
                self.outbox.push(&intent.lane, &intent.call, step, LaneHistory::Stored(intent.crm))
            }
            Err(error) => {
                tracing::error!(lane = %intent.lane, %error, "a stored step cannot be read and is left alone");
                Vec::new()
            }
        }
    }

    /// A click that was stored but had no effect before the daemon stopped: it is not dialled any more, and the portal
    /// is told so.
    async fn restore_click(&mut self, event: &PortalEvent) {
        match serde_json::from_str::<Click>(&event.body) {
            Ok(click) => {
                let click = Box::new(Click { late: true, ..click });
                self.message(ActorMessage::Dial { click, event: Some(event.id) }).await;
            }
            Err(error) => {
                tracing::error!(key = event.key, %error, "a stored event cannot be read and is left alone");
            }
        }
    }

    /// A call found in the store may be known to the switch by another name.
    pub(super) fn alias_of(&mut self, key: &CallKey, leg: &Leg) {
        if leg.call.as_str() != key.as_str() {
            self.open_calls.alias(leg.call.clone(), key.clone());
        }
    }
}
