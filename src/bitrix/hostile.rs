//! Far ends that answer as no web server does, over real sockets: what they cost, and what is said of them.

use super::exchange::{AnswerLimit, ExchangeFault, OneLong, send};
use super::testing::{self, http_with};
use crate::domain::company::Trust;
use crate::domain::reach::Networks;
use crate::http::{ClientOptions, Guarded, Trusted, tls_config};
use rcgen::{CertificateParams, KeyPair};
use reqwest::Method;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the peers below send without end goes in pieces of this length.
const PIECE: usize = 16 * 1024;

/// How much a peer could send.
type Sent = Arc<AtomicU64>;

/// A peer that reads the request's head, says `first`, and then `again` until nobody listens. Its address, what it has
/// sent so far, and the requests' heads.
async fn endless(first: &'static str, again: Vec<u8>) -> (String, Sent, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/rest/user.get", listener.local_addr().expect("bound"));
    let (sent, heads) = (Sent::default(), Arc::<std::sync::Mutex<Vec<String>>>::default());
    let (count, log) = (sent.clone(), heads.clone());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let head = head_of(&mut socket).await;
            log.lock().expect("not poisoned").push(head);
            let _ = socket.write_all(first.as_bytes()).await;
            while !again.is_empty() && socket.write_all(&again).await.is_ok() {
                count.fetch_add(again.len() as u64, Ordering::SeqCst);
            }
            if again.is_empty() {
                // Says nothing more, and keeps the connection.
                let _ = socket.read(&mut [0]).await;
            }
        }
    });
    (url, sent, heads)
}

