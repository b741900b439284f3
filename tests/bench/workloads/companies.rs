//! Many companies: ready after a restart, idle, loaded, and all of them losing the switch at once.

use super::Extent;
use crate::enrolment::start_with;
use crate::far_side::FarSide;
use crate::figures::{Distribution, most_within};
use crate::report::Report;
use crate::subject::{DaemonHome, Subject};
use crate::traffic::{Load, Outcome};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Companies that keep the switch while all others lose it.
const SPARED: usize = 10;
/// Calls a second of those that keep it.
const LIVE_RATE: usize = 50;
/// How long everybody may take to be connected.
const CONNECTS_WITHIN: Duration = Duration::from_secs(120);

/// How a process does with many companies.
struct Crowd {
    ready_seconds: f64,
    idle_mib: f64,
    idle_cpu_percent: f64,
    /// One call of each.
    first_calls: Outcome,
}

/// What happened when nearly all companies lost the switch.
struct Outage {
    back_seconds: f64,
    most_attempts: usize,
    live_before: Outcome,
    live_meanwhile: Outcome,
}

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let count = extent.of(200, 2000);
    let far = Arc::new(FarSide::start(count)?);
    let began = Instant::now();
    let relay = Subject::relay(&far, 0..count)?;
    let bare = crowd(&far, &relay, count, began, extent).await?;
    relay.end().await?;
    far.switch.wait_alone().await?;

    let home = DaemonHome::new(&far)?;
    start_with(&far, &home, 0..count).await?.end().await?;
    far.switch.wait_alone().await?;
    let began = Instant::now();
    let daemon = home.start()?;
    let ours = crowd(&far, &daemon, count, began, extent).await?;
    let outage = outage(&far, &daemon, count, extent).await?;
    daemon.end().await?;
    tell_crowd(count, &ours, &bare, far.portals.unreadable(), report);
    tell_outage(count, &outage, report);
    Ok(())
}

async fn crowd(
    far: &Arc<FarSide>,
    subject: &Subject,
    count: usize,
    began: Instant,
    extent: Extent,
) -> anyhow::Result<Crowd> {
    far.switch.wait_linked(count, CONNECTS_WITHIN).await?;
    let ready_seconds = began.elapsed().as_secs_f64();
    // First rounds of upkeep are spread over ten milliseconds per company; idle is what comes after.
    sleep(extent.of(Duration::from_secs(3), Duration::from_secs(40))).await;
    let (before, idle) = (subject.usage()?, Instant::now());
    sleep(extent.of(Duration::from_secs(5), Duration::from_secs(60))).await;
    let after = subject.usage()?;
    let idle_cpu_percent = (after.cpu_seconds - before.cpu_seconds) / idle.elapsed().as_secs_f64() * 100.0;
    let each_once = Load { companies: 0..count, per_second: (count / 10).clamp(1, 100), calls: count };
    let first_calls = each_once.play(far, subject).await?;
    Ok(Crowd { ready_seconds, idle_mib: after.resident_mib, idle_cpu_percent, first_calls })
}

async fn outage(far: &Arc<FarSide>, daemon: &Subject, count: usize, extent: Extent) -> anyhow::Result<Outage> {
    let (lost, spared) = (0..count - SPARED, count - SPARED..count);
    let seconds = extent.of(6, 30);
    let live = Load::of(spared, LIVE_RATE, seconds);
    let live_before = live.play(far, daemon).await?;
    let dropped = async {
        sleep(Duration::from_secs(1)).await;
        far.switch.go_away(lost.clone());
        sleep(extent.of(Duration::from_secs(2), Duration::from_secs(10))).await;
        far.switch.come_back();
        let back = Instant::now();
        far.switch.wait_linked(count, CONNECTS_WITHIN).await?;
        anyhow::Ok(back.elapsed().as_secs_f64())
    };
    let (back_seconds, live_meanwhile) = tokio::join!(dropped, live.play(far, daemon));
    let attempts = far.switch.attempts(lost);
    let most_attempts = attempts.iter().map(|moments| most_within(moments, Duration::from_secs(1))).max().unwrap_or(0);
    Ok(Outage { back_seconds: back_seconds?, most_attempts, live_before, live_meanwhile: live_meanwhile? })
}

fn tell_crowd(count: usize, ours: &Crowd, bare: &Crowd, unreadable: usize, report: &mut Report) {
    let (first, floor) = (ours.first_calls.register(), bare.first_calls.register());
    let (loaded, bare_loaded) = (ours.first_calls.resident_mib, bare.first_calls.resident_mib);
    let line = format!(
        "{count} ready in {:.1} s (relay {:.1}); idle {:.0} MiB (relay {:.0}), {:.1} % CPU (relay {:.1}); loaded {loaded:.0} \
         MiB (relay {bare_loaded:.0}); first call p50 {:.2} ms, p99 {:.2} (relay {:.2}, {:.2}: x{:.1}, x{:.1}); {}; lag {:.1} ms",
        ours.ready_seconds,
        bare.ready_seconds,
        ours.idle_mib,
        bare.idle_mib,
        ours.idle_cpu_percent,
        bare.idle_cpu_percent,
        first.p50(),
        first.p99(),
        floor.p50(),
        floor.p99(),
        first.p50() / floor.p50(),
        first.p99() / floor.p99(),
        ours.first_calls.verdict(),
        ours.first_calls.lag_ms,
    );
    let ratio = json!({
        "ready": ours.ready_seconds / bare.ready_seconds, "idle_mib": ours.idle_mib / bare.idle_mib,
        "register_p50": first.p50() / floor.p50(), "register_p99": first.p99() / floor.p99(),
    });
    let figures = json!({ "companies": count, "daemon": ours.json(), "relay": bare.json(), "ratio": ratio });
    report.add("companies", &line, figures, ours.first_calls.faults() + unreadable);
}

fn tell_outage(count: usize, outage: &Outage, report: &mut Report) {
    let (before, meanwhile): (Distribution, Distribution) =
        (outage.live_before.register(), outage.live_meanwhile.register());
    let ratio = meanwhile.p99() / before.p99();
    let lost = count - SPARED;
    let line = format!(
        "{lost} companies lose the switch: all back after {:.1} s; most attempts of one in a second {}; calls of {SPARED} \
         others p99 {:.2} ms (before {:.2}: x{ratio:.1}); {}; lag {:.1} ms",
        outage.back_seconds,
        outage.most_attempts,
        meanwhile.p99(),
        before.p99(),
        outage.live_meanwhile.verdict(),
        outage.live_meanwhile.lag_ms,
    );
    let figures = json!({
        "companies": lost, "back_s": outage.back_seconds, "most_attempts_in_a_second": outage.most_attempts,
        "before": outage.live_before.json(), "meanwhile": outage.live_meanwhile.json(),
        "ratio": { "register_p99": ratio },
    });
    report.add("outage", &line, figures, outage.live_before.faults() + outage.live_meanwhile.faults());
}

impl Crowd {
    fn json(&self) -> Value {
        json!({
            "ready_s": self.ready_seconds, "idle_mib": self.idle_mib, "idle_cpu_percent": self.idle_cpu_percent,
            "loaded_mib": self.first_calls.resident_mib, "first_calls": self.first_calls.json(),
        })
    }
}
