//! Strangers who post tokens of their own making where employees open their cards.

use super::dice::Dice;
use super::figures::{percentile, publish};
use super::firm::Firm;
use super::judge::{Question, judge};
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Bucket, Fault, FramePost, Limits};
use reqwest::{Client, StatusCode};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Forged opens a second.
const FLOOD: u32 = 300;
/// Sent together; a timer cannot tick three hundred times a second.
const AT_ONCE: u32 = 10;
/// Where the company's people sit, as the gateway tells it.
const OFFICE: &str = "192.0.2.20";
/// How often somebody opens the settings from such a place.
const NEWCOMERS_APART: Duration = Duration::from_secs(12);
/// Cards that come this quickly are quick, whatever the other run was like.
const QUICK: u64 = 300;

/// Posts forged opens until `stop`; what was answered, by status. Two of three come from one place, the others from
/// many.
async fn flood(client: &Client, url: &str, member: &str, stop: &CancellationToken) -> BTreeMap<u16, u32> {
    let mut due = tokio::time::interval(Duration::from_secs(1) * AT_ONCE / FLOOD);
    let (mut sent, mut answers, mut tasks) = (0_u32, BTreeMap::new(), JoinSet::new());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = due.tick() => {}
        }
        for _ in 0..AT_ONCE {
            sent += 1;
            let token = format!("{sent:070x}");
            let from = if sent % 3 == 0 { format!("198.51.100.{}", sent % 250) } else { "203.0.113.9".to_owned() };
            let options = format!(r#"{{"CALL_ID":"externalCall.{token}.1770000000"}}"#);
            let form = [
                ("AUTH_ID", token.as_str()),
                ("AUTH_EXPIRES", "3600"),
                ("member_id", member),
                ("PLACEMENT", "CALL_CARD"),
                ("PLACEMENT_OPTIONS", options.as_str()),
            ];
            let request = client.post(url).header("x-real-ip", from).form(&form);
            tasks.spawn(async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) });
        }
        while let Some(Ok(status)) = tasks.try_join_next() {
            *answers.entry(status).or_default() += 1;
        }
    }
    for status in tasks.join_all().await {
        *answers.entry(status).or_default() += 1;
    }
    answers
}

/// How one genuine open went.
struct Opened {
    what: String,
    status: u16,
    ms: u64,
}

async fn open(client: Client, frame: FramePost, what: String, from: String) -> Opened {
    let began = Instant::now();
    let sent = client.post(&frame.url).header("x-real-ip", from).form(&frame.fields).send().await;
    let status = sent.map_or(0, |answer| answer.status().as_u16());
    Opened { what, status, ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX) }
}

/// Opens the settings now and then from a place that nobody knows, with a token that nobody has shown.
async fn newcomers(firm: &Firm, client: &Client, stop: &CancellationToken) -> Vec<Opened> {
    let (mut due, mut opened) = (tokio::time::interval(NEWCOMERS_APART), Vec::new());
    // The flood has its beginning first.
    due.tick().await;
    let mut n = 0;
    loop {
        let from = format!("100.{}.7.9", 64 + n);
        n += 1;
        opened.push(open(client.clone(), firm.portal.app_frame(1), "settings from elsewhere".to_owned(), from).await);
        tokio::select! {
            biased;
            () = stop.cancelled() => return opened,
            _ = due.tick() => {}
        }
    }
}

