//! A portal far away, some of whose answers take seconds.

use super::company::TestCompany;
use super::dice::Dice;
use super::judge::Question;
use super::process::Settings;
use super::scale::{seconds, seed};
use super::script::{Kind, Manners};
use super::stage::{PATIENCE, Stage};
use super::traffic::{self, Mix};
use ecss_crm_server::sandbox::portal::{Limits, Network};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_of_eight_at_a_portal_far_away() {
    let stage = Stage::begin(Settings { portal_budget: "unlimited", ..Settings::default() }).await;
    let company = TestCompany::settle(&stage, "firma.local", 220, Limits::none()).await;
    let round_trip = Network::round_trip(Duration::from_millis(300));
    company.portal.set_network(Network {
        slow_per_mille: 10,
        slow: Duration::from_secs(5),
        seed: seed(),
        ..round_trip
    });
    let mut question = Question::now(&company);
    let mix = Mix {
        rate: 5.0,
        kinds: &[(Kind::Group, 5), (Kind::GroupMissed, 1)],
        manners: Manners { ring: (0.6, 1.5), talk: (1.0, 2.5) },
    };
    question.placed = traffic::run_for(&company, mix, Dice::new(seed()), seconds(6, 120)).await;
    stage.end("slow-portal", company, question, PATIENCE).await;
}
