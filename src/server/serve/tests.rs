//! Real sockets, real handshakes.

use super::stream::ClientStream;
use super::*;
use crate::domain::Timestamp;
use crate::domain::company::Trust;
use crate::http::{Trusted, tls_config};
use crate::server::bind;
use crate::server::tls::PairFiles;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Extension};
use axum::routing::{get, post};
use rustls::pki_types::ServerName;
use std::convert::Infallible;
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const NOW: Timestamp = Timestamp(1_795_415_424_000);

/// A server under test; `entered` and `leave` stand at the door of `/slow`.
struct Site {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    entered: Arc<Notify>,
    leave: Arc<Notify>,
}

fn router(entered: Arc<Notify>, leave: Arc<Notify>) -> Router {
    let who = |Extension(peer): Extension<PeerAddr>, info: Option<Extension<ConnectInfo<SocketAddr>>>| async move {
        format!("{} {}", matches!(peer, PeerAddr::Unix), info.is_some())
    };
    let slow = move || async move {
        entered.notify_one();
        leave.notified().await;
        "finished"
    };
    let endless = || async {
        let first = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"data: 1\n\n"))]);
        Body::from_stream(futures_util::StreamExt::chain(first, futures_util::stream::pending()))
    };
    Router::new()
        .route("/who", get(who))
        .route("/slow", get(slow))
        .route("/endless", get(endless))
        .route("/echo", post(|body: String| async move { body }))
}

fn start(listener: Listener, tls: Option<Tls>, limits: ConnectionLimits) -> Site {
    start_with_places(listener, tls, limits, ConnectionSlots::default())
}

fn start_with_places(listener: Listener, tls: Option<Tls>, limits: ConnectionLimits, slots: ConnectionSlots) -> Site {
    let address = listener.tcp_address().unwrap_or_else(|| ([0; 4], 0).into());
    let (entered, leave, shutdown) = (Arc::new(Notify::new()), Arc::new(Notify::new()), CancellationToken::new());
    let router = router(entered.clone(), leave.clone());
    let running = tokio::spawn(serve_within(listener, router, tls, Arc::new(slots), shutdown.clone(), limits));
    Site { address, shutdown, running, entered, leave }
}

async fn site(limits: ConnectionLimits) -> Site {
    start(bind::tcp("127.0.0.1", 0).await.unwrap(), None, limits)
}

async fn site_with_places(slots: ConnectionSlots) -> Site {
    start_with_places(bind::tcp("127.0.0.1", 0).await.unwrap(), None, ConnectionLimits::default(), slots)
}

fn pair(dir: &TempDir) -> (Tls, PairFiles) {
    let files = PairFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    (Tls::load_or_generate(files.clone(), "localhost", NOW).unwrap().0, files)
}

async fn secured(stream: impl ClientStream, files: &PairFiles) -> io::Result<impl ClientStream> {
    let trusted = Trusted::load(Some(&files.cert)).unwrap();
    let config = tls_config(&trusted, &Trust::System).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(config).connect(name, stream).await
}

fn get_request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

/// Sends text, and gives what comes until the other side closes.
async fn ask(mut stream: impl ClientStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    rest(stream).await
}

async fn rest(mut stream: impl ClientStream) -> String {
    let mut answer = Vec::new();
    // A connection that is cut may end with an error; what came before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

impl Site {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

#[tokio::test]
async fn requests_are_served_over_tcp() {
    let site = site(ConnectionLimits::default()).await;
    let answer = ask(site.connect().await, &get_request("/who")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("false true"), "{answer}");
    let post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert!(ask(site.connect().await, post).await.ends_with("hello"));
}

#[tokio::test]
async fn requests_are_served_over_a_unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("http");
    let _site = start(bind::unix(&path).unwrap(), None, ConnectionLimits::default());
    let answer = ask(UnixStream::connect(&path).await.unwrap(), &get_request("/who")).await;
    assert!(answer.ends_with("true false"), "{answer}");
}

#[tokio::test]
async fn https_is_served_over_both() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, files) = pair(&dir);
    let path = dir.path().join("https");
    let tcp = start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(tls.clone()), ConnectionLimits::default());
    let _unix = start(bind::unix(&path).unwrap(), Some(tls), ConnectionLimits::default());
    let over_tcp = secured(tcp.connect().await, &files).await.unwrap();
    assert!(ask(over_tcp, &get_request("/who")).await.ends_with("false true"));
    let over_unix = secured(UnixStream::connect(&path).await.unwrap(), &files).await.unwrap();
    assert!(ask(over_unix, &get_request("/who")).await.ends_with("true false"));
}

