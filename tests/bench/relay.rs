//! The bare relay: what no implementation can beat. A WebSocket frame comes in, a request goes out over keep-alive HTTPS;
//! no logic, no memory, no disk, no repetition.

use super::portal_setup::{COMPANY, employee_of};
use super::reading::{CALL_NAME, call_of_client, field};
use anyhow::Context as _;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// First argument of the process that is the relay.
pub const WORD: &str = "as-relay";
/// The library's own read buffer, of 128 KiB, would be most of the memory of many idle connections.
const READ_BUFFER: usize = 4096;

/// Relays for the companies `first` to `last - 1`; `portals` is a file with the address of each company's portal.
pub async fn run(switch: &str, ca: &Path, portals: &Path, first: usize, last: usize) -> anyhow::Result<()> {
    let tls = connector(ca)?;
    let portals = std::fs::read_to_string(portals)?;
    let mut links = tokio::task::JoinSet::new();
    for (company, portal) in portals.lines().enumerate().take(last).skip(first) {
        let (switch, portal, tls) = (switch.to_owned(), portal.to_owned(), tls.clone());
        links.spawn(relay(company, switch, Arc::new(KeptConnections::new(portal, tls))));
    }
    while let Some(ended) = links.join_next().await {
        ended??;
    }
    Ok(())
}

fn connector(ca: &Path) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

async fn dial(tls: &TlsConnector, address: &str) -> anyhow::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(tls.connect(ServerName::try_from("127.0.0.1")?, stream).await?)
}

async fn relay(company: usize, switch: String, portal: Arc<KeptConnections>) -> anyhow::Result<()> {
    let mut register = open(&portal.tls, &switch).await?;
    let body =
        format!("{{\"client_id\":\"{COMPANY}{company}\",\"api_key\":\"key\",\"domain\":\"{COMPANY}{company}\"}}");
    let token = post(&mut register, &switch, "/integration/register", "application/json", body).await?;
    drop(register);
    let token = std::str::from_utf8(&token).ok().and_then(|text| field(text, "token")).context("no token")?;
    let mut request = format!("wss://{switch}/").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let stream = dial(&portal.tls, &switch).await?;
    let (mut frames, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    while let Some(frame) = frames.next().await {
        let Message::Text(frame) = frame? else { continue };
        let Some((method, body)) = request_for(frame.as_str()) else { continue };
        let portal = portal.clone();
        tokio::spawn(async move {
            // A request that is lost is missing in the ledger.
            let _ = portal.send(method, body).await;
        });
    }
    Ok(())
}

/// The request that a frame becomes, of the same size as the daemon's.
fn request_for(frame: &str) -> Option<(&'static str, String)> {
    let call = call_of_client(field(frame, "remote_digits")?)?;
    let user = employee_of(call);
    match field(frame, "status")? {
        "alerting" => Some((
            "register",
            format!(
                "auth=administrator&USER_ID={user}&PHONE_NUMBER=%2B79{call:09}&TYPE=2&CRM_CREATE=0&SHOW=1\
                 &CALL_START_DATE=2026-11-22T10%3A00%3A00%2B00%3A00&EXTERNAL_CALL_ID={call:012x}"
            ),
        )),
        // It remembers no moment, so that it names the length that nearly all conversations of the bench have.
        "released" => Some((
            "finish",
            format!(
                "auth=administrator&USER_ID={user}&CALL_ID={CALL_NAME}{call}&DURATION=1&STATUS_CODE=200&ADD_TO_CHAT=0"
            ),
        )),
        _ => None,
    }
}

/// Open connections to one portal: the last one used goes first, and there are as many as are needed at once.
struct KeptConnections {
    portal: String,
    tls: TlsConnector,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl KeptConnections {
    fn new(portal: String, tls: TlsConnector) -> Self {
        Self { portal, tls, idle: Mutex::default() }
    }

    async fn send(&self, method: &str, body: String) -> anyhow::Result<()> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match kept.filter(SendRequest::is_ready) {
            Some(kept) => kept,
            None => open(&self.tls, &self.portal).await?,
        };
        let path = format!("/rest/telephony.externalcall.{method}");
        post(&mut connection, &self.portal, &path, "application/x-www-form-urlencoded", body).await?;
        connection.ready().await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(())
    }
}

async fn open(tls: &TlsConnector, address: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TokioIo::new(dial(tls, address).await?);
    let (sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn post(
    connection: &mut SendRequest<Full<Bytes>>,
    host: &str,
    path: &str,
    kind: &str,
    body: String,
) -> anyhow::Result<Bytes> {
    let request = Request::post(path).header("host", host).header("content-type", kind);
    let answer = connection.send_request(request.body(Full::new(body.into()))?).await?;
    Ok(answer.into_body().collect().await?.to_bytes())
}
