//! The daemon asks itself through its public address.

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::checks::gateway::{
    AddressPlace, AnswerFound, FrameFound, GatewayFinding, PublicAddress, SizeFound, StreamFound,
};
use crate::domain::company::Trust;
use crate::domain::link::LinkFault;
use crate::domain::reach::{AddressClass, Networks};
use crate::http::{ClientOptions, Guarded, TlsFault, Trusted, causes, place_of, tls_config, tls_fault};
use crate::web::SelfCheckKey;
use oauth2::http::Method;
use reqwest::{Response, Url};
use std::time::Duration;
use tokio::time::Instant;

/// Each question has so long.
const PATIENCE: Duration = Duration::from_secs(4);
/// As much as a portal may post at once, and the daemon takes.
const LARGE: usize = 512 * 1024;
/// So much is shown of an answer that is not ours.
const SHOWN: usize = 120;

/// Asks the public address of a daemon.
pub struct GatewayProbe {
    base: String,
    client: Guarded,
    key: SelfCheckKey,
    clock: Clock,
}

impl GatewayProbe {
    /// Trusts whom browsers trust, and the CAs of the settings.
    pub fn new(settings: &Settings, trusted: &Trusted, key: &[u8; 32], clock: Clock) -> anyhow::Result<Self> {
        let options = ClientOptions { timeout: PATIENCE, keep_alive: Duration::ZERO };
        let client = Guarded::new(&tls_config(trusted, &Trust::System)?, options, Networks::Local);
        Ok(Self { base: settings.public_base(), client, key: SelfCheckKey::of(key), clock })
    }

    /// Everything that can be found out, within seconds.
    pub async fn ask(&self) -> Vec<GatewayFinding> {
        let pass = self.key.pass(self.clock.now());
        let (place, answer) = tokio::join!(self.place(), self.answer(&pass));
        let ours = matches!(answer, AnswerFound::Ourselves { .. });
        let (stream, size, frame) = if ours {
            tokio::join!(self.stream(&pass), self.size(&pass), self.frame())
        } else {
            (StreamFound::NotTried, SizeFound::NotTried, FrameFound::NotTried)
        };
        vec![
            GatewayFinding::Address(PublicAddress { base: self.base.clone(), place }),
            GatewayFinding::Answers(answer),
            GatewayFinding::Stream(stream),
            GatewayFinding::Size(size),
            GatewayFinding::Frame(frame),
        ]
    }

    async fn place(&self) -> AddressPlace {
        let Ok(url) = Url::parse(&self.base) else { return AddressPlace::Unknown("it is no URL".to_owned()) };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        match tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), 0))).await {
            Ok(Ok(found)) => {
                let nearest = found.map(|address| place_of(address.ip())).min();
                AddressPlace::Leads(nearest.unwrap_or(AddressClass::Nowhere))
            }
            Ok(Err(error)) => AddressPlace::Unknown(error.to_string()),
            Err(_) => AddressPlace::Unknown("the name server does not answer".to_owned()),
        }
    }

    async fn answer(&self, pass: &str) -> AnswerFound {
        let began = Instant::now();
        let response = match self.send(Method::GET, &format!("/check/{pass}"), Vec::new()).await {
            Ok(response) => response,
            Err(fault) => return AnswerFound::Nobody(fault),
        };
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
            return AnswerFound::Redirect { status: status.as_u16(), to };
        }
        if matches!(status.as_u16(), 502..=504) {
            return AnswerFound::GatewayAlone { status: status.as_u16() };
        }
        let said = beginning(response).await;
        if status.is_success() && said == self.key.proof(pass) {
            return AnswerFound::Ourselves { took: began.elapsed() };
        }
        AnswerFound::Somebody { status: status.as_u16(), said }
    }

    async fn stream(&self, pass: &str) -> StreamFound {
        let mut response = match self.send(Method::GET, &format!("/check/{pass}/stream"), Vec::new()).await {
            Ok(response) if response.status().is_success() => response,
            Ok(response) => return StreamFound::BrokeOff(format!("HTTP {}", response.status().as_u16())),
            Err(fault) => return StreamFound::BrokeOff(fault.to_string()),
        };
        let (mut first, mut last) = (None, Instant::now());
        loop {
            match response.chunk().await {
                Ok(Some(_)) => {
                    last = Instant::now();
                    first.get_or_insert(last);
                }
                Ok(None) => break,
                Err(error) => return StreamFound::BrokeOff(innermost(&error)),
            }
        }
        StreamFound::Arrived { apart: first.map_or(Duration::ZERO, |first| last.duration_since(first)) }
    }

    async fn size(&self, pass: &str) -> SizeFound {
        let bytes = LARGE as u64;
        match self.send(Method::POST, &format!("/check/{pass}/size"), vec![b'x'; LARGE]).await {
            Ok(response) if response.status().is_success() => SizeFound::Taken { bytes },
            Ok(response) => SizeFound::Refused { bytes, status: response.status().as_u16() },
            // A gateway that refuses may hang up before everything was sent.
            Err(_) => SizeFound::Refused { bytes, status: 413 },
        }
    }

    /// The page that explains the card may be framed by any portal in the cloud: nothing may stand in its way.
    async fn frame(&self) -> FrameFound {
        let Ok(response) = self.send(Method::GET, "/call/call.html", Vec::new()).await else {
            return FrameFound::NotTried;
        };
        let all = |name: &str| {
            let values = response.headers().get_all(name).iter();
            values.filter_map(|value| Some(format!("{name}: {}", value.to_str().ok()?))).collect::<Vec<_>>()
        };
        let policies = all("content-security-policy");
        let mut added = all("x-frame-options");
        added.extend(policies.into_iter().filter(|policy| !policy.contains("bitrix24")));
        if added.is_empty() { FrameFound::Untouched } else { FrameFound::Added(added) }
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response, LinkFault> {
        let url = format!("{}{path}", self.base);
        let request = self.client.request(method, &url).map_err(LinkFault::Forbidden)?;
        request.body(body).send().await.map_err(|error| match tls_fault(&error) {
            Some(TlsFault::Untrusted(refused)) => LinkFault::Untrusted {
                why: refused.why,
                reason: refused.reason.clone(),
                sha256: refused.sha256.clone(),
            },
            _ => LinkFault::Unreachable(innermost(&error)),
        })
    }
}

