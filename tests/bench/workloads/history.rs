//! One company that has had many calls: whether a call costs then what it cost before, and what stays in memory.

use super::Extent;
use crate::enrolment::start_with;
use crate::far_side::FarSide;
use crate::figures::Distribution;
use crate::report::Report;
use crate::subject::DaemonHome;
use crate::traffic::Load;
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const COMPANY: Range<usize> = 0..1;
/// Calls a second before and after, and while history is made.
const SLOWLY: usize = 5;
const FAST: usize = 500;
/// A call that has ended is shown for a while; what is kept beyond that is seen after it is quiet again.
const QUIET: Duration = Duration::from_secs(3);

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let far = Arc::new(FarSide::start(1)?);
    let home = DaemonHome::new(&far)?;
    // Registering has left its own traces in memory: what counts is a daemon that has just begun.
    start_with(&far, &home, COMPANY).await?.end().await?;
    far.switch.wait_alone().await?;
    let daemon = home.start()?;
    far.switch.wait_linked(1, Duration::from_secs(20)).await?;
    sleep(extent.of(QUIET, Duration::from_secs(30))).await;
    let idle = daemon.usage()?.resident_mib;
    Load::of(COMPANY, 50, 1).play(&far, &daemon).await?;

    let slow = Load::of(COMPANY, SLOWLY, extent.of(6, 60));
    let (busy_seconds, edge_seconds) = extent.of((20, 5), (200, 20));
    let before = slow.play(&far, &daemon).await?;
    let busy = Load::of(COMPANY, FAST, busy_seconds).play(&far, &daemon).await?;
    let after = slow.play(&far, &daemon).await?;
    sleep(QUIET).await;
    let resident = daemon.usage()?.resident_mib;
    daemon.end().await?;

    let edge = FAST * edge_seconds;
    let first = Distribution::of(busy.register_ms.iter().copied().take(edge));
    let last = Distribution::of(busy.register_ms.iter().rev().copied().take(edge));
    let (early, late) = (before.register(), after.register());
    let (ratio, cpu) = (late.p50() / early.p50(), after.cpu_seconds / before.cpu_seconds);
    let faults = before.faults() + busy.faults() + after.faults() + far.portals.unreadable();
    let line = format!(
        "{SLOWLY}/s after {} calls: register p50 {:.2} ms, p99 {:.2} (before {:.2}, {:.2}: x{ratio:.2}), CPU x{cpu:.2}; \
         {FAST}/s: p99 {:.1} ms in the last {edge_seconds} s (first {:.1}); {}; lag {:.1} ms",
        busy.calls,
        late.p50(),
        late.p99(),
        early.p50(),
        early.p99(),
        last.p99(),
        first.p99(),
        busy.verdict(),
        busy.lag_ms,
    );
    let figures = json!({
        "before": before.json(), "busy": busy.json(), "after": after.json(), "busy_p99_first_ms": first.p99(),
        "busy_p99_last_ms": last.p99(), "ratio": { "register_p50": ratio, "register_p99": late.p99() / early.p99(), "cpu": cpu },
    });
    report.add("history", &line, figures, faults);
    let line = format!("one company idle {idle:.1} MiB, after {} calls {resident:.1} MiB", busy.calls);
    let figures = json!({ "idle_mib": idle, "after_mib": resident, "calls": busy.calls });
    report.add("memory", &line, figures, 0);
    Ok(())
}
