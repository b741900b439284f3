//! `/call/action`: a button of the card.

use crate::domain::card::{CardCommand, CommandRefused, LegView};
use crate::domain::leg::CommandError;
use crate::domain::written::dialled;
use crate::domain::{CallKey, LegId};
use crate::lang::{CardTexts, Lang};
use crate::web::guard::Ticket;
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::{RequestContext, text};
use crate::web::read::{FormFields, whole_body};
use crate::web::service::Board;
use crate::web::{WebState, detached};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;

/// Not a button: a card that lost its stream asks whether its ticket still counts, which a stream cannot say.
const LOOK: &str = "look";

/// Nothing can be done without the switch.
const OFFLINE: Refusal = Refusal::Refused(CommandRefused::Switch(CommandError::Offline));

/// What a button sends, as JSON or as a form.
#[derive(Debug, Default, Deserialize)]
struct Pressed {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    action: String,
    /// Our key of the call, or the CRM's name of it.
    #[serde(default)]
    call: String,
    #[serde(default)]
    leg: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

/// Why a button did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("there is no such button")]
    BadAction,
    #[error("the call cannot be handed over to that")]
    BadNumber,
    #[error(transparent)]
    Refused(#[from] CommandRefused),
}

impl Refusal {
    /// Its status, its name for scripts, and what to say about it.
    fn parts(&self, t: &CardTexts) -> (StatusCode, &'static str, Cow<'static, str>) {
        let (status, code, text) = match self {
            Self::BadAction => (StatusCode::UNPROCESSABLE_ENTITY, "bad_action", t.bad_action),
            Self::BadNumber => (StatusCode::UNPROCESSABLE_ENTITY, "bad_number", t.bad_number),
            Self::Refused(why) => match why {
                CommandRefused::NoSuchCall => (StatusCode::NOT_FOUND, "no_such_call", t.no_call),
                CommandRefused::NotYours => (StatusCode::FORBIDDEN, "not_yours", t.not_yours),
                CommandRefused::WrongPhase => (StatusCode::CONFLICT, "not_now", t.not_now),
                CommandRefused::Busy | CommandRefused::Switch(CommandError::Busy) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "busy", t.failed)
                }
                CommandRefused::Switch(CommandError::Offline) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "offline", t.offline)
                }
                CommandRefused::Switch(CommandError::TimedOut) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "timed_out", t.timed_out)
                }
                CommandRefused::Switch(CommandError::Unsupported) => {
                    (StatusCode::CONFLICT, "unsupported", t.unsupported)
                }
                CommandRefused::Switch(CommandError::Refused { status, message, .. }) => {
                    let status = status.to_string();
                    let why = if message.is_empty() { &status } else { message };
                    return (StatusCode::CONFLICT, "refused", (t.refused)(why).into());
                }
            },
        };
        (status, code, text.into())
    }

    fn answer(&self, lang: Lang) -> Response {
        let (status, code, message) = self.parts(&lang.texts().card);
        (status, Json(json!({ "ok": false, "code": code, "message": message }))).into_response()
    }
}

/// `POST /call/action`
pub(crate) async fn act(
    State(state): State<WebState>,
    context: RequestContext,
    request: Request,
) -> Result<Response, WebError> {
    let pressed = read(request, &state).await?;
    let ticket = Ticket::of(&pressed.ticket, &state).ok_or(WebError::StaleTicket)?;
    if pressed.action == LOOK {
        return Ok(Json(json!({ "ok": true })).into_response());
    }
    let command = match command(&pressed) {
        Ok(command) => command,
        Err(refusal) => return Ok(refusal.answer(context.lang)),
    };
    let Some(board) = state.service.board(&ticket.company) else {
        return Ok(OFFLINE.answer(context.lang));
    };
    let (call, leg) = match aim(&*board, &ticket, &pressed, &command) {
        Ok(target) => target,
        Err(refusal) => return Ok(refusal.answer(context.lang)),
    };
    drop(board);
    let service = state.service.clone();
    let work = async move { service.act(&ticket.company, ticket.user, &call, Some(&leg), command).await };
    match detached(work).await? {
        Ok(()) => Ok(Json(json!({ "ok": true, "message": context.lang.texts().card.done })).into_response()),
        Err(error) => Ok(Refusal::from(error).answer(context.lang)),
    }
}

