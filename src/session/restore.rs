//! What an actor takes up again after a restart: open calls, steps not told yet, clicks without effect.

use super::actor::Actor;
use super::draft::{Draft, Origin};
use super::lanes::Past;
use super::message::Message;
use crate::domain::CallKey;
use crate::domain::call::{Call, Click, Event, Leg};

impl Actor {
    /// Takes up what was open when the daemon stopped.
    pub(super) async fn restore(&mut self) {
        let mut draft = Draft::default();
        self.restore_calls(&mut draft).await;
        self.restore_steps().await;
        self.commit(draft).await;
        self.restore_clicks().await;
    }

    async fn restore_calls(&mut self, draft: &mut Draft) {
        match self.store.open_calls(&self.company).await {
            Ok(rows) => {
                for row in rows {
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
                            self.book.put(call, None, now);
                            self.take(&key, Event::LinkLost(row.updated_at.min(now)), Origin::Nobody, draft);
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, call = %row.key, %error, "a stored call cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "open calls cannot be read"),
        }
    }

    async fn restore_steps(&mut self) {
        match self.store.pending_intents(&self.company).await {
            Ok(intents) => {
                for intent in intents {
                    match serde_json::from_str(&intent.body) {
                        Ok(step) => {
                            let known = self.journal.crm_id(&intent.lane).await;
                            self.lanes.push(
                                &intent.lane,
                                &intent.call,
                                (intent.id, step, intent.created_at),
                                Past::Stored(known),
                            );
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, lane = %intent.lane, %error, "a stored step cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "waiting steps cannot be read"),
        }
    }

    /// Clicks that were stored but had no effect before the daemon stopped: they are not dialled any more, and the
    /// portal is told so.
    async fn restore_clicks(&mut self) {
        match self.store.pending_events(&self.company).await {
            Ok(events) => {
                for event in events {
                    match serde_json::from_str::<Click>(&event.body) {
                        Ok(click) => {
                            let click = Click { late: true, ..click };
                            self.message(Message::Dial { click, event: Some(event.id) }).await;
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, key = event.key, %error, "a stored event cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "waiting events cannot be read"),
        }
    }

    /// A call found in the store may be known to the switch by another name.
    fn alias_of(&mut self, key: &CallKey, leg: &Leg) {
        if leg.call.as_str() != key.as_str() {
            self.book.alias(leg.call.clone(), key.clone());
        }
    }
}
