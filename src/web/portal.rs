//! What the portal, or a browser on its behalf, posts to us.
//!
//! The forms are passed on unread: their spelling is known where Bitrix24 is spoken.

use super::middleware::error::WebError;
use super::middleware::headers::{FramePolicy, HeaderPolicy};
use super::middleware::request_context::RequestContext;
use super::read::RawPost;
use super::service::{PortalAnswer, PortalOpened, PortalRequest};
use super::show::{Shell, html};
use super::{WebState, detached};
use crate::lang::StateText;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// `POST /`: an event, or the application opened inside the portal.
pub(crate) async fn opened_or_event(
    State(state): State<WebState>,
    context: RequestContext,
    RawPost(post): RawPost,
) -> Result<Response, WebError> {
    match deliver(&state, post).await? {
        PortalAnswer::Accepted => Ok("ok\n".into_response()),
        PortalAnswer::Opened(opened) => Ok(inside(&state, &context, &opened)),
    }
}

/// `POST /events`: the handler bound for events. A delivery is not repeated, so what is true comes in,
/// and the answer is quick whatever follows.
pub(crate) async fn event(State(state): State<WebState>, RawPost(post): RawPost) -> Result<&'static str, WebError> {
    match deliver(&state, PortalRequest { events_only: true, ..post }).await? {
        PortalAnswer::Accepted => Ok("ok\n"),
        PortalAnswer::Opened(_) => Err(WebError::Unreadable("a page was opened where events are taken".to_owned())),
    }
}

async fn deliver(state: &WebState, post: PortalRequest) -> Result<PortalAnswer, WebError> {
    let service = state.service.clone();
    Ok(detached(async move { service.portal_post(post).await }).await??)
}

#[derive(Template)]
#[template(path = "inside.html")]
struct OpenedInPortal<'a> {
    shell: Shell<'a>,
    opened: &'a PortalOpened,
    refused: Option<StateText>,
}

/// The page inside the portal: the way to the settings for an administrator, an explanation for others.
fn inside(state: &WebState, context: &RequestContext, opened: &PortalOpened) -> Response {
    let refused = (!opened.admin).then_some(context.lang.texts().login.not_admin);
    let status = if refused.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let mut page = html(status, &OpenedInPortal { shell: Shell::new(state, context), opened, refused });
    let frame = FramePolicy::Portal { domain: opened.domain.clone(), plain_http: opened.plain_http };
    page.extensions_mut().insert(HeaderPolicy { frame, form_leads_away: true });
    page
}
