//! Switches that answer without end or hardly at all, before the socket is open.

use super::rig::{Client, TOKEN};
use crate::domain::link::LinkFault;
use crate::ecss::Dialect;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What lies in the buffers of two sockets, and what a peer may have sent into them before it notices that nobody
/// reads.
const IN_BUFFERS: u64 = 12 * 1024 * 1024;

/// How a peer answers one request: this, and then this again and again, or nothing more.
#[derive(Clone)]
struct Says(String, Vec<u8>);

/// A switch that answers registrations and upgrades so; its address, and how much it could send beyond the beginning.
async fn switch(register: Says, upgrade: Says) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let sent = Arc::<AtomicU64>::default();
    let count = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let length = socket.read(&mut head).await.unwrap_or(0);
            let Says(first, again) = if head[..length].starts_with(b"GET") { &upgrade } else { &register };
            let _ = socket.write_all(first.as_bytes()).await;
            while !again.is_empty() && socket.write_all(again).await.is_ok() {
                count.fetch_add(again.len() as u64, Ordering::SeqCst);
            }
            if again.is_empty() {
                while socket.read(&mut head).await.is_ok_and(|length| length > 0) {}
            }
        }
    });
    (address, sent)
}

#[tokio::test]
async fn a_switch_that_answers_without_end_or_hardly_at_all_is_given_up() {
    let token = format!("{{\"token\":\"{TOKEN}\"}}");
    let registered = || {
        let length = token.len();
        Says(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{token}"), Vec::new())
    };
    let header = format!("x-more: {}\r\n", "y".repeat(16 * 1024)).into_bytes();
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 16 * 1024], b"\r\n"].concat();
    let ok = "HTTP/1.1 200 OK\r\n";
    let upgraded = "HTTP/1.1 101 Switching Protocols\r\n";
    let silent = || Says(String::new(), Vec::new());
    for (what, register, upgrade) in [
        ("endless head", Says(ok.to_owned(), header.clone()), silent()),
        ("endless body", Says(format!("{ok}transfer-encoding: chunked\r\n\r\n"), chunk.clone()), silent()),
        ("endless interim answers", Says(String::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)), silent()),
        ("a body that stops", Says(format!("{ok}content-length: 100\r\n\r\n{{"), Vec::new()), silent()),
        ("endless head of the upgrade", registered(), Says(upgraded.to_owned(), header)),
        ("endless refusal of the upgrade", registered(), Says(format!("{ok}content-length: 99999999\r\n\r\n"), chunk)),
        ("a head that stops", registered(), Says(upgraded.to_owned(), Vec::new())),
    ] {
        let (address, sent) = switch(register, upgrade).await;
        let short = "[register]\ntimeout_seconds = 0.5\n[socket]\ntimeout_seconds = 0.5";
        let client = Client { dialect: Dialect::parse(short, "test").expect("dialect"), ..Client::default() };
        let attempt = tokio::time::timeout(Duration::from_secs(60), client.connect(&address)).await;
        let fault = attempt.expect("it ends").err().unwrap_or_else(|| panic!("{what}: connected"));
        assert!(fault.may_retry() && fault.to_string().len() < 300, "{what}: {fault}");
        assert!(matches!(fault, LinkFault::Protocol(_) | LinkFault::Unreachable(_) | LinkFault::Lost(_)), "{fault:?}");
        if what.contains("head") || what.contains("body") {
            assert!(sent.load(Ordering::SeqCst) < IN_BUFFERS, "{what}: {sent:?} bytes were taken");
        }
    }
}
