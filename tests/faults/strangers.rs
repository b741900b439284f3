//! Strangers who write into the log, and who send slowly.

use super::dice::Dice;
use super::figures::{percentile, publish};
use super::judge::{Question, judge};
use super::process::Settings;
use super::scale::{seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::Limits;
use reqwest::{Client, Url};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What a thousand forgeries may add to the log, in bytes: a hundred lines of a kind, then their number.
const MOST_LOGGED: usize = 400 * 1024;
/// Looks like a line of its own in a log that lets it through: line separators, a mark that turns the reading
/// direction, and the beginning of a line.
const FORGED: &str =
    "x\n2026-01-01T00:00:00.000Z error: forged\u{2028}forged\u{2029}\u{202e}\u{2066}\u{85}\u{1b}[31mforged";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_events_of_sixty_kilobytes_add_kilobytes_to_the_log_and_no_line_of_their_own() {
    // At the usual level nothing of it is worth a line; people who look closer must not drown either.
    let stage = Stage::begin(Settings { log_level: "debug", ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let (client, base) = (stage.environment.client().clone(), stage.environment.base());
    let logged = || stage.daemon.log("default.log").iter().map(|line| line.len() + 1).sum::<usize>();
    let (before, memory) = (logged(), stage.daemon.memory());
    let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    for n in 0..1000 {
        // Some are short enough to be looked up.
        let member = match n % 5 {
            0 => format!("{}{n}", "m".repeat(28)),
            1 => format!("forged\u{202e}\n{n}"),
            _ => format!("{FORGED}{}{n}", "m".repeat(60_000)),
        };
        let (path, name, event) = match n % 4 {
            0 => ("/events", "auth[member_id]", "ONEXTERNALCALLSTART"),
            1 => ("/", "auth[member_id]", "ONAPPINSTALL"),
            2 => ("/", "auth[member_id]", "ONAPPUNINSTALL"),
            _ => ("/call/call.html", "member_id", "none"),
        };
        let form = [
            ("event", event),
            (name, member.as_str()),
            ("auth[domain]", "forged\u{202e}.example"),
            ("AUTH_ID", FORGED),
            ("PLACEMENT", "CALL_CARD"),
        ];
        let request =
            client.post(format!("{base}{path}?x={FORGED}")).header("user-agent", "forged\u{202e}").form(&form);
        tasks.spawn(async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) });
        while tasks.len() >= 32 {
            *answers.entry(tasks.join_next().await.and_then(Result::ok).unwrap_or_default()).or_default() += 1;
        }
    }
    for status in tasks.join_all().await {
        *answers.entry(status).or_default() += 1;
    }
    let (after, peak) = (logged(), stage.daemon.memory());
    publish(&format!("forged-lines answers={answers:?} log {before}→{after} B rss {memory}→{peak} MiB"));
    // An installation of a company nobody knows waits to be proved.
    assert!(answers.keys().all(|status| matches!(status, 200 | 403 | 422 | 503)), "{answers:?}");
    assert!(after - before < MOST_LOGGED, "{} bytes for {answers:?}", after - before);
    assert!(peak < memory + 40, "from {memory} to {peak} MiB");
    let lines = stage.daemon.log("default.log");
    let told = lines.iter().filter(|line| line.contains("mmmmmmmm") || line.contains("forged")).count();
    assert!(told > 10, "something of it is told, so that this test sees it");
    for line in lines {
        assert!(line.starts_with("20") && !line.starts_with("2026-01-01T00"), "a line of somebody else's: {line}");
        assert!(!line.contains(['\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\u{85}', '\u{1b}']), "{line:?}");
    }
    stage.end("forged-lines", company, Question::default(), PATIENCE).await;
}

/// Sends the beginning of a request and then a byte a second, until it is answered or cut. Returns how long it was
/// tolerated.
async fn drip(address: String, head: String, then: u8, stop: CancellationToken) -> Option<Duration> {
    let mut socket = TcpStream::connect(address).await.ok()?;
    let began = Instant::now();
    socket.write_all(head.as_bytes()).await.ok()?;
    let mut often = tokio::time::interval(Duration::from_secs(1));
    let mut answer = [0; 1024];
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            _ = often.tick() => if socket.write_all(&[then]).await.is_err() { return Some(began.elapsed()) },
            read = socket.read(&mut answer) => match read {
                Ok(0) | Err(_) => return Some(began.elapsed()),
                Ok(_) => {}
            }
        }
    }
}

fn host_and_port(base: &str) -> String {
    let url = Url::parse(base).expect("an address");
    format!("{}:{}", url.host_str().expect("a host"), url.port_or_known_default().expect("a port"))
}

