//! Open cards while calls come in: how long an event takes to a browser, and what a card costs.

use super::Extent;
use crate::card::{Card, Sightings};
use crate::enrolment::start_with;
use crate::far_side::FarSide;
use crate::figures::Distribution;
use crate::frames::CallFrames;
use crate::ledger::CallMoment;
use crate::portal_setup::{EMPLOYEES, employee_of};
use crate::reading::CALL_NAME;
use crate::report::Report;
use crate::subject::{DaemonHome, Subject};
use crate::traffic::Load;
use anyhow::Context as _;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Companies that the cards are spread over: an employee may have sixteen.
const COMPANIES: usize = 4;

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let (count, rate, seconds) = extent.of((200, 100, 5), (1000, 200, 20));
    let far = Arc::new(FarSide::start(COMPANIES)?);
    let load = Load::of(0..COMPANIES, rate, seconds);
    let relay = Subject::relay(&far, 0..COMPANIES)?;
    far.switch.wait_linked(COMPANIES, Duration::from_secs(20)).await?;
    Load::of(0..COMPANIES, 50, 1).play(&far, &relay).await?;
    let bare = load.play(&far, &relay).await?;
    relay.end().await?;
    far.switch.wait_alone().await?;

    let home = DaemonHome::new(&far)?;
    let daemon = start_with(&far, &home, 0..COMPANIES).await?;
    Load::of(0..COMPANIES, 50, 1).play(&far, &daemon).await?;
    let without = load.play(&far, &daemon).await?;
    let (seen, kib_per_card) = open(&far, &home, &daemon, count).await?;
    let with = load.play(&far, &daemon).await?;
    daemon.end().await?;

    let seen = Distribution::of(seen.lock().map(|seen| seen.clone()).unwrap_or_default());
    // Every call is shown on each card of the employee it rings at.
    let missing = (with.calls * count / COMPANIES / EMPLOYEES).saturating_sub(seen.count());
    let (floor, register) = (bare.register(), with.register());
    let cpu = with.cpu_per_thousand() / without.cpu_per_thousand();
    let line = format!(
        "{count} open, {rate} calls/s: event to browser p50 {:.2} ms, p99 {:.2}, {missing} missing; {kib_per_card:.1} KiB per \
         card; register p50 {:.2} ms, p99 {:.2} (relay {:.2}, {:.2}: x{:.1}, x{:.1}); CPU x{cpu:.2} of that without cards; \
         {}; lag {:.1} ms",
        seen.p50(),
        seen.p99(),
        register.p50(),
        register.p99(),
        floor.p50(),
        floor.p99(),
        register.p50() / floor.p50(),
        register.p99() / floor.p99(),
        with.verdict(),
        with.lag_ms,
    );
    let figures = json!({
        "cards": count, "event_p50_ms": seen.p50(), "event_p99_ms": seen.p99(), "events": seen.count(), "missing": missing,
        "kib_per_card": kib_per_card, "daemon": with.json(), "daemon_without_cards": without.json(), "relay": bare.json(),
        "ratio": { "register_p50": register.p50() / floor.p50(), "register_p99": register.p99() / floor.p99(), "cpu": cpu },
    });
    report.add("cards", &line, figures, with.faults() + without.faults() + missing + far.portals.unreadable());
    Ok(())
}

/// Opens the cards, evenly over companies and their employees; KiB that each holds.
async fn open(
    far: &Arc<FarSide>,
    home: &DaemonHome,
    daemon: &Subject,
    count: usize,
) -> anyhow::Result<(Sightings, f64)> {
    // Who opens the card of a running call need not wait until strangers are let in.
    let mut running = Vec::new();
    for company in 0..COMPANIES {
        let mut frames = CallFrames::new(far.ledger.begin());
        far.switch.say(company, frames.ringing(), Some((frames.call, CallMoment::Rang)));
        far.switch.say(company, frames.talking(), Some((frames.call, CallMoment::Answered)));
        running.push(frames);
    }
    sleep(Duration::from_secs(1)).await;
    let mut cards = Vec::new();
    for n in 0..count {
        let (company, employee) = (n % COMPANIES, employee_of(n / COMPANIES));
        let card = Card { company, employee, call: format!("{CALL_NAME}{}", running[company].call) };
        let ticket = card.open_page(far, home).await?;
        cards.push((card, ticket));
    }
    sleep(Duration::from_secs(1)).await;
    let before = daemon.usage()?.resident_mib;
    let seen = Sightings::default();
    for (card, ticket) in &cards {
        let following = card.follow(far, home, ticket, &seen);
        tokio::time::timeout(Duration::from_secs(10), following).await.context("a card's stream says nothing")??;
    }
    sleep(Duration::from_secs(1)).await;
    let kib_per_card = (daemon.usage()?.resident_mib - before) * 1024.0 / count as f64;
    for frames in &running {
        let company = running.iter().position(|other| other.call == frames.call).unwrap_or_default();
        far.switch.say(company, frames.released(), Some((frames.call, CallMoment::Released)));
    }
    sleep(Duration::from_secs(1)).await;
    Ok((seen, kib_per_card))
}
