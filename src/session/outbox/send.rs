//! Tells the portal what lanes have planned. Knows no call logic: requests in, what became of them out.

use super::{Dispatch, Job, RetryPause};
use crate::bitrix::batch::BatchCommand;
use crate::bitrix::telephony::{Cards, Finish, Finished, LINE_NUMBER, RegisterRequest, RegisteredCall};
use crate::bitrix::{ApiError, Portal, RestAnswer};
use crate::clock::Clock;
use crate::domain::call::FinishStatus;
use crate::domain::link::Closed;
use crate::domain::outbox::{CardTarget, Request, RequestReply};
use crate::domain::{CrmCallId, Timestamp};
use crate::lang::{self, Lang};
use std::time::Duration;

/// One request and the portal's answer.
#[derive(Debug)]
pub(in crate::session) struct RequestOutcome {
    pub request: Request,
    pub answer: Result<RequestReply, ApiError>,
}

/// What became of a job.
#[derive(Debug)]
pub(in crate::session) struct JobOutcome {
    pub job: Job,
    /// Requests made, in order; the last one may have failed.
    pub sent: Vec<RequestOutcome>,
    /// The name the portal has given the call.
    pub crm: Option<CrmCallId>,
    /// The portal did not know the call that was to be finished.
    pub unknown: bool,
}

impl JobOutcome {
    /// What the portal has carried out.
    pub fn done(&self) -> Vec<Request> {
        self.sent.iter().filter(|sent| sent.answer.is_ok()).map(|sent| sent.request.clone()).collect()
    }

    /// Why the job is not done.
    pub fn failure(&self) -> Option<&ApiError> {
        self.sent.last().and_then(|t| t.answer.as_ref().err())
    }
}

/// What became of a dispatch.
#[derive(Debug)]
pub(in crate::session) struct DispatchOutcome {
    pub outcome: Vec<JobOutcome>,
    pub past: bool,
    /// Milliseconds between request and answer.
    pub took_ms: u64,
}

/// Makes the dispatch's requests. Their place in the budget has been taken.
pub(in crate::session) async fn send(portal: Portal, clock: Clock, dispatch: Dispatch) -> DispatchOutcome {
    let began = clock.now();
    let mut commands = Vec::new();
    for job in &dispatch.jobs {
        let first = commands.len();
        commands.extend(job.plan.requests.iter().map(|request| command(request, job, first, portal.language())));
    }
    let sent =
        if commands.is_empty() { Ok(Vec::new()) } else { portal.send(&commands, dispatch.jobs.len() == 1).await };
    let took_ms = u64::try_from(clock.now().since(began).as_millis()).unwrap_or(u64::MAX);
    let mut answers = sent.map(Vec::into_iter);
    let outcome = dispatch.jobs.into_iter().map(|job| {
        let asked = job.plan.requests.len();
        let mine: Vec<_> = match &mut answers {
            Ok(answers) => answers.by_ref().take(asked).collect(),
            Err(error) => vec![Err(error.clone())],
        };
        outcome(job, mine)
    });
    DispatchOutcome { outcome: outcome.collect(), past: dispatch.past, took_ms }
}

/// What a job's own answers mean. After one that failed the others mean nothing: they may have been about a call that
/// was not made.
fn outcome(job: Job, answers: Vec<Result<RestAnswer, ApiError>>) -> JobOutcome {
    let mut crm = job.plan.adopts.clone();
    let (mut sent, mut unknown) = (Vec::new(), false);
    for (request, answer) in job.plan.requests.iter().zip(answers) {
        unknown |= matches!((request, &answer), (Request::Finish { .. }, Err(ApiError::NotFoundCall)));
        let answer = answer
            .and_then(|answer| read(request, &answer, &mut crm))
            .or_else(|error| accept_missing_call(request, error));
        let failed = answer.is_err();
        sent.push(RequestOutcome { request: request.clone(), answer });
        if failed {
            break;
        }
    }
    JobOutcome { job, sent, crm, unknown }
}

