//! What strangers try from outside: each goes on until it is stopped, and returns what it was answered.

use reqwest::{Client, RequestBuilder};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often something was answered, by status; 0 where nothing was.
pub type Answers = BTreeMap<u16, u32>;

/// Forged opens sent together; a timer cannot tick three hundred times a second.
const AT_ONCE: u32 = 10;
/// Requests of one attack under way.
const UNDER_WAY: usize = 32;
/// The place that most of it comes from, as the gateway reports it.
const STRANGER: &str = "203.0.113.9";
/// How often a name of 50 kB is shown.
const LONG_NAME_EVERY: Duration = Duration::from_millis(50);
/// How often a slow client sends one more byte of its body.
const TRICKLE: Duration = Duration::from_millis(500);

/// Requests under way, and what came of those that are over.
#[derive(Default)]
struct Sent {
    answers: Answers,
    tasks: JoinSet<u16>,
}

impl Sent {
    fn send(&mut self, request: RequestBuilder) {
        self.tasks.spawn(async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) });
    }

    /// Counts those that are over; waits while more than this many are not.
    async fn at_most(&mut self, under_way: usize) {
        while self.tasks.len() > under_way {
            let status = self.tasks.join_next().await.and_then(Result::ok).unwrap_or_default();
            *self.answers.entry(status).or_default() += 1;
        }
    }

    fn count(&mut self) {
        while let Some(Ok(status)) = self.tasks.try_join_next() {
            *self.answers.entry(status).or_default() += 1;
        }
    }

    async fn end(mut self) -> Answers {
        self.at_most(0).await;
        self.answers
    }
}

/// Posts this many forged opens of this company's cards a second, two of three from one place, the others from many.
pub async fn forged_opens(
    client: &Client,
    url: &str,
    member: &str,
    per_second: u32,
    stop: &CancellationToken,
) -> Answers {
    let mut due = tokio::time::interval(Duration::from_secs(1) * AT_ONCE / per_second);
    let (mut number, mut sent) = (0_u32, Sent::default());
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        for _ in 0..AT_ONCE {
            number += 1;
            let token = format!("{number:070x}");
            let from =
                if number.is_multiple_of(3) { format!("198.51.100.{}", number % 250) } else { STRANGER.to_owned() };
            let options = format!(r#"{{"CALL_ID":"externalCall.{token}.1770000000"}}"#);
            let form = [
                ("AUTH_ID", token.as_str()),
                ("AUTH_EXPIRES", "3600"),
                ("member_id", member),
                ("PLACEMENT", "CALL_CARD"),
                ("PLACEMENT_OPTIONS", options.as_str()),
            ];
            sent.send(client.post(url).header("x-real-ip", from).form(&form));
        }
        sent.count();
    }
    sent.end().await
}

/// Posts at most this many forged installations, this many a second, half of them for this company, each with tokens of
/// 55 kB or as long as tokens may be.
pub async fn forged_installs(
    client: &Client,
    base: &str,
    member: &str,
    (most, per_second): (u32, u32),
    stop: &CancellationToken,
) -> Answers {
    let (url, mut sent) = (format!("{base}/"), Sent::default());
    let mut due = tokio::time::interval(Duration::from_secs(1) / per_second);
    for n in 0..most {
        if stop.run_until_cancelled(due.tick()).await.is_none() {
            break;
        }
        let token = "f".repeat(if n.is_multiple_of(3) { 27_000 } else { 500 });
        let member = if n.is_multiple_of(2) { member.to_owned() } else { format!("{n:032x}") };
        let form = [
            ("event", "ONAPPINSTALL"),
            ("auth[member_id]", &member),
            ("auth[access_token]", &token),
            ("auth[refresh_token]", &token),
        ];
        sent.send(client.post(&url).header("x-real-ip", STRANGER).form(&form));
        if stop.run_until_cancelled(sent.at_most(UNDER_WAY)).await.is_none() {
            break;
        }
    }
    sent.end().await
}

/// Posts events of companies whose names are 50 kB long, which nobody should write down.
pub async fn long_names(client: &Client, base: &str, stop: &CancellationToken) -> Answers {
    let (url, mut sent) = (format!("{base}/events"), Sent::default());
    let mut due = tokio::time::interval(LONG_NAME_EVERY);
    for n in 0_u32.. {
        if stop.run_until_cancelled(due.tick()).await.is_none() {
            break;
        }
        let form = [
            ("event", "ONEXTERNALCALLSTART".to_owned()),
            ("auth[member_id]", format!("{n:08}{}", "f".repeat(50_000))),
            ("auth[application_token]", "t".repeat(32)),
        ];
        sent.send(client.post(&url).header("x-real-ip", STRANGER).form(&form));
        if stop.run_until_cancelled(sent.at_most(UNDER_WAY / 16)).await.is_none() {
            break;
        }
    }
    sent.end().await
}

/// Keeps this many connections on which nothing is ever asked: those that are closed are opened again.
pub async fn idle_connections(daemon: SocketAddr, most: usize, stop: &CancellationToken) -> usize {
    let (mut open, mut opened) = (Vec::new(), 0);
    let mut due = tokio::time::interval(Duration::from_millis(10));
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        open.retain(|stream: &TcpStream| !matches!(stream.try_read(&mut [0; 16]), Ok(0)));
        for _ in 0..50.min(most - open.len()) {
            if let Some(Ok(stream)) = stop.run_until_cancelled(TcpStream::connect(daemon)).await {
                open.push(stream);
                opened += 1;
            }
        }
    }
    opened
}

/// Keeps this many requests with large bodies that arrive byte by byte.
pub async fn slow_bodies(daemon: SocketAddr, most: usize, stop: &CancellationToken) -> usize {
    let head = "POST / HTTP/1.1\r\nHost: x\r\nX-Real-IP: 203.0.113.9\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900000\r\n\r\n";
    let mut senders = JoinSet::new();
    for _ in 0..most {
        let stop = stop.clone();
        senders.spawn(async move {
            let mut begun = 0;
            // A daemon that accepts nothing for the moment leaves the connection to wait in the kernel.
            while let Some(connected) = stop.run_until_cancelled(TcpStream::connect(daemon)).await {
                let Ok(mut stream) = connected else { continue };
                begun += 1;
                let mut piece = [head.as_bytes(), &vec![b'a'; 30_000]].concat();
                let mut due = tokio::time::interval(TRICKLE);
                while let Some(Ok(())) = stop.run_until_cancelled(stream.write_all(&piece)).await {
                    piece = vec![b'a'];
                    if stop.run_until_cancelled(due.tick()).await.is_none() {
                        break;
                    }
                }
                let _ = stop.run_until_cancelled(due.tick()).await;
            }
            begun
        });
    }
    senders.join_all().await.into_iter().sum()
}

/// Keeps opening streams with one ticket, and holds every one that is not closed.
pub async fn streams(client: &Client, base: &str, ticket: &str, stop: &CancellationToken) -> usize {
    let (url, mut opened, mut held) = (format!("{base}/call/stream"), 0, JoinSet::new());
    let mut due = tokio::time::interval(Duration::from_millis(5));
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        let request = client.get(&url).header("x-real-ip", STRANGER).query(&[("ticket", ticket), ("card", "")]);
        let stop = stop.clone();
        held.spawn(async move {
            let reading = async {
                let Ok(mut answer) = request.send().await else { return };
                while let Ok(Some(_)) = answer.chunk().await {}
            };
            stop.run_until_cancelled(reading).await;
        });
        opened += 1;
        while held.try_join_next().is_some() {}
    }
    held.join_all().await;
    opened
}
