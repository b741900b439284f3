//! Tokens run out while people call.

use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_expire_again_and_again() {
    let stage = Stage::begin(Settings { portal_budget: "5/225", ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::enterprise()).await;
    let mut question = Question::now(&company);
    let length = seconds(6, 120);
    let times = pick(3, 10);
    let expiry = async {
        for n in 0..times {
            tokio::time::sleep(length / (times + 1)).await;
            // Once the authorization server is away just then.
            let away = n == 1;
            if away {
                company.portal.world().auth_standing(Fault::Outage);
            }
            company.portal.expire_tokens();
            if away {
                let from = company.portal.world().now();
                tokio::time::sleep(Duration::from_secs(1)).await;
                company.portal.world().auth_heal();
                question.dark.push((from, company.portal.world().now() + Duration::from_secs(4)));
            }
        }
    };
    let (placed, ()) = tokio::join!(traffic::run_for(&company, Mix::office(2.0), Dice::new(seed()), length), expiry);
    question.placed = placed;
    stage.end("token-expiry", company, question, PATIENCE).await;
}
