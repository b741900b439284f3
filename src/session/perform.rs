//! Tells the portal what a lane has planned. Knows no call logic: requests in, what became of them out.

use super::lanes::{Job, Rest};
use crate::bitrix::telephony::{CallKind, Finish, LINE_NUMBER, Register};
use crate::bitrix::{ApiError, Portal};
use crate::clock::Clock;
use crate::domain::call::{DialFailure, Kind, Reason};
use crate::domain::outbox::Request;
use crate::domain::{CrmCallId, ExternalId, Timestamp};

/// One request and the portal's answer.
#[derive(Debug)]
pub(super) struct Told {
    pub request: Request,
    pub answer: Result<String, ApiError>,
    pub took_ms: u64,
}

/// What became of a job.
#[derive(Debug)]
pub(super) struct Performed {
    pub job: Job,
    /// Requests made, in order; the last one may have failed.
    pub told: Vec<Told>,
    /// The name the portal has given the call.
    pub crm: Option<CrmCallId>,
}

impl Performed {
    /// Why the job is not done.
    pub fn failure(&self) -> Option<&ApiError> {
        self.told.last().and_then(|t| t.answer.as_ref().err())
    }
}

/// Makes the job's requests until one fails.
pub(super) async fn perform(portal: Portal, clock: Clock, job: Job) -> Performed {
    let mut done = Performed { crm: job.plan.adopts.clone(), told: Vec::new(), job };
    for request in done.job.plan.requests.clone() {
        let began = clock.now();
        let answer = ask(&portal, &request, &done.job.lane, &mut done.crm).await;
        let failed = answer.is_err();
        let took_ms = u64::try_from(clock.now().since(began).as_millis()).unwrap_or(u64::MAX);
        done.told.push(Told { request, answer, took_ms });
        if failed {
            break;
        }
    }
    done
}

async fn ask(
    portal: &Portal,
    request: &Request,
    lane: &ExternalId,
    crm: &mut Option<CrmCallId>,
) -> Result<String, ApiError> {
    let gone_is_done = |answer: Result<bool, ApiError>| match answer {
        Ok(true) => Ok("ok".to_owned()),
        // The call is over in the portal: there is nothing left to show or hide.
        Ok(false) | Err(ApiError::NotFoundCall) => Ok("no such call (any more)".to_owned()),
        Err(e) => Err(e),
    };
    match request {
        Request::Register { user, number, kind, started_at, create, show } => {
            let register = Register {
                user: *user,
                number: number.clone(),
                kind: match kind {
                    Kind::Outgoing => CallKind::Outgoing,
                    Kind::Incoming => CallKind::Incoming,
                    Kind::Redirected => CallKind::Redirected,
                },
                started_at: *started_at,
                crm_create: *create,
                show: *show,
                external_id: lane.clone(),
                line: Some(LINE_NUMBER.to_owned()),
            };
            let registered = portal.register(&register).await?;
            let answer = match &registered.lead_error {
                Some(trouble) => format!("ok, but no CRM item: {trouble}"),
                None => "ok".to_owned(),
            };
            *crm = Some(registered.call);
            Ok(answer)
        }
        Request::Show(call, users) => gone_is_done(portal.show(call, users).await),
        Request::Hide(call, users) => gone_is_done(portal.hide(call, users).await),
        Request::Finish { crm, user, duration_s, status, reason } => {
            let finish = Finish {
                call: crm.clone(),
                user: *user,
                duration_s: *duration_s,
                status_code: *status,
                failed_reason: reason.map(|r| reason_text(r).to_owned()),
                add_to_chat: true,
            };
            match portal.finish(&finish).await {
                Ok(finished) => Ok(finished.errors.map_or_else(|| "ok".to_owned(), |e| format!("ok, but: {e}"))),
                Err(ApiError::NotFoundCall) => Ok("finished before".to_owned()),
                Err(e) => Err(e),
            }
        }
    }
}

/// What to do about a failure, or `None` if the request will never succeed.
pub(super) fn rest_after(error: &ApiError, now: Timestamp) -> Option<Rest> {
    match error {
        ApiError::Again { after: Some(span), .. } => Some(Rest::Until(now + *span)),
        ApiError::Again { after: None, .. } | ApiError::Unclear { .. } => Some(Rest::BackOff),
        ApiError::Limited { until, .. } => Some(until.map_or(Rest::BackOff, Rest::Until)),
        ApiError::Resting { until, .. } => Some(Rest::Until(*until)),
        ApiError::NeedsLogin(_) | ApiError::Stopped { .. } => Some(Rest::Shut),
        ApiError::Refused { .. } | ApiError::NotFoundCall => None,
    }
}

/// The sentence a manager reads in the portal's call list; the product's users there read Russian.
const fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::EndUnknown => "Связь с АТС прерывалась, окончание вызова не зафиксировано",
        Reason::NoLeg => "Телефон сотрудника не начал звонить",
        Reason::Dial(DialFailure::NoNumber) => "У сотрудника нет внутреннего номера в таблице ecss-crm-server",
        Reason::Dial(DialFailure::Offline) => "Нет соединения с АТС ECSS-10",
        Reason::Dial(DialFailure::NotOffered) => "АТС не поддерживает звонок из CRM",
        Reason::Dial(DialFailure::Forbidden) => "АТС запретила этот вызов номеру сотрудника",
        Reason::Dial(DialFailure::WrongNumber) => "Набран несуществующий номер",
        Reason::Dial(DialFailure::Busy) => "Телефон сотрудника занят",
        Reason::Dial(DialFailure::Unavailable) => "Телефон сотрудника недоступен",
        Reason::Dial(DialFailure::TooLate) => "Запрос на звонок пришёл слишком поздно",
        Reason::Dial(DialFailure::Failed) => "АТС не смогла выполнить вызов",
    }
}
