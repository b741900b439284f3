//! `run`: the daemon in the foreground.

use super::{Files, complain_of};
use crate::app::{self, Daemon, Listeners};
use crate::config::{self, Loaded, Settings};
use crate::lifecycle::{self, SignalRequest, Signals};
use crate::telemetry::{self, Telemetry};
use anyhow::Context as _;
use std::process::ExitCode;
use std::time::Duration;

/// Without a watchdog the status line is refreshed this often.
const STATUS: Duration = Duration::from_secs(60);

pub(super) fn run(files: &Files) -> anyhow::Result<ExitCode> {
    let Loaded { settings, warnings } = match config::load(&files.sources()) {
        Ok(loaded) => loaded,
        Err(faults) => return Ok(complain_of(&faults)),
    };
    let prepared = match app::prepare(&settings) {
        Ok(prepared) => prepared,
        Err(faults) => return Ok(complain_of(&faults)),
    };
    // Before there are threads.
    let handed = lifecycle::sockets_of_the_last_run();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build()?;
    runtime.block_on(async {
        let journal = std::env::var_os("JOURNAL_STREAM").is_some();
        let telemetry = telemetry::init(&settings.log_settings(journal))?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let started = async {
            // Before the first byte is served, so that no signal meets us unprepared.
            let signals = Signals::listen().context("signals cannot be listened to")?;
            let listeners = Listeners::take_or_bind(&settings, handed).await?;
            let daemon = Daemon::start(&settings, prepared, listeners, app::clock()).await?;
            anyhow::Ok((signals, daemon))
        };
        let (signals, daemon) = started.await.inspect_err(|error| tracing::error!("{error:#}"))?;
        serve(files, &telemetry, signals, &daemon).await;
        lifecycle::report_stopping();
        daemon.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Half of the processors: the others are for the database's thread, the log, the kernel's network and the gateway. One
/// worker serves more than a thousand calls a second, and what is handed from one to another costs more than the work:
/// on two processors with one worker instead of two a call took a quarter less of them.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// Serves until somebody wants us to stop.
async fn serve(files: &Files, telemetry: &Telemetry, mut signals: Signals, daemon: &Daemon) {
    lifecycle::report_ready(&daemon.summary());
    let mut beat = tokio::time::interval(lifecycle::watchdog_interval().unwrap_or(STATUS));
    loop {
        tokio::select! {
            request = signals.next() => match request {
                SignalRequest::Stop => return,
                SignalRequest::Reload => {
                    lifecycle::report_reloading();
                    reload(files, telemetry, daemon);
                    lifecycle::report_ready(&daemon.summary());
                }
            },
            _ = beat.tick() => {
                // A database that does not answer keeps the service manager waiting until it restarts us.
                match daemon.is_alive().await {
                    Ok(()) => lifecycle::report_well(&daemon.summary()),
                    Err(why) => lifecycle::report_unwell(&why),
                }
            }
        }
    }
}

fn reload(files: &Files, telemetry: &Telemetry, daemon: &Daemon) {
    telemetry.reopen();
    let loaded = config::load(&files.sources()).and_then(|loaded| {
        let prepared = app::prepare(&loaded.settings)?;
        Ok((loaded.settings, prepared))
    });
    match loaded {
        Ok((settings, prepared)) => {
            apply(&settings, telemetry);
            daemon.reload(&settings, prepared);
            tracing::warn!(level = %settings.log_level, "settings were read again; other changes need a restart");
        }
        Err(faults) => {
            for fault in faults {
                tracing::error!("{fault}");
            }
            tracing::error!("the settings in use stay, as the files have faults");
        }
    }
}

fn apply(settings: &Settings, telemetry: &Telemetry) {
    telemetry.set_level(settings.log_level);
}
