//! `/call/call.html`: the card, opened by Bitrix24 in a frame.

use super::view::CardState;
use crate::domain::card::{Buttons, Phase};
use crate::lang::{CardTexts, StateText, phase, tone};
use crate::web::guard::Ticket;
use crate::web::middleware::error::WebError;
use crate::web::middleware::headers::{FramePolicy, HeaderPolicy};
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::RawPost;
use crate::web::service::CardOpened;
use crate::web::show::{Shell, html};
use crate::web::{WebState, detached};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage<'a> {
    shell: Shell<'a>,
    ticket: String,
    card: String,
    now: i64,
    state: String,
    texts: String,
    first: First,
}

/// What the card shows before its script runs.
struct First {
    tone: &'static str,
    phase: &'static str,
    number: String,
    name: String,
    extension: String,
    click: String,
    note: &'static str,
    reject: &'static str,
    buttons: Buttons,
    link: &'static str,
}

impl First {
    fn of(t: &CardTexts, state: &CardState, opened: &CardOpened) -> Self {
        let link = if state.online { "" } else { t.offline };
        let Some(call) = &state.current else {
            let number = opened.number.clone().unwrap_or_default();
            let buttons = Buttons::default();
            return Self {
                tone: "idle",
                phase: t.idle,
                number,
                name: String::new(),
                extension: String::new(),
                click: String::new(),
                note: t.idle_todo,
                reject: t.reject,
                buttons,
                link,
            };
        };
        let connected = matches!(call.phase, Phase::Talking | Phase::Held);
        let foreign = opened.call.is_some() && !call.crm.is_empty() && !call.own_card;
        Self {
            tone: tone(call.phase),
            phase: phase(t, call.phase, call.direction),
            number: call
                .number
                .as_ref()
                .map_or_else(|| call.written().unwrap_or(t.hidden).to_owned(), ToString::to_string),
            name: call.name.clone().unwrap_or_default(),
            extension: call.click.as_ref().and_then(|facts| t.click.extension(facts)).unwrap_or_default(),
            click: call.click.as_ref().map(|facts| t.click.rest(facts).join(" · ")).unwrap_or_default(),
            note: if foreign { t.other } else { "" },
            reject: if connected { t.hangup } else { t.reject },
            buttons: call.buttons,
            link,
        }
    }
}

#[derive(Template)]
#[template(path = "explain.html")]
struct ExplainPage<'a> {
    shell: Shell<'a>,
    explanation: StateText,
}

/// `GET /call/call.html`: nobody needs this page alone, but people who find it are told what it is.
pub(crate) async fn explain(State(state): State<WebState>, context: RequestContext) -> Response {
    let explanation = context.lang.texts().card.explain;
    let mut page = html(StatusCode::OK, &ExplainPage { shell: Shell::new(&state, &context), explanation });
    page.extensions_mut().insert(HeaderPolicy { frame: FramePolicy::CloudPortals, ..HeaderPolicy::default() });
    page
}

/// `POST /call/call.html`: the form in which Bitrix24 opens the card.
pub(crate) async fn open(
    State(state): State<WebState>,
    context: RequestContext,
    RawPost(post): RawPost,
) -> Result<Response, WebError> {
    let service = state.service.clone();
    let opened = detached(async move { service.card_opened(post).await }).await??;
    Ok(render(&state, &context, &opened))
}

fn render(state: &WebState, context: &RequestContext, opened: &CardOpened) -> Response {
    let board = state.service.board(&opened.company);
    let card_state =
        board.map_or(CardState::closed(), |board| CardState::of(&*board, opened.user, opened.call.as_ref()));
    let now = state.clock.now();
    let page = CardPage {
        shell: Shell::new(state, context),
        ticket: Ticket::new(opened.company.clone(), opened.user, now).sign(&state.key, now),
        card: opened.call.as_ref().map_or_else(String::new, ToString::to_string),
        now: now.millis(),
        state: serde_json::to_string(&card_state).unwrap_or_default(),
        texts: script_texts(context).to_string(),
        first: First::of(&context.lang.texts().card, &card_state, opened),
    };
    let mut response = html(StatusCode::OK, &page);
    let frame = FramePolicy::Portal { domain: opened.domain.clone(), plain_http: opened.plain_http };
    response.extensions_mut().insert(HeaderPolicy { frame, ..HeaderPolicy::default() });
    response
}

/// The words the script puts on the card.
fn script_texts(context: &RequestContext) -> Value {
    let t = &context.lang.texts().card;
    json!({
        "dialing": t.dialing,
        "ringing_in": t.ringing_in,
        "ringing_out": t.ringing_out,
        "talking": t.talking,
        "held": t.held,
        "ended": t.ended,
        "reject": t.reject,
        "hangup": t.hangup,
        "hidden": t.hidden,
        "click": {
            "extension": t.click.extension,
            "line": t.click.line,
            "campaign": t.click.campaign,
            "mobile": t.click.mobile,
            "kinds": t.click.kinds(),
        },
        "idle": t.idle,
        "idle_todo": t.idle_todo,
        "other": t.other,
        "offline": t.offline,
        "reconnecting": t.reconnecting,
        "stale": t.stale,
        "gave_way": t.gave_way,
        "failed": t.failed,
    })
}
