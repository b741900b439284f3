//! More calls than the portal allows requests.

use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{full, pick, seconds, seed};
use super::stage::Stage;
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Bucket, Fault, Limits};
use std::time::Duration;

/// Commands inside a batch that fail, in turn.
const INNER: [&str; 4] = ["register", "finish", "show", "hide"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_calls_a_second_at_two_requests_a_second() {
    let stage = Stage::begin(Settings { portal_budget: pick("2/8", "2/45"), ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::none()).await;
    let bucket = Some(Bucket { burst: pick(10.0, 50.0), leak: 2.0 });
    company.portal.set_limits(Limits { bucket, operating: None });
    let mut question = Question::now(&company);
    question.placed = traffic::run_for(&company, Mix::office(4.0), Dice::new(seed()), seconds(10, 120)).await;
    let verdict = stage.end("bucket", company, question, pick(Duration::from_secs(60), Duration::from_secs(300))).await;
    if full() {
        assert!(verdict.p95().is_some_and(|p95| p95 < 1000), "cards within a second: {verdict}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_inside_a_batch_are_refused_now_and_then() {
    let stage = Stage::begin(Settings { portal_budget: "2/8", ..Settings::default() }).await;
    let company = stage.company("firma.local", Limits::none()).await;
    let mut question = Question::now(&company);
    let length = seconds(6, 120);
    let misfortunes = async {
        let mut due = tokio::time::interval(Duration::from_millis(700));
        let stop = tokio::time::Instant::now() + length;
        for method in INNER.iter().cycle() {
            if due.tick().await > stop {
                return;
            }
            company.portal.next_inside(&format!("telephony.externalcall.{method}"), Fault::InternalError);
        }
    };
    let traffic = traffic::run_for(&company, Mix::office(4.0), Dice::new(seed()), length);
    let (placed, ()) = tokio::join!(traffic, misfortunes);
    question.placed = placed;
    stage.end("refused-in-batch", company, question, pick(Duration::from_secs(60), Duration::from_secs(300))).await;
}