async fn read(request: Request, state: &WebState) -> Result<Pressed, WebError> {
    let json = text(request.headers(), header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let body = whole_body(request, &state.bodies).await?;
    if json {
        return serde_json::from_slice(&body).map_err(|e| WebError::Unreadable(e.to_string()));
    }
    let fields = FormFields::parse(&body);
    let word = |name: &str| fields.get(name).to_owned();
    let maybe = |name: &str| Some(word(name)).filter(|text| !text.is_empty());
    let (leg, to) = (maybe("leg"), maybe("to"));
    Ok(Pressed { ticket: word("ticket"), action: word("action"), call: word("call"), leg, to })
}

fn command(pressed: &Pressed) -> Result<CardCommand, Refusal> {
    match pressed.action.as_str() {
        "answer" => Ok(CardCommand::Answer),
        "reject" => Ok(CardCommand::Reject),
        "hold" => Ok(CardCommand::Hold),
        "retrieve" => Ok(CardCommand::Retrieve),
        "transfer" => {
            let to = pressed.to.as_deref().unwrap_or_default();
            // An extension behind the number would be lost: nobody dials it there.
            let read = dialled(to).ok().filter(|read| read.extension.is_none());
            read.map(|read| CardCommand::Transfer(read.number)).ok_or(Refusal::BadNumber)
        }
        _ => Err(Refusal::BadAction),
    }
}

/// Finds the leg meant, and sees to it that it is the employee's own and that the button is lit.
fn aim(
    board: &dyn Board,
    ticket: &Ticket,
    pressed: &Pressed,
    command: &CardCommand,
) -> Result<(CallKey, LegId), Refusal> {
    let call = board.call(&pressed.call).ok_or(CommandRefused::NoSuchCall)?;
    let leg: &LegView = match &pressed.leg {
        None => call.leg_of(ticket.user).ok_or(CommandRefused::NotYours)?,
        Some(id) => call
            .legs
            .iter()
            .find(|leg| leg.leg.as_ref().is_some_and(|leg| leg.as_str() == id))
            .ok_or(CommandRefused::NoSuchCall)?,
    };
    if leg.owner != Some(ticket.user) {
        return Err(CommandRefused::NotYours.into());
    }
    if !board.online() {
        return Err(OFFLINE);
    }
    let id = leg.leg.clone().filter(|_| leg.allows(command.button(), board.can()));
    Ok((call.key.clone(), id.ok_or(CommandRefused::WrongPhase)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::leg::SwitchRefusal;

    fn pressed(action: &str, to: Option<&str>) -> Pressed {
        Pressed { action: action.to_owned(), to: to.map(str::to_owned), ..Pressed::default() }
    }

    #[test]
    fn five_buttons_and_no_more() {
        assert_eq!(command(&pressed("answer", None)), Ok(CardCommand::Answer));
        assert_eq!(command(&pressed("reject", None)), Ok(CardCommand::Reject));
        assert_eq!(command(&pressed("hold", None)), Ok(CardCommand::Hold));
        assert_eq!(command(&pressed("retrieve", None)), Ok(CardCommand::Retrieve));
        for bad in ["", "Answer", "make", "release"] {
            assert_eq!(command(&pressed(bad, None)), Err(Refusal::BadAction), "{bad}");
        }
    }

    #[test]
    fn a_transfer_needs_a_number() {
        let to = |text: &str| Ok(CardCommand::Transfer(Phone::parse(text).expect("number")));
        for (typed, wanted) in [("10-02", "1002"), ("доб. 1002", "1002"), ("1002 (Пётр)", "1002"), ("*72#", "*72#")]
        {
            assert_eq!(command(&pressed("transfer", Some(typed))), to(wanted), "{typed}");
        }
        for bad in [None, Some(""), Some("шеф"), Some("+"), Some("sip:ivan@host"), Some("+73835550015#12")] {
            assert_eq!(command(&pressed("transfer", bad)), Err(Refusal::BadNumber), "{bad:?}");
        }
    }

    #[test]
    fn every_refusal_has_words_in_both_languages() {
        let switch = |error| Refusal::from(CommandRefused::Switch(error));
        for refusal in [
            Refusal::BadAction,
            Refusal::BadNumber,
            CommandRefused::WrongPhase.into(),
            CommandRefused::NotYours.into(),
            CommandRefused::NoSuchCall.into(),
            CommandRefused::Busy.into(),
            switch(CommandError::Offline),
            switch(CommandError::TimedOut),
            switch(CommandError::Unsupported),
            switch(CommandError::Refused { status: 486, why: SwitchRefusal::Busy, message: String::new() }),
        ] {
            for lang in [Lang::Ru, Lang::En] {
                assert!(!refusal.parts(&lang.texts().card).2.is_empty(), "{refusal:?}");
            }
        }
        let refused = switch(CommandError::Refused { status: 486, why: SwitchRefusal::Busy, message: String::new() });
        let (.., text) = refused.parts(&Lang::En.texts().card);
        assert!(text.contains("486"), "a refusal without words shows its status");
    }
}
