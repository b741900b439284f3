//! `kill -9` at any moment: while it starts, just when it is ready, in the middle of the work.

use super::dice::Dice;
use super::judge::Question;
use super::process::{Process, Settings};
use super::scale::{pick, seed};
use super::script::Manners;
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A frame that left this long before the process was killed has been read and stored, also on a busy machine and by a
/// process that has just started.
const MARGIN: Duration = Duration::from_millis(1000);

/// Kills and starts the daemon this many times.
pub async fn kill(daemon: &mut Process, times: usize, mut dice: Dice) {
    let pause = |seconds| tokio::time::sleep(Duration::from_secs_f64(seconds));
    for _ in 0..times {
        match dice.below(4) {
            // While it starts.
            0 => pause(dice.between(0.0, 0.15)).await,
            // Just when it connects and looks what was left.
            1 | 2 => {
                daemon.ready().await;
                pause(dice.between(0.0, 0.4)).await;
            }
            // In the middle of the work.
            _ => {
                daemon.ready().await;
                pause(dice.between(0.4, 3.5)).await;
            }
        }
        daemon.kill().await;
        daemon.start();
    }
    daemon.ready().await;
}

async fn kills(name: &str, replays: bool, lost_answers: bool, times: usize) {
    let mut stage =
        Stage::begin(Settings { portal_budget: "unlimited", reconnect_grace: 5, ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::none()).await;
    stage.environment.switch.set_quirks(|q| q.replay_on_connect = replays);
    let mut question = Question { margin: MARGIN, ..Question::now(&company) };
    let mut dice = Dice::new(seed());
    let stop = CancellationToken::new();
    let manners = Manners { ring: (0.3, 1.5), talk: (1.0, 3.0) };
    let traffic = traffic::run(&company, Mix { manners, ..Mix::office(6.0) }, dice.fork(), stop.clone());
    let killing = async {
        if lost_answers {
            // The portal is slow to answer, so that many requests are carried out whose answers nobody is left to read.
            company.portal.standing(Fault::SlowAnswer(Duration::from_millis(200)));
        }
        kill(&mut stage.daemon, times, dice.fork()).await;
        company.linked().await;
        stop.cancel();
    };
    let (placed, ()) = tokio::join!(traffic, killing);
    question.placed = placed;
    company.portal.heal();
    stage.end(name, company, question, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_switch_tells_its_calls_again() {
    kills("kill-9-replay", true, false, pick(12, 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_answers_are_under_way() {
    kills("kill-9-slow-answers", true, true, pick(8, 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_switch_tells_nothing_again() {
    kills("kill-9", false, false, pick(8, 200)).await;
}