#[tokio::test]
async fn a_replaced_pair_is_shown_to_new_connections_and_a_broken_one_never() {
    let (dir, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (tls, files) = pair(&dir);
    let site = start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(tls.clone()), ConnectionLimits::default());
    std::fs::write(&files.key, "broken").unwrap();
    tls.reload().unwrap_err();
    let old = secured(site.connect().await, &files).await.unwrap();

    let (_, fresh) = pair(&new);
    let kept = PairFiles { cert: dir.path().join("old.pem"), ..files.clone() };
    std::fs::rename(&files.cert, &kept.cert).unwrap();
    std::fs::copy(&fresh.cert, &files.cert).unwrap();
    std::fs::copy(&fresh.key, &files.key).unwrap();
    tls.reload().unwrap();
    assert!(secured(site.connect().await, &kept).await.is_err(), "the old certificate is gone");
    assert!(ask(secured(site.connect().await, &fresh).await.unwrap(), &get_request("/who")).await.contains("200"));
    assert!(ask(old, &get_request("/who")).await.contains("200"), "connections that are open go on");
}

#[tokio::test]
async fn silent_clients_hold_up_nobody_and_are_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, files) = pair(&dir);
    let start_with = async |handshake| {
        let limits = ConnectionLimits { handshake, ..ConnectionLimits::default() };
        start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(tls.clone()), limits)
    };
    let site = start_with(Duration::from_secs(600)).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(site.connect().await);
    }
    let answer = ask(secured(site.connect().await, &files).await.unwrap(), &get_request("/who")).await;
    assert!(answer.contains("200"), "{answer}");
    let strict = start_with(Duration::from_millis(50)).await;
    assert_eq!(rest(strict.connect().await).await, "");
    let plain = ask(site.connect().await, &get_request("/who")).await;
    assert!(!plain.contains("200"), "no plain HTTP on a TLS port");
}

#[tokio::test]
async fn a_request_that_never_comes_ends_the_connection() {
    let limits = ConnectionLimits { first_request: Duration::from_millis(50), ..ConnectionLimits::default() };
    let site = site(limits).await;
    assert_eq!(rest(site.connect().await).await, "");
    assert_eq!(ask(site.connect().await, "GET /who HT").await, "");
}

