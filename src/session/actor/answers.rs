//! What an actor makes of the answers of portal and switch.

use super::Actor;
use super::round::{CommandToSend, Origin, Round};
use crate::bitrix::{ApiError, Objection};
use crate::domain::Timestamp;
use crate::domain::call::{Call, Event, Note};
use crate::domain::card::CommandRefused;
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::leg::{Accepted, CommandError, SwitchCommand};
use crate::domain::outbox::{Request, RequestKind, RequestReply};
use crate::session::outbox::Substitute;
use crate::session::outbox::{DispatchOutcome, JobOutcome, rest_after};

impl Actor {
    /// Takes in what came of a request to the portal.
    pub(super) async fn completed(&mut self, completed: &DispatchOutcome, round: &mut Round) {
        self.outbox.completed(completed.past);
        let mut said = None;
        for outcome in &completed.outcome {
            self.sent(outcome, completed.took_ms, &mut said, round).await;
        }
    }

    /// One lane's part of it; `said` is what the log has heard of this request already.
    async fn sent(&mut self, outcome: &JobOutcome, took_ms: u64, said: &mut Option<ApiError>, round: &mut Round) {
        let now = self.clock.now();
        let lane = &outcome.job.lane;
        for sent in &outcome.sent {
            let answer = match &sent.answer {
                Ok(reply) => reply.clone(),
                Err(error) => RequestReply::NotDone(error.to_string()),
            };
            let note = Note::Told { lane: lane.clone(), request: sent.request.kind(), answer, took_ms };
            round.note(&outcome.job.call, now, &note);
        }
        let over = self.open_calls.get(&outcome.job.call).is_none_or(Call::is_over);
        for sent in outcome.sent.iter().filter(|sent| sent.answer.is_ok()) {
            let card = match &sent.request {
                Request::Register { show: true, .. } | Request::Show(..) => CardOutcome::Asked,
                Request::Register { show: false, .. } if over => CardOutcome::TooLate,
                _ => continue,
            };
            self.shared.evidence.note_cards(card, 1, now);
        }
        if outcome.sent.iter().any(|sent| sent.answer.is_ok()) {
            self.shared.portal_works(now);
            self.outbox.portal_works();
        }
        if let Some(crm) = &outcome.crm {
            round.record.crm_ids.push((lane.clone(), crm.clone()));
            let event = Event::Registered { lane: lane.clone(), crm: crm.clone() };
            self.take_answer(&outcome.job.call, event, round).await;
        }
        match outcome.failure() {
            None if outcome.unknown && self.outbox.must_be_remade(lane) => self.remake(outcome, round).await,
            None => self.settle(outcome, round),
            Some(error) => {
                if let Some(crm) = &outcome.crm {
                    self.outbox.named(lane, crm.clone());
                }
                self.outbox.partly_sent(lane, &outcome.done(), matches!(error, ApiError::Unclear { .. }));
                let new = said.as_ref() != Some(error);
                *said = Some(error.clone());
                self.not_sent(outcome, error, new, round, now).await;
            }
        }
        let over = self.open_calls.get(&outcome.job.call).is_none_or(Call::is_over);
        self.outbox.close_if_done(lane, over);
    }

    pub(super) fn settle(&mut self, outcome: &JobOutcome, round: &mut Round) {
        round.record.settled.extend(&outcome.job.intents);
        let done = outcome.done();
        self.outbox.settled(&outcome.job.lane, outcome.job.intents.len(), &done, outcome.crm.clone());
    }

    async fn not_sent(&mut self, outcome: &JobOutcome, error: &ApiError, new: bool, round: &mut Round, now: Timestamp) {
        self.shared.portal_fails(error, now);
        let lane = &outcome.job.lane;
        let asked = outcome.sent.last().map(|sent| sent.request.kind());
        let request = asked.map_or("request", RequestKind::name);
        if let (ApiError::Resting { until, .. }, Some(kind)) = (error, asked) {
            self.outbox.kind_rests(lane, kind, *until);
            if new {
                tracing::warn!(request, %error, "requests of this kind wait until the portal takes them again");
            }
            return;
        }
        if let Some(rest) = rest_after(error, now) {
            let until = self.outbox.failed(lane, now, rest, error.concerns_whole_portal());
            let wait_ms = until.since(now).as_millis();
            if new {
                tracing::warn!(%lane, request, %error, wait_ms, "the portal was not told, it will be tried again");
            }
            return;
        }
        if let Some(substitute) = outcome.sent.last().and_then(|sent| self.substitute(&sent.request, error))
            && self.outbox.amend(lane, substitute.clone())
        {
            tracing::warn!(%lane, request, %error, ?substitute, "the portal does not take this as it is; the call is recorded otherwise");
            return;
        }
        tracing::warn!(%lane, request, %error, "the portal will not take this");
        if asked == Some(RequestKind::Register) {
            self.shared.evidence.note_cards(CardOutcome::Refused, 1, now);
            round.record.settled.extend(self.outbox.drop_lane(lane));
            self.take_answer(&outcome.job.call, Event::RegisterRefused { lane: lane.clone() }, round).await;
        } else {
            self.settle(outcome, round);
        }
    }

    /// How a call can be recorded although the portal does not accept the employee or the number.
    fn substitute(&self, request: &Request, error: &ApiError) -> Option<Substitute> {
        if !matches!(request, Request::Register { .. } | Request::Finish { .. }) {
            return None;
        }
        match error.objection()? {
            Objection::Employee => {
                self.upkeep_signals.users_changed();
                let responsible = self.settings.responsible.filter(|user| self.directory.employee(*user).is_some());
                responsible.or_else(|| self.portal.tokens().and_then(|t| t.user_id)).map(Substitute::User)
            }
            Objection::Number if matches!(request, Request::Register { number: None, .. }) => {
                Some(Substitute::NobodysNumber)
            }
            Objection::Number => Some(Substitute::NoNumber),
        }
    }

    pub(super) fn commanded(&mut self, sent: CommandToSend, answer: Result<Accepted, CommandError>, round: &mut Round) {
        let CommandToSend { call, command, origin } = sent;
        match (&call, &command, &answer) {
            (Some(key), SwitchCommand::Make { .. }, Ok(Accepted { call: Some(name) })) => {
                self.open_calls.alias(name.clone(), key.clone());
            }
            // The phone may be ringing already: the click's own patience decides.
            (_, SwitchCommand::Make { .. }, Ok(_) | Err(CommandError::TimedOut)) => {}
            (_, SwitchCommand::Make { .. }, Err(error)) => {
                let key = call.as_ref().map(tracing::field::display);
                tracing::warn!(call = key, %error, "a number could not be dialled");
                if let Some(key) = &call {
                    self.take_known(key, Event::DialFailed(error.into()), round);
                }
            }
            (Some(key), SwitchCommand::Release(leg), Err(_)) => {
                self.take_known(key, Event::ReleaseRefused(leg.clone()), round);
            }
            _ => {}
        }
        let answer = answer.map(|_| ());
        match origin {
            Origin::Nobody | Origin::Click => {}
            Origin::Card(reply) => drop(reply.send(answer.map_err(CommandRefused::Switch))),
            Origin::TestCall(reply) => drop(reply.send(answer)),
        }
    }
}
