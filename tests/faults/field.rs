//! What the field does beside: legs that go on in another call, numbers that change, codes, ends that are never reported.

use super::company::TestCompany;
use super::dice::Dice;
use super::judge::Question;
use super::kills::kill;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::script::{Kind, Manners};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::Limits;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is reported in full, among ordinary calls.
const FIELD: &[(Kind, usize)] = &[
    (Kind::Answered, 6),
    (Kind::Group, 2),
    (Kind::OutAnswered, 4),
    (Kind::Transfer, 3),
    (Kind::Moved, 8),
    (Kind::MovedRinging, 5),
    (Kind::Parked, 6),
    (Kind::PickedUp, 5),
    (Kind::Joined, 4),
    (Kind::Technical, 5),
    (Kind::HandedOver, 5),
    (Kind::Code, 3),
];

/// The same with ends that nobody reports: only where something breaks that makes the daemon look again.
const FORGETFUL: &[(Kind, usize)] = &[
    (Kind::Answered, 6),
    (Kind::OutAnswered, 3),
    (Kind::Moved, 6),
    (Kind::MovedRinging, 3),
    (Kind::Parked, 4),
    (Kind::PickedUp, 4),
    (Kind::Technical, 3),
    (Kind::Code, 2),
    (Kind::Forgotten, 6),
];

const MARGIN_LINK: Duration = Duration::from_millis(300);
const MARGIN_KILL: Duration = Duration::from_millis(1000);

fn mix(rate: f64, kinds: &'static [(Kind, usize)]) -> Mix {
    Mix { rate, kinds, manners: Manners { ring: (0.3, 1.5), talk: (1.2, 3.0) } }
}

async fn stage() -> (Stage, TestCompany) {
    let stage = Stage::begin(Settings { portal_budget: "unlimited", reconnect_grace: 5, ..Settings::default() }).await;
    stage.environment.switch.set_quirks(|q| q.join_moves_legs = true);
    let company = stage.company("firma.local", Limits::none()).await;
    (stage, company)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legs_that_move_and_numbers_that_change_are_recorded_as_they_were() {
    let (stage, company) = stage().await;
    let mut question = Question { margin: MARGIN_LINK, ..Question::now(&company) };
    question.placed = traffic::run_for(&company, mix(4.0, FIELD), Dice::new(seed()), seconds(6, 120)).await;
    stage.end("field", company, question, PATIENCE).await;
}

async fn drops(name: &str, replays: bool) {
    let (stage, company) = stage().await;
    stage.environment.switch.set_quirks(|q| q.replay_on_connect = replays);
    let mut question = Question { margin: MARGIN_LINK, ..Question::now(&company) };
    let mut dice = Dice::new(seed());
    let stop = CancellationToken::new();
    let traffic = traffic::run(&company, mix(4.0, FORGETFUL), dice.fork(), stop.clone());
    let dropping = async {
        for _ in 0..pick(2, 40) {
            tokio::time::sleep(Duration::from_secs_f64(dice.between(1.0, 4.0))).await;
            company.switch.drop_links();
            company.linked().await;
        }
        stop.cancel();
    };
    let (placed, ()) = tokio::join!(traffic, dropping);
    question.placed = placed;
    // Whatever was forgotten after the last drop is looked for again.
    company.switch.drop_links();
    company.linked().await;
    stage.end(name, company, question, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_drops_while_legs_move_and_ends_are_forgotten_and_all_is_told_again() {
    drops("field-drops-replay", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_drops_while_legs_move_and_ends_are_forgotten_and_nothing_is_told_again() {
    drops("field-drops", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_legs_move_and_ends_are_forgotten() {
    let (mut stage, company) = stage().await;
    stage.environment.switch.set_quirks(|q| q.replay_on_connect = true);
    let mut question = Question { margin: MARGIN_KILL, ..Question::now(&company) };
    let mut dice = Dice::new(seed());
    let stop = CancellationToken::new();
    let traffic = traffic::run(&company, mix(5.0, FORGETFUL), dice.fork(), stop.clone());
    let killing = async {
        kill(&mut stage.daemon, pick(6, 120), dice.fork()).await;
        company.linked().await;
        stop.cancel();
    };
    let (placed, ()) = tokio::join!(traffic, killing);
    question.placed = placed;
    company.switch.drop_links();
    company.linked().await;
    stage.end("field-kill-9", company, question, PATIENCE).await;
}
