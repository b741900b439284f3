//! After a long outage: thousands of calls wait to be sent, and people go on calling.

use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::script::{Kind, Manners};
use super::stage::Stage;
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;

/// How long ago it happened, by the portal's clock.
const LATER: Duration = Duration::from_secs(35 * 60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_older_than_half_an_hour_drains_while_people_call() {
    let stage = Stage::begin(Settings::default()).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let mut question = Question::now(&company);
    let mut dice = Dice::new(seed());
    company.portal.standing(Fault::Outage);
    let hurried = Mix {
        rate: 60.0,
        kinds: &[(Kind::Missed, 2), (Kind::Answered, 1), (Kind::OutBusy, 1)],
        manners: Manners { ring: (0.01, 0.02), talk: (0.01, 0.05) },
    };
    let started = company.portal.world().now();
    // 240 or 2,000 calls.
    let length = Duration::from_secs_f64(pick(4.0, 33.3));
    let before = traffic::run_for(&company, hurried, dice.fork(), length).await;
    question.placed.extend(before);
    let old = company.portal.world().now();
    company.portal.world().advance(LATER);
    company.portal.heal();
    question.portal_ahead = LATER;
    question.dark.push((started, old + Duration::from_secs(4)));
    question.drain_from = Some(old);
    let live = Mix { manners: Manners { ring: (1.0, 2.0), talk: (1.0, 2.0) }, ..Mix::office(1.0) };
    question.placed.extend(traffic::run_for(&company, live, dice.fork(), seconds(5, 60)).await);
    stage.end("backlog", company, question, pick(Duration::from_secs(90), Duration::from_secs(600))).await;
}
