//! What the command `doctor` has to say: the word of a running daemon, or what can be seen without one.

use super::checks::{certificate_of, machine_files, secret_files};
use super::listeners::control_socket;
use crate::bitrix::boxed::look_at_portal;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::checks::boxed_portal::nginx::{WebAddress, judge_configuration};
use crate::domain::checks::boxed_portal::{BoxedPortalFinding, UnseenSetting};
use crate::domain::checks::machine::{DaemonFound, MachineFinding};
use crate::domain::checks::{Finding, Severity, worst, worst_first};
use crate::domain::company::Trust;
use crate::domain::reach::Networks;
use crate::http::{ClientOptions, Guarded, Trusted, tls_config};
use crate::lang::{Lang, finding_text};
use anyhow::{Context as _, bail};
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::net::UnixStream;
use url::Url;

/// A daemon that is alive has answered by then, however its gateway does.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long one path of a portal may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(15);

/// Everything that was found, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    pub version: String,
    pub worst: Severity,
    pub findings: Vec<DoctorFinding>,
}

/// One finding in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorFinding {
    /// Stable, the same in every language.
    pub id: String,
    pub severity: Severity,
    /// The portal of the company it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    pub sentence: String,
    pub evidence: Vec<String>,
    pub remedy: Vec<String>,
    pub copy: Vec<String>,
}

/// Asks the daemon of these settings; `None` where it has no such company. `doubts` are the remarks on the settings.
pub async fn doctor(
    settings: &Settings,
    doubts: Vec<String>,
    company: Option<&str>,
    lang: Lang,
) -> anyhow::Result<Option<DoctorReport>> {
    let ours = Finding::Machine(MachineFinding::Settings(doubts));
    let asked = tokio::time::timeout(PATIENCE, ask(settings, company, lang)).await;
    let mut report = match asked.context("it does not answer").and_then(|answer| answer) {
        Ok(Answered::Report(report)) => report,
        Ok(Answered::NoSuchCompany) => return Ok(None),
        Err(error) => alone(settings, format!("{error:#}"), lang),
    };
    report.findings.push(DoctorFinding::of(&ours, lang));
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report.worst = report.worst.max(ours.severity());
    Ok(Some(report))
}

/// Looks at a portal from outside, and at its nginx where `configuration`, the output of `nginx -T`, is given. A person at a
/// terminal has chosen the address, so that it may be in his own network.
pub async fn examine_portal(
    settings: &Settings,
    address: &Url,
    configuration: Option<&str>,
    lang: Lang,
) -> anyhow::Result<DoctorReport> {
    let configured = configuration.map(|text| web_server(address, text)).transpose()?;
    let tls = tls_config(&Trusted::load(settings.ca_file.as_deref())?, &Trust::System)?;
    let options = ClientOptions { timeout: PAGE_TIMEOUT, ..ClientOptions::default() };
    let http = Guarded::new(&tls, options, Networks::Local);
    let mut found = look_at_portal(&http, address).await;
    if let Some(configured) = configured {
        found.retain(|finding| !seen_in_configuration(finding));
        found.extend(configured);
    }
    // What only the administrator can see is a list to work through: it says nothing for or against this portal.
    let seen = found.iter().filter(|finding| !matches!(finding, BoxedPortalFinding::Unseen { .. }));
    let worst = worst(&seen.cloned().map(Finding::BoxedPortal).collect::<Vec<_>>());
    let report = DoctorReport::of(found.into_iter().map(Finding::BoxedPortal).collect(), lang);
    Ok(DoctorReport { worst, ..report })
}

fn web_server(address: &Url, text: &str) -> anyhow::Result<Vec<BoxedPortalFinding>> {
    let host = address.host_str().unwrap_or_default();
    let port = address.port_or_known_default().unwrap_or_default();
    let judged = judge_configuration(text, &WebAddress { scheme: address.scheme(), host, port })?;
    Ok(judged.into_iter().map(|(setting, verdict)| BoxedPortalFinding::WebServer { setting, verdict }).collect())
}

/// What need not be left to the administrator once the configuration is known.
const fn seen_in_configuration(finding: &BoxedPortalFinding) -> bool {
    matches!(
        finding,
        BoxedPortalFinding::Unseen { setting: UnseenSetting::ProxyClientAbort | UnseenSetting::FastcgiClientAbort, .. }
    )
}

enum Answered {
    Report(DoctorReport),
    NoSuchCompany,
}

async fn ask(settings: &Settings, company: Option<&str>, lang: Lang) -> anyhow::Result<Answered> {
    let socket = control_socket(settings);
    let stream = UnixStream::connect(&socket).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let code = match lang {
        Lang::Ru => "ru",
        Lang::En => "en",
    };
    let company = company.map(|id| url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>());
    let query = company.map_or_else(|| format!("lang={code}"), |id| format!("lang={code}&company={id}"));
    let request = hyper::Request::get(format!("/checks?{query}")).header("host", "localhost").body(Body::empty())?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
    };
    // The connection ends when its sender is gone.
    let (answer, _) = tokio::join!(exchange, connection);
    let (status, body) = answer?;
    match status.as_u16() {
        200 => Ok(Answered::Report(serde_json::from_slice(&body)?)),
        404 => Ok(Answered::NoSuchCompany),
        other => bail!("HTTP {other}"),
    }
}

/// What can be seen of a daemon that does not run.
fn alone(settings: &Settings, why: String, lang: Lang) -> DoctorReport {
    let socket = control_socket(settings).display().to_string();
    let mut found = vec![MachineFinding::Daemon(DaemonFound::Silent { socket, why })];
    found.push(MachineFinding::Certificate(certificate_of(settings, Clock::system().now())));
    found.extend(machine_files(&settings.state_dir, &secret_files(settings)));
    DoctorReport::of(found.into_iter().map(Finding::Machine).collect(), lang)
}

impl DoctorReport {
    fn of(mut found: Vec<Finding>, lang: Lang) -> Self {
        worst_first(&mut found);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            worst: worst(&found),
            findings: found.iter().map(|finding| DoctorFinding::of(finding, lang)).collect(),
        }
    }
}

impl DoctorFinding {
    fn of(finding: &Finding, lang: Lang) -> Self {
        let text = finding_text(lang, finding, Clock::system().now());
        Self {
            id: finding.id().to_owned(),
            severity: finding.severity(),
            company: None,
            sentence: text.sentence,
            evidence: text.evidence,
            remedy: text.remedy,
            copy: text.copy,
        }
    }
}
