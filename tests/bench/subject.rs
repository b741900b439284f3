//! What is measured, each in a process of its own: the relay, or the daemon.

use super::far_side::FarSide;
use super::figures::{cpu_seconds, resident_mib};
use super::relay;
use anyhow::Context as _;
use ecss_crm_server::sandbox::environment::free_port;
use rustix::process::{Pid, Signal, kill_process};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a process may take to end in good order.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// A running process.
pub struct Subject {
    child: Child,
    pid: u32,
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub resident_mib: f64,
}

impl Subject {
    /// A relay for these companies.
    pub fn relay(far: &FarSide, companies: Range<usize>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(relay::WORD).arg(&far.switch.address).arg(&far.ca).arg(&far.portal_list);
        Self::start(command.arg(companies.start.to_string()).arg(companies.end.to_string()))
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        // The switch tells the time of day without a zone.
        let child = command.env("TZ", "UTC").kill_on_drop(true).spawn()?;
        let pid = child.id().context("the process has ended")?;
        Ok(Self { child, pid })
    }

    pub fn usage(&self) -> anyhow::Result<Usage> {
        let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", self.pid));
        let cpu_seconds = cpu_seconds(&of("stat")?).context("no processor time")?;
        let resident_mib = resident_mib(&of("status")?).context("the process has ended")?;
        Ok(Usage { cpu_seconds, resident_mib })
    }

    /// Ends it in good order.
    pub async fn end(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("a process")?;
        kill_process(pid, Signal::TERM)?;
        tokio::time::timeout(ENDS_WITHIN, self.child.wait()).await.context("the process does not end")??;
        Ok(())
    }
}

/// Settings and database of a daemon; outlives its processes.
pub struct DaemonHome {
    config: PathBuf,
    /// Its address for browsers.
    pub base: String,
    /// Its port for plain HTTP, as a gateway uses it.
    pub port: u16,
}

impl DaemonHome {
    pub fn new(far: &FarSide) -> anyhow::Result<Self> {
        let home = tempfile::tempdir_in(far.dir())?.keep();
        let (port, https_port) = (free_port()?, free_port()?);
        let base = format!("http://127.0.0.1:{port}/bitrix");
        let path = |name: &str| home.join(name).display().to_string();
        let settings = format!(
            "useUnixSockets = false\nserverHost = \"127.0.0.1\"\nhttpPort = {port}\nhttpsPort = {https_port}\n\
             proxyGatewayURL = \"{base}\"\nbitrixTokenHost = \"https://{}\"\n\
             sslKeyFilename = \"{}\"\nsslCertFilename = \"{}\"\ndefaultLogFile = \"{}\"\nerrorLogFile = \"{}\"\n\
             state_dir = \"{}\"\nca_file = \"{}\"\nportal_budget = \"unlimited\"\n",
            far.portals.addresses[0],
            path("key.pem"),
            path("cert.pem"),
            path("default.log"),
            path("error.log"),
            path("db"),
            far.ca.display(),
        );
        let config = home.join("config.toml");
        std::fs::write(&config, settings)?;
        Ok(Self { config, base, port })
    }

    pub fn start(&self) -> anyhow::Result<Subject> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"));
        Subject::start(command.args(["run", "--config"]).arg(&self.config))
    }
}
