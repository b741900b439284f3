//! `sandbox`: the simulated worlds with the real daemon between them, for a newcomer's browser.

use super::{locale, print_line};
use crate::config::Settings;
use crate::domain::language::Lang;
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
        let language = locale::language();
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
            let company =
                environment.add_company("sandbox.local", self.spec()).await.map_err(|e| self.explained(language, e))?;
            company.portal.install(1).await;
            environment.register(&company).await?;
            environment.show_phones(&company);
            settled(&environment, &company.portal).await?;
            let addresses = Addresses {
                page: company.portal.page_url(),
                settings: environment.base(),
                company: company.portal.domain(),
                log: dir.path().join("default.log").display().to_string(),
            };
            print_line(&welcome(language, &addresses));
            signals.next().await;
            print_line(match language {
                Lang::Ru => "завершается",
                Lang::En => "stopping",
            });
            environment.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }

    /// The commonest failure gets a remedy.
    fn explained(&self, language: Lang, error: anyhow::Error) -> anyhow::Error {
        let taken = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::AddrInUse);
        if !taken {
            return error;
        }
        let (port, next) = (self.port, self.port.saturating_add(1));
        match language {
            Lang::Ru => anyhow!(
                "порт {port} занят, возможно, другой песочницей: завершите её или укажите другой порт: \
                 \"ecss-crm-server sandbox --port {next}\" (--port 0: любой свободный)"
            ),
            Lang::En => anyhow!(
                "port {port} is in use, perhaps by another sandbox: end that one, or choose another port: \
                 \"ecss-crm-server sandbox --port {next}\" (--port 0: any free one)"
            ),
        }
    }

    fn spec(&self) -> PortalSpec {
        PortalSpec { port: self.port, ..PortalSpec::default() }
    }
}

/// Where the parts of the running sandbox are found.
struct Addresses {
    page: String,
    settings: String,
    company: String,
    log: String,
}

/// What a newcomer reads first: one thing to do in each line. The settings are reached without typing an address, by the
/// button in the portal's page.
fn welcome(language: Lang, at: &Addresses) -> String {
    let Addresses { page, settings, company, log } = at;
    match language {
        Lang::Ru => format!(
            "Песочница готова. Откройте {page}\n\n  \
             Настройки   там же «Настройки приложения» → «Открыть настройки компании»\n              \
             (браузер один раз предупредит о сертификате симулятора: продолжите)\n  \
             Входящий    выберите сотрудника, «Позвонить в компанию»: откроется карточка\n  \
             Исходящий   нажмите на номер клиента, снимите трубку телефона сотрудника\n  \
             Записи      внизу страницы, как их записала CRM\n\n  \
             Сервер      {settings}, снаружи: адрес портала {company}\n  \
             Журнал      {log}\n\n\
             Ctrl-C завершает песочницу и удаляет её файлы."
        ),
        Lang::En => format!(
            "The sandbox is ready. Open {page}\n\n  \
             Settings  \"Application settings\" there, then \"Open the company's settings\"\n            \
             (the browser warns once of the simulated certificate: go on)\n  \
             Incoming  choose an employee, press \"Call the company\": the call card opens\n  \
             Outgoing  click a client's number, then pick up the employee's telephone\n  \
             Records   at the bottom of the page, as the CRM has recorded them\n\n  \
             Server    {settings}, from outside: the portal's address is {company}\n  \
             Log       {log}\n\n\
             Ctrl-C ends the sandbox and removes its files."
        ),
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
