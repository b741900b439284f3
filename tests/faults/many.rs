//! Fifty companies, each with a few calls.

use super::company::TestCompany;
use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::Limits;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_companies_with_a_few_calls_each() {
    let stage = Stage::begin(Settings::default()).await;
    let mut companies = Vec::new();
    for n in 0..50 {
        companies.push(TestCompany::settle(&stage, &format!("firma{n}.local"), 10, Limits::cloud()).await);
    }
    let mut dice = Dice::new(seed());
    let length = seconds(4, 60);
    let stories = companies.into_iter().map(|company| {
        let dice = dice.fork();
        async move {
            let mut question = Question::now(&company);
            question.placed = traffic::run_for(&company, Mix::office(pick(0.4, 0.2)), dice, length).await;
            (company, question)
        }
    });
    let told = join_all(stories).await;
    stage.end_all("fifty-companies", told, PATIENCE).await;
}
