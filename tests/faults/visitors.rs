//! Strangers who post tokens of their own making where employees open their cards.

use super::attacks::{self, Answers};
use super::company::TestCompany;
use super::dice::Dice;
use super::figures::{percentile, publish};
use super::judge::{Question, judge};
use super::people::{self, Opened, people};
use super::process::Settings;
use super::scale::{full, pick, seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::domain::Timestamp;
use ecss_crm_server::sandbox::portal::{Bucket, Fault, Limits, SimPortal};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The budget that the daemon keeps to: that of a large plan, which calls alone never use up.
const BUDGET: &str = "20/200";
const PER_SECOND: f64 = 20.0;
const BURST: f64 = 200.0;
/// Forged opens a second.
const FLOOD: u32 = 300;
/// A forged open may take this much more of the processor than a page that is not there.
const DEARER: u32 = 3;
/// Cards that come this quickly are quick, whatever the other half of the run was like, in milliseconds: what two busy
/// cores make of a card without any attack.
const QUICK: u64 = 40;

/// How many requests about calls came when the budget had no room for them, as the portal saw it: they have waited
/// behind others. And the least that was ever left.
fn without_room(portal: &SimPortal) -> (usize, f64) {
    let (mut used, mut at, mut waited, mut least) = (0.0_f64, Timestamp(0), 0, BURST);
    for request in portal.requests().iter().filter(|request| !request.in_batch) {
        used = (used - request.at.since(at).as_secs_f64() * PER_SECOND).max(0.0);
        at = request.at;
        least = least.min(BURST - used);
        let of_calls = request.method.starts_with("telephony.") || request.method == "batch";
        waited += usize::from(of_calls && BURST - used < 1.0);
        used += 1.0;
    }
    (waited, least)
}

/// What was seen in all slices of one kind.
#[derive(Default)]
struct Seen {
    cards: Vec<u64>,
    opened: Vec<Opened>,
    answers: Answers,
    /// The daemon's.
    processor_time: Duration,
}

impl Seen {
    /// Processor time of the daemon for each request of the flood, with what the calls took.
    fn cost(&self) -> Duration {
        self.processor_time / self.answers.values().sum::<u32>().max(1)
    }

    fn card(&self, share: usize) -> u64 {
        percentile(&self.cards, share).unwrap_or_default()
    }

    fn open(&self, share: usize) -> u64 {
        percentile(&self.opened.iter().map(|open| open.ms).collect::<Vec<_>>(), share).unwrap_or_default()
    }
}

/// The flood and an equal one of a page that is not there take turns, so that whatever else the machine does meets both
/// alike. How long a card takes says something only where the machine has nothing else to do, which is asked of the
/// full length; what the portal saw and what the processor did says it anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_forged_opens_a_second_delay_no_card() {
    let stage = Stage::begin(Settings { portal_budget: BUDGET, ..Settings::default() }).await;
    let bucket = Some(Bucket { burst: BURST * 1.25, leak: PER_SECOND });
    let company = stage.company("firma.local", Limits { bucket, operating: None }).await;
    let client = stage.environment.client().clone();
    let url = company.portal.placements().first().expect("the card is bound").url.clone();
    let elsewhere = format!("{}/nothing-here", stage.environment.base());
    let mut dice = Dice::new(seed());
    let mut question = Question::now(&company);
    let refused_before = refused_profiles(&company);
    let (mut quiet, mut flooded, mut judged) = (Seen::default(), Seen::default(), 0);
    let (slice, mut newcomers) = (seconds(4, 5), Vec::new());
    for turn in 0..pick(2, 24) {
        let (target, seen) = if turn % 2 == 0 { (&elsewhere, &mut quiet) } else { (&url, &mut flooded) };
        let (stop, used) = (CancellationToken::new(), stage.daemon.processor_time());
        let calls = async {
            let placed = traffic::run_for(&company, Mix::office(4.0), dice.fork(), slice).await;
            stop.cancel();
            placed
        };
        let flood = attacks::forged_opens(&client, target, company.portal.member_id(), FLOOD, &stop);
        let somebody_new = people::newcomer(&company, &client, 64 + turn);
        let (placed, opened, new, answers) = tokio::join!(calls, people(&company, &client, &stop), somebody_new, flood);
        seen.processor_time += stage.daemon.processor_time().saturating_sub(used);
        question.placed.extend(placed);
        stage.settle(&company, &question, PATIENCE).await;
        let cards = judge(&company, &question).cards;
        seen.cards.extend(&cards[judged..]);
        judged = cards.len();
        seen.opened.extend(opened);
        newcomers.push(new);
        for (status, n) in answers {
            *seen.answers.entry(status).or_default() += n;
        }
    }
    let asked = refused_profiles(&company) - refused_before;
    let (waited, least) = without_room(&company.portal);
    let forged: u32 = flooded.answers.values().sum();
    publish(&format!(
        "forged-opens forged={forged} answers={:?} asked={asked} genuine={} waited={waited} least_left={least:.0} \
         cards={}/{} card_p50 {}→{}ms card_p95 {}→{}ms card_p99 {}→{}ms open_p50 {}→{}ms open_p99 {}→{}ms \
         cost {:.2?}→{:.2?}",
        flooded.answers,
        flooded.opened.len(),
        quiet.cards.len(),
        flooded.cards.len(),
        quiet.card(50),
        flooded.card(50),
        quiet.card(95),
        flooded.card(95),
        quiet.card(99),
        flooded.card(99),
        quiet.open(50),
        flooded.open(50),
        quiet.open(99),
        flooded.open(99),
        quiet.cost(),
        flooded.cost(),
    ));
    Opened::assert_let_in(&flooded.opened);
    Opened::assert_let_in(&newcomers);
    assert!(forged > 100, "there was a flood");
    assert_eq!(flooded.answers.get(&200), None, "no stranger gets in");
    // Ten at once, and one in five seconds; what was asked last may be answered after the slice.
    let allowed = 10 + usize::try_from(question_seconds(&company, &question) / 5).unwrap_or_default() + 1;
    assert!(asked <= allowed, "{forged} forged opens made us ask the portal {asked} times");
    assert_eq!(waited, 0, "no call waits behind a visitor");
    let (page, open) = (quiet.cost(), flooded.cost());
    assert!(open <= page * DEARER, "a forged open took {open:?} of the processor, a page that is not there {page:?}");
    for share in if full() { &[50, 99][..] } else { &[] } {
        let (alone, beside) = (quiet.card(*share).max(QUICK), flooded.card(*share));
        assert!(beside * 2 <= 3 * alone, "p{share}: {:?} {:?}", quiet.cards, flooded.cards);
    }
    stage.end("forged-opens", company, question, PATIENCE).await;
}

