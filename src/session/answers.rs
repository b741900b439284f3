//! What an actor makes of the answers of portal and switch.

use super::actor::Actor;
use super::draft::{Draft, Origin};
use super::lanes::StandIn;
use super::message::ActError;
use super::perform::{Landed, Performed, rest_after};
use crate::bitrix::ApiError;
use crate::domain::call::{Call, DialFailure, Event, Note};
use crate::domain::leg::{Accepted, CommandError, SwitchCommand};
use crate::domain::outbox::Request;
use crate::domain::{CallKey, Timestamp};

impl Actor {
    /// Takes in what came of a request to the portal.
    pub(super) async fn landed(&mut self, landed: &Landed, draft: &mut Draft) {
        self.lanes.landed(landed.past);
        let mut said = None;
        for performed in &landed.performed {
            self.told(performed, landed.took_ms, &mut said, draft).await;
        }
    }

    /// One lane's part of it; `said` is what the log has heard of this request already.
    async fn told(&mut self, performed: &Performed, took_ms: u64, said: &mut Option<ApiError>, draft: &mut Draft) {
        let now = self.clock.now();
        let lane = &performed.job.lane;
        for told in &performed.told {
            let answer = match &told.answer {
                Ok(text) => text.clone(),
                Err(error) => error.to_string(),
            };
            let note = Note::Told { lane: lane.clone(), request: told.request.name().to_owned(), answer, took_ms };
            draft.note(&performed.job.call, now, &note);
        }
        if performed.told.iter().any(|told| told.answer.is_ok()) {
            self.shared.portal_works();
            self.lanes.portal_works();
        }
        if let Some(crm) = &performed.crm {
            draft.record.crm_ids.push((lane.clone(), crm.clone()));
            let event = Event::Registered { lane: lane.clone(), crm: crm.clone() };
            self.take_known(&performed.job.call, event, draft);
        }
        match performed.failure() {
            None if performed.unknown && self.lanes.must_be_remade(lane) => self.remake(performed, draft).await,
            None => self.settle(performed, draft),
            Some(error) => {
                if let Some(crm) = &performed.crm {
                    self.lanes.named(lane, crm.clone());
                }
                self.lanes.partly_told(lane, &performed.done(), matches!(error, ApiError::Unclear { .. }));
                let new = said.as_ref() != Some(error);
                *said = Some(error.clone());
                self.not_told(performed, error, new, draft, now);
            }
        }
        let over = self.book.get(&performed.job.call).is_none_or(Call::is_over);
        self.lanes.tidy(lane, over);
    }

    pub(super) fn settle(&mut self, performed: &Performed, draft: &mut Draft) {
        draft.record.settled.extend(&performed.job.intents);
        let done = performed.done();
        self.lanes.settled(&performed.job.lane, performed.job.intents.len(), &done, performed.crm.clone());
    }

    fn not_told(&mut self, performed: &Performed, error: &ApiError, new: bool, draft: &mut Draft, now: Timestamp) {
        self.shared.portal_fails(error, now);
        let lane = &performed.job.lane;
        let request = performed.told.last().map_or("request", |t| t.request.name());
        if let ApiError::Resting { until, .. } = error {
            self.lanes.kind_rests(lane, request, *until);
            if new {
                tracing::warn!(company = %self.company, request, %error, "requests of this kind wait until the portal takes them again");
            }
            return;
        }
        if let Some(rest) = rest_after(error, now) {
            let until = self.lanes.failed(lane, now, rest, error.concerns_whole_portal());
            let wait_ms = until.since(now).as_millis();
            if new {
                tracing::warn!(company = %self.company, %lane, request, %error, wait_ms, "the portal was not told, it will be tried again");
            }
            return;
        }
        if let Some(stand_in) = performed.told.last().and_then(|told| self.stand_in(&told.request, error))
            && self.lanes.amend(lane, stand_in.clone())
        {
            tracing::warn!(company = %self.company, %lane, request, %error, ?stand_in, "the portal does not take this as it is; the call is recorded otherwise");
            return;
        }
        tracing::warn!(company = %self.company, %lane, request, %error, "the portal will not take this");
        if request == "register" {
            draft.record.settled.extend(self.lanes.drop_lane(lane));
            self.take_known(&performed.job.call, Event::RegisterRefused { lane: lane.clone() }, draft);
        } else {
            self.settle(performed, draft);
        }
    }

    /// How a call can be recorded although the portal does not accept the employee or the number.
    fn stand_in(&self, request: &Request, error: &ApiError) -> Option<StandIn> {
        if !matches!(request, Request::Register { .. } | Request::Finish { .. }) {
            None
        } else if error.says("user is not found or is not active") {
            self.bell.users_changed();
            let responsible = self.settings.responsible.filter(|user| self.directory.employee(*user).is_some());
            responsible.or_else(|| self.portal.tokens().and_then(|t| t.user_id)).map(StandIn::User)
        } else {
            let hidden = matches!(request, Request::Register { number: None, .. });
            let stand_in = if hidden { StandIn::NobodysNumber } else { StandIn::NoNumber };
            error.says("phone number format").then_some(stand_in)
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
        CommandError::TimedOut | CommandError::Busy => DialFailure::Failed,
        CommandError::Refused { status, .. } => match status {
            401 | 403 => DialFailure::Forbidden,
            404 => DialFailure::WrongNumber,
            409 | 486 => DialFailure::Busy,
            480 | 408 => DialFailure::Unavailable,
            _ => DialFailure::Failed,
        },
    }
}
