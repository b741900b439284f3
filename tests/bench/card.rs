//! A card as a browser holds it: the page by a form, the ticket out of the page, then the stream, over plain HTTP as from
//! a gateway on the same machine.

use super::far_side::FarSide;
use super::portal_setup::{COMPANY, EMPLOYEE_TOKEN};
use super::reading::call_of_client;
use super::subject::DaemonHome;
use anyhow::Context as _;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// What a browser says of itself with every request.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/142.0.0.0 Safari/537.36\r\nAccept-Language: ru-RU,ru;q=0.9,en;q=0.7\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n";
/// How often a page is asked for that nobody has time for yet, and how long between.
const ATTEMPTS: usize = 60;
const BETWEEN: Duration = Duration::from_millis(500);

/// Milliseconds from a frame of the switch to the first event of each card that shows the call.
pub type Sightings = Arc<Mutex<Vec<f64>>>;

/// Whose card it is, and for which call it was opened.
pub struct Card {
    pub company: usize,
    pub employee: usize,
    pub call: String,
}

impl Card {
    /// Opens the page; the ticket that it carries.
    pub async fn open_page(&self, far: &FarSide, home: &DaemonHome) -> anyhow::Result<String> {
        let options = format!("{{\"CALL_ID\":\"{}\"}}", self.call);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("AUTH_ID", &format!("{EMPLOYEE_TOKEN}{}", self.employee))
            .append_pair("AUTH_EXPIRES", "3600")
            .append_pair("member_id", &format!("{COMPANY}{}", self.company))
            .append_pair("PLACEMENT", "CALL_CARD")
            .append_pair("PLACEMENT_OPTIONS", &options)
            .finish();
        let portal = &far.portals.addresses[self.company];
        let head = self.head("POST", &format!("/bitrix/call/call.html?DOMAIN={portal}&PROTOCOL=1&LANG=ru"));
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let request = format!("{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut page = String::new();
        for _ in 0..ATTEMPTS {
            let mut stream = TcpStream::connect(("127.0.0.1", home.port)).await?;
            stream.write_all(request.as_bytes()).await?;
            page.clear();
            stream.read_to_string(&mut page).await?;
            if let Some(ticket) = page.split("data-ticket=\"").nth(1).and_then(|rest| rest.split('"').next()) {
                return Ok(ticket.to_owned());
            }
            let try_later = page.starts_with("HTTP/1.1 429") || page.starts_with("HTTP/1.1 503");
            anyhow::ensure!(try_later, "no card: {}", page.lines().next().unwrap_or_default());
            sleep(BETWEEN).await;
        }
        anyhow::bail!("no card for {ATTEMPTS} times: {}", page.lines().next().unwrap_or_default())
    }

    /// Follows the stream until it ends; returns when the first event has arrived.
    pub async fn follow(
        &self,
        far: &Arc<FarSide>,
        home: &DaemonHome,
        ticket: &str,
        seen: &Sightings,
    ) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", home.port)).await?;
        let head = self.head("GET", &format!("/bitrix/call/stream?ticket={ticket}&card={}", self.call));
        stream.write_all(format!("{head}Accept: text/event-stream\r\n\r\n").as_bytes()).await?;
        let mut reader = StreamReader { stream, unread: Vec::new(), shown: HashSet::new() };
        reader.next_events(&mut |_, _| {}).await?.context("the stream ended at once")?;
        let (far, seen) = (far.clone(), seen.clone());
        tokio::spawn(async move {
            let mut first_seen = |call: usize, at: Instant| {
                if let (Some(rang), Ok(mut seen)) = (far.ledger.record(call).rang, seen.lock()) {
                    seen.push(at.duration_since(rang).as_secs_f64() * 1000.0);
                }
            };
            while let Ok(Some(())) = reader.next_events(&mut first_seen).await {}
        });
        Ok(())
    }

    fn head(&self, method: &str, path: &str) -> String {
        // An address of its own for each employee, as a gateway would tell it.
        let address = format!("10.{}.{}.{}", self.company / 250, self.company % 250, self.employee % 250);
        let host = "Host: 127.0.0.1\r\nConnection: close";
        format!("{method} {path} HTTP/1.1\r\n{host}\r\nX-Real-IP: {address}\r\n{BROWSER}")
    }
}

/// Reads events as they come, and notices the numbers of clients that were not shown before.
struct StreamReader {
    stream: TcpStream,
    unread: Vec<u8>,
    shown: HashSet<usize>,
}

impl StreamReader {
    /// Reads on until at least one event is whole; nothing at the end of the stream.
    async fn next_events(&mut self, first_seen: &mut (dyn FnMut(usize, Instant) + Send)) -> anyhow::Result<Option<()>> {
        let mut part = [0; 8192];
        loop {
            let count = self.stream.read(&mut part).await?;
            if count == 0 {
                return Ok(None);
            }
            let at = Instant::now();
            self.unread.extend_from_slice(&part[..count]);
            let Some(end) = self.unread.windows(2).rposition(|pair| pair == b"\n\n") else { continue };
            let whole: Vec<u8> = self.unread.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&whole);
            let mut told = false;
            for event in text.split("event: calls").skip(1) {
                told = true;
                for number in event.split("\"number\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                    if let Some(call) =
                        call_of_client(number.trim_start_matches('+')).filter(|call| self.shown.insert(*call))
                    {
                        first_seen(call, at);
                    }
                }
            }
            if told {
                return Ok(Some(()));
            }
        }
    }
}
