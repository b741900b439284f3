//! A switch that misbehaves, beside a healthy company: the memory of the daemon stays small, the others' cards quick.

use super::company::TestCompany;
use super::dice::Dice;
use super::figures::{percentile, publish};
use super::judge::{Question, judge};
use super::process::Settings;
use super::scale::{full, pick, seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use super::watch::{self, LOOK, MOST_MEMORY};
use ecss_crm_server::domain::MOST_WAITING;
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Database of a company that invents calls, MiB: what waits, and the stories of what is given up last.
const MOST_DATABASE: u64 = 160;
/// A rogue's socket that is given up is opened again; so soon its next frames are tried.
const AGAIN: Duration = Duration::from_millis(5);

/// Share of the cards, how many times as long as its twin's those of the healthy company may take, and from how many
/// milliseconds on that is asked. The slowest wait for the processor behind a frame of fifty legs, in a build that is
/// not optimised and with two threads for everything; most must not notice.
const SLOWER: [(usize, u64, u64); 2] = [(50, 3, 15), (95, 12, 25)];

/// A healthy company with traffic and a rogue beside it while `misdeed` goes on; at the same time, a twin of the
/// healthy company at a daemon of its own. Whatever the simulators and others do to the machine, they do to both.
async fn beside<T>(
    name: &str,
    settings: Settings,
    misdeed: impl AsyncFnOnce(&TestCompany, &Stage, &CancellationToken) -> T,
) -> T {
    let settings = Settings { portal_budget: "unlimited", ..settings };
    let (stage, elsewhere) = (Stage::begin(settings).await, Stage::begin(settings).await);
    let quiet = stage.company("quiet.local", Limits::none()).await;
    let rogue = stage.company("rogue.local", Limits::none()).await;
    let twin = elsewhere.company("twin.local", Limits::none()).await;
    let mut dice = Dice::new(seed());
    let (mut question, mut twins) = (Question::now(&quiet), Question::now(&twin));
    let (before, began) = (stage.daemon.memory(), Instant::now());

    let stop = CancellationToken::new();
    let misdeed = async {
        let (outcome, ()) = tokio::join!(misdeed(&rogue, &stage, &stop), tokio::time::sleep(seconds(6, 30)));
        stop.cancel();
        outcome
    };
    let (outcome, placed, twins_placed, most) = tokio::join!(
        misdeed,
        traffic::run(&quiet, Mix::office(3.0), dice.fork(), stop.clone()),
        traffic::run(&twin, Mix::office(3.0), dice.fork(), stop.clone()),
        watch::memory(&stage, &stop),
    );
    (question.placed, twins.placed) = (placed, twins_placed);
    let took = began.elapsed().as_secs();
    let (cards, twins_cards) = (judge(&quiet, &question).cards, judge(&twin, &twins).cards);
    let p = |cards: &[u64], share| percentile(cards, share).unwrap_or_default();
    let (excess_calls, excess_legs) = (
        stage.daemon.metric("ecss_crm_excess_calls_total").await,
        stage.daemon.metric("ecss_crm_excess_legs_total").await,
    );
    publish(&format!(
        "{name} took={took}s memory={before}->{most}MiB cards={}/{} card_p50 twin={}ms beside={}ms card_p95 twin={}ms \
         beside={}ms excess_calls={excess_calls} excess_legs={excess_legs}",
        twins_cards.len(),
        cards.len(),
        p(&twins_cards, 50),
        p(&cards, 50),
        p(&twins_cards, 95),
        p(&cards, 95),
    ));
    assert!(most <= MOST_MEMORY, "{most} MiB");
    // How long a card takes says something only where the machine has nothing else to do, which is asked of the full
    // length.
    for (share, slower, from) in SLOWER.into_iter().filter(|_| full()) {
        let limit = slower * p(&twins_cards, share).max(from);
        assert!(p(&cards, share) <= limit, "p{share} above {limit} ms: {twins_cards:?} {cards:?}");
    }
    stage.end(name, quiet, question, PATIENCE).await;
    elsewhere.end(&format!("{name}-twin"), twin, twins, PATIENCE).await;
    outcome
}

/// Sends a frame to the rogue's own company, waiting where its socket has no room.
async fn send(rogue: &TestCompany, legs: &[String]) {
    let frame = format!(r#"{{"event":"conversations_event","data":[{}]}}"#, legs.join(","));
    while rogue.switch.links_of(&rogue.simulated.client_id) == 0
        || !rogue.switch.send_raw_to(&rogue.simulated.client_id, &frame)
    {
        tokio::time::sleep(AGAIN).await;
    }
}

fn leg(id: &str, call: &str, own: &str, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","call_id":"{call}","direction":"in","digits":"{own}","remote_digits":"79990000000","display_name":"Кто-то","status":"{status}"}}"#
    )
}

/// Fifty calls that never end, from this number on.
fn fifty_legs(from: u64) -> Vec<String> {
    let one = |n: u64| {
        // Every hundredth is an employee's.
        let own = if n.is_multiple_of(100) { (1001 + n / 100 % 60).to_string() } else { "9999".to_owned() };
        leg(&format!("leg-{n:016x}"), &format!("call-{n:016x}"), &own, "talking")
    };
    (from..from + 50).map(one).collect()
}

/// Reports this many calls a second that never end, until `stop`; returns how many there were.
pub async fn legs_without_end(rogue: &TestCompany, per_second: u32, stop: &CancellationToken) -> u64 {
    let (mut due, mut told) = (tokio::time::interval(Duration::from_secs(1) * 50 / per_second), 0);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        if stop.run_until_cancelled(send(rogue, &fifty_legs(told))).await.is_some() {
            told += 50;
        }
    }
    told
}