#[tokio::test]
async fn the_first_deadline_does_not_bind_requests_that_came() {
    let site = site(ConnectionLimits { first_request: Duration::from_secs(4), ..ConnectionLimits::default() }).await;
    let answer = tokio::spawn(ask(site.connect().await, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    site.entered.notified().await;
    // Another connection outlives the same deadline, so by then it has passed for the first one, too.
    assert_eq!(rest(site.connect().await).await, "");
    site.leave.notify_one();
    assert!(answer.await.unwrap().ends_with("finished"));
}

#[tokio::test]
async fn an_unused_connection_ends() {
    let site = site(ConnectionLimits { idle: Duration::from_millis(500), ..ConnectionLimits::default() }).await;
    let answer = ask(site.connect().await, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.contains("200"), "{answer}");
}

#[tokio::test]
async fn absurd_heads_are_refused() {
    let site = site(ConnectionLimits::default()).await;
    let many = "X: y\r\n".repeat(200);
    let answer = ask(site.connect().await, &format!("GET /who HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = get_request(&format!("/who?q={}", "a".repeat(9000)));
    assert!(ask(site.connect().await, &long).await.contains("200"), "the gateway passes 9 kB");
}

#[tokio::test]
async fn further_connections_wait_for_a_free_place() {
    let site = site_with_places(ConnectionSlots::within(1, 1)).await;
    let mut first = site.connect().await;
    first.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    site.entered.notified().await;
    let mut second =
        tokio::spawn(ask(site.connect().await, "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    assert!(timeout(Duration::from_millis(50), &mut second).await.is_err(), "there is only one place");
    drop(first);
    assert!(second.await.unwrap().contains("200"));
}

#[tokio::test]
async fn connections_that_nobody_uses_give_way_and_streams_do_not() {
    let site = site_with_places(ConnectionSlots::within(3, 3)).await;
    let mut stream = site.connect().await;
    stream.write_all(get_request("/endless").as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 12]).await.unwrap();
    let (mut used, silent) = (site.connect().await, site.connect().await);
    used.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    used.read_exact(&mut [0; 12]).await.unwrap();
    let begun = Instant::now();
    assert!(ask(site.connect().await, &get_request("/who")).await.contains("200"));
    assert!(ask(site.connect().await, &get_request("/who")).await.contains("200"));
    assert!(begun.elapsed() < ConnectionLimits::default().first_request, "nobody has waited for a deadline");
    assert_eq!(rest(silent).await, "", "it had waited longest");
    stream.write_all(b"x").await.unwrap();
    let mut figures = crate::metrics::Exposition::default();
    metrics(&mut figures);
    assert!(figures.finish().contains("\necss_crm_connections_gave_way_total "));
}

#[tokio::test]
async fn bodies_that_never_come_keep_nobody_out() {
    let site = site_with_places(ConnectionSlots::within(4, 4)).await;
    let begun = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut connection = site.connect().await;
        connection.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nevent=ONAP").await.unwrap();
        slow.push(connection);
        let body = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
        assert!(ask(site.connect().await, body).await.ends_with("hello"));
    }
    assert!(begun.elapsed() < ConnectionLimits::default().first_request, "nobody has waited for a deadline");
    assert_eq!(rest(slow.remove(0)).await, "", "it had waited longest");
}

#[tokio::test]
async fn a_request_that_does_not_say_whom_it_is_for_is_refused_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, files) = pair(&dir);
    let plain = site(ConnectionLimits::default()).await;
    let secure = start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(tls), ConnectionLimits::default());
    for head in [
        "GET /who HTTP/1.1\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET http://a/who HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        let answer = ask(plain.connect().await, head).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("connection: close"), "{head}: {answer}");
        let answer = ask(secured(secure.connect().await, &files).await.unwrap(), head).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
    }
    let answer = ask(plain.connect().await, "GET /who HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "an old health check: {answer}");
    assert!(
        ask(plain.connect().await, "GET http://x/who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .contains("200")
    );
}

#[tokio::test]
async fn what_is_being_answered_is_finished_after_the_stop() {
    let site = site(ConnectionLimits::default()).await;
    let mut idle = site.connect().await;
    idle.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    let answer = tokio::spawn(ask(site.connect().await, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    site.entered.notified().await;
    site.shutdown.cancel();
    // The unused connection is closed soon, which also shows that the stop has arrived.
    rest(idle).await;
    assert!(TcpStream::connect(site.address).await.is_err(), "no longer listening");
    assert!(!site.running.is_finished());
    site.leave.notify_one();
    assert!(answer.await.unwrap().ends_with("finished"));
    site.running.await.unwrap();
}

#[tokio::test]
async fn a_request_that_was_on_its_way_at_the_stop_is_answered() {
    let site = site(ConnectionLimits { linger: Duration::from_secs(60), ..ConnectionLimits::default() }).await;
    let (mut used, unused) = (site.connect().await, site.connect().await);
    used.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    used.read_exact(&mut [0; 12]).await.unwrap();
    // Accepted too: connections are taken in their order.
    ask(site.connect().await, &get_request("/who")).await;
    site.shutdown.cancel();
    for connection in [used, unused] {
        let answer = ask(connection, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("false true"), "{answer}");
    }
    site.running.await.unwrap();
}

#[tokio::test]
async fn endless_answers_are_cut_at_the_deadline() {
    let site = site(ConnectionLimits { drain: Duration::from_millis(500), ..ConnectionLimits::default() }).await;
    let mut events = site.connect().await;
    events.write_all(get_request("/endless").as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("data: 1") {
        assert!(events.read_buf(&mut seen).await.unwrap() > 0, "{}", String::from_utf8_lossy(&seen));
    }
    site.shutdown.cancel();
    site.running.await.unwrap();
    rest(events).await;
}

#[tokio::test]
async fn a_handshake_under_way_does_not_delay_the_stop() {
    let dir = tempfile::tempdir().unwrap();
    let site = start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(pair(&dir).0), ConnectionLimits::default());
    let silent = site.connect().await;
    site.shutdown.cancel();
    site.running.await.unwrap();
    assert_eq!(rest(silent).await, "");
}

/// A client hello as clients before TLS 1.2 say it (RFC 2246, section 7.4.1.2): this version, one suite.
fn old_hello(minor: u8) -> Vec<u8> {
    let hello = [&[3, minor][..], &[7; 32], &[0], &[0, 2, 0xc0, 0x14], &[1, 0]].concat();
    let handshake = [&[1, 0, 0, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
    [&[22, 3, 1, 0, u8::try_from(handshake.len()).unwrap()][..], &handshake].concat()
}

#[tokio::test]
async fn nobody_is_served_over_tls_before_1_2() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, files) = pair(&dir);
    let site = start(bind::tcp("127.0.0.1", 0).await.unwrap(), Some(tls), ConnectionLimits::default());
    // TLS 1.0 and 1.1.
    for minor in [1, 2] {
        let mut stream = site.connect().await;
        stream.write_all(&old_hello(minor)).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        // An alert (21), fatal (2), and nothing behind it: handshake_failure (40) or protocol_version (70).
        assert!(matches!(answer[..], [21, _, _, 0, 2, 2, 40 | 70]), "{answer:?}");
    }
    assert!(ask(secured(site.connect().await, &files).await.unwrap(), &get_request("/who")).await.contains("200"));
}

#[tokio::test]
async fn a_client_that_does_not_read_its_stream_loses_its_place_and_holds_no_memory() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let made = Arc::new(AtomicUsize::new(0));
    let (held, ended) = tokio::sync::oneshot::channel::<()>();
    let (count, held) = (made.clone(), Arc::new(std::sync::Mutex::new(Some(held))));
    let flood = move || async move {
        // Dropped with the stream.
        let held = held.lock().unwrap().take();
        let events = futures_util::stream::repeat_with(move || {
            assert!(held.is_some(), "there is one client");
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from(vec![b'x'; 64 * 1024]))
        });
        Body::from_stream(events)
    };
    let listener = bind::tcp("127.0.0.1", 0).await.unwrap();
    let address = listener.tcp_address().unwrap();
    let limits = ConnectionLimits { unread: Duration::from_millis(200), ..ConnectionLimits::default() };
    let router = Router::new().route("/stream", get(flood));
    tokio::spawn(serve_within(listener, router, None, Arc::default(), CancellationToken::new(), limits));
    let mut unread = TcpStream::connect(address).await.unwrap();
    unread.write_all(get_request("/stream").as_bytes()).await.unwrap();
    timeout(Duration::from_secs(60), ended).await.expect("the stream ends though its client never reads").unwrap_err();
    let kib = made.load(Ordering::SeqCst) * 64;
    assert!(kib < 12 * 1024, "{kib} KiB were made: more than the sockets' own buffers hold");
}