/// The request in the portal's words; `first` is the number of the plan's first command in its batch.
fn command(request: &Request, job: &Job, first: usize, lang: Lang) -> BatchCommand {
    let cards = |target: &CardTarget, users: &Vec<_>| Cards {
        call: match target {
            CardTarget::Known(call) => call.clone(),
            CardTarget::New => RegisteredCall::call_of(first),
        },
        users: users.clone(),
    };
    match request {
        Request::Register { user, number, kind, started_at, create, show } => RegisterRequest {
            user: *user,
            number: number.clone(),
            kind: (*kind).into(),
            started_at: *started_at,
            crm_create: *create,
            show: *show,
            external_id: job.lane.clone(),
            line: Some(LINE_NUMBER.to_owned()),
        }
        .command(),
        Request::Show(target, users) => cards(target, users).show(),
        Request::Hide(target, users) => cards(target, users).hide(),
        Request::Finish { crm, user, duration_s, status, reason } => Finish {
            call: crm.clone(),
            user: *user,
            duration_s: *duration_s,
            status_code: *status,
            failed_reason: reason.map(|r| lang::reason(lang, r).to_owned()),
            // Nobody wants yesterday's calls in the chats of employees, nor one call twice.
            add_to_chat: !job.late && *status != FinishStatus::GoesOnElsewhere,
        }
        .command(),
    }
}

/// What the answer means.
fn read(request: &Request, answer: &RestAnswer, crm: &mut Option<CrmCallId>) -> Result<RequestReply, ApiError> {
    let hitch = match request {
        Request::Register { .. } => {
            let registered = RegisteredCall::read(&answer.result)?;
            *crm = Some(registered.call);
            registered.lead_error.map(RequestReply::DoneWithoutItem)
        }
        // The call is over in the portal: there is nothing left to show or hide.
        Request::Show(..) | Request::Hide(..) => (!Cards::read(answer)).then(|| RequestReply::NotDone(GONE.to_owned())),
        Request::Finish { .. } => Finished::read(&answer.result).errors.map(RequestReply::DoneWithErrors),
    };
    Ok(hitch.unwrap_or(RequestReply::Done))
}

const GONE: &str = "no such call (any more)";

/// A call that is not there any more needs no card and no second end.
fn accept_missing_call(request: &Request, error: ApiError) -> Result<RequestReply, ApiError> {
    let gone = match (request, error) {
        (Request::Show(..) | Request::Hide(..), ApiError::NotFoundCall) => GONE,
        (Request::Finish { .. }, ApiError::NotFoundCall) => "finished before",
        (_, error) => return Err(error),
    };
    Ok(RequestReply::NotDone(gone.to_owned()))
}

/// What to do about a failure, or `None` if the request will never succeed.
pub(in crate::session) fn rest_after(error: &ApiError, now: Timestamp) -> Option<RetryPause> {
    match error {
        ApiError::Again { after: Some(span), .. } => Some(RetryPause::Until(now + *span)),
        ApiError::Again { after: None, .. } | ApiError::Unclear { .. } => Some(RetryPause::BackOff),
        ApiError::Limited { until, .. } => Some(until.map_or(RetryPause::BackOff, RetryPause::Until)),
        ApiError::Resting { until, .. } => Some(RetryPause::Until(*until)),
        ApiError::NeedsLogin(_) => Some(RetryPause::Until(now + LOOK_FOR_LOGIN)),
        ApiError::Stopped { because, .. } => Some(RetryPause::Until(now + closed_for(*because))),
        ApiError::Refused { .. } | ApiError::NotFoundCall => None,
    }
}

/// A grant that is dead is looked at so often; nothing is asked of the portal for that, and a log-in ends the rest.
const LOOK_FOR_LOGIN: Duration = Duration::from_secs(60);

/// How long a portal that is closed is left alone: somebody has to pay, to ask its support, or to restore it.
const fn closed_for(because: Closed) -> Duration {
    Duration::from_secs(match because {
        Closed::Payment | Closed::Plan => 300,
        Closed::Blocked => 600,
        Closed::Deleted => 1800,
    })
}