/// Waits until the daemon has taken in what was sent: its last call is listed.
async fn until_excess(stage: &Stage, name: &str, at_least: u64) {
    let seen = async {
        let mut often = tokio::time::interval(LOOK);
        loop {
            often.tick().await;
            if stage.daemon.metric(name).await >= at_least {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE * 10, seen).await.expect("everything is taken in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legs_that_never_end_take_little_memory_and_no_time_from_others() {
    let count = pick(20_000, 200_000);
    beside("legs-without-end", Settings::default(), async |rogue, stage, _| {
        for n in (0..count).step_by(50) {
            send(rogue, &fifty_legs(n)).await;
        }
        // All but those that have a place have given way.
        until_excess(stage, "ecss_crm_excess_calls_total", count - 4_096).await;
        assert!(rogue.troubles().await.contains("The switch reports more calls than there can be"));
    })
    .await;
}

/// Calls to employees that ring and end, while their portal is away: each would have to be recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_without_end_while_the_portal_is_away_give_way_and_say_so() {
    let (count, room) = (pick(22_000, 100_000), MOST_WAITING as u64);
    let stage = Stage::begin(Settings { portal_budget: "unlimited", ..Settings::default() }).await;
    let rogue = stage.company("rogue.local", Limits::none()).await;
    rogue.portal.standing(Fault::Outage);
    let before = stage.daemon.memory();
    let mut most = before;
    for n in (0..count).step_by(50) {
        for status in ["ringing", "released"] {
            let legs: Vec<_> = (n..n + 50)
                .map(|n| {
                    let own = (1001 + n % 60).to_string();
                    leg(&format!("leg-{n:016x}"), &format!("call-{n:016x}"), &own, status)
                })
                .collect();
            send(&rogue, &legs).await;
        }
        most = most.max(stage.daemon.memory());
    }
    until_excess(&stage, "ecss_crm_unrecorded_calls_total", count - room - 64).await;
    let most = most.max(stage.daemon.memory());
    let unrecorded = stage.daemon.metric("ecss_crm_unrecorded_calls_total").await;
    let waiting = stage.daemon.metric("ecss_crm_portal_waiting_calls").await;
    publish(&format!("calls-unrecorded memory={before}->{most}MiB waiting={waiting} unrecorded={unrecorded}"));
    assert!(waiting <= room + 500, "{waiting} calls wait");
    assert!(most <= MOST_MEMORY, "{most} MiB");
    assert!(rogue.troubles().await.contains("Calls are missing in the CRM"));
    assert!(database(&stage) <= MOST_DATABASE, "{} MiB of database", database(&stage));
    let told = async |n: u64| rogue.story(&format!("call-{n:016x}")).await.contains("Not recorded in the CRM");
    assert!(told(unrecorded - 300).await, "the story of a call that gave way lately says so");
    assert!(!told(0).await, "of the thousands before nothing is kept");
    stage.end_all("calls-unrecorded", Vec::new(), PATIENCE).await;
}

/// What the database's files take, in MiB.
fn database(stage: &Stage) -> u64 {
    let entries = std::fs::read_dir(&stage.environment.settings.state_dir).expect("the state directory");
    let bytes = entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|file| file.len()).sum::<u64>();
    bytes >> 20
}

/// A rogue alone with a portal that works but takes two requests a second; frame after frame for a time, then what
/// that has cost.
async fn frames_without_end(
    name: &str,
    span: Duration,
    frame: impl Fn(u64) -> Vec<Vec<String>>,
    then: impl AsyncFnOnce(&TestCompany, &Stage, u64),
) {
    let stage = Stage::begin(Settings::default()).await;
    let rogue = stage.company("rogue.local", Limits::cloud()).await;
    let (before, began) = ((stage.daemon.memory(), database(&stage)), Instant::now());
    let (mut most, mut rounds) = (before, 0);
    while began.elapsed() < span {
        for legs in frame(rounds) {
            send(&rogue, &legs).await;
        }
        rounds += 1;
        most = (most.0.max(stage.daemon.memory()), most.1.max(database(&stage)));
    }
    let (took, unrecorded) = (began.elapsed().as_secs(), stage.daemon.metric("ecss_crm_unrecorded_calls_total").await);
    publish(&format!(
        "{name} took={took}s rounds={rounds} memory={}->{}MiB database={}->{}MiB unrecorded={unrecorded}",
        before.0, most.0, before.1, most.1
    ));
    assert!(most.0 <= MOST_MEMORY, "{} MiB of memory", most.0);
    assert!(most.1 <= MOST_DATABASE, "{} MiB of database", most.1);
    then(&rogue, &stage, rounds).await;
    stage.end_all(name, Vec::new(), PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_without_end_beside_a_portal_that_takes_few_have_their_bounds_in_memory_and_on_disk() {
    let frame = |round: u64| {
        let calls = round * 50..round * 50 + 50;
        let legs = |status: &str| -> Vec<String> {
            let one = |n: u64| {
                let own = (1001 + n % 60).to_string();
                leg(&format!("leg-{n:016x}"), &format!("call-{n:016x}"), &own, status)
            };
            calls.clone().map(one).collect()
        };
        vec![legs("ringing"), legs("released")]
    };
    frames_without_end("calls-without-end", seconds(5, 75), frame, async |_, _, _| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_whose_number_changes_without_end_makes_few_records() {
    let frame = |round: u64| {
        let status = if round.is_multiple_of(2) { "ringing" } else { "talking" };
        vec![vec![leg("leg", "call", "1001", status).replace("79990000000", &format!("7999{round:07}"))]]
    };
    frames_without_end("renumbered-without-end", seconds(5, 75), frame, async |rogue, stage, _| {
        until_excess(stage, "ecss_crm_excess_legs_total", 1).await;
        assert!(rogue.story("call").await.contains("has changed too often in this call"));
        let waiting = stage.daemon.metric("ecss_crm_portal_waiting_calls").await;
        assert!(waiting <= 40, "{waiting} records wait");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_legs_in_one_call_and_names_of_sixty_kilobytes_do_not_either() {
    let count = pick(5_000, 50_000);
    beside("legs-of-one-call", Settings::default(), async |rogue, stage, _| {
        let long = "я".repeat(30_000);
        for n in (0..count).step_by(10) {
            let legs: Vec<_> = (n..n + 10)
                .map(|n| {
                    leg(&format!("leg-{n:016x}"), "one-call", if n % 20 == 0 { "1001" } else { "9999" }, "talking")
                })
                .collect();
            send(rogue, &legs).await;
            if n % 100 == 0 {
                let named = leg(&format!("leg-{n:016x}"), "one-call", "9999", "talking").replace("Кто-то", &long);
                send(rogue, &[named, leg(&long, &long, "9999", "talking"), leg("odd", "odd", "9999", &long)]).await;
            }
        }
        until_excess(stage, "ecss_crm_excess_legs_total", count - 1_000).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_that_pings_and_never_reads_is_dropped_and_tried_again() {
    let settings = Settings { idle_seconds: 2, ..Settings::default() };
    let times = pick(2, 10);
    beside("pings-unread", settings, async |rogue, stage, _| {
        for time in 1..=times {
            rogue.linked().await;
            rogue.switch.ping_without_reading(&rogue.simulated.client_id);
            let dropped = async {
                let mut often = tokio::time::interval(LOOK);
                loop {
                    often.tick().await;
                    let lines = stage.daemon.log("default.log");
                    if lines.iter().filter(|line| line.contains("the switch has not read anything")).count() >= time {
                        return;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, dropped).await.expect("it is dropped");
        }
        rogue.linked().await;
    })
    .await;
}
