//! One HTTP exchange, with the only question that matters afterwards: was the request sent?

use crate::domain::reach::Forbidden;
use crate::http::{RefusedCertificate, TlsFault, causes, tls_fault};
use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest answer of nearly all methods and of the authorization servers: a few fields, or our own few bindings. The
/// longest seen are below 4 KiB; the rest is for error texts and pages.
const ORDINARY: usize = 64 * 1024;
/// Longest answer with fifty rows or fifty commands' results: a user has about 3 KiB where a portal ignores the list of
/// fields we ask for, and its own fields come on top.
const LONG: usize = 1024 * 1024;
/// How long the rest of a long answer may take once it is its turn.
const LONG_WITHIN: Duration = Duration::from_secs(10);

/// Long answers that are being received at once, each with up to [`LONG`] bytes and from another portal.
static RECEIVING: Semaphore = Semaphore::const_new(8);
/// Read as JSON, a long answer can take fifty times its length. So only one at a time is taken apart, which waits for
/// nobody's network.
static TAKING_APART: Semaphore = Semaphore::const_new(1);

/// One portal's turn for a long answer: a portal that sends slowly holds up only itself.
#[derive(Debug)]
pub(super) struct OneLong(Semaphore);

impl Default for OneLong {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

#[cfg(test)]
impl OneLong {
    /// Whether nothing is being received.
    pub(super) fn is_free(&self) -> bool {
        self.0.available_permits() > 0
    }
}

/// How long an answer may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum AnswerLimit<'a> {
    /// [`ORDINARY`].
    Ordinary,
    /// [`LONG`], in this portal's turn.
    Long(&'a OneLong),
}

/// What came back, whatever it means.
#[derive(Debug)]
pub(super) struct HttpReply {
    /// HTTP status.
    pub(super) status: u16,
    /// The target of a redirect, as it came.
    pub(super) location: Option<String>,
    /// How long the server asks to be left alone (only the form in seconds).
    pub(super) retry_after: Option<Duration>,
    /// The body, or its beginning.
    pub(super) body: Bytes,
    /// Set if the body was longer than may be: this long.
    pub(super) cut_at: Option<usize>,
    /// Held while a long answer is taken apart, by one at a time.
    #[cfg_attr(not(test), expect(dead_code, reason = "held, not read"))]
    pub(super) turn: Option<SemaphorePermit<'static>>,
}

/// Why nothing came back.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum ExchangeFault {
    /// The peer cannot have acted on the request.
    #[error("{0}")]
    NotSent(String),
    /// The request left; whether it was acted on is unknown.
    #[error("{0}")]
    Unanswered(String),
}

impl From<Forbidden> for ExchangeFault {
    fn from(forbidden: Forbidden) -> Self {
        Self::NotSent(refusal(&forbidden))
    }
}

/// What the people who run this server can do about it.
fn refusal(forbidden: &Forbidden) -> String {
    match forbidden.place.allowed_by() {
        Some(_) => format!("{forbidden} in portal_networks of config.toml"),
        None => forbidden.to_string(),
    }
}

/// Sends and reads the answer up to its limit; nothing beyond that is read. Texts of faults hold neither the address
/// nor its parameters, as these can carry secrets.
pub(super) async fn send(request: reqwest::RequestBuilder, limit: AnswerLimit<'_>) -> Result<HttpReply, ExchangeFault> {
    let mut response = request.send().await.map_err(fault)?;
    let status = response.status().as_u16();
    let location = header(response.headers(), &LOCATION);
    let retry_after =
        header(response.headers(), &RETRY_AFTER).and_then(|s| s.trim().parse().ok()).map(Duration::from_secs);
    let mut body = BytesMut::new();
    let mut cut_at = read_up_to(ORDINARY, &mut response, &mut body).await?;
    let mut turn = None;
    if let (Some(_), AnswerLimit::Long(one)) = (cut_at, limit) {
        // Held until it can be taken apart, so that there are never more of them in memory.
        let _receiving = (one.0.acquire().await, RECEIVING.acquire().await);
        let rest = read_up_to(LONG, &mut response, &mut body);
        let late = |_| ExchangeFault::Unanswered("a long answer came too slowly".into());
        cut_at = tokio::time::timeout(LONG_WITHIN, rest).await.map_err(late)??;
        turn = TAKING_APART.acquire().await.ok();
    }
    Ok(HttpReply { status, location, retry_after, body: body.freeze(), cut_at, turn })
}

/// Reads until the end (`None`) or until there is more than `limit`.
async fn read_up_to(
    limit: usize,
    from: &mut reqwest::Response,
    body: &mut BytesMut,
) -> Result<Option<usize>, ExchangeFault> {
    while body.len() <= limit {
        match from.chunk().await.map_err(|e| ExchangeFault::Unanswered(describe(e)))? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(None),
        }
    }
    Ok(Some(limit))
}

fn header(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
}

fn fault(error: reqwest::Error) -> ExchangeFault {
    if error.is_builder() || error.is_connect() || error.is_dns() {
        ExchangeFault::NotSent(describe(error))
    } else {
        ExchangeFault::Unanswered(describe(error))
    }
}

