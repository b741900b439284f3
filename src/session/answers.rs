//! What an actor makes of the answers of portal and switch.

use super::actor::Actor;
use super::draft::{Draft, Origin};
use super::message::ActError;
use super::perform::{Performed, rest_after};
use crate::bitrix::ApiError;
use crate::domain::call::{Call, DialFailure, Event, Note};
use crate::domain::leg::{Accepted, CommandError, SwitchCommand};
use crate::domain::{CallKey, Timestamp};

impl Actor {
    /// Takes in what the portal said.
    pub(super) fn told(&mut self, performed: &Performed, draft: &mut Draft) {
        let now = self.clock.now();
        for told in &performed.told {
            let answer = match &told.answer {
                Ok(text) => text.clone(),
                Err(error) => error.to_string(),
            };
            let note = Note::Told {
                lane: performed.job.lane.clone(),
                request: told.request.name().to_owned(),
                answer,
                took_ms: told.took_ms,
            };
            draft.note(&performed.job.call, now, &note);
        }
        let lane = &performed.job.lane;
        match performed.failure() {
            None => {
                if !performed.told.is_empty() {
                    self.shared.portal_works();
                    self.lanes.portal_works();
                }
                draft.record.settled.extend(&performed.job.intents);
                let requests: Vec<_> = performed.told.iter().map(|t| t.request.clone()).collect();
                self.lanes.settled(lane, performed.job.intents.len(), &requests, performed.crm.clone());
                if let Some(crm) = &performed.crm {
                    draft.record.crm_ids.push((lane.clone(), crm.clone()));
                    let event = Event::Registered { lane: lane.clone(), crm: crm.clone() };
                    self.take_known(&performed.job.call, event, draft);
                }
            }
            Some(error) => self.not_told(performed, error, draft, now),
        }
        let over = self.book.get(&performed.job.call).is_none_or(Call::is_over);
        self.lanes.tidy(lane, over);
    }

    fn not_told(&mut self, performed: &Performed, error: &ApiError, draft: &mut Draft, now: Timestamp) {
        self.shared.portal_fails(error, now);
        let lane = &performed.job.lane;
        let request = performed.told.last().map_or("request", |t| t.request.name());
        if let Some(rest) = rest_after(error, now) {
            let until = self.lanes.failed(lane, now, rest, error.concerns_whole_portal());
            let wait_ms = until.since(now).as_millis();
            tracing::warn!(company = %self.company, %lane, request, %error, wait_ms, "the portal was not told, it will be tried again");
            return;
        }
        tracing::warn!(company = %self.company, %lane, request, %error, "the portal will not take this");
        if request == "register" {
            draft.record.settled.extend(self.lanes.drop_lane(lane));
            self.take_known(&performed.job.call, Event::RegisterRefused { lane: lane.clone() }, draft);
        } else {
            draft.record.settled.extend(&performed.job.intents);
            self.lanes.settled(lane, performed.job.intents.len(), &[], None);
        }
    }

    pub(super) fn commanded(
        &mut self,
        key: &CallKey,
        command: &SwitchCommand,
        origin: Origin,
        answer: Result<Accepted, CommandError>,
        draft: &mut Draft,
    ) {
        match (command, &answer) {
            (SwitchCommand::Make { .. }, Ok(Accepted { call: Some(call) })) => {
                self.book.alias(call.clone(), key.clone());
            }
            // The phone may be ringing already: the click's own patience decides.
            (SwitchCommand::Make { .. }, Ok(_) | Err(CommandError::TimedOut)) => {}
            (SwitchCommand::Make { .. }, Err(error)) => {
                tracing::warn!(company = %self.company, call = %key, %error, "the click could not be dialled");
                self.take_known(key, Event::DialFailed(dial_failure(error)), draft);
            }
            (SwitchCommand::Release(leg), Err(_)) => {
                self.take_known(key, Event::ReleaseRefused(leg.clone()), draft);
            }
            _ => {}
        }
        if let Origin::Card(reply) = origin {
            let _ = reply.send(answer.map(|_| ()).map_err(ActError::Switch));
        }
    }
}

/// What a refused `make` means to the employee who clicked. The statuses are HTTP-like words of the switch.
fn dial_failure(error: &CommandError) -> DialFailure {
    match error {
        CommandError::Offline => DialFailure::Offline,
        CommandError::Unsupported => DialFailure::NotOffered,
        CommandError::TimedOut => DialFailure::Failed,
        CommandError::Refused { status, .. } => match status {
            401 | 403 => DialFailure::Forbidden,
            404 => DialFailure::WrongNumber,
            409 | 486 => DialFailure::Busy,
            480 | 408 => DialFailure::Unavailable,
            _ => DialFailure::Failed,
        },
    }
}