/// Opens the card of every call on every screen, as browsers do, and once a second the settings.
async fn people(firm: &Firm, client: &Client, stop: &CancellationToken) -> Vec<Opened> {
    let mut due = tokio::time::interval(Duration::from_millis(50));
    let (mut seen, mut tasks, mut round) = (BTreeSet::new(), JoinSet::new(), 0_u32);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = due.tick() => {}
        }
        for (user, call) in firm.portal.visible() {
            if seen.insert((user, call))
                && let Some(frame) = firm.portal.card_frames(user).into_iter().next()
            {
                tasks.spawn(open(client.clone(), frame, format!("card of {user}"), OFFICE.to_owned()));
            }
        }
        round += 1;
        if round % 20 == 0 && !seen.is_empty() {
            tasks.spawn(open(client.clone(), firm.portal.app_frame(1), "settings".to_owned(), OFFICE.to_owned()));
        }
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_forged_opens_a_second_delay_no_card() {
    // The budget of a large plan, so that calls alone do not use it up.
    let stage = Stage::begin(Settings { portal_budget: "5/60", ..Settings::default() }).await;
    let bucket = Some(Bucket { burst: 80.0, leak: 5.0 });
    let firm = stage.firm("firma.local", Limits { bucket, operating: None }).await;
    let client = stage.town.client().clone();
    let url = firm.portal.placements().first().expect("the card is bound").url.clone();
    let mut dice = Dice::new(seed());
    let (length, mix) = (seconds(6, 60), || Mix::office(1.0));
    let mut question = Question::now(&firm);

    let both = async |dice: Dice, flooded: bool| {
        let stop = CancellationToken::new();
        let calls = async {
            let placed = traffic::run_for(&firm, mix(), dice, length).await;
            stop.cancel();
            placed
        };
        let strangers = async {
            if flooded { flood(&client, &url, firm.portal.member_id(), &stop).await } else { BTreeMap::new() }
        };
        let people = async {
            let (mut known, new) = tokio::join!(people(&firm, &client, &stop), newcomers(&firm, &client, &stop));
            known.extend(new);
            known
        };
        tokio::join!(calls, people, strangers)
    };
    let (placed, opened_alone, _) = both(dice.fork(), false).await;
    question.placed = placed;
    stage.settle(&firm, &question, PATIENCE).await;
    let alone = judge(&firm, &question).cards;
    let asked = firm.portal.requests_of("profile").len();

    let (placed, opened, answers) = both(dice.fork(), true).await;
    question.placed.extend(placed);
    stage.settle(&firm, &question, PATIENCE).await;
    let flooded = judge(&firm, &question).cards.split_off(alone.len());
    let asked = firm.portal.requests_of("profile").len() - asked;

    let p = |values: &[u64], share| percentile(values, share).unwrap_or_default();
    let ms = |opened: &[Opened]| opened.iter().map(|o| o.ms).collect::<Vec<_>>();
    let forged: u32 = answers.values().sum();
    publish(&format!(
        "forged-opens forged={forged} answers={answers:?} genuine={} asked={asked} card_p50 {}→{}ms card_p99 {}→{}ms \
         open_p50 {}→{}ms open_p99 {}→{}ms",
        opened.len(),
        p(&alone, 50),
        p(&flooded, 50),
        p(&alone, 99),
        p(&flooded, 99),
        p(&ms(&opened_alone), 50),
        p(&ms(&opened), 50),
        p(&ms(&opened_alone), 99),
        p(&ms(&opened), 99),
    ));
    assert!(!opened.is_empty() && forged > 100, "there were genuine opens and a flood");
    for Opened { what, status, ms } in &opened {
        assert_eq!(*status, StatusCode::OK.as_u16(), "{what}, after {ms} ms");
    }
    assert_eq!(answers.get(&200), None, "no stranger gets in");
    let allowed = opened.len() + 10 + usize::try_from(length.as_secs() / 5).unwrap_or_default() + 12;
    assert!(asked <= allowed, "{forged} forged opens made us ask the portal {asked} times");
    assert!(p(&flooded, 99) * 2 <= 3 * p(&alone, 99).max(QUICK), "alone {alone:?} flooded {flooded:?}");
    stage.end("forged-opens", firm, question, PATIENCE).await;
}

/// Forged installations, each with tokens of 55 kB or as long as tokens may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_forged_installations_take_no_memory_and_make_us_ask_nobody() {
    let stage = Stage::begin(Settings::default()).await;
    let firm = stage.firm("firma.local", Limits::cloud()).await;
    let (client, url) = (stage.town.client().clone(), format!("{}/", stage.town.base()));
    let (before, asked) = (stage.daemon.memory(), stage.town.portals.auth_requests().len());
    let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    for n in 0..pick(900_u32, 3000) {
        let token = "f".repeat(if n % 3 == 0 { 27_000 } else { 500 });
        let member = if n % 2 == 0 { firm.portal.member_id().to_owned() } else { format!("{n:032x}") };
        let form = [
            ("event", "ONAPPINSTALL"),
            ("auth[member_id]", &member),
            ("auth[access_token]", &token),
            ("auth[refresh_token]", &token),
        ];
        let request = client.post(&url).header("x-real-ip", "203.0.113.9").form(&form);
        tasks.spawn(async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) });
        while tasks.len() >= 64 {
            *answers.entry(tasks.join_next().await.and_then(Result::ok).unwrap_or_default()).or_default() += 1;
        }
    }
    for status in tasks.join_all().await {
        *answers.entry(status).or_default() += 1;
    }
    let (after, asked) = (stage.daemon.memory(), stage.town.portals.auth_requests().len() - asked);
    publish(&format!("forged-installs answers={answers:?} rss {before}→{after} MiB asked={asked}"));
    assert!(answers.keys().all(|status| matches!(status, 200 | 422 | 503)), "{answers:?}");
    assert!(answers.get(&503).is_some_and(|refused| *refused > 0), "a stranger hears that it is too much: {answers:?}");
    assert!(after < before + 40, "from {before} to {after} MiB");
    assert!(asked <= 80, "{asked} questions of ours");
    stage.end("forged-installs", firm, Question::default(), PATIENCE).await;
}

/// An installation that the authorization server leaves without an answer, a moment before the daemon stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_authorization_server_and_keeps_the_installation() {
    let mut stage = Stage::begin(Settings::default()).await;
    let firm = stage.firm("firma.local", Limits::cloud()).await;
    let portals = stage.town.portals.clone();
    let asked = || portals.auth_requests().len();
    let before = asked();
    portals.auth_standing(Fault::Hang);
    firm.portal.install(1).await.expect("the installation is told");
    portals.until(PATIENCE, || (asked() > before).then_some(())).await.expect("we ask about it");
    // The server never answers, so that a stop which waits for it ends by its time limit only.
    stage.daemon.stop().await;
    portals.auth_heal();
    let confirmed = |stage: &Stage| {
        stage.daemon.log("default.log").iter().filter(|line| line.contains("in the portal and is confirmed")).count()
    };
    let before = confirmed(&stage);
    stage.daemon.start();
    stage.daemon.ready().await;
    let stored = async {
        // Nothing but the log tells, so it is looked at now and then.
        let mut often = tokio::time::interval(Duration::from_millis(100));
        while confirmed(&stage) == before {
            often.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.expect("it was stored and is confirmed after the start");
    stage.end("stop-while-installing", firm, Question::default(), PATIENCE).await;
}
