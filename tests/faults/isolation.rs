//! One company's misfortune is not another's.

use super::company::TestCompany;
use super::dice::Dice;
use super::figures::percentile;
use super::judge::{Question, judge};
use super::process::Settings;
use super::scale::{seconds, seed};
use super::stage::{PATIENCE, Stage, say};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Events per second.
const FLOOD: u32 = 5000;
/// Frames sent together; a timer cannot tick five thousand times a second.
const AT_ONCE: u32 = 50;

/// Floods the company with repeated legs, legs of strangers, and nonsense, until `stop`.
async fn flood(company: &TestCompany, stop: &CancellationToken) -> usize {
    let mut due = tokio::time::interval(Duration::from_secs(1) / (FLOOD / AT_ONCE));
    let mut sent = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return sent,
            _ = due.tick() => {}
        }
        for n in 0..AT_ONCE {
            let frame = match n % 10 {
                // A leg of nobody's number, over and over in the same phase.
                0..=4 => leg(n % 40, "9999", "alerting"),
                5 => leg(n % 40, "9998", "no such phase"),
                6 => r#"{"event":"conversations_event","data":{"legs":17}}"#.to_owned(),
                7 => "{ this is no JSON".to_owned(),
                8 => r#"{"event":"weather","data":["rain"]}"#.to_owned(),
                _ => "[]".to_owned(),
            };
            if company.switch.send_raw_to(&company.simulated.client_id, &frame) {
                sent += 1;
            }
        }
    }
}

fn leg(n: u32, own: &str, status: &str) -> String {
    let leg = format!(
        r#"{{"id":"{n:016x}","call_id":"f{n:015x}","direction":"in","digits":"{own}","remote_digits":"79990000000","status":"{status}"}}"#
    );
    format!(r#"{{"event":"conversations_event","data":[{leg}]}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_portal_and_a_flood_at_one_company_leave_the_others_cards_quick() {
    let stage = Stage::begin(Settings { portal_budget: "unlimited", ..Settings::default() }).await;
    let quiet = stage.company("quiet.local", Limits::none()).await;
    let loud = stage.company("loud.local", Limits::none()).await;
    let mut dice = Dice::new(seed());
    let length = seconds(4, 60);
    let mut question = Question::now(&quiet);
    question.placed = traffic::run_for(&quiet, Mix::office(3.0), dice.fork(), length).await;
    let alone = judge(&quiet, &question).cards;

    let mut troubled = Question::now(&loud);
    loud.portal.standing(Fault::Hang);
    let (stop, troubled_dice) = (CancellationToken::new(), dice.fork());
    let misfortune = async {
        let (placed, sent) =
            tokio::join!(traffic::run(&loud, Mix::office(3.0), troubled_dice, stop.clone()), flood(&loud, &stop));
        (placed, sent)
    };
    let others = async {
        let placed = traffic::run_for(&quiet, Mix::office(3.0), dice.fork(), length).await;
        stop.cancel();
        placed
    };
    let ((placed, sent), more) = tokio::join!(misfortune, others);
    troubled.placed = placed;
    question.placed.extend(more);
    let flooded = judge(&quiet, &question).cards.split_off(alone.len());
    let p95 = |cards: &[u64]| percentile(cards, 95).unwrap_or_default();
    say(&format!("isolation: {sent} frames; card p95 alone {} ms, flooded {} ms", p95(&alone), p95(&flooded)));
    // The simulators share the machine with the daemon, so a part of what is seen is theirs.
    assert!(p95(&flooded) <= 10 * p95(&alone).max(50), "{alone:?} {flooded:?}");
    assert!(sent > 0, "there was a flood");
    stage.end("isolation", quiet, question, PATIENCE).await;
}
