//! More calls than the portal allows requests.

use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{full, pick, seconds, seed};
use super::stage::Stage;
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Bucket, Limits};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_calls_a_second_at_two_requests_a_second() {
    let stage = Stage::begin(Settings { portal_budget: pick("2/8", "2/45"), ..Settings::default() }).await;
    let firm = stage.firm("firma.local", Limits::none()).await;
    let bucket = Some(Bucket { burst: pick(10.0, 50.0), leak: 2.0 });
    firm.portal.set_limits(Limits { bucket, operating: None });
    let mut question = Question::now(&firm);
    question.placed = traffic::run_for(&firm, Mix::office(4.0), Dice::new(seed()), seconds(18, 120)).await;
    let verdict = stage.end("bucket", firm, question, pick(Duration::from_secs(60), Duration::from_secs(300))).await;
    if full() {
        assert!(verdict.p95().is_some_and(|p95| p95 < 1000), "cards within a second: {verdict}");
    }
}
