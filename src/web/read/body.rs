//! Reads a body whole, with a limit in size and time.

use super::fields::Fields;
use super::held::BodyRoom;
use crate::web::WebState;
use crate::web::gate::error::WebError;
use crate::web::guard::client_address;
use crate::web::office::PortalRequest;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::time::Duration;

/// Largest body of ours that we take: a number table.
const MAX_BODY: usize = 1024 * 1024;
/// Largest form of a portal: an event is two kilobytes, the form of a card with many bindings a few more.
const MAX_POSTED: usize = 64 * 1024;
/// So much of a body that is too large is still read, so that its sender hears why it is not taken.
const MAX_PASSED_OVER: usize = 8 * MAX_BODY;
/// And for so long.
const MAX_PASSING: Duration = Duration::from_secs(5);
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The body, or why it is not taken.
pub(crate) async fn whole_body(request: Request, room: &BodyRoom) -> Result<Bytes, WebError> {
    within(request, room, MAX_BODY).await
}

async fn within(request: Request, room: &BodyRoom, most: usize) -> Result<Bytes, WebError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > most as u64) {
        pass_over(request.into_body()).await;
        return Err(WebError::TooLarge);
    }
    read(request.into_body(), room, most, MAX_WAIT).await
}

/// Reads a body nobody wants: a client that is still sending when the connection closes does not see our answer.
async fn pass_over(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = MAX_PASSED_OVER;
    let passing = async {
        while let Some(Ok(chunk)) = stream.next().await
            && chunk.len() < left
        {
            left -= chunk.len();
        }
    };
    // Whoever sends more, or more slowly, is cut off.
    let _ended_in_time = tokio::time::timeout(MAX_PASSING, passing).await;
}

async fn read(body: Body, room: &BodyRoom, most: usize, wait: Duration) -> Result<Bytes, WebError> {
    let mut stream = body.into_data_stream();
    let mut growing = room.begin();
    let reading = async {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| WebError::Unreadable(error.to_string()))?;
            if growing.len() + chunk.len() > most {
                return Err(WebError::TooLarge);
            }
            growing.add(&chunk).map_err(|_| WebError::Crowded)?;
        }
        Ok(())
    };
    match tokio::time::timeout(wait, reading).await {
        Err(_) => Err(WebError::TooSlow),
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) => Ok(growing.done()),
    }
}

/// A posted form of ours, as fields.
pub(crate) struct FormBody(pub(crate) Fields);

impl FromRequest<WebState> for FormBody {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        Ok(Self(Fields::parse(&whole_body(request, &state.bodies).await?)))
    }
}

/// A form of the portal, unread: its spelling is not ours to know.
pub(crate) struct RawPost(pub(crate) PortalRequest);

impl FromRequest<WebState> for RawPost {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let source = client_address(request.extensions(), request.headers());
        let body = within(request, &state.bodies, MAX_POSTED).await?;
        Ok(Self(PortalRequest { query, body, source, events_only: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    #[tokio::test]
    async fn a_body_without_length_is_cut_off_at_the_limit() {
        let chunks = (0..20).map(|_| Ok::<_, Infallible>(Bytes::from(vec![b'a'; 100 * 1024])));
        assert_eq!(
            read(Body::from_stream(stream::iter(chunks)), &BodyRoom::default(), MAX_BODY, MAX_WAIT).await,
            Err(WebError::TooLarge)
        );
    }

    #[tokio::test]
    async fn a_mebibyte_is_just_taken() {
        assert_eq!(
            read(Body::from(vec![b'a'; MAX_BODY]), &BodyRoom::default(), MAX_BODY, MAX_WAIT)
                .await
                .expect("taken")
                .len(),
            MAX_BODY
        );
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let never = stream::pending::<Result<Bytes, Infallible>>();
        assert_eq!(
            read(Body::from_stream(never), &BodyRoom::default(), MAX_BODY, Duration::ZERO).await,
            Err(WebError::TooSlow)
        );
    }
}
