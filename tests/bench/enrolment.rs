//! Registers companies with the daemon through its pages, as their administrators would.

use super::far_side::FarSide;
use super::portal_setup::COMPANY;
use super::subject::{DaemonHome, Subject};
use anyhow::Context as _;
use ecss_crm_server::domain::Trust;
use ecss_crm_server::http::{ClientOptions, Trusted, client, tls_config};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use std::ops::Range;
use std::time::Duration;

/// Administrators at the pages in the same moment.
const AT_ONCE: usize = 4;
/// How long everything may take per company, beside a minute for all.
const PER_COMPANY: Duration = Duration::from_millis(200);

/// Starts the daemon and registers these companies; returns when all are connected and have their employees.
pub async fn start_with(far: &FarSide, home: &DaemonHome, companies: Range<usize>) -> anyhow::Result<Subject> {
    let daemon = home.start()?;
    let tls = tls_config(&Trusted::load(Some(&far.ca))?, &Trust::System)?;
    let client = client(&tls, ClientOptions::default());
    until_it_answers(&client, &home.base).await?;
    let count = companies.len();
    let within = Duration::from_secs(60) + PER_COMPANY * u32::try_from(count)?;
    let work = async {
        let enrolments = companies.clone().map(|company| enrol(&client, far, home, company));
        stream::iter(enrolments).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        far.switch.wait_linked(count, within).await?;
        far.portals.employees_fetched(companies).await;
        anyhow::Ok(())
    };
    tokio::time::timeout(within, work).await.context("the companies are not registered in time")??;
    // The last employees are being stored.
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(daemon)
}

async fn until_it_answers(client: &Client, base: &str) -> anyhow::Result<()> {
    for _ in 0..200 {
        if client.get(format!("{base}/")).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the daemon does not answer")
}

async fn enrol(client: &Client, far: &FarSide, home: &DaemonHome, company: usize) -> anyhow::Result<()> {
    let (base, portal, name) = (&home.base, far.portals.addresses[company].as_str(), format!("{COMPANY}{company}"));
    let keys = format!("local.{company}");
    let form = [("domain", portal), ("client_id", &keys), ("client_secret", "secret")];
    let login = client.post(format!("{base}/login")).form(&form).send().await?;
    let location =
        login.headers().get(LOCATION).and_then(|value| value.to_str().ok()).context("no way to the portal")?;
    let state =
        url::Url::parse(location)?.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
    let back = [("code", "c"), ("state", &state.context("no state")?), ("domain", portal), ("member_id", &name)];
    let request = client.get(format!("{base}/")).header("cookie", cookie_of(&login).context("no mark of the browser")?);
    let cookie = cookie_of(&request.query(&back).send().await?).context("not logged in")?;
    // The first page an administrator opens inside the portal proves what the portal's events are signed with.
    let opened =
        [("AUTH_ID", "administrator"), ("member_id", &name), ("PLACEMENT", "DEFAULT"), ("APPLICATION_TOKEN", &name)];
    client.post(format!("{base}/?DOMAIN={portal}&PROTOCOL=1&LANG=ru")).form(&opened).send().await?;
    let switch = format!("https://{}", far.switch.address);
    let settings = [
        ("backend", "callapi"),
        ("client_id", &name),
        ("api_key", "key"),
        ("addresses", &switch),
        ("domain", &name),
        ("tls", "system"),
    ];
    let saved = client.post(format!("{base}/company/ecss")).header("cookie", cookie).form(&settings).send().await?;
    anyhow::ensure!(saved.status().is_redirection(), "the switch settings were refused: {}", saved.text().await?);
    Ok(())
}

/// `name=value` of the cookie an answer sets.
fn cookie_of(answer: &Response) -> Option<String> {
    let cookie = answer.headers().get(SET_COOKIE)?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}
