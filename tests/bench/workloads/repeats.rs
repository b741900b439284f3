//! Events that say nothing new: the switch repeats the state of running calls, as it does after every change of any leg.

use super::Extent;
use crate::enrolment::start_with;
use crate::far_side::FarSide;
use crate::frames::CallFrames;
use crate::ledger::CallMoment;
use crate::report::Report;
use crate::subject::{DaemonHome, Subject};
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

const DAEMON: Range<usize> = 0..1;
const RELAY: Range<usize> = 1..2;
/// Events a second.
const RATE: usize = 5000;
/// Calls whose state is repeated.
const CALLS: usize = 500;

/// What one repeated event costs.
struct RepeatCost {
    microseconds: f64,
    lag_ms: f64,
    /// Calls that were not registered and finished exactly once around it.
    faults: usize,
}

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let far = Arc::new(FarSide::start(2)?);
    let home = DaemonHome::new(&far)?;
    let daemon = start_with(&far, &home, DAEMON).await?;
    let relay = Subject::relay(&far, RELAY)?;
    far.switch.wait_linked(2, Duration::from_secs(20)).await?;
    let seconds = extent.of(4, 15);
    let bare = repeat(&far, &relay, RELAY.start, seconds).await?;
    let ours = repeat(&far, &daemon, DAEMON.start, seconds).await?;
    let ratio = ours.microseconds / bare.microseconds;
    let line = format!(
        "CPU {:.1} us per event at {RATE}/s (relay {:.1}: x{ratio:.1}); {} of {CALLS} calls not whole; lag {:.1} ms",
        ours.microseconds,
        bare.microseconds,
        ours.faults,
        ours.lag_ms.max(bare.lag_ms),
    );
    let figures = json!({
        "events_per_second": RATE, "seconds": seconds,
        "daemon": { "cpu_us_per_event": ours.microseconds, "pacing_lag_ms": ours.lag_ms },
        "relay": { "cpu_us_per_event": bare.microseconds, "pacing_lag_ms": bare.lag_ms },
        "ratio": { "cpu": ratio },
    });
    report.add("repeats", &line, figures, ours.faults);
    relay.end().await?;
    daemon.end().await
}

async fn repeat(far: &FarSide, subject: &Subject, company: usize, seconds: usize) -> anyhow::Result<RepeatCost> {
    let mut calls: Vec<CallFrames> = (0..CALLS).map(|_| CallFrames::new(far.ledger.begin())).collect();
    let pause = Duration::from_millis(3);
    for frames in &calls {
        far.switch.say(company, frames.ringing(), Some((frames.call, CallMoment::Rang)));
        sleep(pause).await;
    }
    for frames in &mut calls {
        far.switch.say(company, frames.talking(), Some((frames.call, CallMoment::Answered)));
        sleep(pause).await;
    }
    sleep(Duration::from_secs(1)).await;
    let repeated: Vec<String> = calls.iter_mut().map(CallFrames::talking).collect();
    let events = RATE * seconds;
    let (before, begin, mut lag) = (subject.usage()?, Instant::now(), Duration::ZERO);
    for n in 0..events {
        let due = begin + Duration::from_secs_f64(n as f64 / RATE as f64);
        if due > Instant::now() {
            sleep_until(due).await;
        }
        lag = lag.max(due.elapsed());
        far.switch.say(company, repeated[n % CALLS].clone(), None);
    }
    // What was sent last is worked on as well.
    sleep(Duration::from_millis(500)).await;
    let used = subject.usage()?.cpu_seconds - before.cpu_seconds;
    for frames in &calls {
        far.switch.say(company, frames.released(), Some((frames.call, CallMoment::Released)));
        sleep(pause).await;
    }
    sleep(Duration::from_secs(1)).await;
    let whole = |call: usize| {
        let record = far.ledger.record(call);
        record.registers == 1 && record.finishes == 1 && !record.is_wrong()
    };
    Ok(RepeatCost {
        microseconds: used * 1e6 / events as f64,
        lag_ms: lag.as_secs_f64() * 1000.0,
        faults: calls.iter().filter(|frames| !whole(frames.call)).count(),
    })
}
