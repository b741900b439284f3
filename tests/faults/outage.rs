//! The portal is away for a while in the middle of the day.

use super::dice::Dice;
use super::judge::{Judgement, Question};
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::stage::Stage;
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;

/// Traffic of `length`; after a third of it the portal meets `fault` for `away`.
async fn outage(name: &str, fault: Fault, length: Duration, away: Duration) -> Judgement {
    let stage = Stage::begin(Settings::default()).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let mut question = Question::now(&company);
    let misfortune = async {
        tokio::time::sleep(length / 3).await;
        let from = company.portal.world().now();
        company.portal.standing(fault);
        tokio::time::sleep(away).await;
        company.portal.heal();
        (from, company.portal.world().now())
    };
    let traffic = traffic::run_for(&company, Mix::office(2.0), Dice::new(seed()), length);
    let (placed, (from, to)) = tokio::join!(traffic, misfortune);
    question.placed = placed;
    // A client who rings just before has a card on its way; just after, the daemon must find out that the portal is
    // back.
    question.dark.push((from - Duration::from_millis(500), to + pick(Duration::from_secs(5), away / 2)));
    question.drain_from = Some(to);
    stage.end(name, company, question, pick(Duration::from_secs(60), Duration::from_secs(300))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_in_the_middle_of_the_traffic() {
    outage("outage", Fault::Outage, seconds(15, 600), seconds(5, 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_carried_out_but_no_answer_arrives() {
    outage("answers-lost", Fault::DropAfter, seconds(6, 120), seconds(2, 20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes the minute after which an unanswered request is given up; run with --run-ignored all"]
async fn the_portal_hangs() {
    outage("hang", Fault::Hang, seconds(21, 600), seconds(7, 60)).await;
}
