//! How long a ringing leg takes to become a `register` request, against a bare relay in the same run.
//!
//! The relay takes a WebSocket frame and posts it over keep-alive HTTPS: no logic, no disk. It and the daemon each run
//! in a process of their own; the simulated switch and portal here note when a frame left and when a request arrived.
//!
//! `cargo bench --bench relay` prints both and their ratio, and the daemon's resident memory.

#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

mod portal;
mod relay;
mod subject;
mod switch;

use std::time::Duration;

/// Calls per measurement.
const CALLS: usize = 1000;
/// Calls per second of each measurement.
const RATES: [u32; 3] = [5, 100, 500];
/// At five calls a second a thousand would take minutes.
const CALLS_SLOWLY: usize = 100;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [_, word, socket, portal, ca] = args.as_slice()
        && word == relay::WORD
    {
        return runtime.block_on(relay::run(socket, portal, ca.as_ref()));
    }
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let portal = portal::Portal::start(dir.path()).await?;
    let switch = switch::Switch::start().await?;
    println!("{:>10} {:>8} {:>10} {:>10} {:>10} {:>10}", "calls/s", "calls", "relay p50", "p99", "daemon p50", "p99");
    let mut idle = 0;
    let mut loaded = 0;
    for rate in RATES {
        let calls = if rate < 50 { CALLS_SLOWLY } else { CALLS };
        let relay = subject::Subject::relay(&switch, &portal).await?;
        let bare = ring(&switch, &portal, calls, rate).await?;
        relay.end().await?;
        let daemon = subject::Subject::daemon(dir.path(), &switch, &portal).await?;
        idle = daemon.resident_kib()?;
        let ours = ring(&switch, &portal, calls, rate).await?;
        loaded = daemon.resident_kib()?;
        daemon.end().await?;
        println!(
            "{rate:>10} {calls:>8} {:>10.3} {:>10.3} {:>10.3} {:>10.3}   ratio {:.2} / {:.2}",
            bare.0,
            bare.1,
            ours.0,
            ours.1,
            ours.0 / bare.0,
            ours.1 / bare.1
        );
    }
    println!("(milliseconds from frame to request)");
    println!("daemon resident: idle {:.1} MiB, after the last load {:.1} MiB", mib(idle), mib(loaded));
    Ok(())
}

#[expect(clippy::cast_lossless, reason = "shown with one decimal")]
fn mib(kib: u32) -> f64 {
    kib as f64 / 1024.0
}

/// Rings `calls` calls and returns p50 and p99 in milliseconds.
async fn ring(switch: &switch::Switch, portal: &portal::Portal, calls: usize, rate: u32) -> anyhow::Result<(f64, f64)> {
    // A few calls first, so that connections and caches are as they are in the long run.
    for warm in 0..20 {
        switch.ring(&format!("warm-{rate}-{warm}")).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut due = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut sent = Vec::with_capacity(calls);
    for call in 0..calls {
        due.tick().await;
        let id = format!("{rate}-{call}-{:08x}", rand());
        sent.push((id.clone(), switch.ring(&id).await?));
    }
    let mut took = Vec::with_capacity(calls);
    for (id, at) in sent {
        let arrived = portal.arrival(&id, Duration::from_secs(10)).await?;
        took.push(arrived.duration_since(at).as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    Ok((took[took.len() / 2], took[took.len() * 99 / 100]))
}

fn rand() -> u32 {
    u32::from_le_bytes(ecss_crm_server::clock::random_bytes())
}
