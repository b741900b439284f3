//! Calls at several rates, and a burst: how long a ringing leg takes to become a register request, and what a call costs.
//! Relay and daemon take turns, each with a company of its own on the same far side.

use super::Extent;
use crate::enrolment::start_with;
use crate::far_side::FarSide;
use crate::report::Report;
use crate::subject::{DaemonHome, Subject};
use crate::traffic::{Load, Outcome};
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const DAEMON: Range<usize> = 0..1;
const RELAY: Range<usize> = 1..2;
/// So many calls within one second.
const BURST: usize = 100;

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let far = Arc::new(FarSide::start(2)?);
    let home = DaemonHome::new(&far)?;
    let daemon = start_with(&far, &home, DAEMON).await?;
    let relay = Subject::relay(&far, RELAY)?;
    far.switch.wait_linked(2, Duration::from_secs(20)).await?;
    // Connections and caches are then as they are in the long run.
    Load::of(RELAY, 50, 1).play(&far, &relay).await?;
    Load::of(DAEMON, 50, 1).play(&far, &daemon).await?;
    for (rate, seconds) in
        [(5, extent.of(6, 60)), (50, extent.of(5, 20)), (200, extent.of(5, 20)), (500, extent.of(5, 20))]
    {
        let name = format!("{rate}/s");
        let bare = Load::of(RELAY, rate, seconds).play(&far, &relay).await?;
        let ours = Load::of(DAEMON, rate, seconds).play(&far, &daemon).await?;
        compare(&name, &bare, &ours, far.portals.unreadable(), report);
    }
    let bare = Load::of(RELAY, BURST, 1).play(&far, &relay).await?;
    let ours = Load::of(DAEMON, BURST, 1).play(&far, &daemon).await?;
    compare("burst", &bare, &ours, far.portals.unreadable(), report);
    relay.end().await?;
    daemon.end().await
}

fn compare(name: &str, bare: &Outcome, ours: &Outcome, unreadable: usize, report: &mut Report) {
    let (floor, daemon) = (bare.register(), ours.register());
    let cpu = (ours.cpu_per_thousand(), bare.cpu_per_thousand());
    let ratio = (daemon.p50() / floor.p50(), daemon.p99() / floor.p99(), cpu.0 / cpu.1);
    let line = format!(
        "register p50 {:.2} ms, p99 {:.2} (relay {:.2}, {:.2}: x{:.1}, x{:.1}); CPU {:.2} s per 1,000 calls (relay {:.2}: \
         x{:.1}); {}; lag {:.1} ms",
        daemon.p50(),
        daemon.p99(),
        floor.p50(),
        floor.p99(),
        ratio.0,
        ratio.1,
        cpu.0,
        cpu.1,
        ratio.2,
        ours.verdict(),
        ours.lag_ms.max(bare.lag_ms),
    );
    let figures = json!({
        "daemon": ours.json(), "relay": bare.json(),
        "ratio": { "register_p50": ratio.0, "register_p99": ratio.1, "cpu": ratio.2 },
    });
    report.add(name, &line, figures, ours.faults() + unreadable);
}
