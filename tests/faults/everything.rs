//! All attacks at once, beside a company that only works.

use super::attacks::{self, Answers};
use super::company::TestCompany;
use super::dice::Dice;
use super::figures::{percentile, publish};
use super::judge::{Question, judge};
use super::people::{Opened, people, ticket};
use super::process::Settings;
use super::rogue;
use super::scale::{pick, seconds, seed};
use super::script::Manners;
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use super::watch::{self, MOST_MEMORY};
use ecss_crm_server::sandbox::portal::{Bucket, Fault, Limits};
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// What the portal of the heavy company answers with, in bytes, where it is asked for cards and records.
const HEAVY: usize = 8 << 20;
const HEAVY_METHODS: [&str; 4] =
    ["telephony.externalcall.register", "telephony.externalcall.show", "telephony.externalcall.finish", "user.get"];
/// Calls that never end, reported in a second: what a daemon that is not optimised can take in beside everything else on half
/// of a core. How many more do to memory alone is another story.
const ENDLESS: u32 = 600;
/// Bytes of the log: what goes on is told, and not in the words of those who attack.
const MOST_LOGGED: u64 = 4 << 20;

/// What came of it.
struct Outcome {
    opens: Answers,
    installs: Answers,
    names: Answers,
    idle: usize,
    bodies: usize,
    streams: usize,
    legs: u64,
}

/// Everything that strangers, rogue switches and the employee with this ticket do, until `stop`.
async fn attack(stage: &Stage, companies: [&TestCompany; 3], ticket: &str, stop: &CancellationToken) -> Outcome {
    let [healthy, unread, endless] = companies;
    let (client, base) = (stage.environment.client().clone(), stage.environment.base());
    let member = healthy.portal.member_id();
    let daemon = SocketAddr::from(([127, 0, 0, 1], stage.environment.settings.http_port));
    let card = healthy.portal.placements().first().expect("the card is bound").url.clone();
    // As soon as it is tried again, it does the same again.
    let pinging = async {
        while stop.run_until_cancelled(unread.linked()).await.is_some() {
            unread.switch.ping_without_reading(&unread.simulated.client_id);
            let gone = async {
                while unread.switch.links_of(&unread.simulated.client_id) > 0 {
                    tokio::time::sleep(watch::LOOK).await;
                }
            };
            stop.run_until_cancelled(gone).await;
        }
    };
    let (opens, installs, names, idle, bodies, streams, (), legs) = tokio::join!(
        attacks::forged_opens(&client, &card, member, pick(100, 300), stop),
        attacks::forged_installs(&client, &base, member, (u32::MAX, 100), stop),
        attacks::long_names(&client, &base, stop),
        attacks::idle_connections(daemon, pick(1_000, 4_100), stop),
        attacks::slow_bodies(daemon, pick(100, 400), stop),
        attacks::streams(&client, &base, ticket, stop),
        pinging,
        rogue::legs_without_end(endless, ENDLESS, stop),
    );
    Outcome { opens, installs, names, idle, bodies, streams, legs }
}

/// How often a switch was given up that does not read.
fn dropped(stage: &Stage) -> usize {
    let log = stage.daemon.log("default.log");
    log.iter().filter(|line| line.contains("the switch has not read anything")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_attacks_at_once_take_little_memory_lose_no_call_and_let_nobody_in() {
    let stage = Stage::begin(Settings { portal_budget: "20/200", idle_seconds: 2, ..Settings::default() }).await;
    let bucket = Some(Bucket { burst: 250.0, leak: 20.0 });
    let healthy = stage.company("healthy.local", Limits { bucket, operating: None }).await;
    let unread = stage.company("unread.local", Limits::none()).await;
    let endless = stage.company("endless.local", Limits::none()).await;
    let heavy = stage.company("heavy.local", Limits::none()).await;
    let client = stage.environment.client().clone();
    let mut dice = Dice::new(seed());
    let mut question = Question::now(&healthy);
    let stop = CancellationToken::new();
    let mix = || Mix { manners: Manners { ring: (0.3, 1.0), talk: (1.0, 2.0) }, ..Mix::office(2.0) };
    let calls = async {
        let placed = traffic::run_for(&healthy, mix(), dice.fork(), seconds(2, 20)).await;
        stop.cancel();
        placed
    };
    let (placed, ticket) = tokio::join!(calls, ticket(&healthy, &client, &stop));
    let ticket = ticket.expect("a card came up");
    question.placed = placed;
    let alone = judge(&healthy, &question).cards;

    for method in HEAVY_METHODS {
        heavy.portal.standing_for(method, Fault::Padded(HEAVY));
    }
    let (before, stop) = (stage.daemon.memory(), CancellationToken::new());
    let others_dice = (dice.fork(), dice.fork());
    // As long as it takes until each of them has come to something.
    let clock = async {
        tokio::time::sleep(seconds(5, 60)).await;
        let all = async {
            let mut often = tokio::time::interval(watch::LOOK);
            while dropped(&stage) == 0 || stage.daemon.metric("ecss_crm_excess_calls_total").await == 0 {
                often.tick().await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, all).await;
        stop.cancel();
    };
    let (placed, (), opened, most, outcome, _) = tokio::join!(
        traffic::run(&healthy, mix(), others_dice.0, stop.clone()),
        clock,
        people(&healthy, &client, &stop),
        watch::memory(&stage, &stop),
        attack(&stage, [&healthy, &unread, &endless], &ticket, &stop),
        traffic::run(&heavy, mix(), others_dice.1, stop.clone()),
    );
    question.placed.extend(placed);
    stage.settle(&healthy, &question, PATIENCE).await;
    let attacked = judge(&healthy, &question).cards.split_off(alone.len());
    let dropped = dropped(&stage);
    let logged = std::fs::metadata(stage.environment.dir().join("default.log")).map_or(0, |log| log.len());
    let excess = stage.daemon.metric("ecss_crm_excess_calls_total").await;
    let p = |cards: &[u64], share| percentile(cards, share).unwrap_or_default();
    let Outcome { opens, installs, names, idle, bodies, streams, legs } = outcome;
    publish(&format!(
        "everything rss {before}→{most} MiB card_p50 {}→{}ms card_p99 {}→{}ms genuine={} opens={opens:?} \
         installs={installs:?} names={names:?} idle={idle} bodies={bodies} streams={streams} legs={legs} \
         excess={excess} dropped={dropped} logged={} KiB",
        p(&alone, 50),
        p(&attacked, 50),
        p(&alone, 99),
        p(&attacked, 99),
        opened.len(),
        logged >> 10,
    ));
    assert!(most <= MOST_MEMORY, "{most} MiB");
    Opened::assert_let_in(&opened);
    assert_eq!(opens.get(&200), None, "no stranger gets in");
    // Without an answer: their connection has given way.
    assert!(installs.keys().all(|status| matches!(status, 0 | 200 | 422 | 429 | 503)), "{installs:?}");
    assert_eq!(names.get(&200), None, "no stranger's event is taken: {names:?}");
    // Each attack took place.
    let took_place = [idle, bodies, streams, dropped].iter().all(|n| *n > 0) && excess > 0 && legs > 4_096;
    assert!(took_place && [&opens, &installs, &names].iter().all(|answers| !answers.is_empty()), "see the line above");
    assert!(logged <= MOST_LOGGED, "{logged} bytes of log");
    stage.end("everything", healthy, question, PATIENCE).await;
}
