//! A portal "in a box" asked from outside, without log-in: what its paths answer, and what only its administrator sees.
//!
//! What answers where is told by the portal's own scripts (`pub/imconnector/index.php`, `pub/imbot.php`); how a push
//! server and REST answer strangers was seen on portals.

use crate::domain::checks::boxed_portal::page::{PageAnswer, PortalPage, SeenAnswer, SeenBody, judge_answer};
use crate::domain::checks::boxed_portal::public_address::{AddressVerdict, judge_address};
use crate::domain::checks::boxed_portal::{BoxedPortalFinding, ConnectionOutcome, UnseenSetting};
use crate::http::{Guarded, causes, tls_fault};
use reqwest::header::{CONTENT_SECURITY_POLICY, HeaderMap, LOCATION, X_FRAME_OPTIONS};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use std::error::Error;

/// Bytes of an answer that are read; the answers that are waited for have some hundred.
const BODY_LIMIT: usize = 64 * 1024;

/// Characters of a header that are shown.
const SHOWN: usize = 200;

/// The connector page comes first: its connection is the one that is judged.
const PAGES: [(PortalPage, &str); 6] = [
    (PortalPage::Connector, "/pub/imconnector/"),
    (PortalPage::ChatBot, "/pub/imbot.php"),
    (PortalPage::LiveChat, "/online/"),
    (PortalPage::PushPublish, "/bitrix/pub/"),
    (PortalPage::PushSubscribe, "/bitrix/sub/"),
    // A token that no portal has given out.
    (PortalPage::Rest, "/rest/app.info?auth=0"),
];

/// Asks the portal at `address`; its path and query are left out.
pub async fn look_at_portal(http: &Guarded, address: &Url) -> Vec<BoxedPortalFinding> {
    let shown = address.origin().ascii_serialization();
    let verdict = address.host_str().map_or(AddressVerdict::NoDomain, |host| judge_address(address.scheme(), host));
    let mut found = vec![BoxedPortalFinding::PublicAddress { address: shown, verdict }];
    let mut outcome = None;
    let mut pages = Vec::new();
    for (page, path) in PAGES {
        let answer = match &outcome {
            Some(ConnectionOutcome::TlsFailed(_) | ConnectionOutcome::Failed(_)) => PageAnswer::NotAsked,
            made => match ask(http, address, path).await {
                Ok(seen) => {
                    outcome = Some(ConnectionOutcome::Made);
                    judge_answer(page, seen)
                }
                Err(failed) if made.is_some() => PageAnswer::NoAnswer(words(&failed)),
                Err(failed) => {
                    outcome = Some(failed);
                    PageAnswer::NotAsked
                }
            },
        };
        pages.push(BoxedPortalFinding::Page { page, path, answer });
    }
    found.extend(outcome.map(BoxedPortalFinding::Connection));
    found.extend(pages);
    found.extend(
        UnseenSetting::ALL.map(|setting| BoxedPortalFinding::Unseen { setting, copy: lines_to_compare(setting) }),
    );
    found
}

fn words(failed: &ConnectionOutcome) -> String {
    match failed {
        ConnectionOutcome::Made => String::new(),
        ConnectionOutcome::TlsFailed(words) | ConnectionOutcome::Failed(words) => words.clone(),
    }
}

async fn ask(http: &Guarded, address: &Url, path: &str) -> Result<SeenAnswer, ConnectionOutcome> {
    let url = address.join(path).map_err(|error| ConnectionOutcome::Failed(error.to_string()))?;
    let request =
        http.request(Method::GET, url.as_str()).map_err(|error| ConnectionOutcome::Failed(error.to_string()))?;
    let answer = request.send().await.map_err(|error| failure(&error))?;
    let (status, location) = (answer.status().as_u16(), header(answer.headers(), LOCATION.as_str()));
    let forbids_frames = frame_ban(answer.headers());
    let body = body_of(answer).await.map_err(|error| failure(&error))?;
    Ok(SeenAnswer { status, location, body, forbids_frames })
}

fn failure(error: &(dyn Error + 'static)) -> ConnectionOutcome {
    let words = causes(error).last().map(ToString::to_string).unwrap_or_default();
    if tls_fault(error).is_some() { ConnectionOutcome::TlsFailed(words) } else { ConnectionOutcome::Failed(words) }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(value.chars().filter(|c| !c.is_control()).take(SHOWN).collect())
}

/// The header that forbids frames everywhere. `SAMEORIGIN` is what Bitrix asks for at the live chat's page.
fn frame_ban(headers: &HeaderMap) -> Option<String> {
    let options = header(headers, X_FRAME_OPTIONS.as_str()).filter(|value| value.eq_ignore_ascii_case("deny"));
    let policy = header(headers, CONTENT_SECURITY_POLICY.as_str())
        .filter(|value| value.to_ascii_lowercase().contains("frame-ancestors 'none'"));
    options.map(|value| format!("X-Frame-Options: {value}")).or(policy)
}

/// Reads no more than [`BODY_LIMIT`], whatever is sent.
async fn body_of(mut answer: Response) -> Result<SeenBody, reqwest::Error> {
    let mut read = Vec::new();
    while read.len() < BODY_LIMIT {
        let Some(chunk) = answer.chunk().await? else { break };
        let room = BODY_LIMIT - read.len();
        read.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(kind(&read))
}

fn kind(body: &[u8]) -> SeenBody {
    if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
        let code = object.get("ERROR").and_then(|error| error.get("CODE")).and_then(Value::as_str);
        return match code {
            Some("MODULE_NOT_INSTALLED") => SeenBody::ModuleAbsent,
            _ if object.contains_key("ERROR") || object.contains_key("error") => SeenBody::Refusal,
            _ => SeenBody::Other,
        };
    }
    let start = body.trim_ascii_start();
    if start.first() == Some(&b'<') { SeenBody::Html } else { SeenBody::Other }
}

/// What to set, or where to look.
const fn lines_to_compare(setting: UnseenSetting) -> &'static [&'static str] {
    match setting {
        UnseenSetting::ProxyClientAbort => &["proxy_ignore_client_abort on;"],
        UnseenSetting::FastcgiClientAbort => &["fastcgi_ignore_client_abort on;"],
        UnseenSetting::ConnectorModule => &["/bitrix/modules/imconnector_error.log"],
        UnseenSetting::OpenLinesModule => &["/bitrix/modules/imopenlines.log"],
        UnseenSetting::Licence
        | UnseenSetting::OutgoingConnections
        | UnseenSetting::ChatBotModule
        | UnseenSetting::ExternalUsers => &[],
    }
}

#[cfg(test)]
mod tests;
