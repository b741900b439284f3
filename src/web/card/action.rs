//! `/call/action`: a button of the card.

use crate::domain::card::{Buttons, CardCommand, LegView};
use crate::domain::leg::CommandError;
use crate::domain::written::dialled;
use crate::domain::{CallKey, LegId};
use crate::web::guard::Ticket;
use crate::web::lang::{CardTexts, Lang};
use crate::web::middleware::error::WebError;
use crate::web::middleware::request_context::{RequestContext, text};
use crate::web::read::{Fields, whole_body};
use crate::web::service::{ActError, Board};
use crate::web::{WebState, detached};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

/// Not a button: a card that lost its stream asks whether its ticket still counts, which a stream cannot tell it.
const LOOK: &str = "look";

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
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    BadAction,
    BadNumber,
    NoSuchCall,
    NotYours,
    NotNow,
    Offline,
    Busy,
    TimedOut,
    Unsupported,
    Refused(String),
}

impl From<ActError> for Refusal {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotYours => Self::NotYours,
            ActError::NoSuchCall => Self::NoSuchCall,
            ActError::Busy | ActError::Switch(CommandError::Busy) => Self::Busy,
            ActError::Switch(CommandError::Offline) => Self::Offline,
            ActError::Switch(CommandError::TimedOut) => Self::TimedOut,
            ActError::Switch(CommandError::Unsupported) => Self::Unsupported,
            ActError::Switch(CommandError::Refused { status, message }) => {
                Self::Refused(if message.is_empty() { status.to_string() } else { message })
            }
        }
    }
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::BadAction | Self::BadNumber => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoSuchCall => StatusCode::NOT_FOUND,
            Self::NotYours => StatusCode::FORBIDDEN,
            Self::NotNow | Self::Unsupported | Self::Refused(_) => StatusCode::CONFLICT,
            Self::Offline | Self::Busy | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::BadAction => "bad_action",
            Self::BadNumber => "bad_number",
            Self::NoSuchCall => "no_such_call",
            Self::NotYours => "not_yours",
            Self::NotNow => "not_now",
            Self::Offline => "offline",
            Self::Busy => "busy",
            Self::TimedOut => "timed_out",
            Self::Unsupported => "unsupported",
            Self::Refused(_) => "refused",
        }
    }

    fn words(&self, t: &CardTexts) -> String {
        match self {
            Self::BadAction => t.bad_action.to_owned(),
            Self::BadNumber => t.bad_number.to_owned(),
            Self::NoSuchCall => t.no_call.to_owned(),
            Self::NotYours => t.not_yours.to_owned(),
            Self::NotNow => t.not_now.to_owned(),
            Self::Offline => t.offline.to_owned(),
            Self::Busy => t.failed.to_owned(),
            Self::TimedOut => t.timed_out.to_owned(),
            Self::Unsupported => t.unsupported.to_owned(),
            Self::Refused(why) => (t.refused)(why),
        }
    }

    fn answer(&self, lang: Lang) -> Response {
        let body = json!({ "ok": false, "code": self.code(), "message": self.words(&lang.texts().card) });
        (self.status(), Json(body)).into_response()
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
        return Ok(Refusal::Offline.answer(context.lang));
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
    let fields = Fields::parse(&body);
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
    let calls = board.calls();
    let named = |c: &&std::sync::Arc<crate::domain::card::CallView>| {
        c.key.as_str() == pressed.call || c.crm.iter().any(|id| id.as_str() == pressed.call)
    };
    let call = calls.iter().find(named).ok_or(Refusal::NoSuchCall)?;
    let leg: &LegView = match &pressed.leg {
        None => call.leg_of(ticket.user).ok_or(Refusal::NotYours)?,
        Some(id) => call.legs.iter().find(|leg| leg.leg.as_str() == id).ok_or(Refusal::NoSuchCall)?,
    };
    if leg.owner != Some(ticket.user) {
        return Err(Refusal::NotYours);
    }
    if !board.online() {
        return Err(Refusal::Offline);
    }
    if !lit(leg.buttons(board.can()), command) {
        return Err(Refusal::NotNow);
    }
    Ok((call.key.clone(), leg.leg.clone()))
}

const fn lit(buttons: Buttons, command: &CardCommand) -> bool {
    match command {
        CardCommand::Answer => buttons.answer,
        CardCommand::Reject => buttons.reject,
        CardCommand::Hold => buttons.hold,
        CardCommand::Retrieve => buttons.retrieve,
        CardCommand::Transfer(_) => buttons.transfer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;

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
        let switch = |error| Refusal::from(ActError::Switch(error));
        for refusal in [
            Refusal::BadAction,
            Refusal::BadNumber,
            Refusal::NotNow,
            ActError::NotYours.into(),
            ActError::NoSuchCall.into(),
            ActError::Busy.into(),
            switch(CommandError::Offline),
            switch(CommandError::TimedOut),
            switch(CommandError::Unsupported),
            switch(CommandError::Refused { status: 486, message: String::new() }),
        ] {
            for lang in [Lang::Ru, Lang::En] {
                assert!(!refusal.words(&lang.texts().card).is_empty(), "{refusal:?}");
            }
        }
        let refused = switch(CommandError::Refused { status: 486, message: String::new() });
        assert!(refused.words(&Lang::En.texts().card).contains("486"), "a refusal without words shows its status");
    }
}