/// The cause of all others says most.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The beginning of what somebody said.
async fn beginning(mut response: Response) -> String {
    let mut said = Vec::new();
    while said.len() < SHOWN
        && let Ok(Some(piece)) = response.chunk().await
    {
        said.extend_from_slice(&piece);
    }
    said.truncate(SHOWN);
    String::from_utf8_lossy(&said).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::checks::{Finding, Severity};
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::extract::{DefaultBodyLimit, Path};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse as _, Redirect, Response as Answer};
    use axum::routing::{get, post};
    use futures_util::{StreamExt as _, stream};
    use std::convert::Infallible;

    const KEY: [u8; 32] = [7; 32];

    /// Passes pieces on as they come, or all together.
    fn pieces(flowing: bool) -> Answer {
        let pause = if flowing { Duration::from_millis(300) } else { Duration::ZERO };
        let pieces = stream::iter(0..3).then(move |n| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from(format!("data: {n}\n\n")))
        });
        Body::from_stream(pieces).into_response()
    }

    /// A daemon behind a gateway that does no harm.
    fn well() -> Router {
        let proof = async |Path(pass): Path<String>| SelfCheckKey::of(&KEY).proof(&pass);
        let page = [("content-security-policy", "frame-ancestors https://*.bitrix24.ru")];
        Router::new()
            .route("/check/{pass}", get(proof))
            .route("/check/{pass}/stream", get(async || pieces(true)))
            .route("/check/{pass}/size", post(async |body: Bytes| body.len().to_string()))
            .route("/call/call.html", get(async move || (page, "explained")))
    }

    /// Serves it somewhere and asks it.
    async fn asked(prefix: &str, gateway: Router) -> Vec<(&'static str, Severity)> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}{prefix}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, gateway).await });
        let found = probe(&base).ask().await;
        serving.abort();
        not_good(found)
    }

    fn probe(base: &str) -> GatewayProbe {
        let settings = Settings { proxy_gateway_url: Some(base.to_owned()), ..Settings::default() };
        let trusted = Trusted::load(None).unwrap();
        GatewayProbe::new(&settings, &trusted, &KEY, Clock::manual(Timestamp(1_770_000_000_000))).unwrap()
    }

    /// All but the address, which is this machine's in a test.
    fn not_good(found: Vec<GatewayFinding>) -> Vec<(&'static str, Severity)> {
        let found = found.into_iter().map(Finding::Gateway).map(|f| (f.id(), f.severity()));
        found.filter(|(id, severity)| *severity != Severity::Good && *id != "gateway.address").collect()
    }

    #[tokio::test]
    async fn a_gateway_that_does_no_harm_is_silent() {
        assert_eq!(asked("", well()).await, []);
    }

    #[tokio::test]
    async fn each_fault_of_a_gateway_is_named_by_its_own_check() {
        let holding = Router::new().route("/check/{pass}/stream", get(async || pieces(false)));
        let holding = holding.fallback_service(well());
        assert_eq!(asked("", holding).await, [("gateway.stream", Severity::Fault)]);

        let narrow = well().layer(DefaultBodyLimit::max(1024));
        assert_eq!(asked("", narrow).await, [("gateway.post_size", Severity::Fault)]);

        for header in [("x-frame-options", "SAMEORIGIN"), ("content-security-policy", "frame-ancestors 'self'")] {
            let framed = Router::new().route("/call/call.html", get(async move || ([header], "page")));
            let framed = framed.fallback_service(well());
            assert_eq!(asked("", framed).await, [("gateway.frame_headers", Severity::Fault)], "{header:?}");
        }
    }

    #[tokio::test]
    async fn who_else_answers_is_told_apart_and_nothing_more_is_tried() {
        let everybody = |answer: fn() -> Answer| Router::new().fallback(async move || answer());
        let not_tried = ["gateway.stream", "gateway.post_size", "gateway.frame_headers"];
        let want: Vec<_> = [("gateway.answers", Severity::Fault)]
            .into_iter()
            .chain(not_tried.map(|id| (id, Severity::Unknown)))
            .collect();
        for gateway in [
            everybody(|| StatusCode::BAD_GATEWAY.into_response()),
            everybody(|| StatusCode::NOT_FOUND.into_response()),
            everybody(|| Redirect::permanent("https://elsewhere.example/").into_response()),
            everybody(|| "<html>Welcome to nginx!".into_response()),
        ] {
            assert_eq!(asked("", gateway).await, want);
        }
        // The prefix of the settings is not the gateway's.
        assert_eq!(asked("/bitrix", well()).await, want);
        assert_eq!(not_good(probe("http://127.0.0.1:1").ask().await), want, "nobody listens");
    }

    #[tokio::test]
    async fn another_daemon_at_the_same_address_is_not_taken_for_this_one() {
        let theirs = async |Path(pass): Path<String>| SelfCheckKey::of(&[9; 32]).proof(&pass);
        let other = Router::new().route("/check/{pass}", get(theirs));
        assert_eq!(asked("", other).await[0], ("gateway.answers", Severity::Fault));
    }
}