async fn head_of(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if socket.read_buf(&mut head).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

async fn asked(
    url: &str,
    longest: AnswerLimit<'_>,
    limit: Duration,
) -> Result<(u16, usize, Option<usize>), ExchangeFault> {
    let request = http_with(limit).request(Method::GET, url).expect("allowed");
    send(request, longest).await.map(|reply| (reply.status, reply.body.len(), reply.cut_at))
}

const GENEROUS: Duration = Duration::from_secs(60);
/// What lies in the buffers of two sockets, and what a peer may have sent into them before it notices that nobody
/// reads.
const IN_BUFFERS: u64 = 12 * 1024 * 1024;

#[tokio::test]
async fn compressed_answers_are_neither_wanted_nor_unpacked() {
    // A bomb of a few hundred bytes would be gibibytes; not unpacked it is an answer nobody can read.
    let bomb = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 20\r\n\r\n\u{1f}bombbombbombbombbom";
    let (url, _, heads) = endless(bomb, Vec::new()).await;
    assert_eq!(asked(&url, AnswerLimit::Ordinary, GENEROUS).await.expect("an answer"), (200, 20, None));
    let heads = heads.lock().expect("not poisoned");
    assert!(!heads[0].to_ascii_lowercase().contains("accept-encoding"), "{}", heads[0]);
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_its_limit() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [format!("{PIECE:x}\r\n").as_bytes(), &[b'x'; PIECE], b"\r\n"].concat();
    let own = OneLong::default();
    for (longest, most) in [(AnswerLimit::Ordinary, 128 * 1024), (AnswerLimit::Long(&own), 1100 * 1024)] {
        let (url, sent, _) = endless(chunked, chunk.clone()).await;
        let (status, length, cut_at) = asked(&url, longest, GENEROUS).await.expect("a beginning");
        assert!(status == 200 && length <= most && cut_at.is_some(), "{length} bytes were kept");
        assert!(sent.load(Ordering::SeqCst) < IN_BUFFERS, "{sent:?} bytes were taken");
    }
}

#[tokio::test]
async fn heads_without_end_are_refused_and_interim_answers_without_end_run_out_of_time() {
    let header = format!("x-more: {}\r\n", "y".repeat(PIECE));
    let (url, sent, _) = endless("HTTP/1.1 200 OK\r\n", header.into_bytes()).await;
    assert!(matches!(asked(&url, AnswerLimit::Ordinary, GENEROUS).await, Err(ExchangeFault::Unanswered(_))));
    assert!(sent.load(Ordering::SeqCst) < IN_BUFFERS, "{sent:?} bytes were taken");

    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    let (url, _, _) = endless("", interim.into_bytes()).await;
    let fault = asked(&url, AnswerLimit::Ordinary, Duration::from_millis(300)).await.expect_err("no answer");
    assert_eq!(fault.to_string(), "no answer in time");
}

#[tokio::test]
async fn a_body_that_trickles_or_never_comes_runs_out_of_time_and_holds_up_no_other_portal() {
    for first in ["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let (url, _, _) = endless(first, Vec::new()).await;
        let fault = asked(&url, AnswerLimit::Ordinary, Duration::from_millis(300)).await.expect_err("no answer");
        assert_eq!(fault.to_string(), "no answer in time", "{first}");
    }
    // Three quarters of a long answer, of more requests of one portal than are read at once.
    let begun = format!("HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n{}", "x".repeat(700_000));
    let (slow, _, heads) = endless(begun.leak(), Vec::new()).await;
    let hog = Arc::new(OneLong::default());
    for _ in 0..20 {
        let (url, own) = (slow.clone(), hog.clone());
        tokio::spawn(async move { asked(&url, AnswerLimit::Long(&own), GENEROUS).await.map(drop) });
    }
    while heads.lock().expect("not poisoned").is_empty() || hog.is_free() {
        tokio::task::yield_now().await;
    }
    let quick = testing::FakePortal::start(|_| testing::FakeAnswer::html(200, &"x".repeat(500_000))).await;
    let began = std::time::Instant::now();
    let own = OneLong::default();
    let read = asked(&format!("{}/rest/user.get", quick.base), AnswerLimit::Long(&own), GENEROUS).await;
    assert_eq!(read.expect("an answer"), (200, 500_000, None));
    assert!(!hog.is_free(), "all this while the other one has not ended: {:?}", began.elapsed());
}

#[tokio::test]
async fn what_comes_behind_an_answer_is_not_taken_for_the_next_one() {
    let smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfalse";
    let (url, _, heads) = endless(smuggled, Vec::new()).await;
    let http = http_with(Duration::from_secs(2));
    for _ in 0..2 {
        let request = http.request(Method::GET, &url).expect("allowed");
        // The second one may fail, as the peer keeps a connection that is broken for us; it must not be answered so.
        if let Ok(reply) = send(request, AnswerLimit::Ordinary).await {
            assert_eq!(reply.body, "ok");
        }
    }
    assert!(!heads.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn redirects_are_answers_and_nobody_is_led_through_a_hundred_thousand_of_them() {
    let stranger = testing::FakePortal::start(|_| testing::FakeAnswer::html(200, "secrets?")).await;
    let target = format!("{}/steal", stranger.base);
    let portal = testing::FakePortal::start(move |hit| match hit.query.parse::<u32>() {
        Ok(n) => testing::FakeAnswer::html(302, "").with("location", format!("/rest/x?{}", n + 1)),
        Err(_) => testing::FakeAnswer::html(307, "").with("location", target.clone()),
    })
    .await;
    for (path, status) in [("/rest/x?0", 302), ("/rest/x", 307)] {
        let request = testing::http().request(Method::POST, &format!("{}{path}", portal.base)).expect("allowed");
        let reply = send(request.body("auth=hush"), AnswerLimit::Ordinary).await.expect("an answer");
        assert_eq!(reply.status, status);
    }
    assert_eq!((portal.hits().len(), stranger.hits().len()), (2, 0));
}

/// A peer with TLS of its own, and what it was sent after the handshake.
async fn secured(config: rustls::ServerConfig) -> (String, Arc<std::sync::Mutex<Vec<Option<Vec<u8>>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://localhost:{}/rest/x", listener.local_addr().expect("bound").port());
    let received = Arc::<std::sync::Mutex<Vec<Option<Vec<u8>>>>>::default();
    let (log, acceptor) = (received.clone(), tokio_rustls::TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else {
                log.lock().expect("not poisoned").push(None);
                continue;
            };
            let chosen = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec).unwrap_or_default();
            log.lock().expect("not poisoned").push(Some(chosen));
            let mut head = vec![0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        }
    });
    (url, received)
}

fn self_signed(names: &[&str]) -> (rustls::ServerConfig, String) {
    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).expect("parameters");
    let cert = params.self_signed(&key).expect("certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).expect("key"))
        .expect("server");
    (config, cert.pem())
}

#[tokio::test]
async fn a_portal_whose_certificate_is_not_trusted_is_told_nothing_and_the_remedy_is_named() {
    let (config, _) = self_signed(&["localhost"]);
    let (url, received) = secured(config).await;
    let fault = asked(&url, AnswerLimit::Ordinary, GENEROUS).await.expect_err("not trusted");
    let words = fault.to_string();
    assert!(matches!(fault, ExchangeFault::NotSent(_)), "{fault:?}");
    assert!(words.contains("SHA-256 ") && words.contains("ca_file of config.toml"), "{words}");
    assert!(received.lock().expect("not poisoned").iter().all(Option::is_none), "the handshake never ends");
}

#[tokio::test]
async fn no_portal_can_make_us_speak_another_http_than_the_first() {
    let (mut config, pem) = self_signed(&["localhost"]);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (url, received) = secured(config).await;
    let trusted = Trusted::load(None).expect("CAs");
    let tls = tls_config(&trusted, &Trust::Ca { pem }).expect("TLS");
    let http = Guarded::new(&tls, ClientOptions::default(), Networks::Local);
    let reply =
        send(http.request(Method::GET, &url).expect("allowed"), AnswerLimit::Ordinary).await.expect("an answer");
    assert_eq!(reply.body, "{}");
    assert_eq!(
        *received.lock().expect("not poisoned"),
        [Some(Vec::new())],
        "no protocol is offered, so none is chosen"
    );
}

#[tokio::test]
async fn a_portal_with_old_tls_only_is_told_nothing_and_the_reason_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}/rest/x?auth=hush", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a client");
        let _ = socket.read(&mut [0; 4096]).await;
        // Alert protocol_version (70), as a server says it that knows TLS 1.0 at most (RFC 5246, section 7.2).
        let _ = socket.write_all(&[0x15, 3, 1, 0, 2, 2, 70]).await;
        let _ = socket.read(&mut [0; 4096]).await;
    });
    let fault = asked(&url, AnswerLimit::Ordinary, GENEROUS).await.expect_err("too old");
    assert!(matches!(&fault, ExchangeFault::NotSent(why) if why.contains("speaks TLS 1.2 and 1.3")), "{fault:?}");
}
