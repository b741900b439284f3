//! `sandbox`: the simulated worlds with the real daemon between them, for a newcomer's browser.

use super::say;
use crate::config::Settings;
use crate::lifecycle::Signals;
use crate::sandbox::environment::{Environment, EnvironmentPlan};
use crate::sandbox::portal::{PortalSpec, SimPortal};
use crate::sandbox::switch::Pace;
use crate::telemetry::{self, LogLevel};
use anyhow::anyhow;
use std::io;
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
            let mut signals = Signals::listen()?;
            let log = Settings {
                log_level: LogLevel::Info,
                default_log_file: dir.path().join("default.log"),
                error_log_file: dir.path().join("error.log"),
                ..Settings::default()
            };
            let _log = telemetry::init(&log.log_settings(false))?;
            let environment = Environment::build(dir.path(), &EnvironmentPlan::default()).await?;
            environment.switch.set_pace(Pace::lifelike());
            let company = environment.add_company("sandbox.local", self.spec()).await.map_err(|e| self.explained(e))?;
            company.portal.install(1).await;
            environment.register(&company).await?;
            environment.show_phones(&company);
            settled(&environment, &company.portal).await?;
            say(&format!(
                "The sandbox is ready. Open {page}\n\n\
                 You see a simulated Bitrix24 portal. Choose an employee, press \"Call the company\" among the telephones\n\
                 and watch the call card open: answer, reject or hang up in it or on the telephone. Click a client's\n\
                 number to dial it. The calls are listed as the CRM records them.\n\n\
                 The daemon's own pages: {base}\n  \
                 Log in there with the company domain {domain}. The browser will warn of the simulated portal's\n  \
                 certificate, which no authority knows: go on to {domain} all the same.\n\
                 The daemon's log: {log}\n\n\
                 Ctrl-C ends the sandbox and removes its files.",
                page = company.portal.page_url(),
                base = environment.base(),
                domain = company.portal.domain(),
                log = dir.path().join("default.log").display(),
            ));
            signals.next().await;
            say("stopping");
            environment.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }

    /// The commonest failure gets a remedy.
    fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        let taken = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::AddrInUse);
        if !taken {
            return error;
        }
        let (port, next) = (self.port, self.port.saturating_add(1));
        anyhow!(
            "port {port} is in use, perhaps by another sandbox: end that one, or take another port, as in \
             \"ecss-crm-server sandbox --port {next}\" (--port 0 takes any free one)"
        )
    }

    fn spec(&self) -> PortalSpec {
        PortalSpec { port: self.port, ..PortalSpec::default() }
    }
}

/// Waits until the first call would find everything in place.
async fn settled(environment: &Environment, portal: &SimPortal) -> anyhow::Result<()> {
    environment.switch.wait_linked(1).await?;
    let bound = || (!portal.placements().is_empty() && !portal.handlers().is_empty()).then_some(());
    environment
        .portals
        .until(Duration::from_secs(20), bound)
        .await
        .ok_or_else(|| anyhow::anyhow!("the daemon has not embedded its card in the portal"))
}
