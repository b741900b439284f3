//! The company's own people, who open what they may while others attack.

use super::company::TestCompany;
use ecss_crm_server::sandbox::portal::FramePost;
use reqwest::{Client, StatusCode};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where the company's people sit, as the gateway reports it.
const OFFICE: &str = "192.0.2.20";
/// How often screens are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How one genuine open went.
pub struct Opened {
    what: String,
    status: u16,
    pub ms: u64,
}

impl Opened {
    /// Everybody who may is let in.
    pub fn assert_let_in(opened: &[Self]) {
        assert!(!opened.is_empty(), "there were genuine opens");
        for Self { what, status, ms } in opened {
            assert_eq!(*status, StatusCode::OK.as_u16(), "{what}, after {ms} ms");
        }
    }
}

async fn open(client: Client, frame: FramePost, what: String, from: String) -> Opened {
    let began = Instant::now();
    let send = || client.post(&frame.url).header("x-real-ip", &from).form(&frame.fields).send();
    let sent = match send().await {
        // A connection that was kept may have given way meanwhile: a browser takes another one then.
        Err(error) if error.is_request() => send().await,
        sent => sent,
    };
    let status = sent.map_or(0, |answer| answer.status().as_u16());
    Opened { what, status, ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX) }
}

/// Opens the card of every call on every screen, as browsers do, and every other second the settings.
pub async fn people(company: &TestCompany, client: &Client, stop: &CancellationToken) -> Vec<Opened> {
    let mut due = tokio::time::interval(LOOK);
    let (mut seen, mut tasks, mut round) = (BTreeSet::new(), JoinSet::new(), 0_u32);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        for (user, call) in company.portal.visible() {
            if seen.insert((user, call))
                && let Some(frame) = company.portal.card_frames(user).into_iter().next()
            {
                tasks.spawn(open(client.clone(), frame, format!("card of {user}"), OFFICE.to_owned()));
            }
        }
        round += 1;
        if round.is_multiple_of(40) && !seen.is_empty() {
            tasks.spawn(open(client.clone(), company.portal.app_frame(1), "settings".to_owned(), OFFICE.to_owned()));
        }
    }
    tasks.join_all().await
}

/// Opens the settings from a place that nobody knows, with a token that nobody has shown.
pub async fn newcomer(company: &TestCompany, client: &Client, n: u8) -> Opened {
    let from = format!("100.{n}.7.9");
    open(client.clone(), company.portal.app_frame(1), "settings from elsewhere".to_owned(), from).await
}

/// The ticket of the first card that comes up on anybody's screen; `None` if none does before `stop`.
pub async fn ticket(company: &TestCompany, client: &Client, stop: &CancellationToken) -> Option<String> {
    let mut due = tokio::time::interval(LOOK);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        let cards = company.portal.visible().into_iter().filter_map(|(user, _)| company.portal.card_frames(user).pop());
        let Some(frame) = cards.into_iter().next() else { continue };
        let sent = client.post(&frame.url).header("x-real-ip", OFFICE).form(&frame.fields).send().await;
        let page = match sent {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => continue,
        };
        let ticket = page.split_once("data-ticket=\"").and_then(|(_, rest)| rest.split('"').next());
        if let Some(ticket) = ticket.filter(|ticket| !ticket.is_empty()) {
            return Some(ticket.to_owned());
        }
    }
    None
}