/// Tokens that the portal was asked about and did not know.
fn refused_profiles(company: &TestCompany) -> usize {
    company.portal.requests_of("profile").iter().filter(|request| request.status == 401).count()
}

/// How long the story has taken so far by the portal's clock.
fn question_seconds(company: &TestCompany, question: &Question) -> u64 {
    let requests = company.portal.requests();
    let (first, last) = (requests.get(question.requests_before), requests.last());
    first.zip(last).map_or(0, |(first, last)| last.at.since(first.at).as_secs())
}

/// Forged installations, each with tokens of 55 kB or as long as tokens may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_forged_installations_take_no_memory_and_make_us_ask_nobody() {
    let stage = Stage::begin(Settings::default()).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let client = stage.environment.client().clone();
    let (before, asked) = (stage.daemon.memory(), stage.environment.portals.auth_requests().len());
    let (member, much) = (company.portal.member_id(), (pick(900, 3000), 3000));
    let answers =
        attacks::forged_installs(&client, &stage.environment.base(), member, much, &CancellationToken::new()).await;
    let (after, asked) = (stage.daemon.memory(), stage.environment.portals.auth_requests().len() - asked);
    publish(&format!("forged-installs answers={answers:?} rss {before}→{after} MiB asked={asked}"));
    assert!(answers.keys().all(|status| matches!(status, 200 | 422 | 503)), "{answers:?}");
    assert!(
        answers.get(&503).is_some_and(|refused| *refused > 0),
        "strangers are told that it is too much: {answers:?}"
    );
    assert!(after < before + 40, "from {before} to {after} MiB");
    assert!(asked <= 80, "{asked} questions of ours");
    stage.end("forged-installs", company, Question::default(), PATIENCE).await;
}

/// An installation that the authorization server leaves without an answer, a moment before the daemon stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_authorization_server_and_keeps_the_installation() {
    let mut stage = Stage::begin(Settings::default()).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let portals = stage.environment.portals.clone();
    let asked = || portals.auth_requests().len();
    let before = asked();
    portals.auth_standing(Fault::Hang);
    company.portal.install(1).await.expect("the installation is told");
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
        // Nothing but the log says so: it is looked at now and then.
        let mut often = tokio::time::interval(Duration::from_millis(100));
        while confirmed(&stage) == before {
            often.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.expect("it was stored and is confirmed after the start");
    stage.end("stop-while-installing", company, Question::default(), PATIENCE).await;
}
