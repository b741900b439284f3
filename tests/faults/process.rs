//! The daemon as a process of its own, which can be killed.

use ecss_crm_server::sandbox::environment::{Environment, free_port};
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long it may take to be ready, or to end in good order.
const PATIENCE: Duration = Duration::from_secs(60);

/// What differs between stories.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// As in `config.toml`.
    pub portal_budget: &'static str,
    /// Seconds.
    pub reconnect_grace: u32,
    /// Unless `ECSS_CRM_LOG` says otherwise.
    pub log_level: &'static str,
    /// Seconds after which a silent switch is asked whether it lives, and one that does not read is given up.
    pub idle_seconds: u32,
}

impl Default for Settings {
    /// An ordinary cloud portal; longer than any call of the traffic, so that none is given up while it goes on.
    fn default() -> Self {
        Self { portal_budget: "2/45", reconnect_grace: 9, log_level: "info", idle_seconds: 20 }
    }
}

pub struct Process {
    dir: PathBuf,
    ops: String,
    client: reqwest::Client,
    child: Option<Child>,
}

impl Process {
    /// Writes the settings; nothing runs yet.
    pub fn prepare(environment: &Environment, settings: Settings) -> Self {
        let dir = environment.dir().to_owned();
        let ops = SocketAddr::from(([127, 0, 0, 1], free_port().expect("a free port")));
        let s = &environment.settings;
        let log_level = std::env::var("ECSS_CRM_LOG").unwrap_or_else(|_| settings.log_level.to_owned());
        let ca_file = s.ca_file.clone().unwrap_or_default();
        let quoted = |path: &Path| format!("\"{}\"", path.display());
        let dialect = dir.join("dialect.toml");
        let heartbeat = format!("[heartbeat]\nidle_seconds = {}\n", settings.idle_seconds);
        std::fs::write(&dialect, heartbeat).expect("the dialect is written");
        let config = format!(
            "useUnixSockets = false\nserverHost = {:?}\nhttpPort = {}\nhttpsPort = {}\nproxyGatewayURL = {:?}\n\
             bitrixTokenHost = {:?}\nsslKeyFilename = {}\nsslCertFilename = {}\ndefaultLogFile = {}\n\
             errorLogFile = {}\nlogLevel = {log_level:?}\nstate_dir = {}\nca_file = {}\n\
             ops_listen = \"{ops}\"\nportal_budget = {:?}\nreconnect_grace = {}\ndialect_file = {}\n",
            s.server_host,
            s.http_port,
            s.https_port,
            s.public_base(),
            s.bitrix_token_host,
            quoted(&s.ssl_key_filename),
            quoted(&s.ssl_cert_filename),
            quoted(&s.default_log_file),
            quoted(&s.error_log_file),
            quoted(&s.state_dir),
            quoted(&ca_file),
            settings.portal_budget,
            settings.reconnect_grace,
            quoted(&dialect),
        );
        std::fs::write(dir.join("config.toml"), config).expect("the settings are written");
        Self { dir, ops: format!("http://{ops}"), client: environment.client().clone(), child: None }
    }

    /// Starts it; does not wait.
    pub fn start(&mut self) {
        let open = |name| OpenOptions::new().create(true).append(true).open(self.dir.join(name)).expect("a log");
        let said: File = open("stderr.log");
        let child = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"))
            .arg("run")
            .arg("--config")
            .arg(self.dir.join("config.toml"))
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a second handle"))
            .stderr(said)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.expect("the daemon's process"));
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) {
        let asking = async {
            // Nothing says when it would answer, so it is asked often.
            let mut often = tokio::time::interval(Duration::from_millis(10));
            loop {
                often.tick().await;
                if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                    let said = std::fs::read_to_string(self.dir.join("stderr.log")).unwrap_or_default();
                    panic!("the daemon ended by itself with {status}: {said}");
                }
                if let Ok(answer) = self.client.get(format!("{}/readyz", self.ops)).send().await
                    && answer.status().is_success()
                {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the daemon is ready in time");
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("the process can be killed");
        }
    }

    /// Ends it as a service manager does.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = child.id().expect("it runs").to_string();
        let signalled = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(signalled.success(), "the daemon had ended by itself");
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        let status = ended.expect("the daemon ends in time").expect("it can be waited for");
        assert!(status.success(), "the daemon ended with {status}");
    }

    /// Its memory now, in MiB.
    pub fn memory(&self) -> u64 {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().map_or(0, |kib| kib / 1024)
    }

    /// Where it reports how it is.
    pub fn ops(&self) -> &str {
        &self.ops
    }

    /// Processor time it has used so far.
    pub fn processor_time(&self) -> Duration {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // The name of the program may hold anything; behind it, the 12th and 13th fields count hundredths of a second.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(hundredths * 10)
    }

    /// The sum of a metric over all companies.
    pub async fn metric(&self, name: &str) -> u64 {
        let ask = || self.client.get(format!("{}/metrics", self.ops)).send();
        let asked = match ask().await {
            Ok(answer) => answer,
            // The connection that was kept for it may have been closed just now.
            Err(_) => ask().await.expect("an answer"),
        };
        let text = asked.text().await.expect("text");
        let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        text.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// One file of its log, all lines.
    pub fn log(&self, name: &str) -> Vec<String> {
        read(&self.dir.join(name))
    }
}

fn read(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
