//! `sandbox`: the simulated worlds with the real daemon between them, for a newcomer's browser.

use super::say;
use crate::config::Settings;
use crate::lifecycle::Wishes;
use crate::sandbox::portal::{PortalSpec, SimPortal};
use crate::sandbox::town::{Town, TownPlan};
use crate::telemetry::{self, LogLevel};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Sandbox {
    /// Port of the simulated portal's page (0: any free one)
    #[arg(long, default_value_t = 8700)]
    port: u16,
}

impl Sandbox {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let dir = tempfile::Builder::new().prefix("ecss-crm-sandbox-").tempdir()?;
            let mut wishes = Wishes::listen()?;
            let log = Settings {
                log_level: LogLevel::Info,
                default_log_file: dir.path().join("default.log"),
                error_log_file: dir.path().join("error.log"),
                ..Settings::default()
            };
            let _log = telemetry::init(&log.log_settings(false))?;
            let town = Town::build(dir.path(), &TownPlan::default()).await?;
            let company = town.add_company("sandbox.local", self.spec()).await?;
            company.portal.install(1).await;
            town.register(&company).await?;
            town.show_phones(&company);
            settled(&town, &company.portal).await?;
            say(&format!(
                "The sandbox is ready. Open {}\n\n\
                 You see the simulated Bitrix24 portal. Choose an employee, ring his number with one of the simulated\n\
                 telephones and watch the call card open; answer, reject or hang up; click a client's number to dial.\n\
                 The finished calls are listed as the CRM records them.\n\n\
                 The daemon's own pages: {}\n\
                 Its log: {}\n\n\
                 Ctrl-C ends the sandbox and removes its files.",
                company.portal.page_url(),
                town.base(),
                dir.path().join("default.log").display(),
            ));
            wishes.next().await;
            say("stopping");
            town.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }

    fn spec(&self) -> PortalSpec {
        PortalSpec { port: self.port, ..PortalSpec::default() }
    }
}

/// Waits until the first call would find everything in place.
async fn settled(town: &Town, portal: &SimPortal) -> anyhow::Result<()> {
    town.switch.wait_linked(1).await?;
    let bound = || (!portal.placements().is_empty() && !portal.handlers().is_empty()).then_some(());
    town.portals
        .until(Duration::from_secs(20), bound)
        .await
        .ok_or_else(|| anyhow::anyhow!("the daemon has not embedded its card in the portal"))
}
