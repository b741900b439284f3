//! What the daemon asks itself through its public address, to see what stands in between.
//!
//! Whoever asks needs a pass, which only the daemon can make: to everybody else these addresses are not there, so that
//! nobody can hold a stream open or post a megabyte by them.

use super::WebState;
use super::middleware::error::WebError;
use crate::domain::Timestamp;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use futures_util::stream;
use ring::hmac;
use std::convert::Infallible;
use std::time::Duration;

/// How long a pass is good for.
const LIFE: Duration = Duration::from_secs(60);
/// Pieces of the stream, and the pause between them.
const PIECES: usize = 3;
const PAUSE: Duration = Duration::from_millis(300);
/// Of a post no more is read, in bytes.
const MOST_POSTED: usize = 1024 * 1024;
/// No pass is longer.
const LONGEST: usize = 256;

/// Makes passes, and knows what is answered to them.
#[derive(Debug, Clone)]
pub struct SelfCheckKey(hmac::Key);

impl SelfCheckKey {
    /// By the state's key, which serves other purposes elsewhere; the label keeps signatures apart.
    pub fn of(key: &[u8; 32]) -> Self {
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"self check 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// A pass that is good for a minute.
    pub fn pass(&self, now: Timestamp) -> String {
        let ends = (now + LIFE).millis().to_string();
        let tag = hmac::sign(&self.0, ends.as_bytes());
        format!("{ends}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn admits(&self, pass: &str, now: Timestamp) -> bool {
        let admits = || {
            let (ends, tag) = pass.split_once('.').filter(|_| pass.len() <= LONGEST)?;
            hmac::verify(&self.0, ends.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
            Some(now < Timestamp(ends.parse().ok()?))
        };
        admits().unwrap_or(false)
    }

    /// What only this daemon answers to a pass.
    pub fn proof(&self, pass: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, format!("proof of {pass}").as_bytes()))
    }
}

fn admitted(state: &WebState, pass: &str) -> Result<SelfCheckKey, WebError> {
    let key = SelfCheckKey::of(&state.key);
    if key.admits(pass, state.clock.now()) { Ok(key) } else { Err(WebError::NotFound) }
}

/// `GET /check/{pass}`: the proof.
pub(super) async fn prove(State(state): State<WebState>, Path(pass): Path<String>) -> Result<Response, WebError> {
    Ok(admitted(&state, &pass)?.proof(&pass).into_response())
}

/// `GET /check/{pass}/stream`: three pieces, one after the other.
pub(super) async fn flow(State(state): State<WebState>, Path(pass): Path<String>) -> Result<Response, WebError> {
    admitted(&state, &pass)?;
    let pieces = stream::iter(0..PIECES).then(|n| async move {
        if n > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        Ok::<_, Infallible>(Bytes::from(format!("data: {n}\n\n")))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(axum::http::header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// `POST /check/{pass}/size`: how many bytes have come.
pub(super) async fn measure(
    State(state): State<WebState>,
    Path(pass): Path<String>,
    request: Request,
) -> Result<Response, WebError> {
    // Before anything of the body is read: strangers shall not fill the memory.
    admitted(&state, &pass)?;
    let body = to_bytes(request.into_body(), MOST_POSTED).await.map_err(|_| WebError::TooLarge)?;
    Ok(body.len().to_string().into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_770_000_000_000);

    #[test]
    fn a_pass_is_ours_and_young_or_none() {
        let (ours, theirs) = (SelfCheckKey::of(&[1; 32]), SelfCheckKey::of(&[2; 32]));
        let pass = ours.pass(NOW);
        assert!(ours.admits(&pass, NOW) && ours.admits(&pass, NOW + LIFE - Duration::from_millis(1)));
        assert!(!ours.admits(&pass, NOW + LIFE) && !theirs.admits(&pass, NOW));
        for strange in ["", ".", "1", "9999999999999.", &pass[1..], &format!("{pass}x"), &"9".repeat(10_000)] {
            assert!(!ours.admits(strange, NOW), "{strange}");
        }
        assert_ne!(ours.proof(&pass), theirs.proof(&pass));
    }
}
