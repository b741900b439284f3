//! What the daemon takes and costs, against a bare relay in the same run.
//!
//! The relay takes WebSocket frames and posts them over keep-alive HTTPS: no logic, no disk. It and the daemon each run in
//! processes of their own; the simulated switch and portals here note when a frame left and when a request arrived. Ratios
//! can be compared between machines and days, milliseconds cannot.
//!
//! `cargo bench` runs a short form of every workload, `cargo bench -- NAME…` some of them, `-- --full` the sizes that the
//! daemon is meant for. One line is printed per result, the same figures go into a JSON file beside what cargo builds.
//! The exit code is 1 where a call was not registered and finished exactly once.

mod card;
mod enrolment;
mod far_side;
mod figures;
mod frames;
mod ledger;
mod listener;
mod portal;
mod portal_setup;
mod reading;
mod relay;
mod report;
mod subject;
mod switch;
mod traffic;
mod workloads;

use anyhow::Context as _;
use report::Report;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::process::ExitCode;
use workloads::{Extent, NAMES};

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [word, switch, ca, portals, first, last] = arguments.as_slice()
        && word == relay::WORD
    {
        let relay = relay::run(switch, ca.as_ref(), portals.as_ref(), first.parse()?, last.parse()?);
        return runtime.block_on(relay).map(|()| ExitCode::SUCCESS);
    }
    allow_many_sockets()?;
    runtime.block_on(measure(&arguments))
}

#[expect(clippy::print_stdout, reason = "where the figures are is what people ask next")]
async fn measure(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let full = arguments.iter().any(|word| word == "--full");
    let extent = if full { Extent::Full } else { Extent::Short };
    // Cargo adds a word of its own, which begins with a dash as well.
    let chosen: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let mut report = Report::default();
    for name in if chosen.is_empty() { NAMES.to_vec() } else { chosen } {
        workloads::run(name, extent, &mut report).await.with_context(|| format!("the workload {name}"))?;
    }
    println!("{}", report.write(full)?.display());
    Ok(if report.faults() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every company has a listener and two connections here, which the usual 1,024 files are too few for.
fn allow_many_sockets() -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
