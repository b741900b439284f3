//! The connection to the switch breaks, or the switch itself forgets its calls.

use super::company::TestCompany;
use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::script::Manners;
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::Limits;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A frame that left this long before its socket broke has been read.
const MARGIN: Duration = Duration::from_millis(300);

/// Drops in quick succession.
const BURST: usize = 3;
/// Seconds after which a link counts as stable again.
const HELD: f64 = 10.5;

/// People who are quick, so that no call is given up before it is heard of again.
fn quick(rate: f64) -> Mix {
    Mix { manners: Manners { ring: (0.3, 1.5), talk: (1.0, 3.0) }, ..Mix::office(rate) }
}

async fn stage() -> (Stage, TestCompany) {
    let stage = Stage::begin(Settings { portal_budget: "unlimited", reconnect_grace: 5, ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::none()).await;
    (stage, company)
}

async fn drops(name: &str, replays: bool, times: usize) {
    let (stage, company) = stage().await;
    stage.environment.switch.set_quirks(|q| q.replay_on_connect = replays);
    let mut question = Question { margin: MARGIN, ..Question::now(&company) };
    let mut dice = Dice::new(seed());
    let stop = CancellationToken::new();
    let traffic = traffic::run(&company, quick(3.0), dice.fork(), stop.clone());
    let dropping = async {
        for n in 0..times {
            // A link that breaks again and again is given more and more time, until it has held for a while.
            let rest = if n % BURST == 0 && n > 0 { HELD } else { dice.between(0.1, 1.6) };
            tokio::time::sleep(Duration::from_secs_f64(rest)).await;
            company.switch.drop_links();
            company.linked().await;
        }
        stop.cancel();
    };
    let (placed, ()) = tokio::join!(traffic, dropping);
    question.placed = placed;
    stage.end(name, company, question, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_drops_and_the_switch_tells_its_calls_again() {
    drops("link-drops-replay", true, pick(BURST, 50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_drops_and_the_switch_tells_nothing_again() {
    drops("link-drops", false, pick(BURST, 50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switch_restarts_and_old_legs_never_end() {
    let (stage, company) = stage().await;
    let mut question = Question { margin: MARGIN, calls_vanish: true, ..Question::now(&company) };
    let mut dice = Dice::new(seed());
    // Before and after: what was going on is gone without a word, what comes next is a call like any other.
    for _ in 0..pick(1, 5) {
        let length = seconds(5, 20);
        let crash = async {
            tokio::time::sleep(length / 2).await;
            company.switch.crash();
            company.linked().await;
        };
        let (placed, ()) = tokio::join!(traffic::run_for(&company, quick(3.0), dice.fork(), length), crash);
        question.placed.extend(placed);
    }
    stage.end("switch-restart", company, question, PATIENCE).await;
}