/// The whole chain of causes in one line; the library's own text stops at the first.
fn describe(error: reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "no answer in time".into();
    }
    let error = error.without_url();
    if let Some(forbidden) = causes(&error).find_map(<dyn Error>::downcast_ref::<Forbidden>) {
        return refusal(forbidden);
    }
    match tls_fault(&error) {
        Some(TlsFault::Untrusted(RefusedCertificate { reason, sha256, .. })) => format!(
            "its certificate is not trusted ({reason}; SHA-256 {sha256}), nothing is sent: if it is the right one, name \
             its authority in ca_file of config.toml"
        ),
        Some(TlsFault::Outdated(words)) => format!(
            "it has no version or cipher of TLS in common with this server, which speaks TLS 1.2 and 1.3 ({words}), \
             nothing is sent: have a newer one switched on there"
        ),
        Some(TlsFault::NotTls | TlsFault::Other(_)) | None => causes(&error).fold(String::new(), |mut text, cause| {
            let words = cause.to_string();
            if !text.contains(&words) {
                let _ = write!(text, "{}{words}", if text.is_empty() { "" } else { ": " });
            }
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::testing;
    use reqwest::Method;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    #[tokio::test]
    async fn a_refused_connection_was_not_sent_and_tells_no_secret() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let url = format!("http://{address}/oauth/token/?client_secret=hush");
        let fault = send(testing::http().request(Method::GET, &url).expect("allowed"), AnswerLimit::Ordinary)
            .await
            .unwrap_err();
        assert!(matches!(fault, ExchangeFault::NotSent(_)), "{fault:?}");
        assert!(!fault.to_string().contains("hush"), "{fault}");
    }

    #[tokio::test]
    async fn a_connection_closed_after_the_request_is_unanswered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rest/x?auth=hush", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            assert!(socket.read(&mut buffer).await.unwrap() > 0);
        });
        let fault = send(testing::http().request(Method::POST, &url).expect("allowed"), AnswerLimit::Ordinary)
            .await
            .unwrap_err();
        peer.await.unwrap();
        assert!(matches!(fault, ExchangeFault::Unanswered(_)), "{fault:?}");
        assert!(!fault.to_string().contains("hush"), "{fault}");
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_what_its_request_may_bring() {
        let peer =
            testing::FakePortal::start(|hit| testing::FakeAnswer::html(200, &"x".repeat(hit.rest().parse().unwrap())))
                .await;
        let one = OneLong::default();
        for (length, limit, cut_at, in_turn) in [
            (ORDINARY, AnswerLimit::Ordinary, None, false),
            (ORDINARY + 1, AnswerLimit::Ordinary, Some(ORDINARY), false),
            (ORDINARY, AnswerLimit::Long(&one), None, false),
            (ORDINARY + 1, AnswerLimit::Long(&one), None, true),
            (LONG, AnswerLimit::Long(&one), None, true),
            (3 * LONG, AnswerLimit::Long(&one), Some(LONG), true),
        ] {
            let url = format!("{}/rest/{length}", peer.base);
            let reply = send(testing::http().request(Method::GET, &url).expect("allowed"), limit).await.unwrap();
            assert_eq!((reply.cut_at, reply.turn.is_some()), (cut_at, in_turn), "{length}");
        }
        assert_eq!(one.0.available_permits(), 1);
    }

    /// Answers one request with the beginning of a long answer, and with the rest when told to.
    async fn slow_portal(go_on: Arc<Notify>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rest/user.get", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            assert!(socket.read(&mut [0; 1024]).await.unwrap() > 0);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * ORDINARY);
            socket.write_all(head.as_bytes()).await.unwrap();
            socket.write_all(&vec![b'x'; ORDINARY + 1]).await.unwrap();
            go_on.notified().await;
            socket.write_all(&vec![b'x'; ORDINARY - 1]).await.unwrap();
        });
        url
    }

    fn long(url: &str, one: &Arc<OneLong>) -> JoinHandle<Result<usize, ExchangeFault>> {
        let request = testing::http().request(Method::GET, url).expect("allowed");
        let one = one.clone();
        tokio::spawn(async move { send(request, AnswerLimit::Long(&one)).await.map(|reply| reply.body.len()) })
    }

    #[tokio::test]
    async fn a_slow_long_answer_holds_up_its_own_portal_only() {
        let quick = testing::FakePortal::start(|_| testing::FakeAnswer::html(200, &"x".repeat(LONG))).await;
        let (slow, others) = (Arc::new(OneLong::default()), Arc::new(OneLong::default()));
        let go_on = Arc::new(Notify::new());
        let hangs = long(&slow_portal(go_on.clone()).await, &slow);
        while slow.0.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waits = long(&quick.base, &slow);
        for _ in 0..3 {
            assert_eq!(long(&quick.base, &others).await.unwrap().unwrap(), LONG);
        }
        assert!(!hangs.is_finished() && !waits.is_finished(), "one at a time of the same portal");
        go_on.notify_one();
        assert_eq!(hangs.await.unwrap().unwrap(), 2 * ORDINARY);
        assert_eq!(waits.await.unwrap().unwrap(), LONG);
    }

    #[tokio::test]
    async fn an_answer_cut_short_is_unanswered_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rest/x", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            assert!(socket.read(&mut buffer).await.unwrap() > 0);
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"result\"").await.unwrap();
        });
        let fault = send(testing::http().request(Method::POST, &url).expect("allowed"), AnswerLimit::Ordinary)
            .await
            .unwrap_err();
        peer.await.unwrap();
        assert!(matches!(fault, ExchangeFault::Unanswered(_)), "{fault:?}");
    }
}
