//! Reads a body whole, with a limit in size and time.

use super::body_memory::BodyMemory;
use super::fields::FormFields;
use crate::web::guard::client_address;
use crate::web::middleware::error::WebError;
use crate::web::service::PortalRequest;
use crate::web::{WebState, beside};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Largest body of ours that we take: a number table.
const MAX_BODY: usize = 1024 * 1024;
/// Largest form of a portal: an event is two kilobytes, the form of a card with many bindings a few more.
const MAX_POSTED: usize = 64 * 1024;
/// This much of a body that is too large is still read, so that its sender is told why it is not taken.
const MAX_PASSED_OVER: usize = 8 * MAX_BODY;
/// And for this long.
const MAX_PASSING: Duration = Duration::from_secs(5);
/// What every body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);
/// And this much longer for each KiB that has arrived: a connection slower than 8 KiB/s is no connection.
const PATIENCE_PER_KIB: Duration = Duration::from_millis(125);

/// The body, or why it is not taken.
pub(crate) async fn whole_body(request: Request, room: &BodyMemory) -> Result<Bytes, WebError> {
    within(request, room, MAX_BODY).await
}

async fn within(request: Request, room: &BodyMemory, most: usize) -> Result<Bytes, WebError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > most as u64) {
        // A client that waits to be asked for its body need not send it.
        if !request.headers().contains_key(header::EXPECT) {
            beside(pass_over(request.into_body()));
        }
        return Err(WebError::TooLarge);
    }
    read(request.into_body(), room, most).await
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
    // Clients that send more, or more slowly, are cut off.
    let _ended_in_time = tokio::time::timeout(MAX_PASSING, passing).await;
}

async fn read(body: Body, room: &BodyMemory, most: usize) -> Result<Bytes, WebError> {
    let mut stream = body.into_data_stream();
    let mut growing = room.begin();
    let begun = Instant::now();
    loop {
        let kibibytes = u32::try_from(growing.len() / 1024).unwrap_or(u32::MAX);
        let until = begun + PATIENCE + PATIENCE_PER_KIB * kibibytes;
        let Ok(chunk) = timeout_at(until, stream.next()).await else { return Err(WebError::TooSlow) };
        let Some(chunk) = chunk else { return Ok(growing.done()) };
        let chunk = chunk.map_err(|error| WebError::Unreadable(error.to_string()))?;
        if growing.len() + chunk.len() > most {
            return Err(WebError::TooLarge);
        }
        growing.add(&chunk).map_err(|_| WebError::Crowded)?;
    }
}

/// A posted form of ours, as fields.
pub(crate) struct FormBody(pub(crate) FormFields);

impl FromRequest<WebState> for FormBody {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        Ok(Self(FormFields::parse(&whole_body(request, &state.bodies).await?)))
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

    async fn taken(body: Body) -> Result<usize, WebError> {
        read(body, &BodyMemory::default(), MAX_BODY).await.map(|bytes| bytes.len())
    }

    /// A body of this many KiB, each after `pause`.
    fn dripping(kibibytes: usize, pause: Duration) -> Body {
        Body::from_stream(stream::iter(0..kibibytes).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 1024]))
        }))
    }

    #[tokio::test]
    async fn a_body_without_length_is_cut_off_at_the_limit() {
        let chunks = (0..20).map(|_| Ok::<_, Infallible>(Bytes::from(vec![b'a'; 100 * 1024])));
        assert_eq!(taken(Body::from_stream(stream::iter(chunks))).await, Err(WebError::TooLarge));
    }

    #[tokio::test]
    async fn a_mebibyte_is_just_taken() {
        assert_eq!(taken(Body::from(vec![b'a'; MAX_BODY])).await, Ok(MAX_BODY));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let begun = Instant::now();
        let never = stream::pending::<Result<Bytes, Infallible>>();
        assert_eq!(taken(Body::from_stream(never)).await, Err(WebError::TooSlow));
        assert_eq!(begun.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_be_slow_but_not_slower_than_a_line() {
        assert_eq!(taken(dripping(500, Duration::from_millis(125))).await, Ok(500 * 1024));
        assert_eq!(taken(dripping(500, Duration::from_millis(250))).await, Err(WebError::TooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_too_large_is_refused_before_it_comes() {
        let begun = Instant::now();
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let request = Request::post("/").header(header::CONTENT_LENGTH, "70000").body(never).expect("a request");
        assert_eq!(within(request, &BodyMemory::default(), MAX_POSTED).await, Err(WebError::TooLarge));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