/// Opens pages as people do; how long each took, in milliseconds.
async fn pages(client: &Client, urls: &[String], stop: &CancellationToken) -> Vec<u64> {
    let mut took = Vec::new();
    let mut often = tokio::time::interval(Duration::from_millis(100));
    while stop.run_until_cancelled(often.tick()).await.is_some() {
        for url in urls {
            let began = Instant::now();
            // A connection that was kept may have given way; browsers and monitors open another one then.
            let answer = match client.get(url).send().await {
                Ok(answer) => answer,
                Err(_) => client.get(url).send().await.expect("an answer"),
            };
            assert!(answer.status().is_success(), "{url}: {}", answer.status());
            took.push(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
    }
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_that_send_a_byte_a_second_delay_no_event_no_page_and_no_card() {
    let stage = Stage::begin(Settings { portal_budget: "unlimited", ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::none()).await;
    let client = stage.environment.client().clone();
    let (public, ops) = (host_and_port(&stage.environment.base()), host_and_port(stage.daemon.ops()));
    let urls = [format!("{}/", stage.environment.base()), format!("{}/readyz", stage.daemon.ops())];
    let mut dice = Dice::new(seed());
    let mut question = Question::now(&company);
    let both = async |dice: Dice, length: Duration| {
        let stop = CancellationToken::new();
        let calls = async {
            let placed = traffic::run_for(&company, Mix::office(3.0), dice, length).await;
            stop.cancel();
            placed
        };
        tokio::join!(calls, pages(&client, &urls, &stop))
    };
    let (placed, alone_pages) = both(dice.fork(), seconds(4, 30)).await;
    question.placed = placed;
    stage.settle(&company, &question, PATIENCE).await;
    let alone = judge(&company, &question).cards;

    let (memory, open, stop) = (stage.daemon.memory(), Arc::<AtomicUsize>::default(), CancellationToken::new());
    let post = |path: &str| {
        format!(
            "POST /bitrix{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nevent=ONEXTERNALCALLSTART&x="
        )
    };
    let shapes = [
        (&public, post("/events")),
        (&public, post("/")),
        (&public, post("/call/call.html")),
        (&public, "GET /bitrix/company HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned()),
        (&ops, "GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned()),
    ];
    let mut slow = JoinSet::new();
    for n in 0..1000 {
        let (address, head) = &shapes[n % shapes.len()];
        let (address, head, stop, open) = ((*address).clone(), head.clone(), stop.clone(), open.clone());
        slow.spawn(async move {
            let mut tolerated = Vec::new();
            // A client that is answered or cut comes again.
            let mut often = tokio::time::interval(Duration::from_secs(1));
            while stop.run_until_cancelled(often.tick()).await.is_some() {
                open.fetch_add(1, Ordering::SeqCst);
                tolerated.extend(drip(address.clone(), head.clone(), b'a', stop.clone()).await);
            }
            tolerated
        });
    }
    let (placed, slow_pages) = both(dice.fork(), seconds(13, 60)).await;
    question.placed.extend(placed);
    let after = stage.daemon.memory();
    stop.cancel();
    let tolerated: Vec<u64> = slow.join_all().await.into_iter().flatten().map(|span| span.as_secs()).collect();
    stage.settle(&company, &question, PATIENCE).await;
    let beside = judge(&company, &question).cards.split_off(alone.len());
    let p = |values: &[u64], share| percentile(values, share).unwrap_or_default();
    publish(&format!(
        "slow-clients connections={} borne_p50={}s borne_max={}s rss {memory}→{after} MiB card_p95 {}→{}ms page_p95 {}→{}ms",
        open.load(Ordering::SeqCst),
        p(&tolerated, 50),
        p(&tolerated, 100),
        p(&alone, 95),
        p(&beside, 95),
        p(&alone_pages, 95),
        p(&slow_pages, 95),
    ));
    assert!(after < memory + 60, "from {memory} to {after} MiB");
    assert!(p(&tolerated, 100) <= 40 && tolerated.iter().any(|span| *span >= 9), "they are cut in time: {tolerated:?}");
    // A thousand simulated clients share the machine with the daemon, so a part of what is seen is theirs.
    assert!(p(&beside, 95) <= 10 * p(&alone, 95).max(50), "{alone:?} {beside:?}");
    assert!(p(&slow_pages, 95) <= 10 * p(&alone_pages, 95).max(50), "{} pages", slow_pages.len());
    stage.end("slow-clients", company, question, PATIENCE).await;
}
