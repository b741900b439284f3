//! What is measured: the relay, or the daemon with one registered company.

use super::portal::Portal;
use super::relay;
use super::switch::Switch;
use anyhow::Context as _;
use ecss_crm_server::domain::Trust;
use ecss_crm_server::http::{ClientOptions, Trusted, client, tls_config};
use ecss_crm_server::sandbox::environment::free_port;
use reqwest::header::{LOCATION, SET_COOKIE};
use std::path::Path;
use std::time::Duration;
use tokio::process::{Child, Command};

pub struct Subject(Child);

impl Subject {
    pub async fn relay(switch: &Switch, portal: &Portal) -> anyhow::Result<Self> {
        let before = switch.links();
        let child = Command::new(std::env::current_exe()?)
            .arg(relay::WORD)
            .args([&switch.address, &portal.address])
            .arg(&portal.ca)
            .kill_on_drop(true)
            .spawn()?;
        switch.wait_linked(before).await?;
        Ok(Self(child))
    }

    pub async fn daemon(dir: &Path, switch: &Switch, portal: &Portal) -> anyhow::Result<Self> {
        let home = tempfile::tempdir_in(dir)?.keep();
        let (free, free_too) = (free_port()?, free_port()?);
        let path = |name: &str| home.join(name).display().to_string();
        let config = format!(
            "useUnixSockets = false\nserverHost = \"127.0.0.1\"\nhttpPort = {free}\nhttpsPort = {free_too}\n\
             proxyGatewayURL = \"http://127.0.0.1:{free}/bitrix\"\nbitrixTokenHost = \"https://{}\"\n\
             sslKeyFilename = \"{}\"\nsslCertFilename = \"{}\"\ndefaultLogFile = \"{}\"\nerrorLogFile = \"{}\"\n\
             state_dir = \"{}\"\nca_file = \"{}\"\nportal_budget = \"unlimited\"\n",
            portal.address,
            path("key.pem"),
            path("cert.pem"),
            path("default.log"),
            path("error.log"),
            path("db"),
            portal.ca.display(),
        );
        let file = home.join("config.toml");
        std::fs::write(&file, config)?;
        let before = switch.links();
        let child = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"))
            .args(["run", "--config"])
            .arg(&file)
            .kill_on_drop(true)
            .spawn()?;
        let subject = Self(child);
        register(&format!("http://127.0.0.1:{free}/bitrix"), switch, portal).await?;
        switch.wait_linked(before).await?;
        // Users and bindings are looked after in the background.
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(subject)
    }

    pub fn resident_kib(&self) -> anyhow::Result<u32> {
        let pid = self.0.id().context("the daemon has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    pub async fn end(mut self) -> anyhow::Result<()> {
        self.0.kill().await?;
        Ok(())
    }
}

/// Registers the company through the pages, as its administrator would.
async fn register(base: &str, switch: &Switch, portal: &Portal) -> anyhow::Result<()> {
    let tls = tls_config(&Trusted::load(Some(&portal.ca))?, &Trust::System)?;
    let client = client(&tls, ClientOptions::default());
    let form = [("domain", portal.address.as_str()), ("client_id", "local.bench"), ("client_secret", "secret")];
    let mut login = None;
    for _ in 0..100 {
        if let Ok(answer) = client.post(format!("{base}/login")).form(&form).send().await {
            login = Some(answer);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let login = login.context("the daemon does not answer")?;
    let location = login.headers().get(LOCATION).and_then(|l| l.to_str().ok()).context("no redirect to the portal")?;
    let browser = cookie_of(&login).context("no mark of the browser")?;
    let state = url::Url::parse(location)?
        .query_pairs()
        .find(|(name, _)| name == "state")
        .map(|(_, value)| value.into_owned())
        .context("no state")?;
    let back = client
        .get(format!("{base}/"))
        .header("cookie", browser)
        .query(&[("code", "c"), ("state", &state), ("domain", &portal.address), ("member_id", "bench")])
        .send()
        .await?;
    let cookie = cookie_of(&back).context("not logged in")?;
    let settings = [
        ("client_id", "bench"),
        ("api_key", "key"),
        ("addresses", &format!("http://{}", switch.address)),
        ("domain", "bench"),
    ];
    let saved = client.post(format!("{base}/company/ecss")).header("cookie", cookie).form(&settings).send().await?;
    anyhow::ensure!(saved.status().is_redirection(), "the switch settings were refused: {}", saved.text().await?);
    Ok(())
}

/// `name=value` of the cookie an answer sets.
fn cookie_of(answer: &reqwest::Response) -> Option<String> {
    let cookie = answer.headers().get(SET_COOKIE)?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}
