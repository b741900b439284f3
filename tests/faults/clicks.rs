//! Clicks and calls while the portal's REST interface is away: its events still arrive.

use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{pick, seconds, seed};
use super::script::{Kind, Manners};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Fault, Limits};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_during_an_outage_dial_and_are_recorded_afterwards() {
    let stage = Stage::begin(Settings::default()).await;
    let company = stage.company("firma.local", Limits::cloud()).await;
    let mut question = Question::now(&company);
    let mix = Mix {
        rate: 2.0,
        kinds: &[(Kind::Click, 3), (Kind::ClickBusy, 1), (Kind::Answered, 1)],
        manners: Manners { ring: (0.3, 1.0), talk: (1.0, 2.0) },
    };
    company.portal.standing(Fault::Outage);
    question.dark.push((company.portal.world().now(), company.portal.world().now() + Duration::from_secs(3600)));
    question.placed = traffic::run_for(&company, mix, Dice::new(seed()), seconds(4, 60)).await;
    let asked = question.placed.iter().filter_map(|placed| placed.click.as_ref());
    let untaken: Vec<_> = asked.filter(|click| !click.taken).collect();
    assert!(untaken.is_empty(), "the daemon answers the portal's events whatever REST does: {untaken:?}");
    company.portal.heal();
    question.drain_from = Some(company.portal.world().now());
    stage.end("clicks-in-outage", company, question, pick(PATIENCE, PATIENCE * 3)).await;
}
