//! Reads a body whole, with a limit in size and time.

use super::fields::Fields;
use crate::web::gate::error::WebError;
use crate::web::office::PortalRequest;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::time::Duration;

/// Largest body we take: the largest form of a portal is a few kilobytes.
const MAX_BODY: usize = 1024 * 1024;
/// So much of a body that is too large is still read, so that its sender hears why it is not taken.
const MAX_PASSED_OVER: usize = 8 * MAX_BODY;
/// And for so long.
const MAX_PASSING: Duration = Duration::from_secs(5);
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The body, or why it is not taken.
pub(crate) async fn whole_body(request: Request) -> Result<Bytes, WebError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > MAX_BODY as u64) {
        pass_over(request.into_body()).await;
        return Err(WebError::TooLarge);
    }
    read(request.into_body(), MAX_WAIT).await
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

async fn read(body: Body, wait: Duration) -> Result<Bytes, WebError> {
    match tokio::time::timeout(wait, to_bytes(body, MAX_BODY)).await {
        Err(_) => Err(WebError::TooSlow),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_limit(&error) => Err(WebError::TooLarge),
        Ok(Err(error)) => Err(WebError::Unreadable(error.to_string())),
    }
}

fn is_limit(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = source {
        if e.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = e.source();
    }
    false
}

/// A posted form of ours, as fields.
pub(crate) struct FormBody(pub(crate) Fields);

impl<S: Sync> FromRequest<S> for FormBody {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &S) -> Result<Self, WebError> {
        Ok(Self(Fields::parse(&whole_body(request).await?)))
    }
}

/// A form of the portal, unread: its spelling is not ours to know.
pub(crate) struct RawPost(pub(crate) PortalRequest);

impl<S: Sync> FromRequest<S> for RawPost {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &S) -> Result<Self, WebError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        Ok(Self(PortalRequest { query, body: whole_body(request).await? }))
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
        assert_eq!(read(Body::from_stream(stream::iter(chunks)), MAX_WAIT).await, Err(WebError::TooLarge));
    }

    #[tokio::test]
    async fn a_mebibyte_is_just_taken() {
        assert_eq!(read(Body::from(vec![b'a'; MAX_BODY]), MAX_WAIT).await.expect("taken").len(), MAX_BODY);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let never = stream::pending::<Result<Bytes, Infallible>>();
        assert_eq!(read(Body::from_stream(never), Duration::ZERO).await, Err(WebError::TooSlow));
    }
}
